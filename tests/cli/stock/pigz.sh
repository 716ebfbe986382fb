mkdir -p made/d
text 5000 >made/a
chmod 600 made/a
touch -d '2001-02-03 04:05:06' made/a
text 300 >made/d/b
gzip -nc made/a >made/y.gz
echo garbage >made/bad.gz
: >made/nothing
made_long_ago
for arguments in 'a' '-k a' '-9 a nothing' 'missing a' 'd' '-r d' '-p 2 a' '-b 64 a' '-i a' '-d y.gz' '-dk y.gz' \
    '-d bad.gz' '-dc y.gz' '-t y.gz' '-t bad.gz' 'y.gz' '-z a' '-zk a' '-R a' '-n a' '-c a' '-d a'; do
    like_stock pigz $arguments
done
