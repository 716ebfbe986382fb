# In the background nothing is drawn; stopped, the line is cleared, and comes back.
need tmux
mkfifo gate
start_terminal
type_line 'clear; cinch -B 4K --size-hint=8K -o out.zst gate'
exec 3>gate
head -c 4096 /dev/zero >&3
wait_for_screen '50 %'
type_keys C-z
wait_for_screen 'Stopped'
show_screen | grep -c '50 %'
type_line 'bg; sleep 0.3; clear; echo clear''ed'
wait_for_screen 'cleared'
show_screen | grep -c '50 %'
type_line fg
wait_for_screen '50 %'
exec 3>&-
wait_for_screen '=>'
