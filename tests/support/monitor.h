/*
 * Contract monitor: watches the callbacks of one job and knows what they may do.
 *
 * monitor_watch() puts its callbacks into a job's options; a test that wants to act inside a
 * callback gives the monitor hooks. After the job has ended, the test calls one of the
 * monitor_assert_*() functions, which check every rule:
 *
 *   - callbacks run on a thread of the library, never on the one that submitted;
 *   - they never overlap, and none comes after completion, which comes once;
 *   - the first progress call has bytes_done 0, which never decreases after that;
 *   - bytes_total stays what it was, but that an unknown one becomes known in the last call;
 *   - bytes_done never passes a known bytes_total; on success the last call has them equal;
 *   - progress comes no more often than every 50 milliseconds, the first and last call aside.
 *
 * What a callback notes is kept in plain fields on purpose: the library promises that a job's
 * callbacks never overlap, and that they have happened before wait and close return. Where that
 * were not so, the thread sanitizer would report the monitor's own fields.
 */
#ifndef CINCH_TESTS_SUPPORT_MONITOR_H
#define CINCH_TESTS_SUPPORT_MONITOR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <cinch/cinch.h>

#include "support/gate.h"

struct monitor;

typedef void (*monitor_progress_hook)(struct monitor *monitor, uint64_t bytes_done,
                                      uint64_t bytes_total);
typedef void (*monitor_completion_hook)(struct monitor *monitor, int32_t error_code);

struct monitor {
    /* Set by the test between monitor_new() and the submit. */
    monitor_progress_hook progress_hook;     /* runs inside each progress call; NULL allowed */
    monitor_completion_hook completion_hook; /* runs inside completion; NULL allowed */
    void *context;                           /* for the hooks */

    /* The job, where the submit was given `&monitor.job`: written before any callback runs. */
    cinch_job *job;

    /* For a test that wants to be told or to hold the job. */
    struct counter progressed; /* a unit for each progress call that has begun */
    struct counter advanced;   /* a unit for each of them that had bytes_done other than 0 */
    struct counter completed;  /* a unit when completion has run its hook */
    struct gate gate;          /* for hooks; opened by the test */

    /* What has been seen. Written by callbacks. */
    unsigned int progress_calls;
    unsigned int completions;
    int32_t error_code; /* completion's */
    uint64_t first_done;
    uint64_t last_done;
    uint64_t last_total;
    int32_t noted; /* for hooks */

    pid_t submitter;      /* the thread that called monitor_watch() */
    uint64_t watch_began; /* nanoseconds, monotonic */
    uint64_t watch_ended; /* at completion */
    atomic_uint inside;   /* callbacks under way */
    atomic_bool complete; /* completion has begun */
    atomic_uint broken;   /* a bit for each rule that was broken */
};

/* On the heap, so that the callbacks of a job that outlives a failed test still find it. */
struct monitor *monitor_new(void);

/* After the job is over. */
void monitor_free(struct monitor *monitor);

/* Points the options' callbacks at the monitor. Called by the thread that will submit. */
void monitor_watch(struct monitor *monitor, cinch_options *options);

/* A progress hook that waits at the monitor's gate in the job's first call only. */
void monitor_hold_first(struct monitor *monitor, uint64_t bytes_done, uint64_t bytes_total);

/* A progress hook that waits at the monitor's gate in every call in which bytes_done is not 0. */
void monitor_hold_later(struct monitor *monitor, uint64_t bytes_done, uint64_t bytes_total);

/* The job completed once, with this code, and no rule was broken. After wait, close or a unit of
 * `completed`, so that all callbacks have happened before. */
#define monitor_assert_ended(monitor, error_code)                                                  \
    monitor_assert_ended_at((monitor), (error_code), __FILE__, __LINE__)
void monitor_assert_ended_at(const struct monitor *monitor, int32_t error_code, const char *file,
                             int line);

/* Completion never came, and no rule was broken: the job was detached. */
void monitor_assert_silenced(const struct monitor *monitor);

/* No callback ever came: the submit was refused, or the job was detached in the queue. */
void monitor_assert_never_called(const struct monitor *monitor);

#endif
