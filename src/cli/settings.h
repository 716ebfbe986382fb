/*
 * settings.h - all that the command line, the environment and the program's name decide
 *
 * Filled in once by options_parse(), constant afterwards. Strings point into argv or the
 * environment.
 */
#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whose manners the program has: decided by the name it was called by. */
enum family {
    FAMILY_CINCH,
    FAMILY_GZIP,
    FAMILY_PIGZ,
    FAMILY_ZSTD
};

enum action {
    ACTION_COMPRESS,
    ACTION_DECOMPRESS
};

enum progress {
    PROGRESS_AUTO, /* on a terminal */
    PROGRESS_NEVER
};

struct settings {
    const char *program; /* the name it was called by, without its directory */
    enum family family;
    enum action action;
    enum progress progress;
    int verbosity; /* VERBOSITY_DEFAULT plus each -v less each -q */

    int32_t format;   /* CINCH_FORMAT_*; never _AUTO when compressing */
    int32_t level;    /* as cinch_options.level */
    uint32_t threads; /* 0 = one per processor */

    bool to_stdout;     /* -c, or standard input is the only source */
    const char *output; /* -o FILE, or NULL */
    const char *suffix; /* what compression appends to names */
    bool keep;          /* sources stay; else each is removed once its output is durable */
    bool force;         /* -f: replace outputs, follow links, compressed data to a terminal */

    char **sources; /* at least one; "-" is standard input. Owned by the settings. */
    size_t source_count;
};

#endif
