# -o names the output; its suffix the format, unless --format says otherwise.
text 5000 >a
for name in a.zst a.gz a.zz a.zlib other; do
    cinch a -o $name
    cinch -l -q $name | cut -c 1-6
    cinch -d $name -o back
    cmp back a
    rm back
done
cinch --format=gzip a -o b.zst
gzip -dc <b.zst | cmp - a
cinch -o from_stdin.gz <a
cinch -dc from_stdin.gz | cmp - a
cinch -o - a | cinch -dc | cmp - a
names
