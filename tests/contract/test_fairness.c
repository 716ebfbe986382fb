/*
 * Many jobs, few threads: all of them complete, none starves another, and a job that waits for
 * its pipe keeps no thread.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
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
    JOBS = 1000,
    INPUTS = 16,
    STALLED = 8
};

static void thousand_jobs_on_two_threads(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);
    struct watched_job held[2];
    struct monitor **monitors = calloc(JOBS, sizeof(struct monitor *));
    struct bytes inputs[INPUTS];
    char name[32];

    assert_non_null(monitors);
    for (int i = 0; i < INPUTS; i++) {
        snprintf(name, sizeof(name), "in%d", i);
        inputs[i] = file_make(scratch_path(scratch, name), (enum bytes_kind)(i % BYTES_KINDS),
                              (size_t)i * i * 700, (uint64_t)i);
    }
    /* Both threads are held until all jobs are submitted, so that all of them are there at once. */
    held[0] = job_submit_held(scratch, pool, "held0", 1000);
    held[1] = job_submit_held(scratch, pool, "held1", 1000);
    for (int i = 0; i < JOBS; i++) {
        cinch_options options;
        const char *input;
        monitors[i] = monitor_new();
        options = options_watched_by(monitors[i]);
        options.format = 1 + i % 3;
        options.chunk_size = 16384;
        snprintf(name, sizeof(name), "in%d", i % INPUTS);
        input = scratch_path(scratch, name);
        snprintf(name, sizeof(name), "out%d", i);
        assert_code(CINCH_OK, cinch_compress(pool, input, scratch_path(scratch, name), &options,
                                             &monitors[i]->job));
    }
    assert_int_equal(2, process_thread_count_named("cinch"));
    job_let_go(&held[0], CINCH_OK);
    job_let_go(&held[1], CINCH_OK);
    for (int i = 0; i < JOBS; i++) {
        assert_job_ends(CINCH_OK, monitors[i]->job);
        monitor_assert_ended(monitors[i], CINCH_OK);
        monitor_free(monitors[i]);
        snprintf(name, sizeof(name), "out%d", i);
        assert_file_decodes(scratch_path(scratch, name), 1 + i % 3, &inputs[i % INPUTS]);
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);
    for (int i = 0; i < INPUTS; i++) {
        bytes_free(&inputs[i]);
    }
    free(monitors);
}

/* One thread, an endless job on it: small ones that come later get their turn. */
static void small_jobs_pass_an_endless_one(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    struct watched_job endless = job_submit_endless(scratch, pool, "endless", false);

    for (int i = 0; i < 10; i++) {
        struct watched_job small = job_submit(scratch, pool, "small", 10000, NULL, NULL);
        job_let_go(&small, CINCH_OK);
    }
    assert_int_equal(0, counter_value(&endless.monitor->completed));
    assert_code(CINCH_OK, cinch_job_cancel(endless.job));
    job_let_go(&endless, CINCH_E_CANCELLED);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* More jobs wait for their input than there are threads; then the input comes after all. */
static void stalled_inputs_keep_no_thread(void **state)
{
    struct scratch *scratch = *state;

    for (uint32_t threads = 1; threads <= 2; threads++) {
        cinch_pool *pool = pool_with_threads(threads);
        struct watched_job stalled[STALLED];
        struct watched_job small;
        struct drain drains[STALLED];
        int input[STALLED][2];
        int output[STALLED][2];
        struct bytes text = bytes_make(BYTES_TEXT, 200000, 4);

        for (int i = 0; i < STALLED; i++) {
            pipe_make(input[i]);
            pipe_make(output[i]);
            drain_start(&drains[i], output[i][0]);
            stalled[i] = job_submit_fd(pool, input[i][0], output[i][1], NULL, NULL);
        }
        for (int i = 0; i < STALLED; i++) {
            counter_wait(&stalled[i].monitor->progressed, 1);
        }
        for (int i = 0; i < 5; i++) {
            small = job_submit(scratch, pool, "small", 50000, NULL, NULL);
            job_let_go(&small, CINCH_OK);
        }
        for (int i = 0; i < STALLED; i++) {
            struct feeder feeder;
            struct bytes encoded;
            feeder_start(&feeder, input[i][1], &text);
            job_let_go(&stalled[i], CINCH_OK);
            feeder_finish(&feeder);
            close(input[i][0]);
            close(output[i][1]);
            encoded = drain_finish(&drains[i]);
            assert_bytes_decode(&encoded, CINCH_FORMAT_ZSTD, &text);
            bytes_free(&encoded);
        }
        bytes_free(&text);
        cinch_pool_destroy(pool, CINCH_DRAIN);
    }
}

static void stalled_outputs_keep_no_thread(void **state)
{
    struct scratch *scratch = *state;

    for (uint32_t threads = 1; threads <= 2; threads++) {
        cinch_pool *pool = pool_with_threads(threads);
        struct watched_job stalled[STALLED];
        int output[STALLED][2];
        int descriptors[STALLED];
        const char *input = scratch_path(scratch, "input");
        struct bytes bytes = file_make(input, BYTES_RANDOM, 300000, 4);

        for (int i = 0; i < STALLED; i++) {
            pipe_make(output[i]);
            pipe_fill(output[i][1]);
            descriptors[i] = open(input, O_RDONLY | O_CLOEXEC);
            stalled[i] = job_submit_fd(pool, descriptors[i], output[i][1], NULL, NULL);
        }
        for (int i = 0; i < STALLED; i++) {
            counter_wait(&stalled[i].monitor->progressed, 1);
        }
        for (int i = 0; i < 5; i++) {
            struct watched_job small = job_submit(scratch, pool, "small", 50000, NULL, NULL);
            job_let_go(&small, CINCH_OK);
        }
        for (int i = 0; i < STALLED; i++) {
            struct drain drain;
            struct bytes encoded;
            struct bytes tail;
            size_t filler = (size_t)fcntl(output[i][1], F_GETPIPE_SZ);
            drain_start(&drain, output[i][0]);
            job_let_go(&stalled[i], CINCH_OK);
            close(output[i][1]);
            encoded = drain_finish(&drain);
            /* Behind what the test itself had filled the pipe with. */
            assert_true(encoded.size > filler);
            tail = (struct bytes){encoded.data + filler, encoded.size - filler};
            assert_bytes_decode(&tail, CINCH_FORMAT_ZSTD, &bytes);
            bytes_free(&encoded);
            close(descriptors[i]);
        }
        bytes_free(&bytes);
        cinch_pool_destroy(pool, CINCH_DRAIN);
    }
}

/* Input that comes in dribs and drabs, to two jobs in turn on one thread. */
static void jobs_take_turns_with_their_pipes(void **state)
{
    cinch_pool *pool = pool_with_threads(1);
    struct watched_job jobs[2];
    struct drain drains[2];
    int input[2][2];
    int output[2][2];
    struct bytes text = bytes_make(BYTES_TEXT, 50000, 4);

    (void)state;
    for (int i = 0; i < 2; i++) {
        pipe_make(input[i]);
        pipe_make(output[i]);
        drain_start(&drains[i], output[i][0]);
        jobs[i] = job_submit_fd(pool, input[i][0], output[i][1], NULL, NULL);
    }
    for (size_t at = 0; at < text.size; at += 1000) {
        for (int i = 0; i < 2; i++) {
            assert_int_equal(1000, write(input[i][1], text.data + at, 1000));
        }
    }
    for (int i = 0; i < 2; i++) {
        struct bytes encoded;
        close(input[i][1]);
        job_let_go(&jobs[i], CINCH_OK);
        close(input[i][0]);
        close(output[i][1]);
        encoded = drain_finish(&drains[i]);
        assert_bytes_decode(&encoded, CINCH_FORMAT_ZSTD, &text);
        bytes_free(&encoded);
    }
    bytes_free(&text);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(thousand_jobs_on_two_threads),
        scratch_test(small_jobs_pass_an_endless_one),
        scratch_test(stalled_inputs_keep_no_thread),
        scratch_test(stalled_outputs_keep_no_thread),
        scratch_test(jobs_take_turns_with_their_pipes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
