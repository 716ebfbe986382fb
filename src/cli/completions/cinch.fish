# Completion of cinch's command line for fish.

# Whether what is named shall be compressed files.
function __cinch_reads_compressed
    set -l words (commandline -opc)
    string match -q '*uncinch' -- $words[1]; and return 0
    string match -qr -- '^(-[a-zA-Z]*[dtl][a-zA-Z]*|--decompress|--uncompress|--test|--list)$' $words[2..-1]
end

for command in cinch uncinch
    complete -c $command -f
    complete -c $command -n 'not __cinch_reads_compressed' -F
    complete -c $command -n __cinch_reads_compressed -k -a '(__fish_complete_suffix .zst .tzst .gz .tgz .taz .z .zz .zlib)'

    complete -c $command -s z -l compress -d 'Compress (the default)'
    complete -c $command -s d -l decompress -d Decompress
    complete -c $command -l uncompress -d Decompress
    complete -c $command -s t -l test -d 'Decompress to nowhere: check'
    complete -c $command -s l -l list -d 'List sizes and ratios'
    complete -c $command -l json -d '-l as JSON'
    complete -c $command -l range -x -d 'Only these bytes, OFFSET:LENGTH'
    complete -c $command -l part -x -d 'The I-th of N parts of a file, I/N'
    complete -c $command -l format -x -a 'zstd gzip zlib' -d Format
    complete -c $command -l best -d 'The highest ordinary level'
    complete -c $command -l ultra -d 'Allow -20 to -22'
    complete -c $command -l fast -d 'Faster than -1'
    complete -c $command -s T -l threads -x -a '(seq 0 (nproc))' -d 'Threads; 0 = one per processor'
    complete -c $command -s p -l processes -x -a '(seq 0 (nproc))' -d 'Threads; 0 = one per processor'
    complete -c $command -l single-thread -d 'One thread'
    complete -c $command -s B -l blocksize -x -d 'Bytes compressed independently'
    complete -c $command -l long -d 'One frame with a wide window'
    complete -c $command -l single-stream -d 'One frame'
    complete -c $command -l seekable -d 'Independent frames with an index (the default)'
    complete -c $command -s c -l stdout -d 'Write to standard output'
    complete -c $command -l to-stdout -d 'Write to standard output'
    complete -c $command -s o -r -F -d 'Write to this file'
    complete -c $command -s k -l keep -d 'Keep sources'
    complete -c $command -l rm -d 'Remove sources once their outputs are durable'
    complete -c $command -s f -l force -d 'Replace outputs, follow links, use terminals'
    complete -c $command -s n -l no-name -d 'gzip: without the original name and time'
    complete -c $command -s N -l name -d 'gzip: with the original name and time'
    complete -c $command -s S -l suffix -x -a '.zst .gz .zz' -d 'Suffix of compressed files'
    complete -c $command -s r -l recursive -d 'The files in directories, too'
    complete -c $command -l filelist -r -F -d 'The files named in this file'
    complete -c $command -l output-dir-flat -x -a '(__fish_complete_directories)' -d 'Outputs go into this directory'
    complete -c $command -l output-dir-mirror -x -a '(__fish_complete_directories)' -d 'Outputs go below this directory'
    complete -c $command -l exclude-compressed -d 'Pass over names of compressed files'
    complete -c $command -l verify -d 'Decode and compare before the output takes its name'
    complete -c $command -l sync -d 'Done means on the disk'
    complete -c $command -l synchronous -d 'Done means on the disk'
    complete -c $command -l check -d 'zstd: with a checksum (the default)'
    complete -c $command -l no-check -d 'zstd: without a checksum'
    complete -c $command -l sparse -d 'Holes for zeros'
    complete -c $command -l no-sparse -d 'No holes for zeros'
    complete -c $command -s M -l memlimit -x -d 'Memory that a file may take'
    complete -c $command -l memory -x -d 'Memory that a file may take'
    complete -c $command -l limit-output -x -d 'Stop where more would be written'
    complete -c $command -l size-hint -x -d 'Length of standard input'
    complete -c $command -l stream-size -x -d 'Length of standard input'
    complete -c $command -s q -l quiet -d 'Say less'
    complete -c $command -l silent -d 'Say less'
    complete -c $command -s v -l verbose -d 'Say more'
    complete -c $command -l progress -d 'Live lines on a terminal; =json: for programs'
    complete -c $command -l no-progress -d 'No live lines'
    complete -c $command -s h -l help -d 'The most used options'
    complete -c $command -s H -d 'Every option'
    complete -c $command -s V -l version -d Versions
end
