#include "support/jobs.h"

#include <stdio.h>

#include "support/bytes.h"
#include "support/test.h"

/* Zeros that take seconds on the fastest machine, and a hole on the disk. */
#define ENDLESS_SIZE ((uint64_t)64 << 30)

cinch_options options_watched_by(struct monitor *monitor)
{
    cinch_options options = CINCH_OPTIONS_INIT;

    monitor_watch(monitor, &options);
    return options;
}

static struct watched_job job_names(struct scratch *scratch, const char *name)
{
    struct watched_job watched = {monitor_new(), NULL, NULL, NULL};
    char text[64];

    snprintf(text, sizeof(text), "%s.in", name);
    watched.input = scratch_path(scratch, text);
    snprintf(text, sizeof(text), "%s.zst", name);
    watched.output = scratch_path(scratch, text);
    return watched;
}

static void job_start(struct watched_job *watched, cinch_pool *pool, const cinch_options *options,
                      monitor_progress_hook hook)
{
    cinch_options own = CINCH_OPTIONS_INIT;

    if (options != NULL) {
        own = *options;
    }
    watched->monitor->progress_hook = hook;
    monitor_watch(watched->monitor, &own);
    assert_code(CINCH_OK, cinch_compress(pool, watched->input, watched->output, &own,
                                         &watched->monitor->job));
    watched->job = watched->monitor->job;
    assert_non_null(watched->job);
}

struct watched_job job_submit(struct scratch *scratch, cinch_pool *pool, const char *name,
                              size_t size, const cinch_options *options, monitor_progress_hook hook)
{
    struct watched_job watched = job_names(scratch, name);
    struct bytes bytes = file_make(watched.input, BYTES_TEXT, size, size + 1);

    bytes_free(&bytes);
    job_start(&watched, pool, options, hook);
    return watched;
}

struct watched_job job_submit_held(struct scratch *scratch, cinch_pool *pool, const char *name,
                                   size_t size)
{
    struct watched_job watched = job_submit(scratch, pool, name, size, NULL, monitor_hold_first);

    counter_wait(&watched.monitor->progressed, 1);
    return watched;
}

struct watched_job job_submit_endless(struct scratch *scratch, cinch_pool *pool, const char *name,
                                      bool held)
{
    struct watched_job watched = job_names(scratch, name);

    file_write_sparse(watched.input, ENDLESS_SIZE);
    if (!held) {
        gate_open(&watched.monitor->gate);
    }
    job_start(&watched, pool, NULL, monitor_hold_later);
    counter_wait(&watched.monitor->advanced, 1);
    return watched;
}

void job_finish_at(struct watched_job *watched, int32_t expected, const char *file, int line)
{
    gate_open(&watched->monitor->gate);
    assert_job_ends_at(expected, watched->job, file, line);
    watched->job = NULL;
    monitor_assert_ended_at(watched->monitor, expected, file, line);
    monitor_free(watched->monitor);
    watched->monitor = NULL;
}

struct watched_job job_submit_fd(cinch_pool *pool, int input, int output,
                                 const cinch_options *options, monitor_progress_hook hook)
{
    struct watched_job watched = {monitor_new(), NULL, NULL, NULL};
    cinch_options own = CINCH_OPTIONS_INIT;

    if (options != NULL) {
        own = *options;
    }
    watched.monitor->progress_hook = hook;
    monitor_watch(watched.monitor, &own);
    assert_code(CINCH_OK, cinch_compress_fd(pool, input, output, &own, &watched.monitor->job));
    watched.job = watched.monitor->job;
    assert_non_null(watched.job);
    return watched;
}
