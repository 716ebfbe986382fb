text 300000 >a
cinch -B 64K -c a >a.zst
zstd -lv a.zst | grep -E '^(# Zstandard Frames|Decompressed)'
cinch --blocksize=64KiB -c a | cmp - a.zst
cinch --blocksize=65536 -c a | cmp - a.zst
# pigz's is in KiB.
as pigz -b 64 -c a | cmp - <(cinch --format=gzip -B 64K -c a)
as gzip -b 16 -c a | cmp - <(as gzip -c a)
status_of as zstd -b3 a
