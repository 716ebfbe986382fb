text 3000000 >a
for format in zstd gzip zlib; do
    cinch --format=$format -T1 -c a >expected
    for threads in -T2 -T7 -p3 -T0 --single-thread; do
        cinch --format=$format $threads -c a | cmp - expected
    done
done
