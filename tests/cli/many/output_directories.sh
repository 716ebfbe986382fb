mkdir -p d/sub flat
text 100 1 >d/a
text 100 2 >d/sub/b
cinch -r --output-dir-flat flat d
cinch -r --output-dir-mirror mirror d
names
# A path from the root is kept below the output directory, too.
cinch --output-dir-mirror rooted "$PWD/d/a"
cinch -dc "rooted$PWD/d/a.zst" | cmp - d/a
cd d || exit
status_of cinch --output-dir-mirror ../m2 ../d/a sub/../a
cd ..
cinch -r -d --output-dir-mirror back mirror/d
names back
status_of cinch --output-dir-flat missing d/a
echo file >occupied
status_of cinch --output-dir-mirror occupied d/a
