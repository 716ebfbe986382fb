# Where the directory that new ones are made in may be written but not read, their names are put on
# the disk all the same.
need setpriv
((EUID == 0)) || skip 'needs to be root, to become somebody else'
mkdir d locked
text 100 >d/a
chmod 733 locked
chmod 755 .. .
program=$(realpath "$CASE_PROGRAM")
unprivileged() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
unprivileged test -x "$program" || skip 'the program cannot be reached by others'
status_of unprivileged "$program" --sync --output-dir-mirror locked/m d/a
names
