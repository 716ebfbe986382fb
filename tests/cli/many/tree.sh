mkdir -p d/sub/deeper d/empty
for file in d/a d/sub/b d/sub/deeper/c; do
    text 500 >$file
done
ln -s a d/link
ln -s . d/loop
mkfifo d/fifo
echo x >d/already.zst
cinch -r d
names
# A folder's files come in the order that its file system keeps them in.
status_of cinch -r d 2>errors
sort errors >&2
rm errors
cinch -dc d/sub/deeper/c.zst | cmp - d/sub/deeper/c
status_of cinch -r d/a d/missing -f
