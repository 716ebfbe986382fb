# Two lines: the file that has been running longest, and all. Speed and time are the machine's.
need tmux
mkfifo gate
echo data >a
echo data >'日本語 naïve'
start_terminal
type_line 'clear; cinch -f -B 4K --output-dir-flat . a gate 日* ; echo "exit $?"'
exec 3>gate
head -c 4096 /dev/zero >&3
wait_until screen_matches '^gate +4.00 KiB'
wait_until screen_matches '^2 of 3 files +4.01 KiB'
show_figures
exec 3>&-
wait_for_screen 'exit 0'
show_screen | sed -E 's/ => .*//'
