# A file is never written over itself, under whatever name.
echo data >a
ln -s a link
ln a hard
for output in a ./a "$PWD/a" link hard; do
    status_of cinch -f a -o "$output" 2>&1 | sed "s|$PWD|PWD|"
done
cat a
names
