# A FIFO is read to its end, also where its writer comes late.
text 5000 >a
mkfifo fifo
cinch -c fifo >a.zst &
(exec >fifo; cat a)
wait
cinch -dc a.zst | cmp - a
cat a >fifo &
cinch fifo -o b.zst
cinch -dc b.zst | cmp - a
cinch -c <(cat a) | cinch -d | cmp - a
