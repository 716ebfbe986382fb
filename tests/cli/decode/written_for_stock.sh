# What this program writes, the stock programs read.
need zstd gzip pigz
for size in 0 1 1000 700000; do
    text $size >a
    cinch -qf a && zstd -dqc a.zst | cmp - a
    cinch -qf --format=gzip a && gzip -dc a.gz | cmp - a
    cinch -qf --format=gzip a && pigz -dc a.gz | cmp - a
    cinch -qf --format=zlib a && pigz -dc <a.zz | cmp - a
    cat a | cinch --format=gzip | gzip -d | cmp - a
    cat a | cinch --format=zlib | pigz -d | cmp - a
    cat a | cinch | zstd -dq | cmp - a
done
