# --help fits one screen of 80 by 24; both texts go to standard output.
cinch --help >help
cinch -h | cmp - help
awk 'length($0) > 80 { print "too wide: " $0 } END { if (NR > 24) print NR " lines" }' help
cinch -H >full
awk 'length($0) > 80 { print "too wide: " $0 }' full
as gzip --help | head -1
as pigz -H | tail -1
