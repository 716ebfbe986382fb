text 100000 >a
ZSTD_CLEVEL=19 cinch -c a | cmp - <(cinch -19 -c a)
ZSTD_CLEVEL=19 cinch -1 -c a | cmp - <(cinch -1 -c a)
ZSTD_CLEVEL=-5 as zstd -c a | cmp - <(cinch --fast=5 -c a)
ZSTD_CLEVEL=19 cinch --format=gzip -c a | cmp - <(cinch --format=gzip -c a)
ZSTD_CLEVEL=high cinch -c a | cmp - <(cinch -c a)
ZSTD_CLEVEL=23 cinch -c a | cmp - <(cinch -c a)
ZSTD_NBTHREADS=many cinch -c a | cmp - <(cinch -c a)
ZSTD_NBTHREADS=2 cinch -c a | cmp - <(cinch -c a)
