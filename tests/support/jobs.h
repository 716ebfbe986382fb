/*
 * Jobs brought into a state that a test wants: held, queued, endless, stalled.
 */
#ifndef CINCH_TESTS_SUPPORT_JOBS_H
#define CINCH_TESTS_SUPPORT_JOBS_H

#include <stddef.h>
#include <stdint.h>

#include <cinch/cinch.h>

#include "support/monitor.h"
#include "support/scratch.h"

/* A job that a monitor watches. */
struct watched_job {
    struct monitor *monitor; /* owned */
    cinch_job *job;          /* owned; NULL once it was dropped */
    const char *input;       /* its input's path; the scratch folder's */
    const char *output;      /* its output's path; the scratch folder's */
};

/* Options whose callbacks are the monitor's; everything else is the default. */
cinch_options options_watched_by(struct monitor *monitor);

/*
 * Makes a file of text "NAME.in" and submits it to be compressed to "NAME.zst", both in the
 * scratch folder; `options` is NULL or says how, its callbacks being replaced. `hook` is NULL or
 * runs in each progress call.
 */
struct watched_job job_submit(struct scratch *scratch, cinch_pool *pool, const char *name,
                              size_t size, const cinch_options *options,
                              monitor_progress_hook hook);

/* Submits as job_submit() and returns when the job is held in its first progress call: the input
 * is open, one worker waits. job_let_go() or the monitor's gate lets it go on. */
struct watched_job job_submit_held(struct scratch *scratch, cinch_pool *pool, const char *name,
                                   size_t size);

/* A job whose input would take minutes, so that the test decides when it ends. It returns once
 * some of the input has been dealt with; a worker stays in that progress call if `held`. */
struct watched_job job_submit_endless(struct scratch *scratch, cinch_pool *pool, const char *name,
                                      bool held);

/* Opens the gate, waits for the end, checks the contract and the result, drops and frees. */
#define job_let_go(watched, expected) job_finish_at((watched), (expected), __FILE__, __LINE__)
void job_finish_at(struct watched_job *watched, int32_t expected, const char *file, int line);

/* Makes a monitored job between the ends of descriptors. */
struct watched_job job_submit_fd(cinch_pool *pool, int input, int output,
                                 const cinch_options *options, monitor_progress_hook hook);

#endif
