# Standard input is read from where it is, and no file it comes from is opened again.
text 5000 >a
{ head -c 2000 >/dev/null; cinch -o rest.zst; } <a
cinch -dc rest.zst | cmp - <(tail -c +2001 a)
{ head -c 2000 >/dev/null; cinch -c; } <a | cinch -dc | cmp - <(tail -c +2001 a)
cinch a
(rm a.zst; cinch -dc) <a.zst | cmp - a
stat --format %a rest.zst
