/*
 * walk.h - all files below a directory, one after another
 *
 * The directory is read while its files are being worked on; no list of names is ever made. Order
 * is the file system's. Directories are entered through descriptors, so depth is not limited by
 * the length of paths; no more than WALK_OPEN_LIMIT are open at once, and of those above only
 * the names still to come are held.
 */
#ifndef CLI_WALK_H
#define CLI_WALK_H

#include "cli/entry.h"

#include <stdbool.h>

enum {
    WALK_OPEN_LIMIT = 8
};

struct walk;

/* Begins a walk of `directory`. `follow` enters links to directories, too. Never NULL. */
struct walk *walk_open(const char *directory, bool follow);

/*
 * Fills in the next thing found that is not a directory, or a directory that could not be read
 * (`error`, `loop`). Returns false at the end.
 */
bool walk_next(struct walk *walk, struct entry *entry);

/* Ends a walk at any time. NULL does nothing. */
void walk_close(struct walk *walk);

#endif
