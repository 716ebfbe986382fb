#include "support/monitor.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "support/test.h"

/* What `broken` is made of, with the sentence for each bit. */
enum monitor_rule {
    RULE_WORKER_THREAD,
    RULE_NO_OVERLAP,
    RULE_NONE_AFTER_COMPLETION,
    RULE_ONE_COMPLETION,
    RULE_FIRST_IS_ZERO,
    RULE_NEVER_DECREASES,
    RULE_TOTAL_STAYS,
    RULE_WITHIN_TOTAL,
    RULES
};

static const char *const rule_sentences[RULES] = {
    "a callback ran on the thread that submitted",
    "two callbacks of one job overlapped",
    "a callback came after completion",
    "completion came more than once",
    "the first progress call had bytes_done other than 0",
    "bytes_done decreased",
    "bytes_total changed",
    "bytes_done passed bytes_total",
};

static void rule_broken(struct monitor *monitor, enum monitor_rule rule)
{
    atomic_fetch_or_explicit(&monitor->broken, 1u << rule, memory_order_relaxed);
}

static uint64_t nanoseconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

struct monitor *monitor_new(void)
{
    struct monitor *monitor = calloc(1, sizeof(*monitor));

    assert_non_null(monitor);
    counter_init(&monitor->progressed);
    counter_init(&monitor->advanced);
    counter_init(&monitor->completed);
    gate_init(&monitor->gate);
    return monitor;
}

void monitor_free(struct monitor *monitor)
{
    counter_destroy(&monitor->progressed);
    counter_destroy(&monitor->advanced);
    counter_destroy(&monitor->completed);
    gate_destroy(&monitor->gate);
    free(monitor);
}

/* Relaxed operations only, here and below: the monitor must not order what the library fails to
 * order, or the thread sanitizer would have nothing to find. */
static void callback_enter(struct monitor *monitor)
{
    if (gettid() == monitor->submitter) {
        rule_broken(monitor, RULE_WORKER_THREAD);
    }
    if (atomic_fetch_add_explicit(&monitor->inside, 1, memory_order_relaxed) != 0) {
        rule_broken(monitor, RULE_NO_OVERLAP);
    }
    if (atomic_load_explicit(&monitor->complete, memory_order_relaxed)) {
        rule_broken(monitor, RULE_NONE_AFTER_COMPLETION);
    }
}

static void callback_leave(struct monitor *monitor)
{
    atomic_fetch_sub_explicit(&monitor->inside, 1, memory_order_relaxed);
}

static void on_progress(void *user, uint64_t bytes_done, uint64_t bytes_total)
{
    struct monitor *monitor = user;

    callback_enter(monitor);
    if (monitor->progress_calls == 0) {
        monitor->first_done = bytes_done;
        if (bytes_done != 0) {
            rule_broken(monitor, RULE_FIRST_IS_ZERO);
        }
    } else {
        if (bytes_done < monitor->last_done) {
            rule_broken(monitor, RULE_NEVER_DECREASES);
        }
        if (bytes_total != monitor->last_total &&
            (monitor->last_total != 0 || bytes_total != bytes_done)) {
            rule_broken(monitor, RULE_TOTAL_STAYS);
        }
    }
    if (bytes_total != 0 && bytes_done > bytes_total) {
        rule_broken(monitor, RULE_WITHIN_TOTAL);
    }
    monitor->progress_calls++;
    monitor->last_done = bytes_done;
    monitor->last_total = bytes_total;
    counter_add(&monitor->progressed);
    if (bytes_done != 0) {
        counter_add(&monitor->advanced);
    }
    if (monitor->progress_hook != NULL) {
        monitor->progress_hook(monitor, bytes_done, bytes_total);
    }
    callback_leave(monitor);
}

static void on_complete(void *user, int32_t error_code)
{
    struct monitor *monitor = user;

    callback_enter(monitor);
    if (atomic_exchange_explicit(&monitor->complete, true, memory_order_relaxed)) {
        rule_broken(monitor, RULE_ONE_COMPLETION);
    }
    monitor->completions++;
    monitor->error_code = error_code;
    monitor->watch_ended = nanoseconds_now();
    if (monitor->completion_hook != NULL) {
        monitor->completion_hook(monitor, error_code);
    }
    callback_leave(monitor);
    counter_add(&monitor->completed);
}

void monitor_watch(struct monitor *monitor, cinch_options *options)
{
    monitor->submitter = gettid();
    monitor->watch_began = nanoseconds_now();
    options->on_progress = on_progress;
    options->on_complete = on_complete;
    options->user = monitor;
}

void monitor_hold_first(struct monitor *monitor, uint64_t bytes_done, uint64_t bytes_total)
{
    (void)bytes_done;
    (void)bytes_total;
    if (monitor->progress_calls == 1) {
        gate_pass(&monitor->gate);
    }
}

void monitor_hold_later(struct monitor *monitor, uint64_t bytes_done, uint64_t bytes_total)
{
    (void)bytes_total;
    if (bytes_done != 0) {
        gate_pass(&monitor->gate);
    }
}

static bool rules_held(const struct monitor *monitor)
{
    unsigned int broken = atomic_load_explicit(&monitor->broken, memory_order_relaxed);

    for (unsigned int rule = 0; rule < RULES; rule++) {
        if ((broken & (1u << rule)) != 0) {
            print_error("contract: %s\n", rule_sentences[rule]);
        }
    }
    return broken == 0;
}

/* Every call but the first and the last two keeps 50 ms from the one before it. */
static bool pace_held(const struct monitor *monitor)
{
    uint64_t milliseconds = (monitor->watch_ended - monitor->watch_began) / 1000000;

    if (monitor->progress_calls > 3 + milliseconds / 50) {
        print_error("contract: %u progress calls within %llu ms\n", monitor->progress_calls,
                    (unsigned long long)milliseconds);
        return false;
    }
    return true;
}

static bool success_told(const struct monitor *monitor)
{
    if (monitor->progress_calls < 2) {
        print_error("contract: success after %u progress calls; at least 2 are due\n",
                    monitor->progress_calls);
        return false;
    }
    if (monitor->last_done != monitor->last_total) {
        print_error("contract: the last progress call had %llu of %llu bytes\n",
                    (unsigned long long)monitor->last_done,
                    (unsigned long long)monitor->last_total);
        return false;
    }
    return true;
}

void monitor_assert_ended_at(const struct monitor *monitor, int32_t error_code, const char *file,
                             int line)
{
    bool good = rules_held(monitor);

    if (monitor->completions != 1) {
        print_error("contract: completion came %u times\n", monitor->completions);
        _fail(file, line);
    }
    assert_code_at(error_code, monitor->error_code, "completion's error_code", file, line);
    good = pace_held(monitor) && good;
    if (error_code == CINCH_OK) {
        good = success_told(monitor) && good;
    }
    if (!good) {
        _fail(file, line);
    }
}

void monitor_assert_silenced(const struct monitor *monitor)
{
    assert_true(rules_held(monitor));
    assert_int_equal(0, monitor->completions);
}

void monitor_assert_never_called(const struct monitor *monitor)
{
    monitor_assert_silenced(monitor);
    assert_int_equal(0, monitor->progress_calls);
}
