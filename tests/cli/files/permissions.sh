# As a user without rights: unreadable sources, folders that cannot be written.
need setpriv
((EUID == 0)) || skip 'needs to be root, to become somebody else'
chmod 777 .
chmod 755 ../../"$(basename "$(dirname "$PWD")")" ..
mkdir locked
text 300 >locked/a
text 300 >secret
chmod 600 secret
text 300 >b
program=$(realpath "$CASE_PROGRAM")
unprivileged() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
unprivileged test -x "$program" || skip 'the program cannot be reached by others'
status_of unprivileged "$program" locked/a secret b
names
