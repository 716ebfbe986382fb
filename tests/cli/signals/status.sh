# USR1 prints a line of how far the run is, and does not disturb it.
text 4096 >a
mkfifo gate
start cinch -B 4K --size-hint 8K -c gate >out.zst 2>err
exec 3>gate
cat a >&3
ask() {
    kill -USR1 "$1"
    grep -q '50 %' err
}
wait_until ask $!
cat a >&3
exec 3>&-
wait $!
echo "exit $?"
grep -m1 '50 %' err | sed 's/ => .*//'
cinch -dc out.zst | cmp - <(cat a a)
