text 3000000 >a
cinch --single-stream -c a >a.zst
zstd -lv a.zst | grep '^# Zstandard Frames'
cinch -q -d -c a.zst | cmp - a
cinch --single-stream --seekable -c a | cmp - <(cinch -c a)
