mkdir -p made/d
text 5000 >made/a
chmod 600 made/a
touch -d '2001-02-03 04:05:06' made/a
text 300 >made/d/b
text 300 2 >made/d/c
gzip -nc made/a >made/z.gz
gzip -nc made/a >made/z.tgz
echo garbage >made/bad.gz
echo taken >made/d/c.gz
{ gzip -nc made/a; echo trailing; } >made/trailing.gz
{ gzip -nc made/a; head -c 100 /dev/zero; } >made/padded.gz
mkdir made/empty
: >made/nothing
for arguments in 'a' '-k a' '-9 a nothing' 'missing a' 'd' '-r d' '-r d a' '-d z.gz' '-dk z.gz' '-d z.tgz' \
    '-d bad.gz' '-dc z.gz' '-d a' '-t z.gz' '-t bad.gz' '-S .x a' 'z.gz' '-f z.gz' '-d z' '-rd .' '-r empty' \
    '-v a' '-q a d' '-n a' '-c a' '-19 -k a' '--fast a' '--best a' '-l z.gz' '-l bad.gz' '-- a' '-dN z.gz' \
    '-1k -v a' '-d trailing.gz' '-t trailing.gz' '-d padded.gz' '-N a' '-nk a'; do
    like_stock gzip $arguments
done
