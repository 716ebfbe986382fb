text 300 >a
gzip -k a
as gzip -t a.gz
as gzip -tv a.gz
cinch -tv a.gz
cinch -t <a.gz
cinch -tv <a.gz
