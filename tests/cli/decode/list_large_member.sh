# One gzip member of more than 4 GiB is listed right; what gzip's trailer tells is short of 4 GiB.
truncate -s 4300M large
cinch -q --format=gzip -1 large
echo $((4300 * 1024 * 1024))
cinch -l --json large.gz | sed "s/$(stat --format %s large.gz)/SIZE/"
as gzip -l large.gz | sed "s/ *$(stat --format %s large.gz)/ SIZE/"
