# Before a source goes, its output and the directory are on the disk: for one file by its job, for
# many by one syncfs.
need strace
text 100 >a
text 100 >b
calls() {
    sed -nE 's/^([0-9]+ +)?(fsync|syncfs|unlink|unlinkat|linkat|rename|renameat2?)\(.*/\2/p' trace | uniq | tr '\n' ' '
    echo
}
strace -f -o trace -e trace=fsync,fdatasync,syncfs,unlink,linkat,rename cinch --rm a || skip 'strace cannot trace'
grep -oE '(fsync|syncfs|unlink\("[ab]"\))' trace | uniq
cinch -q -d --rm a.zst
strace -f -o trace -e trace=fsync,fdatasync,syncfs,unlink,linkat,rename cinch --rm a b
grep -oE '(fsync|syncfs|unlink\("[ab]"\))' trace | uniq
