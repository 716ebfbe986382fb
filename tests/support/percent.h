/*
 * Percent monitor: watches a call of the four-argument form.
 *
 * Its callbacks have no `user` pointer, so there is a fixed number of slots, each with callbacks
 * of its own. As in monitor.h the notes are plain fields.
 */
#ifndef CINCH_TESTS_SUPPORT_PERCENT_H
#define CINCH_TESTS_SUPPORT_PERCENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <cinch/compress_async.h>

#include "support/gate.h"

enum {
    PERCENT_SLOTS = 4
};

struct percent_monitor {
    /* To be handed to the call under test. */
    ProgressFn on_progress;
    CompletionFn on_complete;

    /* Set by the test before the call; NULL allowed. */
    void (*progress_hook)(struct percent_monitor *monitor, int32_t percent);
    void (*completion_hook)(struct percent_monitor *monitor, int32_t error_code);
    void *context;

    struct counter progressed; /* a unit for each progress call that has begun */
    struct counter completed;  /* a unit when completion has run its hook */
    struct gate gate;          /* for hooks; opened by the test */

    /* What has been seen. Written by callbacks. */
    unsigned int progress_calls;
    unsigned int completions;
    int32_t error_code;
    int32_t first_percent;
    int32_t last_percent;
    pid_t progress_thread; /* of the last progress call */
    int32_t noted;         /* for hooks */

    atomic_uint inside;
    atomic_bool complete;
    atomic_uint broken;
};

/* Makes slot `index`, below PERCENT_SLOTS, ready for a call, and returns it. */
struct percent_monitor *percent_monitor_start(unsigned int index);

/* Gives the slot back. */
void percent_monitor_stop(struct percent_monitor *monitor);

/* The call completed once with this code, and no rule was broken: percent 0 first, strictly
 * increasing, 100 on success only; nothing overlapping, nothing after completion. */
#define percent_assert_ended(monitor, error_code)                                                  \
    percent_assert_ended_at((monitor), (error_code), __FILE__, __LINE__)
void percent_assert_ended_at(const struct percent_monitor *monitor, int32_t error_code,
                             const char *file, int line);

/* The same for the blocking form, which returned `error_code` to this thread: every progress call
 * ran on it. */
#define percent_assert_returned(monitor, error_code)                                               \
    percent_assert_returned_at((monitor), (error_code), __FILE__, __LINE__)
void percent_assert_returned_at(const struct percent_monitor *monitor, int32_t error_code,
                                const char *file, int line);

#endif
