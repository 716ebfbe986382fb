# A second INT does not wait for what the first one has cancelled.
need strace
text 100 >a
# Reading `a` takes half a minute.
start strace -f -o trace -P a -P "$PWD/a" -e trace=openat,pread64 -e inject=pread64:delay_enter=30000000 \
    cinch -q a 2>/dev/null
tracer=$!
contains() {
    grep -q "$1" trace 2>/dev/null
}
wait_until contains '"a"' || skip 'strace cannot trace'
program=$(pgrep -P $tracer)
began=$SECONDS
kill -INT "$program"
wait_until contains SIGINT
kill -INT "$program"
has_ended() {
    [[ ! -e /proc/$program/stat || $(<"/proc/$program/stat") == *') Z '* ]]
}
wait_until has_ended
((SECONDS - began < 25)) || echo 'it has waited'
# The tracer would go on to wait for the thread that it holds.
disown $tracer
kill -KILL $tracer
names | grep -v '^trace$'
