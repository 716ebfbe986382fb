# NO_COLOR and TERM=dumb are honoured; the cursor is never hidden; -q and gzip's name are silent.
head -c 20000000 /dev/zero >a
on_terminal 'NO_COLOR=1 cinch -19 -f a' >out
grep -c $'\e\[3[0-9]m' out
grep -c '=>' out
on_terminal 'TERM=dumb cinch -19 -f a' | grep -c $'\e'
on_terminal 'cinch -19 -f a' | grep -c $'\e\[?25l'
on_terminal 'cinch -19 -qf a'
on_terminal 'cinch -19 --no-progress -f a' | sed 's/ => .*//'
on_terminal "$CASE_NAMES/gzip -1 -kf a" | tr -d '\033' | sed 's/\[J//g; s/^.*ETA.*$//' | grep -v '%' | tr -d ' \n' | wc -c
cinch -f a
