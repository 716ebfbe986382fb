/*
 * The default pool: made on first use, with a thread for each processor that the process may run
 * on. Here that is one, so that the test can hold all there are.
 */
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/bytes.h"
#include "support/decode.h"
#include "support/jobs.h"
#include "support/monitor.h"
#include "support/percent.h"
#include "support/process.h"
#include "support/scratch.h"
#include "support/test.h"

static int setup(void **state)
{
    int result = scratch_setup(state);

    if (result == 0) {
        ((struct scratch *)*state)->uses_default_pool = true;
    }
    return result;
}

#define default_pool_test(function)                                                                \
    cmocka_unit_test_setup_teardown(function, setup, scratch_teardown)

/* First of all: nothing starts a thread before the pool is used, and a refused submit need not. */
static void no_thread_before_the_first_use(void **state)
{
    struct scratch *scratch = *state;
    size_t before = process_thread_count();

    assert_non_null(cinch_version());
    assert_non_null(cinch_engines());
    assert_non_null(cinch_strerror(CINCH_E_IO));
    cinch_pool_destroy(NULL, CINCH_CANCEL);
    assert_int_equal(before, process_thread_count());
    file_write_text(scratch_path(scratch, "input"), "words");
    assert_code(CINCH_OK,
                compress_file(scratch_path(scratch, "input"), scratch_path(scratch, "out"), NULL));
    assert_int_equal(before + 1, process_thread_count());
    assert_int_equal(1, process_thread_count_named("cinch"));
}

static void one_thread_for_one_processor(void **state)
{
    struct scratch *scratch = *state;
    struct watched_job jobs[8];

    for (int i = 0; i < 8; i++) {
        char name[16];
        snprintf(name, sizeof(name), "job%d", i);
        jobs[i] = job_submit(scratch, NULL, name, 300000, NULL, NULL);
    }
    for (int i = 0; i < 8; i++) {
        assert_in_range(process_thread_count_named("cinch"), 1, 1);
        job_let_go(&jobs[i], CINCH_OK);
    }
}

/* compress_async() and submits return although no worker is free, and open nothing meanwhile. */
static void calls_return_while_all_workers_are_held(void **state)
{
    struct scratch *scratch = *state;
    struct watched_job held = job_submit_held(scratch, NULL, "held", 1000);
    struct percent_monitor *monitor = percent_monitor_start(0);
    const char *late = scratch_path(scratch, "late");
    const char *output = scratch_path(scratch, "late.zst");
    struct bytes bytes;
    cinch_job *job;

    compress_async(late, output, monitor->on_progress, monitor->on_complete);
    assert_code(CINCH_OK, cinch_compress(NULL, late, scratch_path(scratch, "late.gz"), NULL, &job));
    assert_int_equal(0, counter_value(&monitor->completed));
    bytes = file_make(late, BYTES_TEXT, 10000, 1);
    job_let_go(&held, CINCH_OK);
    counter_wait(&monitor->completed, 1);
    percent_assert_ended(monitor, CINCH_OK);
    assert_job_ends(CINCH_OK, job);
    assert_file_decodes(output, CINCH_FORMAT_ZSTD, &bytes);
    assert_file_decodes(scratch_path(scratch, "late.gz"), CINCH_FORMAT_GZIP, &bytes);
    percent_monitor_stop(monitor);
    bytes_free(&bytes);
}

/* A NULL path fails like any other file: on a worker, after the files before it. */
static void bad_path_completes_on_a_worker(void **state)
{
    struct scratch *scratch = *state;
    struct watched_job held = job_submit_held(scratch, NULL, "held", 1000);
    struct percent_monitor *monitor = percent_monitor_start(0);

    compress_async(NULL, NULL, monitor->on_progress, monitor->on_complete);
    assert_int_equal(0, counter_value(&monitor->completed));
    job_let_go(&held, CINCH_OK);
    counter_wait(&monitor->completed, 1);
    percent_assert_ended(monitor, CINCH_E_INVALID);
    percent_monitor_stop(monitor);
}

static void destroying_null_leaves_it_alone(void **state)
{
    struct scratch *scratch = *state;
    struct watched_job held = job_submit_held(scratch, NULL, "held", 1000);

    cinch_pool_destroy(NULL, CINCH_CANCEL);
    job_let_go(&held, CINCH_OK);
    assert_code(CINCH_OK, compress_and_wait(NULL, scratch_path(scratch, "held.in"),
                                            scratch_path(scratch, "out"), NULL));
}

/* A pool asked for with `threads` 0 is as the default pool. */
static void zero_threads_means_the_same(void **state)
{
    struct scratch *scratch = *state;
    size_t before = process_thread_count();
    cinch_pool *pool = pool_with_threads(0);
    struct watched_job jobs[4];

    for (int i = 0; i < 4; i++) {
        char name[16];
        snprintf(name, sizeof(name), "job%d", i);
        jobs[i] = job_submit(scratch, pool, name, 300000, NULL, NULL);
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(before + 1, process_thread_count());
        job_let_go(&jobs[i], CINCH_OK);
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        default_pool_test(no_thread_before_the_first_use),
        default_pool_test(one_thread_for_one_processor),
        default_pool_test(calls_return_while_all_workers_are_held),
        default_pool_test(bad_path_completes_on_a_worker),
        default_pool_test(destroying_null_leaves_it_alone),
        default_pool_test(zero_threads_means_the_same),
    };
    cpu_set_t allowed;
    cpu_set_t one;

    /* The first of the processors that this process may run on. */
    CPU_ZERO(&one);
    if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) {
        return 77;
    }
    for (int i = 0; i < CPU_SETSIZE; i++) {
        if (CPU_ISSET(i, &allowed)) {
            CPU_SET(i, &one);
            break;
        }
    }
    if (sched_setaffinity(0, sizeof(one), &one) != 0) {
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
