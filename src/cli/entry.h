/*
 * entry.h - something found on the command line, in a list, or in a directory
 */
#ifndef CLI_ENTRY_H
#define CLI_ENTRY_H

#include <stdbool.h>
#include <sys/stat.h>

struct entry {
    const char *path;   /* valid until the next entry is asked for */
    struct stat status; /* of what is there; of a link itself, unless links are followed */
    int error;          /* errno where it could not be examined or read, else 0 */
    bool named;         /* by a person or a list, not come upon by walking */
    bool is_stdin;      /* standard input; `path` is "-" and nothing else is filled in */
    bool loop;          /* a directory that a link has led back to: it was not entered */
};

#endif
