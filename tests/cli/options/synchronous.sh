# --sync: the file is on the disk before it takes its name, and its directory afterwards; both before the
# file counts as done. Without it nobody waits for the disk.
need strace
# Of a program that is traced, LeakSanitizer can say nothing but that it is.
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0
text 100 >a
mkdir d
cp a d/b
# calls ARGUMENT...: what was asked of the disk, and of names, in order; descriptors as their paths.
calls() {
    strace -f -y -o trace -e trace=fsync,fdatasync,syncfs,linkat,rename,renameat,renameat2 \
        "$@" || echo "exit $?"
    sed -nE "s,$PWD,.,g; s/^[0-9]+ +//; s,/#[0-9]+>\(deleted\),/new>,; s/([<(])[0-9]+</\1</; s/ = 0\$//p" trace |
        sed -E 's/^(fsync|fdatasync)\(<([^>]*)>\) *$/\1 \2/; s/^linkat\(.*<([^>]*)>, "([^"]*)".*/link \1 \2/
                s/^renameat2?\(.*, "([^"]*)".*/rename \1/'
    rm -f trace
}
strace -o trace true || skip 'strace cannot trace'
calls cinch -q a
rm a.zst
for option in --sync --synchronous; do
    echo "$option:"
    calls cinch -q $option a
    calls cinch -q $option -d -o d/out a.zst
    rm -f a.zst d/out
done
echo 'standard output:'
calls cinch -q --sync -c a >out
