# Work begins while the list is still being written: its writer waits for the first output.
text 100 >a
text 200 >b
mkfifo list
cinch --filelist list &
exec 3>list
echo a >&3
wait_until test -e a.zst
echo b >&3
exec 3>&-
wait
names
