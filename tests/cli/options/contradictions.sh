status_of cinch -c -o out nothing
status_of cinch -o out one two
status_of cinch --output-dir-flat a --output-dir-mirror b nothing
status_of cinch -o out --output-dir-flat a nothing
status_of cinch --json nothing
status_of cinch --range 1:2 nothing
status_of cinch -d --range 1:2 -o out nothing
status_of cinch -d --part 1/2 -c nothing
status_of cinch --format=gzip --long nothing
