mkdir d
for name in a.txt b.zip c.JPG d.mp4 e.gz f.tar; do
    text 100 >d/$name
done
cinch -r --exclude-compressed d
names
cinch --exclude-compressed -v d/b.zip
