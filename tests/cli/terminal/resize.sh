# The lines fit the terminal, whatever its width becomes, and leave nothing behind.
need tmux
name=$(printf 'a_rather_long_name_%.0s' {1..6})
mkfifo "$name"
start_terminal
type_line 'clear; cinch -B 4K --size-hint=16K -o out.zst a_rather*; echo "exit $?"'
exec 3>"$name"
head -c 12288 /dev/zero >&3
wait_for_screen '75 %'
fits() {
    local shown
    shown=$(show_screen)
    [[ $shown == *'75 %'* && $(wc -l <<<"$shown") == 1 && $(wc -L <<<"$shown") -lt $1 ]]
}
for width in 40 20 10 120; do
    resize_terminal $width
    wait_until fits $width || show_screen
done
wait_for_screen 'a_rather_long_name_a_rather_long_...'
show_screen | grep -oE '^[a-z_.]+'
exec 3>&-
wait_for_screen 'exit 0'
