# A reader that goes away ends the program by SIGPIPE, without a word; ignored, it is an error.
head -c 3000000 /dev/urandom >a
cinch -c a | head -c 10 | wc -c
echo "${PIPESTATUS[0]}"
cinch a
cinch -dc a.zst | head -c 10 | wc -c
echo "${PIPESTATUS[0]}"
cinch -c a a a a | head -c 10 | wc -c
echo "${PIPESTATUS[0]}"
(trap '' PIPE; cinch -c a 2>err | head -c 10 | wc -c; echo "${PIPESTATUS[0]}")
sed 's/: [a-z ]*output//' err
