text 100 >a
mkfifo fifo
status_of cinch --part 1/2 a
status_of cinch --part 1/2 -c <a
status_of cinch --part 1/2 -c fifo
status_of cinch --part 1/2 --format=zlib -c a
status_of cinch --part 1/2 --rm -o out a
status_of cinch -d --part 1/2 -c a
names
