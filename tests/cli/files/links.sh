# Symbolic links: skipped without -f, followed with -f, -c and -o.
echo data >a
ln -s a link
ln -s nowhere dangling
ln -s loop2 loop1
ln -s loop1 loop2
for name in cinch gzip zstd; do
    status_of as $name -k link
done
cinch -c link | cinch -d
cinch link -o out.zst
cinch -dc out.zst
cinch -fv link 2>&1 | cut -d: -f1
status_of cinch dangling loop1
status_of cinch -f dangling loop1
names
