for argument in -T --threads -o -S --suffix --format --filelist --output-dir-flat -M; do
    status_of cinch "$argument"
done
