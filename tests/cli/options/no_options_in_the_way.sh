# "--" ends options; names may begin with "-".
text 100 >./-v
text 200 >./--help
cinch -- -v --help
names
cinch -d -f -- -v.zst ./--help.zst
