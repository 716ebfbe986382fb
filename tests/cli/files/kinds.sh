# What is neither a file nor a folder is skipped without -f; folders, without -r.
mkdir folder
mkfifo fifo
echo data >a
status_of cinch folder fifo /dev/null a
names
