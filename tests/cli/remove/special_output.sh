# What went to no file is no copy.
text 100 >a
status_of cinch --rm -o /dev/null a
names
