need zsh tmux
mkdir sub home
touch a.txt b.zst c.gz
export HOME=$PWD/home
cat >home/.zshrc <<END
PROMPT='> '
fpath=('$CLI_SOURCE/completions' \$fpath)
autoload -U compinit
compinit -u -D
setopt no_beep auto_list no_list_ambiguous
END
start_terminal
type_line "exec zsh -i"
wait_for_screen '>'
# What is offered is shown below the line, or completed in it.
try() {
    type_line clear
    tmux send-keys -l -- "$1"
    type_keys Tab
    wait_for_screen "$2"
    tmux capture-pane -p | sed -E 's/ +$//; /^$/d' | grep -F -- "$2" | head -1
    type_keys C-c
}
try 'cinch --verif' '> cinch --verify'
try 'cinch --progr' '> cinch --progress'
try 'cinch --format=g' '> cinch --format=gzip'
try 'cinch -d b' '> cinch -d b.zst'
try 'cinch -d ' 'b.zst  c.gz'
try 'cinch a' '> cinch a.txt'
try 'cinch --ver' 'decode and compare'
