# Each option that -H names exists; and the number of them, so that none is lost unseen.
cinch -H | grep -oE -- '--[a-z][a-z-]+' | sort -u >options
while read -r option; do
    cinch "$option" --help 2>&1 | grep 'unknown option'
done <options
wc -l <options
cinch -H | grep -oE '(^|[ ,])-[a-zA-Z]([ ,]|$)' | tr -d ' ,' | sort -u | tr '\n' ' '
