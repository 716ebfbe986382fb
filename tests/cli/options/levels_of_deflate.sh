# Gzip and zlib have levels 10 to 12 where libdeflate is in the build, as -V tells; elsewhere these are
# refused, with the levels that there are, and nothing is written.
text 200000 >a
engines=$(cinch -V)
for format in gzip zlib; do
    cinch --format=$format -9 -c a >9
    for level in 10 11 12; do
        if [[ $engines == *libdeflate* ]]; then
            cinch --format=$format -$level -c a >$level || echo "-$level: exit $?"
            pigz -dc <$level | cmp - a
            (($(stat --format %s $level) < $(stat --format %s 9))) || echo "-$level is not smaller than -9"
        else
            cinch --format=$format -$level a 2>message
            status=$?
            [[ $status == 1 && $(cat message) == 'cinch: a: this build compresses gzip and zlib at levels 0 to 9' ]] ||
                { echo "-$level: exit $status"; cat message; }
        fi
    done
done
ls a*
