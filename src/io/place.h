/*
 * Place: where a file that does not exist yet is to appear: a folder, held open, and a name in
 * it. Once found, nobody can move the place by renaming folders or swapping links above it.
 */
#ifndef CINCH_SRC_IO_PLACE_H
#define CINCH_SRC_IO_PLACE_H

#include <stdint.h>

#include "error.h"

struct place {
    int directory; /* O_PATH descriptor of the folder; -1 = no place */
    char *name;    /* one component, never "." or ".."; owned */
};

/*
 * Finds the place that `path` leads to, symbolic links followed up to the last, whose target
 * need not exist. What stands there is not looked at, save that it is no link (or became one
 * only now). On failure `place` holds nothing: CINCH_E_NOT_FOUND where the folder is missing,
 * CINCH_E_FILE_TYPE where the path can only name a folder, CINCH_E_PERMISSION for a link that
 * somebody else has laid into a folder open to all (see proc(5), protected_symlinks).
 */
int32_t place_find(struct place *place, const char *path, struct failure *failure);

/*
 * Says whether a file may take the place: it is free, or holds a regular file or link. Anything
 * else is CINCH_E_FILE_TYPE. Only a directory is also refused by the kernel when renamed over,
 * so ask as late as can be.
 */
int32_t place_check_replaceable(const struct place *place, struct failure *failure);

/* Harmless on one that holds nothing and when called again. */
void place_release(struct place *place);

#endif
