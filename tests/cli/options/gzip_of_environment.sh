# Levels and talk; what could lose data is refused, as GNU gzip does.
text 100000 >a
GZIP=-1 as gzip -c a | cmp - <(as gzip -1 -c a)
GZIP='-9 -q' as gzip -c a | cmp - <(as gzip -9 -c a)
GZIP='--best --quiet --no-name' as gzip -c a | cmp - <(as gzip -9 -c a)
GZIP=-1 as gzip -8 -c a | cmp - <(as gzip -8 -c a)
GZIP=-9 cinch --format=gzip -c a | cmp - <(as gzip -c a)
for bad in -c -d -f -k -l -r -S.x --suffix=.x -t -- a; do
    GZIP=$bad status_of as gzip -c a
done
