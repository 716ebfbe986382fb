# A name of 255 bytes has no room for a suffix, a path of 4,096 none for anything.
name=$(printf '%0255d' 0)
echo data >"$name"
echo data >"${name:4}"
status_of cinch "$name" "${name:4}" 2>&1 | sed 's/0000*/ZEROS/g'
names | sed 's/0000*/ZEROS/g'
path=$(printf 'x/%.0s' {1..2100})a
status_of cinch "$path" 2>&1 | sed 's,\(x/\)*a,PATH,'
