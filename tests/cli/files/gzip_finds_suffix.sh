# gzip -d name takes name.gz where there is no name.
text 300 >a
as gzip a
as gzip -d a
names
as gzip a
as gunzip -c a | wc -c
status_of as gzip -d missing
status_of as zstd -d a
