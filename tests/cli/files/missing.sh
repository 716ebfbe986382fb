echo data >a
status_of cinch missing a other/missing ''
names
status_of cinch -d missing.zst
status_of cinch a -o no/such/folder.zst
mkdir -m 0 closed
