/*
 * Reserve: memory for a context of libzstd that is to have threads.
 *
 * Where memory is refused while libzstd makes its threads, it crashes: it frees what it has not
 * made yet (seen in 1.5.4). What it allocates there is small, so as much is set aside beforehand,
 * and is handed out where the system has no more. Refusals from then on, of its tables and buffers,
 * libzstd bears.
 *
 * A reserve outlives the context that it is for.
 */
#ifndef CINCH_SRC_RESERVE_H
#define CINCH_SRC_RESERVE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "workspace.h"

struct reserve {
    struct buffer memory;   /* constant while it is open */
    atomic_size_t used;     /* of it, from its beginning on; more for a moment */
    atomic_bool has_failed; /* something was asked for that nobody had */
};

/* Sets aside what a context with so many threads needs. False where memory is short. */
bool reserve_open(struct reserve *reserve, int threads);

/* Nothing that it has handed out is used any more. Harmless for one that is all zero. */
void reserve_close(struct reserve *reserve);

/*
 * The two functions of a ZSTD_customMem whose `opaque` is the reserve. Any thread. What is freed is
 * given back only where the system had it; the reserve is for one beginning. NULL: neither had
 * enough.
 */
void *reserve_allocate(void *reserve, size_t size);
void reserve_free(void *reserve, void *memory);

#endif
