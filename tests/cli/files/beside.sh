# The output stands beside the source, which stays; mode and time are the source's.
text 5000 >a
chmod 640 a
touch -d '2001-02-03 04:05:06.789012345' a
cinch a
stat --format '%n %a %y' a a.zst
zstd -dqc a.zst | cmp - a
rm a
cinch -d a.zst
stat --format '%n %a %y' a a.zst
