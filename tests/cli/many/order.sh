# Outputs on standard output and messages are in the order of the arguments, whatever ends first.
text 2000000 >big
for i in {1..40}; do
    text $((i * 37)) $i >small$i
done
cinch -q -c small* big small1 small2 big >all.zst
cinch -dc all.zst | cmp - <(cat small* big small1 small2 big)
cinch small{1..40} big
cinch -dc big.zst small{1..40}.zst big.zst small3.zst | cmp - <(cat big small{1..40} big small3)
cinch -c big no1 small1 no2 no3 small2 no4 | cinch -dc | cmp - <(cat big small1 small2)
