/*
 * personality.h - what the name the program was called by decides
 *
 *     cinch uncinch                  zstd's manners: sources stay, .zst
 *     zstd unzstd zstdcat            the same, and zstd's exit codes
 *     gzip gunzip zcat               sources are removed, .gz; several links and set-id bits
 *                                    are respected
 *     pigz unpigz                    as gzip, with pigz's exit codes
 */
#ifndef CLI_PERSONALITY_H
#define CLI_PERSONALITY_H

#include "cli/message.h"
#include "cli/settings.h"

/* Reasons to leave a source alone that the families judge differently. */
enum refusal {
    REFUSAL_DIRECTORY,      /* a directory without -r */
    REFUSAL_LINK,           /* a symbolic link without -f */
    REFUSAL_FILE_TYPE,      /* neither a file nor a directory */
    REFUSAL_HARD_LINKS,     /* gzip would remove one name of several */
    REFUSAL_SPECIAL_BITS,   /* set-user-ID, set-group-ID, sticky */
    REFUSAL_EXISTS,         /* the output exists */
    REFUSAL_HAS_SUFFIX,     /* is compressed already, to judge by its name */
    REFUSAL_UNKNOWN_SUFFIX, /* to be decompressed, but to what name? */
    REFUSAL_TRAILING,       /* decompressed, with bytes left over after the end */
    REFUSAL_COUNT
};

/* Fills in the program's name, its family, and all defaults that follow from it. */
void personality_apply(const char *path, struct settings *settings);

/* How bad a refusal is in a family: which decides the exit code. */
enum severity personality_severity(enum family family, enum refusal refusal);

#endif
