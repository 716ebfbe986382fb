# The live line of one file whose bytes come through a gate, and the summary.
need tmux
mkfifo gate
start_terminal
type_line 'clear; cinch -B 4K --size-hint=8K -c gate >out.zst'
exec 3>gate
head -c 4096 /dev/zero >&3
wait_for_screen '50 %'
show_screen | sed -E 's/[0-9.]+ (Ki|Mi)?B\/s/SPEED/; s/ETA [0-9:]+/ETA/; s/x[0-9.]+/RATIO/; s/  +/  /g'
head -c 4096 /dev/zero >&3
exec 3>&-
wait_for_screen '=>'
show_screen | sed -E 's/ in .*//; s/=> [0-9]+ B \([0-9.]+/=> N B (N/'
