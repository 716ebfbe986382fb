# Compressed data goes to no terminal and comes from none, without -f.
text 100 >a
on_terminal 'cinch -c a; echo "exit $?"'
on_terminal 'as() { "$CASE_NAMES/$1" "${@:2}"; }; as gzip -c a; echo "exit $?"; as zstd <a; echo "exit $?"'
on_terminal 'cinch -d; echo "exit $?"'
(($(on_terminal 'cinch -cf --format=gzip a' | wc -c) > 50)) || echo 'nothing was written'
on_terminal 'cinch -q a; cinch -dc a.zst' | cmp - a
