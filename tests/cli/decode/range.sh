# Bytes from the middle, by the file's index.
text 3000000 >a
cinch -q -B 64K a
cinch -q -B 64K --format=gzip a
for range in 0:10 1000000:70000 2999990: 2999990:100 64K:64K 65535:2 3000000:5 9G:1 0:; do
    expected=$(tail -c +$((1 + $(numfmt --from=iec "${range%:*}"))) a |
        if [[ ${range#*:} ]]; then head -c "$(numfmt --from=iec "${range#*:}")"; else cat; fi | md5sum)
    for file in a.zst a.gz; do
        [[ $(cinch -d --range "$range" $file | md5sum) == "$expected" ]] || echo "$file $range differs"
    done
done
# One chunk has no index, and needs none; one that tells no size is refused.
zstd -q --no-check -c a >plain.zst
gzip -c a >plain.gz
zstd -q --no-content-size -c <a >nosize.zst
for file in plain.zst plain.gz; do
    cinch -d --range 1000:2000 $file | cmp - <(tail -c +1001 a | head -c 2000)
done
status_of cinch -d --range 1:2 nosize.zst
cinch -d --range 0:100000 a.zst a.gz | cmp - <(head -c 100000 a; head -c 100000 a)
status_of cinch -d --range 1:2 <a.zst
status_of cinch -d --range 1:2 missing.zst a
