mkdir -p made/d
text 5000 >made/a
chmod 600 made/a
touch -d '2001-02-03 04:05:06' made/a
text 300 >made/d/b
zstd -qc made/a >made/z.zst
echo garbage >made/bad.zst
echo taken >made/taken
zstd -qc made/a >made/taken.zst
: >made/nothing
for arguments in 'a' '-k a' '--rm a' '-9 a nothing' 'a a' 'missing a' 'd' '-r d' '-T2 a' '-d z.zst' '-d --rm z.zst' \
    '-d bad.zst' '-d taken.zst' '-df taken.zst' '-dc z.zst' '-t z.zst' '-t bad.zst' 'z.zst' '-d a' '-o x a' '-c a' \
    '--format=gzip a' '-d z.zst -o out' '-q a d' '-v a' '-19 a' '--fast=3 a' '--ultra -20 a' '-20 a' '-- a' \
    '-r --output-dir-flat d a' '--output-dir-mirror new a d/b' '--no-check a' '--single-thread a'; do
    like_stock zstd $arguments
done
