source "$CLI_SOURCE/completions/cinch.bash"
mkdir sub
touch a.txt b.zst c.GZ 'd e.gz'
# complete_words WORD...: what the last word is completed to.
complete_words() {
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    _cinch
    printf '%s:' "$*"
    ((${#COMPREPLY[@]})) && printf ' %s' "$(printf '%s|' "${COMPREPLY[@]}" | tr '|' '\n' | sort | tr '\n' '|')"
    echo
}
complete_words cinch --ver
complete_words cinch --th
complete_words cinch --format = ''
complete_words cinch --format = g
complete_words cinch --format =
complete_words cinch --progress = ''
complete_words cinch ''
complete_words cinch a
complete_words cinch -d ''
complete_words cinch -kdf ''
complete_words uncinch ''
complete_words cinch --test ''
complete_words cinch --output-dir-flat = ''
complete_words cinch -o ''
complete_words cinch -S ''
complete_words cinch --part = ''
complete -p cinch uncinch
