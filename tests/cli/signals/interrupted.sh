# INT at random moments of a run that removes its sources: each source is there or its output is
# complete, no output is partial, nothing else is left, and the run ends by the signal.
# CLI_INTERRUPTS is how often it is tried, CLI_FILES over how many files.
mkdir made
for ((i = 0; i < ${CLI_FILES:-300}; i++)); do
    echo "$i $RANDOM" >made/$i
done
text 3000000 >made/large
(cd made && md5sum -- *) | sort >sums
RANDOM=${CLI_SEED:-7}
ended=0
for ((try = 0; try < ${CLI_INTERRUPTS:-15}; try++)); do
    rm -rf d
    cp -r made d
    start cinch -q -r --rm d
    sleep "0.0$((RANDOM % 10))$((RANDOM % 10))"
    kill -INT $! 2>/dev/null
    wait $!
    status=$?
    case $status in
    0) ;; # it was faster
    130) ended=$((ended + 1)) ;;
    *) echo "try $try: exit $status" ;;
    esac
    while IFS= read -r name; do
        case $name in
        *.zst) zstd -tq "d/$name" || echo "try $try: $name is partial" ;;
        *[!0-9]*) [[ $name == large ]] || echo "try $try: $name is left" ;;
        esac
    done < <(ls -A d)
    # What every name holds, from the source or from its output.
    (cd d && for name in $(ls -A | sed 's/\.zst$//' | sort -u); do
        if [[ -e $name ]]; then cat "$name"; else zstd -dcq "$name.zst"; fi | md5sum | sed "s/-/$name/"
    done) | sort | cmp - sums
done
# With no sanitizer, most tries should have been in time.
((ended > 0)) || echo 'no try was in time'
