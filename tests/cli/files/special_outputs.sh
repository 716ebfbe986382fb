# Devices and FIFOs are written to, not replaced.
text 5000 >a
cinch a -o /dev/null
stat --format %F /dev/null
mkfifo fifo
cinch a -o fifo &
cinch -d <fifo | cmp - a
wait
stat --format '%n %F' fifo
# A link's target is what is written.
ln -s target link
cinch -f a -o link
stat --format '%n %F' link target
