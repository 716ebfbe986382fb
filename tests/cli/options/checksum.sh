text 1000 >a
cinch a -o with.zst
cinch --no-check a -o without.zst
cinch --no-check --check a -o again.zst
cmp with.zst again.zst
zstd -l with.zst without.zst | awk '{ print $NF, $(NF - 1) }'
