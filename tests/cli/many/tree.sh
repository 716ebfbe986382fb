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
status_of cinch -r d
cinch -dc d/sub/deeper/c.zst | cmp - d/sub/deeper/c
status_of cinch -r d/a d/missing -f
