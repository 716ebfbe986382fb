text 300 >a
cinch a -o b
for name in cinch gzip pigz zstd; do
    status_of as $name -dk b
done
cinch -dc b | cmp - a
