# Digits that stand together are one number; the last one given counts.
text 100000 >a
for level in 3 9 19; do
    cinch -q -$level -c a | wc -c
done >single
{ cinch -q -9 -3 -c a; } | wc -c | cmp - <(sed -n 1p single)
{ cinch -qf3 -c a; } | wc -c | cmp - <(sed -n 1p single)
{ cinch -19qc a; } | wc -c | cmp - <(sed -n 3p single)
{ cinch --best -c a; } | wc -c | cmp - <(sed -n 3p single)
sort -rnu single | cmp - single
cinch --fast -c a | zstd -dcq | cmp - a
cinch --fast=50 -c a | zstd -dcq | cmp - a
cinch --ultra -22 -c a | zstd -dcq | cmp - a
for level in 0 20 23 123456789; do
    status_of cinch -$level a
done
cinch --format=gzip -0 -c a | gzip -dc | cmp - a
(($(cinch --format=zlib -0 -c a | wc -c) > 100000)) || echo "not stored"
status_of cinch --format=gzip -13 a
cinch --format=gzip --fast -c a | cmp - <(cinch --format=gzip -1 -c a)
cinch --format=gzip --best -c a | cmp - <(cinch --format=gzip -9 -c a)
# GNU gzip takes -19 for -1 -9.
as gzip -19 -c a | cmp - <(as gzip -9 -c a)
