# A standard descriptor that is closed is not taken by a file: not for data, not for messages.
text 300 >a
cinch a -o reference.zst
for closed in '<&-' '>&-' '2>&-' '<&- >&-' '<&- 2>&-' '>&- 2>&-' '<&- >&- 2>&-'; do
    rm -f a.zst
    eval "cinch a missing $closed" 2>/dev/null
    echo "$closed: exit $?"
    same reference.zst a.zst
    # Standard input and output are wanted here.
    eval "cinch -dc a.zst $closed" >out 2>err
    echo "-dc $closed: exit $?, $(wc -c <out) bytes"
    eval "cinch $closed" <a >out 2>err
    echo "a pipe $closed: exit $?, $([[ -s out ]] && cinch -dc out | wc -c) bytes"
    same reference.zst a.zst
    names
done
status_of cinch <&-
cinch -c a >&-
echo "exit $?"
(cinch -c missing a >out.zst 2>&-)
same a <(cinch -dc out.zst)
for option in --help -H -V; do
    (cinch $option >&-)
    echo "$option: exit $?"
done
cinch -l a.zst >&-
echo "exit $?"
