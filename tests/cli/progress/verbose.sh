text 3000 >a
text 4000 >b
plain() { sed -E 's/ in .*//; s/[0-9.]+ (Ki)?B \(.*/SIZE/'; }
cinch -v a 2>&1 | plain
cinch -v -f a b 2>&1 | plain
cinch -v -d -f a.zst b.zst 2>&1 | plain
as gzip -v -k a 2>&1 | sed 's/[0-9.]*%/N%/'
as gzip -v -df a.gz 2>&1 | sed 's/[0-9.]*%/N%/'
cinch -q missing
echo "exit $?"
cinch -qq missing
echo "exit $?"
cinch -q a
echo "exit $?"
cinch -v -c a 2>&1 >/dev/null | plain
cinch --quiet --verbose -f a
