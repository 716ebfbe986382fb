# Zeros after the end are padding; other bytes are an error.
text 3000 >a
gzip -nc a >plain.gz
{ cat plain.gz; head -c 1000 /dev/zero; } >padded.gz
{ cat plain.gz; echo garbage; } >garbage.gz
cinch -dc padded.gz | cmp - a
status_of cinch -t padded.gz
status_of cinch -t garbage.gz
status_of cinch -dk garbage.gz
names
# gzip decompresses such a file, warns, and exits 2; pigz does not mind.
status_of as gzip -dk garbage.gz
cmp garbage a
status_of as gzip -t garbage.gz
status_of as pigz -dkf garbage.gz
cmp garbage a
