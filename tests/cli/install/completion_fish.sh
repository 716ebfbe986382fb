need fish
mkdir sub home
touch a.txt b.zst c.gz
export HOME=$PWD/home
try() {
    echo "$1:"
    fish --no-config -c "source '$CLI_SOURCE/completions/cinch.fish'; complete -C'$1'" | cut -f1 | sort
}
try 'cinch --ver'
try 'cinch --format='
try 'cinch --format g'
try 'cinch -d '
try 'uncinch '
try 'cinch a'
