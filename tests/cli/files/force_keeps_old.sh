# -f does not take the old output away before the new one is there: not when the input is missing, is
# a folder, or turns out to be damaged, nor when the name is empty.
echo old >a.zst
echo old >a
mkdir folder
status_of cinch -f missing -o a.zst
status_of cinch -f folder -o a.zst
status_of cinch -f '' -o a.zst
cat a.zst
text 3000000 | cinch >whole.zst
head -c 200000 whole.zst >cut.zst
status_of cinch -df cut.zst -o a
status_of cinch -df a.zst -o a
cat a
names
