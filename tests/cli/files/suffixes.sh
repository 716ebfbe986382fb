# Suffixes that decompression knows, by family; in either case.
text 300 >a
gzip -nc a >a.gz
for name in cinch gzip pigz zstd; do
    for suffix in .gz -gz .z -z _z .tgz .taz .GZ .TgZ .zst .tzst .zz .zlib .foo ''; do
        cp a.gz "x$suffix" 2>/dev/null
        as $name -dk "x$suffix" 2>/dev/null
        echo "$name x$suffix: exit $?, $(names | grep -v '^a' | grep -vxF "x$suffix" | tr '\n' ' ')"
        rm -f x*
    done
done
