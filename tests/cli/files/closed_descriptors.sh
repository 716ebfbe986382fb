# A standard descriptor that is closed is not taken by a file.
text 300 >a
cinch a <&- && cmp a <(cinch -dc a.zst)
cinch -f a >&- && cmp a <(cinch -dc a.zst)
cinch -f a 2>&- && cmp a <(cinch -dc a.zst)
cinch -f a <&- >&- 2>&- && cmp a <(cinch -dc a.zst)
status_of cinch <&-
cinch -c a >&-
echo "exit $?"
(cinch -c missing a >out.zst 2>&-)
cmp a <(cinch -dc out.zst)
(cinch --help >&-)
echo "exit $?"
