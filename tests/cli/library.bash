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

# start COMMAND...: runs a command in the background. INT, which a shell without job control lets such
# ones ignore, and HUP, which nohup lets the whole run ignore, are as in the foreground. `$!` is the
# command.
start() {
    env --default-signal=INT,HUP "$@" &
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

# decoded FILE: what it holds, decompressed where it is compressed.
decoded() {
    case $(head -c 2 -- "$1" | od -An -tx1) in
    ' 28 b5') zstd -dcq <"$1" ;;
    ' 1f 8b' | ' 78'*) pigz -dc <"$1" ;;
    *) cat -- "$1" ;;
    esac 2>/dev/null
}

# same_when_decoded FILE FILE
same_when_decoded() {
    cmp -s "$1" "$2" || cmp -s <(decoded "$1") <(decoded "$2")
}

# describe FOLDER: what a run has left, for comparisons: each file's name, type, mode, links, time and
# target. Of a time after 2001 it only matters that it is one. A directory's tells when something was
# last made in it.
describe() {
    (cd "$1" && find . -mindepth 1 \( -type d -printf '%p d %m\n' -o -printf '%p %y %m %n %T@ %l\n' \)) |
        sed -E 's/ [0-9]{10,}\.[0-9]+ / now /; s/\.[0-9]{10} / /' | LC_ALL=C sort
}

# Fills the folder `made` with what the cases of whole files begin with: a file with a mode and a time
# of its own, another, one two folders down, and an empty one.
make_sources() {
    mkdir -p made/d/e
    text 5000 >made/a
    chmod 640 made/a
    touch -d '2001-02-03 04:05:06' made/a
    text 300 >made/b
    text 400 2 >made/d/e/f
    : >made/nothing
}

# Gives everything in the folder `made` a time that pigz, which knows seconds only, can keep.
made_long_ago() {
    find made -exec touch -h -d '2000-02-03 04:05:06' {} +
}

# like_stock NAME ARGUMENT...: runs the stock program and ours on copies of the folder `made`, and
# prints how they differ in files, exit status or, where nothing failed, standard output; compressed
# data counts as what it decodes to. Standard input is the file $from, relative to `made`.
like_stock() {
    local stock ours file
    need "$1" pigz zstd
    rm -rf stock ours
    cp -a made stock
    cp -a made ours
    (cd stock && "$@" <"${from:-/dev/null}" >../stock.out 2>../stock.err)
    stock=$?
    (cd ours && as "$@" <"${from:-/dev/null}" >../ours.out 2>../ours.err)
    ours=$?
    describe stock >stock.list
    describe ours >ours.list
    if [[ $stock != "$ours" ]]; then
        echo "$*: exit $ours, the stock program's is $stock"
        cat ours.err
    fi
    diff -u --label "stock $*" --label "ours $*" stock.list ours.list
    # Files that only one of them has are in the lists.
    for file in $(cd stock && find . -type f -printf '%P\n'); do
        [[ ! -f ours/$file ]] || same_when_decoded "stock/$file" "ours/$file" || echo "$*: $file differs"
    done
    ((stock == 1)) || same_when_decoded stock.out ours.out || echo "$*: standard output differs"
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
