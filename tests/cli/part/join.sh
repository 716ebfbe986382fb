# Parts made apart are one file when joined: for the stock programs, and read in parallel by ours.
text 5300000 >a
for format in zstd gzip; do
    for count in 1 2 5 7; do
        for ((i = 1; i <= count; i++)); do
            cinch -q -f -B 256K --format=$format --part $i/$count a -o part.$i
            [[ $format == zstd ]] && cinch --part=$i/$count -B 256K -c a | cmp - part.$i
        done
        parts=()
        for ((i = 1; i <= count; i++)); do parts+=(part.$i); done
        cat "${parts[@]}" >joined
        "$format" -dc <joined | cmp - a
        cinch -dc joined | cmp - a
        cinch -l --json joined | grep -oE '"(format|chunks)":[^,]*' | tr '\n' ' '
        echo
    done
done
