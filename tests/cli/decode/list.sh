text 300000 >a
cinch a
cinch --format=gzip a
cinch --format=zlib a
size() { stat --format %s "$1"; }
cinch -l a.zst a.gz a.zz | sed 's/  */ /g'
cinch -l a.gz | sed 's/  */ /g'
cinch -l --json a.zst $'a.gz' | sed -E "s/\"compressed\":$(size a.zst)/SIZE/; s/\"compressed\":$(size a.gz)/SIZE/"
cinch -l <a.zst | sed 's/  */ /g'
status_of cinch -l a missing.zst a.zst | sed 's/  */ /g'
