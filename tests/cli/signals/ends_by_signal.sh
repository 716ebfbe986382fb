# The run ends by the signal that stopped it, at once and leaving nothing, also where a pipe stalls.
text 8192 >a
mkfifo gate
for signal in INT TERM HUP XCPU XFSZ PIPE; do
    start cinch -q -B 4K -c gate >out.zst
    exec 3>gate
    cat a >&3
    wait_until test -s out.zst
    kill -$signal $!
    wait $! 2>/dev/null
    echo "$signal: $(kill -l $(($? - 128)))"
    exec 3>&-
done
rm out.zst
writes() {
    ls -l "/proc/$1/fd" | grep -qE '\(deleted\)|/\.[^/]*$'
}
for signal in INT TERM; do
    start cinch -q -B 4K gate -o out.zst
    exec 3>gate
    cat a >&3
    wait_until writes $!
    kill -$signal $!
    wait $! 2>/dev/null
    echo "$signal: $(kill -l $(($? - 128)))"
    exec 3>&-
    names
done
