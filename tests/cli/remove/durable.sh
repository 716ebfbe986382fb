# Before a source goes, its output and the directory are on the disk: for one file by its job, for
# many by one syncfs.
need strace
text 100 >a
text 100 >b
strace -f -o trace -e trace=fsync,fdatasync,syncfs,unlink,linkat,rename cinch --rm a || skip 'strace cannot trace'
grep -oE '(fsync|syncfs|unlink\("[ab]"\))' trace | uniq
cinch -q -d --rm a.zst
strace -f -o trace -e trace=fsync,fdatasync,syncfs,unlink,linkat,rename cinch --rm a b
# Of the two, whichever was done first goes first.
grep -oE '(fsync|syncfs|unlink\("[ab]"\))' trace | uniq | sed 's/"[ab]"/"a or b"/'
