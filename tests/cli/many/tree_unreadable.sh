need setpriv
((EUID == 0)) || skip 'needs to be root, to become somebody else'
mkdir -p d/open d/closed
text 100 >d/open/a
text 100 >d/closed/b
chmod -R 777 d
chmod 0 d/closed
chmod 755 .. .
setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$(realpath "$CASE_PROGRAM")" ||
    skip 'the program cannot be reached by others'
status_of setpriv --reuid=65534 --regid=65534 --clear-groups "$(realpath "$CASE_PROGRAM")" -r d
names
