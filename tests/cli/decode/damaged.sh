text 30000 >a
cinch a
cinch --format=gzip a
head -c 2000 a.zst >short.zst
head -c 2000 a.gz >short.gz
for format in zst gzip; do
    suffix=${format/gzip/gz}
    cp a.$suffix flipped.$suffix
    printf 'X' | dd of=flipped.$suffix bs=1 seek=1500 conv=notrunc status=none
done
echo 'no compressed data' >text.zst
: >empty.zst
for file in short.zst short.gz flipped.zst flipped.gz text.zst missing.zst; do
    cinch -d $file 2>/dev/null
    echo "$file: exit $?, $(names | grep -xE 'short|flipped|text')"
    cinch -qt $file 2>/dev/null
    echo "$file: exit $?"
done
status_of cinch -d text.zst
status_of cinch -t short.zst a.zst
