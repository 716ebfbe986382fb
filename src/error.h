/*
 * Error codes, and the record of what went wrong.
 *
 * A function inside the library that can fail returns an int32_t error code (CINCH_OK, or
 * CINCH_E_*). One that touches a file also takes a `struct failure *` and, before returning
 * the code, records there what it was doing, to which file, and errno: failure_set() does both
 * in one expression.
 */
#ifndef CINCH_SRC_ERROR_H
#define CINCH_SRC_ERROR_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cinch/cinch.h>

/* Which file a failure is about; the job that reports it knows their names. */
enum failure_subject {
    FAILURE_OF_NOTHING, /* no file: memory, a thread, a misuse */
    FAILURE_OF_INPUT,
    FAILURE_OF_OUTPUT,
};

/* What went wrong. All zero is "nothing". A plain value: copy it freely. */
struct failure {
    int32_t code;                 /* CINCH_E_*, or CINCH_OK while nothing is recorded */
    enum failure_subject subject; /* which file */
    const char *action;           /* static: what failed, "cannot open"; NULL = none to tell */
    int system_error;             /* errno; 0 where the system was not the one to refuse */
};

/*
 * Records a failure and returns `code`. A failure already recorded stays: the first one wins.
 */
int32_t failure_set(struct failure *failure, int32_t code, enum failure_subject subject,
                    const char *action, int system_error);

/*
 * Records a failed system call and returns the code that `system_error` (an errno value)
 * stands for in the table of cinch.h: ENOENT is CINCH_E_NOT_FOUND, ENOSPC, EDQUOT and EFBIG
 * are CINCH_E_NO_SPACE, and so on; what has no code of its own is CINCH_E_IO.
 */
int32_t failure_set_system(struct failure *failure, enum failure_subject subject,
                           const char *action, int system_error);

/*
 * Writes the failure as a sentence, cut off at `size` bytes with its NUL; returns the length
 * of the whole text. Nothing recorded gives the empty text. The paths may be NULL: then the
 * text says "input" and "output" alone.
 */
size_t failure_describe(const struct failure *failure, const char *input_path,
                        const char *output_path, char *buffer, size_t size);

/*
 * The first failure of something that several threads work on: it is recorded once and stands.
 * All zero is "nothing recorded". No lock: a latch may be set and read anywhere.
 */
struct failure_latch {
    _Atomic int state; /* enum latch_state, in error.c */
    struct failure failure;
};

/* Records a failure if it is the first. */
void failure_latch_set(struct failure_latch *latch, const struct failure *failure);

/* The recorded failure, constant from then on; one with code CINCH_OK before. */
struct failure failure_latch_get(const struct failure_latch *latch);

#endif
