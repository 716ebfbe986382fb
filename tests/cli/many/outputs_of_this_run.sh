# A walk does not take the run's own outputs for sources, under any name.
mkdir d
for i in {1..600}; do
    echo $i >d/$i
done
cinch -r d
ls d | wc -l
rm d/*.zst
as zstd -r d
ls d | wc -l
find d -name '*.zst.zst'
as zstd -q -r d -f
find d -name '*.zst.zst' | wc -l
rm d/*.zst*
as gzip -r d
ls d | wc -l
