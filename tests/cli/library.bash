# What cases have at hand; see run-case.

# Ends the case as one that cannot be run here.
skip() {
    echo "skipped: $*" >&2
    exit 77
}

# Skips the case where a program is missing.
need() {
    local program
    for program; do
        command -v "$program" >/dev/null || skip "there is no $program"
    done
}

# as NAME ARGUMENT...: the program, called by another name.
as() {
    "$CASE_NAMES/$1" "${@:2}"
}

# Runs a command and prints its exit status on a line of its own.
status_of() {
    "$@"
    echo "exit $?"
}

# start COMMAND...: runs a command in the background; INT, which a shell without job control lets such
# ones ignore, is as it is in the foreground. `$!` is the command.
start() {
    env --default-signal=INT "$@" &
}

# text SIZE [SEED]: that many bytes that compress about as text does; the same ones each time.
text() {
    awk -v size="$1" -v seed="${2:-1}" 'BEGIN {
        srand(seed)
        split("the of and a to in is that it was for on are with as file chunk frame", words, " ")
        while (written < size) {
            line = words[int(rand() * 17) + 1] " " int(rand() * 1000) "\n"
            if (written + length(line) > size)
                line = substr(line, 1, size - written)
            printf "%s", line
            written += length(line)
        }
    }'
}

# Says of each file how its bytes compare with those of the first.
same() {
    local first=$1 file
    shift
    for file; do
        cmp -s "$first" "$file" || echo "$file differs from $first"
    done
}

# The names in a folder, sorted, "/" after folders, and what is hidden, too.
names() {
    (cd "${1:-.}" && find . -mindepth 1 \( -type d -printf '%P/\n' -o -printf '%P\n' \) | LC_ALL=C sort)
}

# wait_until COMMAND...: tries it every 20 ms, for at most a minute.
wait_until() {
    local i
    for ((i = 0; i < 50 * ${CLI_PATIENCE:-60}; i++)); do
        "$@" && return 0
        sleep 0.02
    done
    echo "never came true: $*"
    return 1
}

# describe FOLDER: what a run has left, for comparisons: each file's name, type, mode, time and the
# sum of what it holds, compressed or not.
describe() {
    local file
    (
        cd "$1" || exit
        find . -mindepth 1 -print | LC_ALL=C sort | while IFS= read -r file; do
            # A directory's time tells when something was last made in it.
            if [[ -d $file ]]; then stat --format '%N %F %a' -- "$file"; continue; fi
            stat --format '%N %F %a %Y' -- "$file"
            if [[ -f $file && ! -L $file ]]; then
                case $(head -c 2 -- "$file" | od -An -tx1) in
                ' 28 b5') zstd -dcq <"$file" ;;
                ' 1f 8b' | ' 78'*) pigz -dc <"$file" ;;
                *) cat -- "$file" ;;
                esac 2>/dev/null | md5sum
            fi
        done
    )
}

# like_stock NAME ARGUMENT...: runs the stock program and ours on copies of the folder `made`, and
# prints how they differ in files or exit status.
like_stock() {
    local stock ours
    need "$1" pigz zstd
    rm -rf stock ours
    cp -a made stock
    cp -a made ours
    (cd stock && "$@" >../stock.out 2>../stock.err </dev/null)
    stock=$?
    (cd ours && as "$@" >../ours.out 2>../ours.err </dev/null)
    ours=$?
    describe stock >stock.list
    describe ours >ours.list
    if [[ $stock != "$ours" ]]; then
        echo "$*: exit $ours, the stock program's is $stock"
        cat ours.err
    fi
    diff -u --label "stock $*" --label "ours $*" stock.list ours.list
}

# --- Terminals ----------------------------------------------------------------------------

# on_terminal COMMAND: runs a shell command on a pseudo-terminal of 80 columns; what it shows goes
# to standard output, line ends as in a file.
on_terminal() {
    script --quiet --return --log-out /dev/null --command "stty cols 80 rows 24; $1" </dev/null |
        tr -d '\r'
}

# A shell in a terminal of 80 columns, in tmux.
start_terminal() {
    export TMUX_TMPDIR=$PWD/../tmux
    mkdir -p "$TMUX_TMPDIR"
    # Keys go to a shell that shows no more than what is typed.
    tmux -f /dev/null new-session -d -x 80 -y 24 "PS1='> ' TERM=xterm-256color exec bash --norc --noprofile" ||
        skip 'tmux does not start'
    trap 'tmux kill-server' EXIT
    wait_for_screen '>'
}

# type_line TEXT: types a line and Return. type_keys KEY...: as tmux calls them.
type_line() {
    tmux send-keys -l -- "${1:-}"
    tmux send-keys Enter
}

type_keys() {
    tmux send-keys "$@"
}

resize_terminal() {
    tmux resize-window -x "$1" -y 24
}

# What the terminal shows, without empty lines.
show_screen() {
    tmux capture-pane -p | sed -E 's/ +$//; /^$/d; /^>/d'
}

screen_contains() {
    tmux capture-pane -p | grep -qF -- "$1"
}

screen_matches() {
    tmux capture-pane -p | grep -qE -- "$1"
}

# What the live lines show, but for speed, ratio and time to go, which depend on the machine.
show_figures() {
    show_screen | sed -E 's,[0-9.]+ [KMG]?i?B/s,,; s/ETA [0-9:]+//; s/  x[0-9.]+//; s/  +/  /g; s/ +$//'
}

wait_for_screen() {
    wait_until screen_contains "$1" || tmux capture-pane -p
}
