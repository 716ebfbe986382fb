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
    ACTION_DECOMPRESS,
    ACTION_TEST, /* decompress to nowhere */
    ACTION_LIST
};

enum progress {
    PROGRESS_AUTO, /* live lines on a terminal */
    PROGRESS_NEVER,
    PROGRESS_JSON /* objects on standard error, whatever that is */
};

/* Whether gzip's header carries the file's name and time, and whether they are used. */
enum naming {
    NAMING_AUTO, /* as the family does */
    NAMING_NEVER,
    NAMING_ALWAYS
};

/* What --part I/N asks for; count is 0 where it was not given. */
struct part {
    uint32_t index; /* 1 to count */
    uint32_t count;
};

/* What --range OFFSET:LENGTH asks for, of decompressed bytes. */
struct range {
    bool given;
    uint64_t offset;
    uint64_t length; /* UINT64_MAX: to the end */
};

/* The verbosity of a call with neither -q nor -v. */
enum {
    VERBOSITY_DEFAULT = 1
};

struct settings {
    const char *program; /* the name it was called by, without its directory */
    enum family family;
    enum action action;
    enum progress progress;
    int verbosity; /* VERBOSITY_DEFAULT plus each -v less each -q */
    bool json;     /* --json: the list as JSON */

    int32_t format;        /* CINCH_FORMAT_*; never _AUTO when compressing */
    int32_t level;         /* as cinch_options.level */
    uint32_t flags;        /* CINCH_FLAG_* that hold for every job */
    uint32_t threads;      /* 0 = one per processor */
    uint32_t chunk_size;   /* as cinch_options.chunk_size */
    uint32_t window_log;   /* --long; 0 = the level's */
    uint64_t memory_limit; /* as cinch_options.memory_limit */
    uint64_t output_limit; /* as cinch_options.output_limit */
    uint64_t size_hint;    /* --size-hint; 0 = not given */
    struct part part;
    struct range range;

    bool to_stdout;               /* -c, or standard input is the only source */
    const char *output;           /* -o FILE, or NULL */
    const char *flat_directory;   /* --output-dir-flat, or NULL */
    const char *mirror_directory; /* --output-dir-mirror, or NULL */
    const char *suffix;           /* what compression appends to names */
    bool suffix_given;            /* -S */
    enum naming naming;
    bool keep;  /* sources stay; else each is removed once its output is durable */
    bool force; /* -f: replace outputs, follow links, compressed data to a terminal */
    bool recursive;
    bool exclude_compressed;

    /* The operands; "-" is standard input. None at all means standard input where there are no
     * lists either. The arrays are the settings'. */
    char **sources;
    size_t source_count;
    const char **lists; /* --filelist */
    size_t list_count;
};

/* Whether an output takes the place of its source, rather than going where it was told to. */
static inline bool settings_write_beside(const struct settings *settings)
{
    return !settings->to_stdout && !settings->output && settings->action != ACTION_TEST &&
           settings->action != ACTION_LIST;
}

/* Whether links are followed to what they point to. */
static inline bool settings_follow_links(const struct settings *settings)
{
    return settings->force || !settings_write_beside(settings);
}

/* Whether there may be more than one file. */
static inline bool settings_are_many(const struct settings *settings)
{
    return settings->source_count > 1 || settings->list_count > 0 || settings->recursive;
}

/* Whether the program behaves as gzip and pigz do. */
static inline bool settings_like_gzip(const struct settings *settings)
{
    return settings->family == FAMILY_GZIP || settings->family == FAMILY_PIGZ;
}

#endif
