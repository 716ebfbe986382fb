# Two lines: the file that has been running longest, and all.
need tmux
mkfifo gate
echo data >a
echo data >'日本語 naïve'
start_terminal
type_line 'clear; cinch -f -B 4K --output-dir-flat . a gate 日* ; echo "exit $?"'
exec 3>gate
head -c 4096 /dev/zero >&3
wait_for_screen '4 KiB'
show_screen | sed -E 's/[0-9.]+ (K|M)?i?B\/s/SPEED/; s/ETA [0-9:]+//; s/x[0-9.]+//; s/  +/  /g; s/ +$//'
exec 3>&-
wait_for_screen 'exit 0'
show_screen | sed -E 's/ => .*//'
