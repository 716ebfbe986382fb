# A disk that fills: the old output stays, nothing is left behind.
mkdir small
mount -t tmpfs -o size=100k none small 2>/dev/null || skip 'cannot mount a tmpfs'
trap 'umount small' EXIT
head -c 300000 /dev/urandom >a
echo old >small/a.zst
status_of cinch -f a -o small/a.zst
cat small/a.zst
status_of cinch -f --output-dir-flat small a
names small
