/*
 * Rule 5: cinch_pool_destroy(), with jobs in every state and submits that race with it.
 */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "support/bytes.h"
#include "support/decode.h"
#include "support/jobs.h"
#include "support/monitor.h"
#include "support/process.h"
#include "support/scratch.h"
#include "support/stream.h"
#include "support/test.h"

enum {
    QUEUED = 20
};

static void destroying_nothing_does_nothing(void **state)
{
    (void)state;
    cinch_pool_destroy(NULL, CINCH_DRAIN);
    cinch_pool_destroy(NULL, CINCH_CANCEL);
}

static void idle_pools_come_and_go(void **state)
{
    static const uint32_t threads[] = {0, 1, 2, 16};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        for (int32_t mode = CINCH_DRAIN; mode <= CINCH_CANCEL; mode++) {
            cinch_pool_destroy(pool_with_threads(threads[i]), mode);
        }
    }
}

static void threads_are_joined(void **state)
{
    struct scratch *scratch = *state;
    size_t before = process_thread_count();
    cinch_pool *pool = pool_with_threads(4);
    struct watched_job held[4];
    char name[16];

    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof(name), "held%d", i);
        held[i] = job_submit_held(scratch, pool, name, 1000);
    }
    assert_int_equal(before + 4, process_thread_count());
    for (int i = 0; i < 4; i++) {
        job_let_go(&held[i], CINCH_OK);
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);
    assert_true(process_thread_count_becomes(before));
}

static void *open_gate_when_destroying(void *argument)
{
    gate_open(argument);
    return NULL;
}

/* A held job with a queue behind it; the pool is destroyed while the gate is still shut, or has
 * just been opened: the jobs cannot tell. */
static void destroy_with_a_queue(struct scratch *scratch, int32_t mode, uint32_t threads,
                                 struct watched_job jobs[QUEUED], struct watched_job *held)
{
    cinch_pool *pool = pool_with_threads(threads);
    pthread_t opener;
    char name[16];

    *held = job_submit_held(scratch, pool, "held", 1000);
    for (int i = 0; i < QUEUED; i++) {
        snprintf(name, sizeof(name), "q%d", i);
        jobs[i] = job_submit(scratch, pool, name, 10000, NULL, NULL);
    }
    assert_int_equal(
        0, pthread_create(&opener, NULL, open_gate_when_destroying, &held->monitor->gate));
    cinch_pool_destroy(pool, mode);
    assert_int_equal(0, pthread_join(opener, NULL));
}

static void drain_runs_every_job(void **state)
{
    struct scratch *scratch = *state;

    for (uint32_t threads = 1; threads <= 3; threads += 2) {
        struct watched_job jobs[QUEUED];
        struct watched_job held;
        destroy_with_a_queue(scratch, CINCH_DRAIN, threads, jobs, &held);
        /* All have completed: nothing is left to wait for, and the handles are still good. */
        monitor_assert_ended(held.monitor, CINCH_OK);
        job_let_go(&held, CINCH_OK);
        for (int i = 0; i < QUEUED; i++) {
            struct bytes bytes = file_read(jobs[i].input);
            monitor_assert_ended(jobs[i].monitor, CINCH_OK);
            assert_file_decodes(jobs[i].output, CINCH_FORMAT_ZSTD, &bytes);
            bytes_free(&bytes);
            job_let_go(&jobs[i], CINCH_OK);
        }
    }
}

static void cancel_ends_every_job(void **state)
{
    struct scratch *scratch = *state;

    for (uint32_t threads = 1; threads <= 3; threads += 2) {
        struct watched_job jobs[QUEUED];
        struct watched_job held;
        destroy_with_a_queue(scratch, CINCH_CANCEL, threads, jobs, &held);
        for (int i = 0; i < QUEUED; i++) {
            int32_t code = jobs[i].monitor->error_code;
            assert_true(code == CINCH_OK || code == CINCH_E_CANCELLED);
            if (code == CINCH_E_CANCELLED) {
                assert_no_file(jobs[i].output);
            }
            job_let_go(&jobs[i], code);
            unlink(jobs[i].output);
        }
        job_let_go(&held, held.monitor->error_code);
        unlink(held.output);
    }
}

/* Nobody opens the gate before destroy has cancelled: all the queue must be cancelled. */
static void hook_destroy_has_begun(struct monitor *monitor, uint64_t bytes_done,
                                   uint64_t bytes_total)
{
    cinch_pool *pool = monitor->context;
    cinch_options options = CINCH_OPTIONS_INIT;

    (void)bytes_done;
    (void)bytes_total;
    if (monitor->progress_calls == 1) {
        int32_t code;
        gate_pass(&monitor->gate);
        /* The pool takes jobs until destroy closes it. */
        do {
            code =
                cinch_compress(pool, "/nonexistent/input", "/nonexistent/output", &options, NULL);
        } while (code == CINCH_OK);
        monitor->noted = code;
    }
}

static void submits_are_refused_once_it_has_begun(void **state)
{
    struct scratch *scratch = *state;

    for (int32_t mode = CINCH_DRAIN; mode <= CINCH_CANCEL; mode++) {
        cinch_pool *pool = pool_with_threads(1);
        struct monitor *monitor = monitor_new();
        cinch_options options = options_watched_by(monitor);
        const char *input = scratch_path(scratch, "input");
        file_write_text(input, "some words");
        monitor->progress_hook = hook_destroy_has_begun;
        monitor->context = pool;
        assert_code(CINCH_OK, cinch_compress(pool, input, scratch_path(scratch, "output"), &options,
                                             &monitor->job));
        counter_wait(&monitor->progressed, 1);
        gate_open(&monitor->gate);
        cinch_pool_destroy(pool, mode);
        assert_code(CINCH_E_SHUTDOWN, monitor->noted);
        if (mode == CINCH_DRAIN) {
            assert_code(CINCH_OK, monitor->error_code);
        }
        monitor_assert_ended(monitor, monitor->error_code);
        assert_job_ends(monitor->error_code, monitor->job);
        monitor_free(monitor);
    }
}

/* Several threads submit to the pool until they are refused, counting what was accepted; a held
 * job keeps destroy, and with it the pool, alive until then. */
struct submitter {
    pthread_t thread;
    cinch_pool *pool;
    const char *input;
    struct counter started;
    unsigned int accepted;
    atomic_uint completed;
    int32_t refusal;
};

static void submitted_job_ended(void *user, int32_t error_code)
{
    struct submitter *submitter = user;

    (void)error_code;
    atomic_fetch_add(&submitter->completed, 1);
}

static void *submit_until_refused(void *argument)
{
    struct submitter *submitter = argument;
    cinch_options options = CINCH_OPTIONS_INIT;

    options.on_complete = submitted_job_ended;
    options.user = submitter;
    for (;;) {
        cinch_job *job = NULL;
        int32_t code = cinch_compress(submitter->pool, submitter->input, "/nonexistent/output",
                                      &options, &job);
        if (code != CINCH_OK) {
            submitter->refusal = job == NULL ? code : -1;
            return NULL;
        }
        submitter->accepted++;
        if (submitter->accepted == 1) {
            counter_add(&submitter->started);
        }
        cinch_job_release(job);
    }
}

struct destroyer {
    cinch_pool *pool;
    int32_t mode;
};

static void *destroy_in_a_thread(void *argument)
{
    struct destroyer *destroyer = argument;

    cinch_pool_destroy(destroyer->pool, destroyer->mode);
    return NULL;
}

enum {
    SUBMITTERS = 3
};

static void racing_submits_complete_or_are_refused(void **state)
{
    struct scratch *scratch = *state;

    for (int round = 0; round < 20; round++) {
        struct destroyer destroyer = {pool_with_threads(2), round % 2};
        struct watched_job held = job_submit_held(scratch, destroyer.pool, "held", 1000);
        struct submitter submitters[SUBMITTERS];
        pthread_t thread;
        for (int i = 0; i < SUBMITTERS; i++) {
            submitters[i] = (struct submitter){.pool = destroyer.pool, .input = held.input};
            counter_init(&submitters[i].started);
            assert_int_equal(0, pthread_create(&submitters[i].thread, NULL, submit_until_refused,
                                               &submitters[i]));
        }
        for (int i = 0; i < SUBMITTERS; i++) {
            counter_wait(&submitters[i].started, 1);
        }
        assert_int_equal(0, pthread_create(&thread, NULL, destroy_in_a_thread, &destroyer));
        for (int i = 0; i < SUBMITTERS; i++) {
            assert_int_equal(0, pthread_join(submitters[i].thread, NULL));
        }
        gate_open(&held.monitor->gate);
        assert_int_equal(0, pthread_join(thread, NULL));
        for (int i = 0; i < SUBMITTERS; i++) {
            assert_code(CINCH_E_SHUTDOWN, submitters[i].refusal);
            assert_int_equal(submitters[i].accepted, atomic_load(&submitters[i].completed));
            counter_destroy(&submitters[i].started);
        }
        /* The pool refuses submits before it cancels, so the held job may have just ended. */
        if (destroyer.mode == CINCH_DRAIN) {
            assert_code(CINCH_OK, held.monitor->error_code);
        }
        job_let_go(&held, held.monitor->error_code);
    }
}

static void handles_outlive_the_pool(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    struct watched_job good = job_submit(scratch, pool, "good", 5000, NULL, NULL);
    cinch_stats stats = CINCH_STATS_INIT;
    char message[128] = "?";
    cinch_job *jobs[3];

    for (int i = 0; i < 3; i++) {
        assert_code(CINCH_OK, cinch_compress(pool, scratch_path(scratch, "missing"),
                                             scratch_path(scratch, "out"), NULL, &jobs[i]));
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);

    assert_code(CINCH_OK, cinch_job_stats(good.job, &stats));
    assert_int_equal(5000, stats.bytes_in);
    assert_int_equal(5000, stats.bytes_total);
    assert_code(CINCH_E_TOO_LATE, cinch_job_cancel(good.job));
    assert_code(CINCH_OK, cinch_job_message(good.job, message, sizeof(message)));
    assert_string_equal("", message);
    job_let_go(&good, CINCH_OK);

    assert_code(CINCH_OK, cinch_job_message(jobs[0], message, sizeof(message)));
    assert_string_not_equal("", message);
    assert_code(CINCH_E_NOT_FOUND, cinch_job_wait(jobs[0]));
    cinch_job_release(jobs[0]);
    cinch_job_detach(jobs[1]);
    cinch_job_close(jobs[2]);
}

static void cancel_with_stalled_pipes(void **state)
{
    static const uint32_t threads[] = {1, 3};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        cinch_pool *pool = pool_with_threads(threads[i]);
        struct watched_job watched[4];
        int input[2];
        int output[2];
        pipe_make(input);
        pipe_make(output);
        for (int j = 0; j < 4; j++) {
            watched[j] = job_submit_fd(pool, input[0], output[1], NULL, NULL);
        }
        counter_wait(&watched[0].monitor->progressed, 1);
        cinch_pool_destroy(pool, CINCH_CANCEL);
        for (int j = 0; j < 4; j++) {
            job_let_go(&watched[j], CINCH_E_CANCELLED);
        }
        close(input[0]);
        close(input[1]);
        close(output[0]);
        close(output[1]);
    }
}

/* Any other mode is taken as CINCH_CANCEL: it must end an endless job. */
static void unknown_mode_cancels(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);
    struct watched_job endless = job_submit_endless(scratch, pool, "endless", false);

    cinch_pool_destroy(pool, 77);
    job_let_go(&endless, CINCH_E_CANCELLED);
    scratch_assert_holds(scratch, "endless.in", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(destroying_nothing_does_nothing),
        scratch_test(idle_pools_come_and_go),
        scratch_test(threads_are_joined),
        scratch_test(drain_runs_every_job),
        scratch_test(cancel_ends_every_job),
        scratch_test(submits_are_refused_once_it_has_begun),
        scratch_test(racing_submits_complete_or_are_refused),
        scratch_test(handles_outlive_the_pool),
        scratch_test(cancel_with_stalled_pipes),
        scratch_test(unknown_mode_cancels),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
