# What the stock programs write is read, from files and pipes, to files and pipes.
need zstd gzip pigz bgzip igzip
text 700000 >a
zstd -q -k a -o plain.zst
zstd -q -19 --no-check -k a -o nocheck.zst
zstd -q --no-content-size -c a >nosize.zst
cat a | zstd -q -c >piped.zst
gzip -c a >plain.gz
gzip -nc1 a >fast.gz
pigz -c a >pigz.gz
pigz -zc a >pigz.zz
bgzip -c a >bgzip.gz
igzip -c a >igzip.gz 2>/dev/null
cat plain.gz pigz.gz >two.gz
cat plain.zst nocheck.zst >two.zst
for file in *.zst *.gz *.zz; do
    reference=a
    case $file in two*) cat a a >twice; reference=twice ;; esac
    cinch -dc $file | cmp - $reference
    cinch -d <$file | cmp - $reference
    cat $file | cinch -d | cmp - $reference
    cinch -d $file -o out && cmp out $reference
    rm -f out
    status_of cinch -t $file
done
