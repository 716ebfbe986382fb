# The live line of one file whose bytes come through a gate, and the summary.
need tmux
mkfifo gate
start_terminal
type_line 'clear; cinch -B 4K --size-hint=8K -c gate >out.zst'
exec 3>gate
head -c 4096 /dev/zero >&3
wait_for_screen '50 %'
show_figures
head -c 4096 /dev/zero >&3
exec 3>&-
wait_for_screen '=>'
show_screen | sed -E 's/ in .*//; s/=> [0-9]+ B \([0-9.]+/=> N B (N/'
# Speed, ratio and time to go are there while bytes come, for a second and longer.
type_line 'clear; cinch -f -B 4K --size-hint=1G -c gate >out.zst; echo "exit $?"'
exec 3>gate
while ! screen_matches '[0-9.]+ [KM]?i?B/s  +x[0-9.]+  ETA [0-9:]+'; do
    head -c 4096 /dev/zero >&3
done
exec 3>&-
wait_for_screen 'exit 0'
