# Removed between two arguments; the others are done.
text 300 >a
text 300 >b
status_of cinch a gone b
names
