text 300000 >a
cinch -c a >/dev/full
echo "exit $?"
cinch -dc <(cinch -c a) >/dev/full
echo "exit $?"
# The second one's output was held in memory until its turn.
cinch -q -c a a >/dev/full
echo "exit $?"
for option in -V -h -H; do
    cinch $option >/dev/full
    echo "exit $?"
done
cinch a
cinch -l a.zst >/dev/full
echo "exit $?"
names
