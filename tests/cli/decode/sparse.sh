# Blocks of zeros become holes with --sparse.
truncate -s 20M a
echo end >>a
cinch -q a
cinch -d --sparse -o holes a.zst
cinch -d --no-sparse -o full a.zst
same a holes full
(($(stat --format %b holes) < 1000)) || echo 'no holes'
(($(stat --format %b full) > 30000)) || echo 'holes'
