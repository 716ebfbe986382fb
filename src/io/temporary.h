/*
 * Temporary: the file that is written before it has its name. It has none at all (O_TMPFILE)
 * where the file system can do that, else a hidden one; mode 0600 until told otherwise.
 */
#ifndef CINCH_SRC_IO_TEMPORARY_H
#define CINCH_SRC_IO_TEMPORARY_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "io/hidden_name.h"
#include "io/place.h"

struct temporary {
    int fd;                     /* open for reading and writing; -1 = no temporary */
    struct hidden_name *hidden; /* NULL while it has no name at all; owned */
};

/* Makes one in the folder of `place`, which must outlive it. On failure it holds nothing. */
int32_t temporary_create(struct temporary *temporary, const struct place *place,
                         struct failure *failure);

/*
 * Puts the file into its place, in one atomic step. What stands there is replaced, or without
 * `replace` left alone: CINCH_E_EXISTS.
 *
 * The kernel can rename over a file, or give a nameless one a name that is free, but not both
 * at once: to replace, a nameless file first gets a hidden name. SIGKILL between those two
 * calls leaves it behind, complete.
 */
int32_t temporary_take_place(struct temporary *temporary, const struct place *place, bool replace,
                             struct failure *failure);

/* Closes the file and removes it if it has not taken its place. Harmless when repeated. */
void temporary_discard(struct temporary *temporary);

#endif
