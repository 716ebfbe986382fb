#include "cli/help.h"

#include <cinch/cinch.h>

#include <stdio.h>

/* Fits a terminal of 80 columns by 24 lines, prompt included. */
static const char short_help[] =
    "Compress or decompress FILEs on every core; with no FILE, or -, standard input.\n"
    "\n"
    "  -d, --decompress     decompress           -t, --test    check, write nothing\n"
    "  -l, --list           sizes and ratios     -z            compress (the default)\n"
    "  -1 ... -19, --fast   level; 1 is fast     -T N          threads (default: all)\n"
    "      --format=FORMAT  zstd, gzip or zlib; else by the suffix of -o; else zstd\n"
    "  -c, --stdout         to standard output   -o FILE       to FILE\n"
    "  -k, --keep           keep FILEs           --rm          remove them when done\n"
    "  -f, --force          replace outputs, follow links, use terminals\n"
    "  -r, --recursive      the files in directories, too\n"
    "      --verify         decode what was written before it takes its name\n"
    "      --sync           done means safe on the disk\n"
    "      --part=I/N       one of N parts of FILE, that join with cat\n"
    "      --progress=json  for programs that wrap this one\n"
    "  -q, --quiet          say less             -v            say more\n"
    "  -h, --help           this text            -V            versions\n"
    "  -H                   every option\n"
    "\n"
    "Exit: 0 done, 1 error, 2 warning. The manual is cinch(1).\n";

static const char full_help[] =
    "What to do\n"
    "  -z, --compress             compress (the default)\n"
    "  -d, --decompress, --uncompress\n"
    "                             decompress\n"
    "  -t, --test                 decompress to nowhere: check\n"
    "  -l, --list                 list sizes and ratios\n"
    "      --json                 -l as JSON, one object a line\n"
    "      --range=OFFSET:LENGTH  -d: only these bytes, to standard output\n"
    "      --part=I/N             compress the I-th of N parts of a file\n"
    "Format, level, threads\n"
    "      --format=FORMAT        zstd, gzip or zlib\n"
    "  -1 ... -19, --best         level; gzip and zlib: -0 to -12\n"
    "      --ultra                allow -20 to -22\n"
    "      --fast[=N]             faster than -1, and larger\n"
    "  -T, --threads=N, -p, --processes=N\n"
    "                             threads; 0 = one per processor (the default)\n"
    "      --single-thread        one\n"
    "  -B, --blocksize=SIZE       bytes that are compressed independently\n"
    "      --long[=N]             one frame with a window of 2^N bytes (27)\n"
    "      --single-stream        one frame: best ratio, not decompressed in parallel\n"
    "      --seekable             independent frames with an index (the default)\n"
    "Files\n"
    "  -c, --stdout, --to-stdout  write to standard output\n"
    "  -o FILE                    write to FILE\n"
    "  -k, --keep                 keep sources (the default; not for gzip and pigz)\n"
    "      --rm                   remove sources once their outputs are durable\n"
    "  -f, --force                replace outputs, follow links, use terminals;\n"
    "                             with -dc copy what is not compressed\n"
    "  -n, --no-name              gzip: without the original's name and time\n"
    "  -N, --name                 gzip: with them\n"
    "  -S, --suffix=SUFFIX        suffix of compressed files\n"
    "  -r, --recursive            the files in directories, too\n"
    "      --filelist=FILE        the files named in FILE, by lines or NULs\n"
    "      --output-dir-flat=DIR  outputs go into DIR\n"
    "      --output-dir-mirror=DIR\n"
    "                             outputs go into DIR, in sub-directories as before\n"
    "      --exclude-compressed   pass over names such as *.zip, *.jpg\n"
    "Safety and bounds\n"
    "      --verify               decode and compare before the output takes its name\n"
    "      --sync, --synchronous  report success only when the disk has it\n"
    "      --check, --no-check    zstd: with (the default) or without a checksum\n"
    "      --sparse, --no-sparse  -d: holes for zeros, or not\n"
    "  -M, --memlimit=SIZE, --memory=SIZE\n"
    "                             memory that a file may take\n"
    "      --limit-output=SIZE    -d: stop where more would be written\n"
    "      --size-hint=N, --stream-size=N\n"
    "                             the length of standard input, for percent and ETA\n"
    "Talk\n"
    "  -q, --quiet, --silent      no progress, notes or warnings; twice: no errors\n"
    "  -v, --verbose              a line for each file; twice: details\n"
    "      --progress, --no-progress\n"
    "                             live lines on a terminal (the default), or none\n"
    "      --progress=json        JSON objects on standard error instead\n"
    "  -h, --help                 the most used options\n"
    "  -H                         this text\n"
    "  -V, --version              versions of the program and its engines\n"
    "      --                     what follows are files\n";

static const char *family_name(enum family family)
{
    static const char *const names[] = {"cinch", "gzip", "pigz", "zstd"};
    return names[family];
}

static void print_version(const struct settings *settings)
{
    printf("cinch %s (%s)\n", cinch_version(), cinch_engines());
    if (settings->family != FAMILY_CINCH)
        printf("Called as %s, with the manners of %s.\n", settings->program,
               family_name(settings->family));
}

void help_print(const struct settings *settings, enum help_topic topic)
{
    switch (topic) {
    case HELP_SHORT:
        printf("Usage: %s [OPTION]... [FILE]...\n", settings->program);
        fputs(short_help, stdout);
        break;
    case HELP_FULL:
        printf("Usage: %s [OPTION]... [FILE]...\n\n", settings->program);
        fputs(full_help, stdout);
        if (settings->family == FAMILY_PIGZ)
            puts("As pigz: -b SIZE in KiB, -i, -R (no effect), -Y (--sync), -z (--format=zlib).");
        break;
    case HELP_VERSION:
        print_version(settings);
        break;
    case HELP_LICENSE:
        print_version(settings);
        puts("Free software under the MIT licence; see the file LICENSE.");
        break;
    }
}
