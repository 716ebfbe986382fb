text 300 >a
cinch -S .foo a
as gzip -k --suffix=-bar a
names
rm a
cinch -d -S .foo a.foo
cmp a <(cinch -dc a.foo)
rm a
as gzip -dk -S -bar a-bar
cmp a <(as gzip -dc a-bar)
status_of cinch -d a.foo
# Only a suffix is no file's name.
echo data >.zst
status_of cinch -d .zst
