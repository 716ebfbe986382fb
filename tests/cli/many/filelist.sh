text 100 >a
text 200 >'b c'
text 300 >$'new\nline'
text 300 >./-
printf 'a\n\nb c' >list
cinch --filelist list
names
rm -- *.zst
printf 'a\0new\nline\0-\0' >list0
cinch --filelist=list0
names
rm -- *.zst
printf 'a\n' | cinch --filelist - './-'
names
status_of cinch --filelist missing a -f
status_of cinch --filelist . a -f
: >empty
status_of cinch --filelist empty
