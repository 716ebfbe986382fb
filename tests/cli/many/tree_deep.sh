# More levels than directories are kept open; names of paths longer than a path may be.
path=d
for i in {1..60}; do
    path=$path/$i
done
mkdir -p $path/x $path/y
text 100 >$path/x/a
text 100 >$path/y/a
text 100 >d/1/2/a
text 100 >d/1/z
cinch -r d
find d -name '*.zst' | wc -l
mkdir long && cd long || exit
name=$(printf '%0200d' 0)
(for i in {1..25}; do
    mkdir $name && cd $name || exit
done
echo data >a)
echo data >b
cd ..
status_of cinch -r long 2>&1 | sed 's/0000*/Z/g; s,\(Z/\)\+,PATH/,'
ls long/b.zst
