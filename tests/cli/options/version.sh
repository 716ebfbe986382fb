cinch -V | sed 's/[0-9][0-9.]*/N/g'
cinch --version | cmp - <(cinch -V)
as gzip -V | tail -1
as gzip --license | tail -1
