# As the manual shows it for GNU parallel.
need parallel
text 5300000 >a
export PARALLEL_HOME=$PWD/home
mkdir home
seq 8 | parallel --will-cite -j2 -k cinch --part {}/8 -c a >a.zst
zstd -dqc a.zst | cmp - a
seq -w 8 | parallel --will-cite -j2 'cinch -q --part $((10#{}))/8 a -o a.zst.{}'
cat a.zst.* | cmp - a.zst
