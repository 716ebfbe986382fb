# Sources are removed with --rm, and under gzip's name without it; never with -c.
text 100 >a
cinch --rm a
names
cinch -d --rm a.zst
names
as gzip a
names
as gunzip a
names
as zstd --rm -q a
as unzstd --rm -q a.zst
names
cinch --rm -c a | cinch -dc | cmp - a
as gzip -c a >/dev/null
as gzip -k a
names
cinch --rm --keep -f a
cinch -t --rm a.zst
cinch --rm <a | cinch -d --rm | cmp - a
names
