# gzip and pigz leave alone what is compressed to judge by its name; zstd does not.
for name in cinch gzip pigz zstd; do
    echo data >a.gz
    status_of as $name a.gz
    names
    rm -f -- *
done
echo data >a.gz
as gzip -f a.gz
names
