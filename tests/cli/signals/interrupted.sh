# INT at random moments of a run that removes its sources: each source is there or its output is
# complete, no output is partial, nothing else is left, and the run ends by the signal.
# CLI_INTERRUPTS is how often it is tried, CLI_FILES over how many files.
mkdir made
for ((i = 0; i < ${CLI_FILES:-300}; i++)); do
    echo "$i $RANDOM" >made/$i
done
text 3000000 >made/large
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
    ls -A d | grep -vE '^([0-9]+|large)(\.zst)?$' | sed "s/^/try $try: left: /"
    # Every name is there, as it was or complete in its output.
    compressed=(d/*.zst)
    if [[ -e ${compressed[0]} ]]; then
        zstd -dqf --rm "${compressed[@]}" || echo "try $try: an output is not complete"
    fi
    diff -r made d
done
((ended > 0)) || echo 'no try was in time'
