# Parts of a file that is smaller than their number may be empty; joined they are the file.
for size in 0 1 1048575 1048576 1048577; do
    text $size >a
    for format in zstd gzip; do
        : >joined
        for i in 1 2 3; do
            cinch --format=$format --part $i/3 -c a >>joined
        done
        "$format" -dc <joined | cmp - a
        cinch -dc <joined | cmp - a
    done
done
