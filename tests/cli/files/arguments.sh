# Empty arguments, "-" among others, "--" in every place.
text 100 >a
text 200 >./-
text 300 >./--
status_of cinch ''
status_of cinch '' '' a
rm a.zst
status_of cinch -c '' -- '' a >/dev/null
status_of cinch -- -- ./-
names
cinch -dc -- --.zst | cmp - ./--
rm -- *.zst
status_of cinch --filelist '' a
status_of cinch --output-dir-flat '' a
status_of cinch --output-dir-mirror '' a
cinch - a -c <./-- | cinch -dc | cmp - <(cat ./-- a)
cinch a - <./-- >out.zst
echo "exit $?"
cinch -dc out.zst | cmp - ./--
# Twice from standard input: the second time there is nothing left.
cinch - - <./-- | cinch -dc | cmp - ./--
status_of cinch - -o in.zst <a
names
