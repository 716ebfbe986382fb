/*
 * Progress: how far a job has come, and when to say so.
 *
 * Workers add the bytes they have dealt with; whichever of them brought something worth telling
 * makes the report, holding a token instead of a lock. One that finds the token taken leaves its
 * news to the holder, so reports never overlap, never go back, and nobody waits for a slow
 * callback but the worker that is in it.
 */
#ifndef CINCH_SRC_PROGRESS_H
#define CINCH_SRC_PROGRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum progress_unit {
    PROGRESS_BYTES,   /* reports (done, total) at most every PROGRESS_INTERVAL_NS */
    PROGRESS_PERCENT, /* reports (percent, 100), each percent at most once */
};

#define PROGRESS_INTERVAL_NS UINT64_C(50000000)

struct progress {
    /* Constant once a worker has the job. */
    void (*report)(void *owner, uint64_t done, uint64_t total); /* NULL: nobody listens */
    void *owner;
    enum progress_unit unit;

    _Atomic uint64_t done;  /* bytes of input; any worker adds */
    _Atomic uint64_t total; /* bytes of input; 0 while unknown */

    _Atomic int token;         /* enum progress_token, in progress.c */
    _Atomic uint64_t reported; /* the last report: a percent, or a time of thread_now(); written
                                * by the token's holder, read by all */
};

/* The input was opened: its length is `total` bytes, 0 where unknown. Makes the first report.
 * Before any progress_add(). */
void progress_begin(struct progress *progress, uint64_t total);

/* Any worker: `bytes` more have been dealt with. May make a report, and then returns after it. */
void progress_add(struct progress *progress, uint64_t bytes);

/* The job has succeeded: makes the last report. After every progress_add() has returned. */
void progress_finish(struct progress *progress);

#endif
