# Devices, FIFOs, sockets and folders as sources and outputs.
text 300 >a
mkfifo fifo
mkdir folder
for name in cinch gzip zstd; do
    sources=(/dev/null folder a)
    # zstd's manners: a FIFO is read, which would wait for a writer.
    [[ $name == zstd ]] || sources+=(fifo)
    status_of as $name -k "${sources[@]}"
    rm -f a.*
done
status_of cinch -c /dev/null | cinch -d 2>/dev/null | wc -c
cinch -f /dev/null -o empty.zst
cinch -dc empty.zst | wc -c
status_of cinch a -o folder
status_of cinch -f a -o folder
mkdir a.zst
status_of cinch a
status_of cinch -f a
status_of cinch -d folder -o x
status_of cinch -t folder /dev/null a
status_of cinch -l folder /dev/null
names
