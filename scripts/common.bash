# Shared by the scripts here and by tests/fuzz/run, which source it. Sets `root`, the
# repository's folder, and makes it the current one.

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
cd -- "$root" || exit

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# quietly LOG COMMAND...: runs the command with its output in LOG, shown only if it fails.
quietly() {
    local log=$1 status=0
    shift
    "$@" >"$log" 2>&1 </dev/null || status=$?
    if ((status != 0)); then
        cat -- "$log"
        printf '%s: failed with status %d: %s\n' "${0##*/}" "$status" "$*"
    fi
    return "$status"
}

# build FOLDER OPTION...: configures and compiles FOLDER, afresh or again.
build() {
    local folder=$1
    shift
    mkdir -p -- "$folder"
    if [[ -f $folder/build.ninja ]]; then
        quietly "$folder/setup.log" meson setup --reconfigure "$folder" "$@" || return
    else
        # What a failed configuration leaves behind would be taken for a configured folder.
        rm -rf -- "${folder:?}/meson-private"
        quietly "$folder/setup.log" meson setup "$folder" "$@" || return
    fi
    quietly "$folder/compile.log" ninja -C "$folder"
}

# Options of a build with sanitizers: its library leaves their functions to the program that loads
# it, and the first report ends a test.
sanitized=(-Db_lundef=false -Dc_args='-fno-sanitize-recover=all -fno-omit-frame-pointer')

# The sanitizers of LLVM 14 do not start where the kernel scatters addresses widely.
fixed_addresses=()
if setarch "$(uname -m)" --addr-no-randomize true 2>/dev/null; then
    fixed_addresses=(setarch "$(uname -m)" --addr-no-randomize)
fi
