# While names are still coming there is no percent of all, and no time to go.
need tmux
text 900 >a
text 600 >b
mkfifo list
start_terminal
type_line 'clear; cinch --filelist list; echo "exit $?"'
exec 3>list
echo a >&3
wait_until screen_matches '^1 of 1\+ files +900 B'
echo b >&3
wait_until screen_matches '^2 of 2\+ files +1.46 KiB'
screen_matches '%|ETA' && show_screen
exec 3>&-
wait_for_screen 'exit 0'
show_screen | sed 's/ =>.*//'
