# ISA-L and libdeflate are there where they were found.
cinch -V | sed -E 's/[0-9][0-9.]*/N/g; s/, (ISA-L|libdeflate) N//g'
cinch --version | cmp - <(cinch -V)
as gzip -V | tail -1
as gzip --license | tail -1
