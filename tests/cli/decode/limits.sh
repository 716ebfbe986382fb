# A bomb stops at the limit; the disk is not touched beyond it.
head -c 30000000 /dev/zero | zstd -q >bomb.zst
status_of cinch -d --limit-output=1M bomb.zst
status_of cinch -d --limit-output=30000000 bomb.zst
head -c 30000000 /dev/zero | cmp - bomb
rm bomb
cinch -dc --limit-output=1M bomb.zst | wc -c
status_of cinch -t --limit-output=29999999 bomb.zst
zstd -q --long=28 -f -c <(head -c 140000000 /dev/zero) >window.zst
status_of cinch -t window.zst
status_of cinch -t --memlimit=1G window.zst
