# More than 4 GiB in a gzip file, whose trailer has room for 32 bits of length: listed right all the same.
# The file consists of members that tell how long they are.
truncate -s 1100M part
cinch -q --format=gzip -1 part
cat part.gz part.gz part.gz part.gz >large.gz
echo $((4 * 1100 * 1024 * 1024))
cinch -l --json large.gz | sed "s/$(stat --format %s large.gz)/SIZE/"
as gzip -l large.gz | sed "s/ *$(stat --format %s large.gz)/ SIZE/"
