# A wrong value says what is allowed.
for argument in -Tx -T-1 -T1025 -p1.5 --threads= -B1 -B2G -Bx --format=bzip2 --fast=0 --fast=x -Sa/b \
    --part=0/3 --part=4/3 --part=3 --range=5 --range=:9 -M0 -M12x --limit-output=9EiB --size-hint=-1 \
    --progress=xml --long=9 --long=32; do
    status_of cinch "$argument" nothing
done
status_of cinch -S '' nothing
status_of cinch -o '' nothing
