# Each completion has every option that -H names.
cinch -H | grep -oE -- '--[a-z][a-z-]+' | sort -u >long
for file in cinch.bash _cinch; do
    while read -r option; do
        grep -qE -- "$option([^a-z-]|$)" "$CLI_SOURCE/completions/$file" || echo "$file lacks $option"
    done <long
done
while read -r option; do
    grep -qE -- "-l ${option#--}( |$)" "$CLI_SOURCE/completions/cinch.fish" || echo "cinch.fish lacks $option"
done <long
wc -l <long
