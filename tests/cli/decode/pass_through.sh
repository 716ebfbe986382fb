# -cdf copies what is not compressed; without -f that is an error.
text 3000 >a
cinch -k a
as gzip -k a
cinch -dcf a a.zst a a.gz | cmp - <(cat a a a a)
as zstdcat a a.zst | cmp - <(cat a a)
as gzip -cdf a a.gz | cmp - <(cat a a)
as zcat -f a | cmp - a
cinch -dcf <a | cmp - a
cinch -dcf <a.zst | cmp - a
cat a | cinch -dcf | cmp - a
cat a.gz | cinch -dcf | cmp - a
printf x | cinch -dcf
(printf '\037'; sleep 0.05; printf '\213'; tail -c +3 a.gz) | cinch -dcf | cmp - a
cinch -dcf </dev/null | wc -c
: >empty
cinch -dcf empty | wc -c
status_of cinch -dc a
status_of as zcat a
status_of cinch -dcf missing a.gz | tail -1
