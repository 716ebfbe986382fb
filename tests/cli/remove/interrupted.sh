# Sources whose removal is due while an interrupted run still waits for a job stay, as all others.
need strace
mkfifo gate
text 100 >a
text 200 >b
text 300 >c
# Reading `b` takes longer than removals wait for company.
start strace -f -o trace -P "$PWD/b" -P b -e trace=openat,pread64 -e inject=pread64:delay_enter=4000000 \
    cinch -q --rm --filelist gate 2>err
tracer=$!
exec 3>gate
echo a >&3
wait_until test -e a.zst || skip 'strace cannot trace'
echo b >&3
wait_until grep -q '"b"' trace
echo c >&3
wait_until test -e c.zst
kill -INT "$(pgrep -P $tracer)"
wait $tracer 2>/dev/null
exec 3>&-
grep -o 'killed by SIGINT' trace | head -1
grep -v '^strace: ' err
rm trace err
names
same a <(cinch -dc a.zst)
same c <(cinch -dc c.zst)
