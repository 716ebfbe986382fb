# The page formats without a warning, and names every option that -H names.
need man
page=$CLI_SOURCE/cinch.1
man --warnings -E UTF-8 -l -Tutf8 -Z "$page" 2>&1 >/dev/null
MANWIDTH=1000 man --no-hyphenation --no-justification -l "$page" | col -bx >text
cinch -H | grep -oE -- '(^|[ ,])--?[a-zA-Z][a-z-]*' | tr -d ' ,' | sort -u | while read -r option; do
    grep -qE -- "(^|[ ,])$option([ ,=.:[]|$)" text || echo "$option is not in the manual"
done
# And none that there is not.
grep -oE -- '^ {7}(-.*)' text | grep -oE -- '(^|[ ,])--[a-z][a-z-]+' | tr -d ' ,' | sort -u | while read -r option; do
    cinch "$option" --help 2>&1 | grep 'unknown option'
done
head -3 text | tail -1
