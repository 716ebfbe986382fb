# Files as zstd treats them: outputs that exist, links, modes, several into one, standard streams.
# Links are followed with -c here; -b and -l are not zstd's.
make_sources
zstd -qc made/a >made/z.zst
zstd -qc made/nothing >made/nothing_in.zst
{ zstd -qc made/a; zstd -qc made/b; } >made/two.zst
zstd -q --format=gzip -c made/a >made/g.gz
zstd -q --no-check -c made/a >made/unchecked.zst
head -c 200 made/z.zst >made/cut.zst
{ cat made/z.zst; echo trailing; } >made/trailing.zst
echo taken >made/taken
zstd -qc made/a >made/taken.zst
cp made/z.zst made/x.y
cp made/z.zst made/t.tzst
ln -s a made/link
ln -s nowhere made/dangling
text 500 3 >made/hard
ln made/hard made/hard2
printf '%s\n' a b >made/list
: >made/empty.zst
made_long_ago
for arguments in '-d taken.zst' '-df taken.zst' 'taken' '-f taken' '-f --rm taken' 'link' '-f link' 'dangling' \
    '-f dangling' 'hard' '--rm hard' 'nothing' '--rm nothing' 'a b nothing' '--rm a b' 'a missing b' \
    '-d z.zst missing two.zst' '-d two.zst' '-dc two.zst z.zst' '-c a b' '-t two.zst z.zst' '-t z.zst cut.zst' \
    '-d cut.zst' '-dc cut.zst' '-d empty.zst' '-t empty.zst' '-d trailing.zst' '-d g.gz' '-t g.gz' '-d nothing_in.zst' \
    '-d unchecked.zst' '-d x.y' '-d t.tzst' '-o x a' '-o taken a' '-f -o taken a' '-d -o out z.zst' '-c nothing' \
    '-r d a' '-r --rm d' '--filelist list' '--filelist=list' '-dcf a' '-dc a' '-dcf a z.zst' '-cf z.zst' '-q missing' \
    '--output-dir-flat d a b' '--output-dir-flat=d a' 'a -o /dev/null' '--exclude-compressed a z.zst' \
    '--long a' '--long=24 a' '--ultra -22 b' '--fast a' '--format=gzip --rm a' '-k --rm a' '--rm -k a' '--no-progress a' \
    '-T0 a' '--threads=2 a' '-B64K a' '--sparse -d z.zst' '--no-sparse -d z.zst' '-M100M -d z.zst' '--memory=100MB -d z.zst' \
    '-d d' '-d -r d' '-o x a b' '-f -d a' '--rm -t z.zst' '--rm -c a' '-z z.zst' '-dz a'; do
    like_stock zstd $arguments
done
for arguments in '' '-c' '-' '-o out' '-c -'; do
    from=a like_stock zstd $arguments
done
for arguments in '-d' '-dc' '-t' '-d -o out' '-dcf'; do
    from=z.zst like_stock zstd $arguments
done
from=cut.zst like_stock zstd -d
from=a like_stock zstd -d
from=a like_stock zstd -dcf
from=nothing like_stock zstd
from=nothing like_stock zstd -d
