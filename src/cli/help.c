#include "cli/help.h"

#include <cinch/cinch.h>

#include <stdio.h>

void help_print(const char *program)
{
    printf("Usage: %s [OPTION]... [FILE]...\n", program);
    fputs("Compress FILEs on every core; with no FILE, or when FILE is -, standard input.\n"
          "\n"
          "  -1 ... -19          level, fast to small (default 3; gzip and zlib: 6)\n"
          "      --ultra         allow levels up to 22\n"
          "      --fast[=N]      faster than -1, and larger\n"
          "      --format=FMT    zstd, gzip or zlib (default: by the suffix of -o, else zstd)\n"
          "  -T, --threads=N     threads (0 = one per processor, the default)\n"
          "  -c, --stdout        write to standard output\n"
          "  -o FILE             write to FILE\n"
          "  -k, --keep          keep FILEs (the default)\n"
          "  -f, --force         replace existing outputs; compressed data to a terminal\n"
          "  -q, --quiet         say less; twice: nothing\n"
          "  -v, --verbose       say more\n"
          "      --no-progress   no live line on a terminal\n"
          "  -h, --help          this text\n"
          "  -V, --version       versions of the program and its engines\n"
          "\n"
          "Exit: 0 done, 1 error, 2 warning.\n",
          stdout);
}

void help_print_version(void)
{
    printf("cinch %s (%s)\n", cinch_version(), cinch_engines());
}
