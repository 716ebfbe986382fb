/*
 * Refusal: the system refuses one call of a kind, counted from when the test says so.
 *
 * For what tests/fault does to whole jobs, at one noun: a test tries each call in turn until none
 * is refused any more. A program that uses it is linked with refusal_link_args (meson.build), by
 * which the library's calls, and the test's own, come here.
 */
#ifndef CINCH_TESTS_UNIT_REFUSAL_H
#define CINCH_TESTS_UNIT_REFUSAL_H

#include <stdbool.h>

enum refusal {
    REFUSE_MEMORY, /* malloc(), calloc(), realloc(), posix_memalign() */
    REFUSE_READ,   /* pread(): EIO */
    REFUSE_REST,   /* pread(): the file has ended */
    INTERRUPT      /* pread(), pwrite(), read(), write(), fsync(), ftruncate(): EINTR */
};

/* From now on, the call of this kind number `number`, from 0, is refused, once. */
void refusal_begin(enum refusal refusal, unsigned number);

/* Nothing is refused any more. Returns whether something was. */
bool refusal_end(void);

#endif
