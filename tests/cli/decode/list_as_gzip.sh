# -l under gzip's name is GNU gzip's, column for column.
text 300000 >a
text 100 >b
gzip -nk a b
for arguments in '-l a.gz' '-lv a.gz' '-l a.gz b.gz' '-lv a.gz b.gz' '-lq a.gz' '-lq a.gz b.gz'; do
    diff <(gzip $arguments) <(as gzip $arguments)
done
gzip -l <a.gz | diff - <(as gzip -l <a.gz)
status_of as gzip -l a missing.gz a.gz | tail -1
