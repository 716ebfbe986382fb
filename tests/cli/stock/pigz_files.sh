# Files as pigz treats them: outputs that exist, links, modes, names that are kept, standard streams.
make_sources
gzip -nc made/a >made/z.gz
gzip -Nc made/a >made/named.gz
{ gzip -nc made/a; gzip -nc made/b; } >made/two.gz
pigz -zkc made/a >made/z.zz
head -c 200 made/z.gz >made/cut.gz
echo taken >made/taken
gzip -nc made/a >made/taken.gz
cp made/z.gz made/odd-gz
cp made/z.gz made/x.y
ln -s a made/link
ln -s nowhere made/dangling
text 500 3 >made/hard
ln made/hard made/hard2
made_long_ago
for arguments in '-d taken.gz' '-df taken.gz' '-kf taken' 'taken' '-f taken' 'link' '-f link' '-c link' 'dangling' \
    'hard' '-f hard' '-k hard' 'nothing' 'a b nothing' 'a missing b' '-d two.gz' \
    '-dc two.gz z.gz' '-c a b' '-t two.gz z.gz' '-t z.gz cut.gz' '-d cut.gz' '-d named.gz' '-dN named.gz' '-dn named.gz' \
    '-d odd-gz' '-d x.y' '-S .y -k a' '-d z.zz' '-c nothing' '-rk d a' '-kq missing' '-0 a' '-11 -k b' \
    '-dcf a' '-9 -k a b' '-kn a' '-kN a'; do
    like_stock pigz $arguments
done
for arguments in '' '-c' '-' '-z'; do
    from=a like_stock pigz $arguments
done
for arguments in '-d' '-dc' '-t'; do
    from=z.gz like_stock pigz $arguments
done
from=cut.gz like_stock pigz -d
from=nothing like_stock pigz
