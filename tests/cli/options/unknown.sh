# The nearest option is named.
for argument in --kep --decompres --verfy --outputdir-flat --xyzzyplugh -Z -j; do
    status_of cinch "$argument" nothing
done
