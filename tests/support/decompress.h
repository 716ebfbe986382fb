/*
 * Decompress: a job from bytes to bytes, by every way that bytes can go.
 */
#ifndef CINCH_TESTS_SUPPORT_DECOMPRESS_H
#define CINCH_TESTS_SUPPORT_DECOMPRESS_H

#include <stdint.h>

#include <cinch/cinch.h>

#include "support/bytes.h"
#include "support/scratch.h"

enum way {
    FILE_TO_FILE, /* by path */
    PIPE_TO_PIPE,
    FILE_TO_PIPE,
    PIPE_TO_FILE /* a descriptor */
};

enum {
    WAYS = 4
};

/* "from a file to a pipe"; static. */
const char *way_name(enum way way);

/* How a job ended. */
struct outcome {
    int32_t code;
    struct bytes content; /* what it wrote, or published: the caller frees it */
    cinch_stats stats;    /* as they were at the end */
};

/*
 * Decompresses `encoded` and waits. From file to file the output must not exist unless the job
 * has succeeded, which is asserted; `content` is then empty. By the other ways it is what was
 * written, whatever came of it.
 */
struct outcome decompress_bytes(struct scratch *scratch, cinch_pool *pool, enum way way,
                                const struct bytes *encoded, const cinch_options *options);

/* Decompresses and fails the test unless that gives `expected`. `what` names the input in
 * messages. */
void assert_decompresses_by(enum way way, struct scratch *scratch, cinch_pool *pool,
                            const struct bytes *encoded, const struct bytes *expected,
                            const char *what);

/* The same by all ways. */
void assert_decompresses(struct scratch *scratch, cinch_pool *pool, const struct bytes *encoded,
                         const struct bytes *expected, const char *what);

/* Decompresses by all ways and fails the test unless each ends with `code`. */
void assert_refuses(struct scratch *scratch, cinch_pool *pool, const struct bytes *encoded,
                    int32_t code, const char *what);

/* Decompresses from path to path on `pool`, waits, and returns how it ended, a refused submit
 * included. */
int32_t decompress_and_wait(cinch_pool *pool, const char *input, const char *output,
                            const cinch_options *options);

#endif
