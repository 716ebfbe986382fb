# INT, TERM and HUP at random moments of runs over many files, with and without removal, both ways:
# no source is lost, no output is partial, nothing else is left, and the run ends by the signal.
#
# CLI_INTERRUPTS is how often it is tried, CLI_FILES over how many files, CLI_SEED which moments. The
# long form:
#   CLI_INTERRUPTS=200 CLI_FILES=1000 tests/cli/run-case build/debug/src/cli/cinch tests/cli/signals/interrupted.sh
tries=${CLI_INTERRUPTS:-10}
files=${CLI_FILES:-200}
RANDOM=${CLI_SEED:-7}
mkdir made
for ((i = 0; i < files; i++)); do
    echo "$i $RANDOM" >made/$i
done
text 3000000 >made/large
cp -r made packed
cinch -q -r packed
rm packed/large packed/*[0-9]

# How each run is made, and of what.
runs=('-r --rm d' '-r d' '--format=gzip -r --rm d' '-d -r --rm d' '-d -r d')

# prepare RUN: the folder that it works on.
prepare() {
    rm -rf d
    if [[ $1 == -d* ]]; then cp -r packed d; else cp -r made d; fi
}

# How long each takes undisturbed, in milliseconds.
milliseconds=()
for run in "${runs[@]}"; do
    prepare "$run"
    began=${EPOCHREALTIME/./}
    cinch -q $run
    milliseconds+=($(((${EPOCHREALTIME/./} - began) / 1000 + 1)))
done

# check RUN: everything is there, each as it was or complete.
check() {
    find d -mindepth 1 | grep -vE '^d/([0-9]+|large)(\.(zst|gz))?$' | sed 's/^/left: /'
    # What stands beside its counterpart, source or output, is whole.
    diff -rq made d | grep -v '^Only in'
    if [[ $1 != *--rm* ]]; then
        if [[ $1 == -d* ]]; then diff -r packed d; else diff -r made d; fi | grep '^Only in \(made\|packed\)'
    fi
    find d -name '*.zst' -exec zstd -dqf --rm {} + || echo 'an output is not complete'
    find d -name '*.gz' -exec gzip -df {} + || echo 'an output is not complete'
    diff -r made d
}

ended=0
signals=(INT TERM HUP)
for ((try = 0; try < tries; try++)); do
    run=${runs[try % ${#runs[@]}]}
    signal=${signals[try / ${#runs[@]} % 3]}
    prepare "$run"
    moment=$((RANDOM % 1000 * milliseconds[try % ${#runs[@]}]))
    start cinch -q $run
    sleep $((moment / 1000000)).$(printf %06d $((moment % 1000000)))
    kill -$signal $! 2>/dev/null
    wait $! 2>/dev/null
    status=$?
    # It may have been faster.
    if ((status > 128)); then
        ended=$((ended + 1))
        [[ $(kill -l $((status - 128))) == "$signal" ]] || echo "$signal: exit $status"
    elif ((status != 0)); then
        echo "$signal: exit $status"
    fi
    check "$run" | sed "s/^/try $try, $signal during $run: /" | head -20
done
((ended > 0)) || echo 'no try was in time'
echo "$ended of $tries were in time" >"${CLI_LOG:-/dev/null}"
