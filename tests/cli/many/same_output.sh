# Two sources of one run do not write the same output.
mkdir x y out
text 100 1 >x/a
text 100 2 >y/a
status_of cinch --output-dir-flat out x/a y/a
cinch -dc out/a.zst | cmp - x/a
cp out/a.zst a.zst
gzip -c y/a >a.gz
status_of cinch -f -d --rm a.zst a.gz
cmp a x/a
names
