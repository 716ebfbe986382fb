/*
 * original.h - what a gzip file's header says of the file it was made from
 *
 * Name and time are an attacker's to choose (CVE-2005-1228, CVE-2015-1191): of the name only
 * what follows its last slash is given, and never "." or "..".
 */
#ifndef CLI_ORIGINAL_H
#define CLI_ORIGINAL_H

#include <stddef.h>
#include <stdint.h>

struct original {
    char *name;         /* NULL where there is none that can be used; the caller frees it */
    int64_t time;       /* seconds since 1970; -1 where there is none */
    size_t header_size; /* bytes before the compressed data; 0 where it is no gzip file */
};

/* Reads the header of the first member. A file that cannot be read says nothing. */
struct original original_read(const char *path);

/* The path of the file that -N makes of `input`: beside it, under the name in its header. Where
 * there is none that is `path`, which is freed otherwise. The caller frees the result. */
char *original_restore(const char *input, char *path);

#endif
