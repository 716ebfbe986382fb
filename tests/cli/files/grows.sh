# A file that grows or shrinks while it is read: what was there at first is compressed, or nothing
# is; a source that has changed stays, and the other files are done.
head -c 6000000 /dev/urandom >made
text 100 >other
mkfifo gate
# through_gate CHANGE ARGUMENT...: reads a little of the output, changes `a`, and reads the rest.
through_gate() {
    cp made a
    start bash -c 'exec cinch "$@" >gate 2>err' run "${@:2}"
    exec 4<gate
    head -c 1000 <&4 >out
    eval "$1"
    cat <&4 >>out
    exec 4<&-
    wait $!
    echo "$1: exit $?"
    sed 's/[0-9]\{4,\}/N/g' err
}
through_gate 'cat other >>a' -T1 -B 64K -c a other
same <(cinch -dc out) <(cat made other)
through_gate 'truncate -s 5000 a' -T1 -B 64K -c a other
cinch -dcq out 2>/dev/null | tail -c 100 | cmp - other
through_gate 'cat other >>a' -T1 --single-stream -c a
same <(cinch -dc out) made
through_gate 'truncate -s 5000 a' -T1 --format=gzip -B 64K -c a
# A file that has gone by the time its turn comes.
cp made large
through_gate 'rm large' -T1 -B 64K -c a large other
same <(cinch -dc out) <(cat made other)
