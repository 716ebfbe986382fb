# Completion of cinch's command line for bash.

# Adds the files that begin with $1, and directories to go on from; of the files those whose
# names match the pattern $2 only.
_cinch_files() {
    local file
    while IFS= read -r file; do
        if [[ -d $file ]]; then
            COMPREPLY+=("$file/")
        elif [[ $file == $2 ]]; then
            COMPREPLY+=("$file")
        fi
    done < <(compgen -f -- "$1")
    compopt -o filenames -o nospace 2>/dev/null
    # A file ends the word; a directory does not.
    if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} != */ ]]; then
        compopt +o nospace 2>/dev/null
    fi
}

_cinch() {
    local current=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]} word pattern='*'
    local values='--best --blocksize= --check --compress --decompress --exclude-compressed --fast
        --filelist= --force --format= --help --json --keep --limit-output= --list --long --memlimit=
        --memory= --name --no-check --no-name --no-progress --no-sparse --output-dir-flat=
        --output-dir-mirror= --part= --processes= --progress --progress=json --quiet --range=
        --recursive --rm --seekable --silent --single-stream --single-thread --size-hint= --sparse
        --stdout --stream-size= --suffix= --sync --synchronous --test --threads= --to-stdout --ultra
        --uncompress --verbose --verify --version
        -B -H -M -N -S -T -V -c -d -f -h -k -l -n -o -p -q -r -t -v -z'
    COMPREPLY=()

    # bash makes "--format=g" three words.
    if [[ $option == = ]]; then
        option=${COMP_WORDS[COMP_CWORD - 2]}
    elif [[ $current == = ]]; then
        current=
    elif [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$values" -- "$current")
        if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]]; then
            compopt -o nospace 2>/dev/null
        fi
        return
    fi
    case $option in
    --format)
        mapfile -t COMPREPLY < <(compgen -W 'zstd gzip zlib' -- "$current")
        return
        ;;
    --progress)
        if [[ ${COMP_WORDS[COMP_CWORD - 1]} == = || ${COMP_WORDS[COMP_CWORD]} == = ]]; then
            mapfile -t COMPREPLY < <(compgen -W json -- "$current")
            return
        fi
        ;;
    -T | -p | --threads | --processes)
        mapfile -t COMPREPLY < <(compgen -W "$(seq 0 "$(nproc 2>/dev/null || echo 8)")" -- "$current")
        return
        ;;
    --output-dir-flat | --output-dir-mirror)
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
        compopt -o filenames 2>/dev/null
        return
        ;;
    -S | --suffix)
        mapfile -t COMPREPLY < <(compgen -W '.zst .gz .zz' -- "$current")
        return
        ;;
    -B | -M | --blocksize | --memlimit | --memory | --limit-output | --size-hint | --stream-size | --part | --range)
        return
        ;;
    -o | --filelist)
        _cinch_files "$current" '*'
        return
        ;;
    esac

    # What is decompressed is compressed, to judge by its name.
    for word in "${COMP_WORDS[0]##*/}" "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case $word in
        uncinch | --decompress | --uncompress | --test | --list | -[dtl] | -[a-zA-Z]*[dtl]*)
            pattern='*@(.zst|.tzst|.gz|.tgz|.taz|.z|-gz|-z|_z|.zz|.zlib)'
            ;;
        esac
    done
    local restore
    restore=$(shopt -p extglob)
    shopt -s extglob
    _cinch_files "$current" "$pattern"
    $restore
}

complete -F _cinch cinch uncinch
