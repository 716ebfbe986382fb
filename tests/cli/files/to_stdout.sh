text 5000 >a
text 6000 2 >b
cinch -c a b >c.zst
names
zstd -dqc c.zst | cmp - <(cat a b)
cinch -dc c.zst | cmp - <(cat a b)
cinch -d --stdout c.zst | cmp - <(cat a b)
as zcat <(gzip -c a) | cmp - a
cinch <a | cinch -d | cmp - a
cinch - <a | cinch -d - | cmp - a
cat a | cinch | cinch -d | cmp - a
