# An output that exists is asked about on a terminal.
need tmux
echo new >a
echo old >a.zst
start_terminal
type_line 'cinch a; echo "exit $?"'
wait_for_screen 'overwrite (y or n)?'
type_line n
wait_for_screen 'exit 2'
cat a.zst
type_line 'clear; cinch a; echo "exit $?"'
wait_for_screen 'overwrite (y or n)?'
type_line
wait_for_screen 'exit 2'
cat a.zst
type_line 'clear; cinch a'
wait_for_screen 'overwrite (y or n)?'
type_keys C-c
wait_for_screen '^C'
type_line 'echo "exit $?"'
wait_for_screen 'exit 130'
cat a.zst
type_line 'clear; cinch a; echo "exit $?"'
wait_for_screen 'overwrite (y or n)?'
type_line '  yes'
wait_for_screen 'exit 0'
cinch -dc a.zst
