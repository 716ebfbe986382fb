/*
 * Contract: what API.md's rules say of one job, checked at every call and every callback.
 *
 * Under the scheduler only one thread runs at a time, so what is noted here is in the order in
 * which it happened, and plain fields do. A rule that is broken ends the program with the seed.
 *
 * Rules, by their numbers in the contract, and where they are checked:
 *
 *   1  a refused submit has no callbacks: `is_refused` in enter(), contract_check_end(); an
 *      accepted one has one completion: contract_completion(), contract_check_end(); the handle is
 *      written before any callback: enter()
 *   2  callbacks do not overlap, none after completion, the first progress is 0, done never goes
 *      back, the last has done == total: enter(), contract_progress(), contract_completion()
 *   3  no lock held in a callback, never on a client's thread: enter(); blocking calls inside are
 *      refused: contract_call_in_callback(), contract_completion()
 *   4  cancel against publishing: contract_cancel(), contract_completion(), contract_check_end()
 *   5  nothing after destroy, its threads are gone: contract_destroy(), enter(); a submit
 *      that races with it is accepted or gets CINCH_E_SHUTDOWN, for good: contract_submitted()
 *   6  (visibility is the thread sanitizer's) wait and close return after completion has
 *      returned: contract_wait(), contract_close(); none after detach: enter()
 */
#ifndef CINCH_TESTS_SCHEDULE_CONTRACT_H
#define CINCH_TESTS_SCHEDULE_CONTRACT_H

#include <stdbool.h>
#include <stdint.h>

#include <cinch/cinch.h>

/* What the rules say of a pool. */
struct pool_contract {
    cinch_pool *pool;
    bool is_ending;    /* destroy was called, or is about to be */
    bool is_cancelled; /* in the mode CINCH_CANCEL */
    bool is_gone;      /* it has returned */
    bool has_refused;  /* a submit got CINCH_E_SHUTDOWN */
};

enum handle {
    HANDLE_NONE, /* not wanted, or not there */
    HANDLE_LIVE,
    HANDLE_DROPPED
};

struct job_contract {
    /* Set before the submit. */
    struct pool_contract *pool;
    unsigned number;
    bool wants_handle;
    bool hears_progress;
    bool hears_completion;
    int32_t expected;       /* how it ends if nothing interferes */
    int32_t or_expected;    /* or so: what a race in the test may make of it */
    const char *output;     /* NULL: none that is this job's alone */
    uint64_t output_before; /* digest of what was there; 0: nothing */
    uint64_t output_after;  /* digest of what success leaves there; 0: not known */

    /* Written by the submit, as the handle; its uses by the test. */
    cinch_job *job;
    enum handle handle;
    unsigned uses; /* calls on the handle under way */

    /* What was seen. */
    bool is_accepted, is_refused;
    bool is_inside; /* a callback */
    unsigned progress_calls;
    uint64_t last_done, last_total;
    bool completion_began, completion_returned;
    int32_t result;
    bool has_result;       /* from completion or wait */
    bool was_asked_to_end; /* cancel, close, detach, or the pool's end */
    bool cancel_ok, cancel_late;
    bool cancel_ok_first;     /* cancel_ok before any deadlock was recorded */
    bool made_deadlock;       /* a blocking call that returns nothing was made in a callback */
    bool made_deadlock_early; /* in a progress call before the last */
    bool is_silenced;         /* detach was called: completion need not come */
    bool is_silent;           /* detach or close has returned, so no callback begins */
};

/* The digest of a file, or 0 where there is none; that of bytes is never 0. */
uint64_t digest_bytes(const void *data, size_t size);
uint64_t digest_file(const char *path);

/* A submit has returned. */
void contract_submitted(struct job_contract *job, int32_t code, bool was_refused_before);

/* Callbacks: to be called first of all in them, and last. */
void contract_progress(struct job_contract *job, uint64_t done, uint64_t total);
void contract_completion(struct job_contract *job, int32_t code);
void contract_leave(struct job_contract *job);

/* Calls on a handle, with what they must keep. */
void contract_cancel(struct job_contract *job);
void contract_wait(struct job_contract *job);
void contract_close(struct job_contract *job);
void contract_detach(struct job_contract *job);
void contract_release(struct job_contract *job);
void contract_look(struct job_contract *job); /* stats and message */

/* A blocking call, inside a callback of `inside`: wait, close or destroy by `choice`. */
void contract_call_in_callback(struct job_contract *inside, struct job_contract *job,
                               unsigned choice);

/* cinch_pool_destroy(), and what must hold of each of its jobs at once when it has returned. */
void contract_destroy(struct pool_contract *pool, int32_t mode);
void contract_pool_is_gone(const struct job_contract *job);

/* All is over. */
void contract_check_end(const struct job_contract *job);

#endif
