# With -f links are followed; one that leads back is not.
mkdir -p d/sub other
text 500 >d/sub/a
text 600 >other/b
ln -s ../other d/link
ln -s .. d/sub/up
status_of cinch -r -f d
names
