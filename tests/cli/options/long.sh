# --long: one frame with a wide window.
text 3000000 >a
cinch --long -c a >a.zst
cinch --long=27 -c a | cmp - a.zst
zstd -lv a.zst 2>/dev/null | grep '^# Zstandard Frames'
zstd -dqc a.zst | cmp - a
cinch --long=20 -c a | cinch -dc | cmp - a
