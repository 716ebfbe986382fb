# Frames, chunks, sizes, check and name of each format; the data is not decoded where headers tell.
# gzip and zlib are stored, so that the sizes are the same whatever the engines of the build.
text 300000 >a
cinch -B 64K a
cinch -0 -B 64K --format=gzip a
cinch -0 --format=zlib a
cinch --no-check -c a >nocheck.zst
squeeze() { sed -E "s/$(stat --format %s a.zst)|$(stat --format %s a.gz)/SIZE/; s/  +/  /g"; }
cinch -l a.zst a.gz a.zz nocheck.zst | squeeze
cinch -l -q a.gz | squeeze
cinch -l --json a.zst a.gz | squeeze
cinch -l <a.zst | squeeze
cat a.zst | cinch -l | squeeze
cat a.zst nocheck.zst >both.zst
cinch -l both.zst | squeeze
status_of cinch -l a missing.zst a.zst | squeeze
