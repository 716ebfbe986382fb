# A source that was replaced or has grown since it was read stays.
text 100 >late
for change in 'mv late a' 'echo more >>a' 'rm a; ln -s late a'; do
    text 100 >late
    mkfifo gate
    text 100 2 >a
    text 100 3 >b
    # The run's list waits at the gate, and so do removals, until `a` is done and has changed.
    cinch -q -f --rm --filelist gate &
    exec 3>gate
    echo a >&3
    wait_until test -e a.zst
    eval "$change"
    echo b >&3
    exec 3>&-
    wait $!
    echo "$change: exit $?"
    names
    rm -f -- *
done
