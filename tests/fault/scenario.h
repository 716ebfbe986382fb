/*
 * Scenarios: the ways of using the library that are tried, each with a name.
 *
 * Twenty-four are {zstd, gzip, zlib} x {compress, decompress} x {file, fd} x {1, 4 threads},
 * "gzip-compress-fd-4"; the others are one use each that takes another way through the library.
 */
#ifndef CINCH_TESTS_FAULT_SCENARIO_H
#define CINCH_TESTS_FAULT_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum use {
    USE_COMPRESS,
    USE_DECOMPRESS,
    USE_READ,            /* cinch_reader_*: all of a compressed file */
    USE_COMPRESS_FILE,   /* compress_file() */
    USE_COMPRESS_ASYNC,  /* compress_async() */
    USE_DECOMPRESS_ASYNC /* decompress_async() */
};

enum ends {
    ENDS_PATHS,
    ENDS_DESCRIPTORS, /* of files */
    ENDS_PIPES,       /* which two other processes fill and empty, slowly */
    ENDS_SOCKETS,     /* likewise */
    ENDS_FIFOS,       /* by path, opened late by the other two */
    ENDS_LISTENER     /* a file to a socket's path */
};

struct scenario {
    char name[48];
    enum use use;
    enum ends ends;
    int32_t format;   /* CINCH_FORMAT_* */
    uint32_t threads; /* of a pool made for it; not for the functions of four arguments */
    uint32_t flags;   /* CINCH_FLAG_* */
    bool has_old;     /* an output stands there already, which is to be replaced */
    bool is_linked;   /* the output's path is a symbolic link to its place */
    bool is_foreign;  /* the input has another owner and set-id bits (only where we are root) */
    bool no_tmpfile;  /* the file system has no O_TMPFILE */
    bool no_renameat2;
    mode_t umask; /* the widest unless told otherwise, so that nothing is narrow by chance */
};

/* All of them; `*count` is their number. Static. */
const struct scenario *scenarios(size_t *count);

/* NULL where none is called so. */
const struct scenario *scenario_find(const char *name);

/* Whether a choice means the scenario: beginnings of names, separated by commas. "" means all, and
 * "others" those beyond the twenty-four. */
bool scenario_is_chosen(const struct scenario *scenario, const char *choice);

/* The use's direction. */
bool scenario_compresses(const struct scenario *scenario);

/* Whether the library writes a file that takes its name at the end. */
bool scenario_publishes(const struct scenario *scenario);

#endif
