# Files as gzip treats them: outputs that exist, links, modes, names that are kept, standard streams. Of
# files with several members ours lists all, gzip the last; -0 and -z are ours.
make_sources
gzip -nc made/a >made/z.gz
gzip -Nc made/a >made/named.gz
{ gzip -nc made/a; gzip -nc made/b; } >made/two.gz
head -c 200 made/z.gz >made/cut.gz
echo taken >made/taken
gzip -nc made/a >made/taken.gz
cp made/z.gz made/odd-gz
cp made/z.gz made/odd.z
cp made/z.gz made/odd.taz
cp made/z.gz made/x.y
ln -s a made/link
ln -s nowhere made/dangling
ln -s d made/link_to_d
text 500 3 >made/hard
ln made/hard made/hard2
text 600 4 >made/setuid
chmod 4755 made/setuid
text 600 5 >made/sticky
chmod 1644 made/sticky
text 600 6 >made/locked
chmod 400 made/locked
: >made/empty.gz
made_long_ago
for arguments in '-d taken.gz' '-df taken.gz' '-dk taken.gz' '-kf taken' 'taken' '-f taken' 'link' '-f link' \
    '-c link' '-d link' 'dangling' '-f dangling' 'link_to_d' '-r link_to_d' 'hard' '-f hard' '-k hard' '-c hard' \
    'setuid' '-f setuid' 'sticky' 'locked' '-k locked' 'nothing' '-k nothing' 'a b nothing' 'a missing b' \
    '-d z.gz missing two.gz' '-d two.gz' '-dc two.gz z.gz' '-c a b' '-t two.gz z.gz' '-t z.gz cut.gz' '-d cut.gz' \
    '-dc cut.gz' '-d empty.gz' '-t empty.gz' '-d named.gz' '-dN named.gz' '-dn named.gz' '-d odd-gz' '-d odd.z' \
    '-d odd.taz' '-d x.y' '-d -S .y x.y' '-S .y -k a' '-l z.gz missing' '-lN named.gz' '-l named.gz z.gz' '-l missing' \
    '-lq z.gz' '-c nothing' '-r d' '-rk d a' '-rc d' '-rt d' '-rl .' '-dcf a' '-dcf a z.gz' '-cf z.gz' '-kq missing' \
    '-q hard b' '-cdf nothing' '-tv z.gz' '-k -S .q a'; do
    like_stock gzip $arguments
done
for arguments in '' '-c' '-9' '-' '-c -' 'a -'; do
    from=a like_stock gzip $arguments
done
for arguments in '-d' '-dc' '-dc -' '-t' '-l' '-d b' '-dcf'; do
    from=z.gz like_stock gzip $arguments
done
from=cut.gz like_stock gzip -d
from=a like_stock gzip -d
from=a like_stock gzip -dcf
from=nothing like_stock gzip
from=nothing like_stock gzip -d
