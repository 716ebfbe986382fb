# -dN: under the name and time the gzip header gives; never in another folder.
text 300 >original
touch -d '2003-04-05 06:07:08' original
mkdir sub
gzip -Nc original >sub/renamed.gz
cinch -dN sub/renamed.gz
stat --format '%n %y' sub/*l
cmp original sub/original
as gunzip -k sub/renamed.gz
names
# Under gzip's and pigz's names both are kept by default; under ours, with -N.
for command in 'as gzip -k' 'as gzip -kn' 'cinch --format=gzip' 'cinch -N --format=gzip' 'as pigz -k' 'as pigz -kn'; do
    $command original
    mv original.gz other.gz
    mv original kept
    touch -d '2020-01-01' other.gz
    gzip -dN other.gz
    stat --format "$command: %n %y" original other 2>/dev/null
    rm -f other original
    mv kept original
done
# A header whose name climbs: ../../evil.
{ printf '\037\213\010\010\0\0\0\0\0\003../../evil\0'; gzip -nc original | tail -c +11; } >sub/bad.gz
cinch -dN sub/bad.gz
names
{ printf '\037\213\010\010\0\0\0\0\0\003..\0'; gzip -nc original | tail -c +11; } >sub/worse.gz
cinch -dN sub/worse.gz
names sub
