# A source that is named twice is compressed once, also while the first time is under way.
text 300 >a
text 300 2 >b
status_of cinch a ./a b a
names
status_of cinch -f a .//a b
status_of as zstd -f a a
rm -- *.zst
status_of as gzip -v a a 2>&1 | sed 's/[0-9.]*%/N%/'
names
gzip -d a.gz
# Far enough apart for the first to have ended: 600 others stand between them.
mkdir d
for i in {1..600}; do
    echo $i >d/$i
done
cinch a d/* a
echo "exit $?"
names d | grep -c zst
cinch -q -r -f d d/7 d/8
echo "exit $?"
