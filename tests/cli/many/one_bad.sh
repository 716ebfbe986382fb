# One bad file does not stop the rest.
for i in {1..20}; do
    text 1000 $i >f$i
done
mkdir d
status_of cinch f1 missing f2 d f3 '' f4 f5 f6 f7 f8 f9 f1
names | grep -c zst
echo damage >bad.zst
status_of cinch -d -c f1.zst bad.zst f2.zst | cmp - <(cat f1 f2; echo 'exit 1')
