# Signals that were ignored from the start stay so.
text 3000 >a
mkfifo gate
(trap '' INT HUP; exec cinch -q -c gate) >out.zst &
exec 3>gate
cat a >&3
kill -INT $!
kill -HUP $!
cat a >&3
exec 3>&-
wait $!
echo "exit $?"
cinch -dc out.zst | cmp - <(cat a a)
