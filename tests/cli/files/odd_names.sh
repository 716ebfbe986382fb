# Control characters, escapes and bytes that are no UTF-8 are escaped in messages; files are right.
for name in $'new\nline' $'esc\e[31m' $'tab\t' $'bell\a' $'bad\xff' $'del\x7f' $'c1\xc2\x9b' $'rtl\xe2\x80\xae' \
    'back\slash' $'\xe6\x97\xa5\xe6\x9c\xac' ' space ' '*'; do
    echo data >"$name"
    echo old >"$name.zst"
    status_of cinch "$name"
    cinch -f -v "$name" 2>&1 | cut -d: -f1
    cinch -dc "$name.zst"
done
status_of cinch $'no\nsuch'
LC_ALL=C status_of cinch $'no\xc3\xa9'
LC_ALL= LC_CTYPE= LANG= status_of cinch $'no\xc3\xa9'
