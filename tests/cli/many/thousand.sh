# More files than there may be open at once, and one large among them.
mkdir d
for i in {1..1500}; do
    echo "$i some text" >d/$i
done
text 1000000 >d/large
(ulimit -n 40; cinch -r d)
ls d/*.zst | wc -l
mkdir back
(ulimit -n 40; cinch -q -d -r --output-dir-flat back d)
rm d/*.zst
diff -r d back
