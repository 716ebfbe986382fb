# The folder of an output is removed while the output is being written: the source stays, the other
# files are done.
mkfifo gate
text 300 >a
text 100 >b
mkdir out
start cinch -q -f -B 4K --rm --output-dir-flat out gate a 2>err
exec 3>gate
cat a >&3
wait_until test -e out/a.zst
rm -r out
exec 3>&-
wait $!
echo "exit $?"
cat err
names
# The one without a folder of its own.
mkdir sub
cp a sub/a
start cinch -q -f -B 4K --rm -o sub/x.zst gate 2>err
exec 3>gate
cat a >&3
writes() {
    ls -l "/proc/$1/fd" | grep -qE '\(deleted\)|/\.[^/]*$'
}
wait_until writes $!
rm -r sub
exec 3>&-
wait $!
echo "exit $?"
cat err
names
