# An output that exists is not touched without -f.
echo new >a
echo old >a.zst
status_of cinch a
cat a.zst
status_of as gzip -k a
echo old >a.gz
status_of as gzip -k a
status_of as pigz -k a
status_of as zstd a
cat a.zst a.gz
status_of cinch -f a
cinch -dc a.zst
echo old >a
status_of cinch -d a.zst
cat a
status_of cinch -df a.zst
cat a
