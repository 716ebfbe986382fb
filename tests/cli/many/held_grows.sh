# A small file that is large when decompressed is not held in memory while it waits for its turn.
text 3000000 >first
head -c 40000000 /dev/zero >zeros
cinch -q first zeros
cinch -dc first.zst zeros.zst first.zst | cmp - <(cat first zeros first)
cinch -dc --limit-output=20M first.zst zeros.zst first.zst >out
echo "exit $?"
