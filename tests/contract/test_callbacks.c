/*
 * Rules 2 and 3: what callbacks hear, in what order, and what they may call.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/bytes.h"
#include "support/decode.h"
#include "support/jobs.h"
#include "support/monitor.h"
#include "support/scratch.h"
#include "support/stream.h"
#include "support/test.h"

static void progress_keeps_the_rules(void **state)
{
    struct scratch *scratch = *state;
    static const size_t sizes[] = {0, 1, 4096, 300001};
    static const uint32_t threads[] = {1, 2, 5};

    for (size_t i = 0; i < 3; i++) {
        cinch_pool *pool = pool_with_threads(threads[i]);
        for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
            for (size_t j = 0; j < 4; j++) {
                cinch_options options = CINCH_OPTIONS_INIT;
                struct watched_job watched;
                options.format = format;
                options.chunk_size = 4096;
                watched = job_submit(scratch, pool, "a", sizes[j], &options, NULL);
                assert_code(CINCH_OK, cinch_job_wait(watched.job));
                assert_int_equal(sizes[j], watched.monitor->last_done);
                job_let_go(&watched, CINCH_OK);
            }
        }
        cinch_pool_destroy(pool, CINCH_DRAIN);
    }
}

/* In each call: does the output have its name yet? */
static void hook_look_for_output(struct monitor *monitor, uint64_t bytes_done, uint64_t bytes_total)
{
    struct stat status;

    (void)bytes_done;
    (void)bytes_total;
    monitor->noted = monitor->noted << 1 | (stat(monitor->context, &status) == 0);
}

static void last_call_comes_when_published(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);
    struct monitor *monitor = monitor_new();
    cinch_options options = options_watched_by(monitor);
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output.zst");
    struct bytes bytes = file_make(input, BYTES_TEXT, 100000, 1);

    monitor->progress_hook = hook_look_for_output;
    monitor->context = (void *)(uintptr_t)output;
    assert_code(CINCH_OK, cinch_compress(pool, input, output, &options, &monitor->job));
    assert_job_ends(CINCH_OK, monitor->job);
    monitor_assert_ended(monitor, CINCH_OK);
    /* One bit a call, the last one lowest: there is an output in the last call and in no other. */
    assert_int_equal(1, monitor->noted);
    bytes_free(&bytes);
    monitor_free(monitor);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

static void no_progress_before_the_input_is_open(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    struct monitor *monitor = monitor_new();
    cinch_options options = options_watched_by(monitor);

    assert_code(CINCH_OK, cinch_compress(pool, scratch_path(scratch, "missing"),
                                         scratch_path(scratch, "out"), &options, &monitor->job));
    assert_job_ends(CINCH_E_NOT_FOUND, monitor->job);
    monitor_assert_ended(monitor, CINCH_E_NOT_FOUND);
    assert_int_equal(0, monitor->progress_calls);
    monitor_free(monitor);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

static void hook_note_unknown_total(struct monitor *monitor, uint64_t bytes_done,
                                    uint64_t bytes_total)
{
    if (bytes_total != 0 && bytes_total != bytes_done) {
        monitor->noted = 1;
    }
    /* The rest of the input is written when the first call has come. */
    gate_pass(&monitor->gate);
}

static void total_of_a_pipe_is_unknown_until_the_last_call(void **state)
{
    cinch_pool *pool = pool_with_threads(1);
    struct bytes bytes = bytes_make(BYTES_TEXT, 300000, 5);
    struct watched_job watched;
    struct feeder feeder;
    struct drain drain;
    struct bytes encoded;
    int input[2];
    int output[2];

    (void)state;
    pipe_make(input);
    pipe_make(output);
    drain_start(&drain, output[0]);
    feeder_start(&feeder, input[1], &bytes);
    watched = job_submit_fd(pool, input[0], output[1], NULL, hook_note_unknown_total);
    counter_wait(&watched.monitor->progressed, 1);
    gate_open(&watched.monitor->gate);
    assert_code(CINCH_OK, cinch_job_wait(watched.job));
    assert_int_equal(0, watched.monitor->noted);
    assert_int_equal(bytes.size, watched.monitor->last_total);
    job_let_go(&watched, CINCH_OK);
    feeder_finish(&feeder);
    close(input[0]);
    close(output[1]);
    encoded = drain_finish(&drain);
    assert_bytes_decode(&encoded, CINCH_FORMAT_ZSTD, &bytes);
    bytes_free(&encoded);
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* Every call that is allowed inside a callback, but for those that end or drop the job. */
static int32_t call_what_is_allowed(struct monitor *monitor)
{
    cinch_stats stats = CINCH_STATS_INIT;
    char message[64] = "?";
    int32_t code = cinch_job_stats(monitor->job, &stats);

    if (code == CINCH_OK) {
        code = cinch_job_message(monitor->job, message, sizeof(message));
    }
    return code;
}

static void hook_allowed_progress(struct monitor *monitor, uint64_t bytes_done,
                                  uint64_t bytes_total)
{
    cinch_stats stats = CINCH_STATS_INIT;
    int32_t code = call_what_is_allowed(monitor);

    (void)bytes_total;
    if (code == CINCH_OK) {
        code = cinch_job_stats(monitor->job, &stats);
    }
    if (code == CINCH_OK && stats.bytes_in < bytes_done) {
        code = CINCH_E_INTERNAL; /* stats are behind what progress has told */
    }
    if (code != CINCH_OK) {
        monitor->noted = code;
    }
}

static void hook_allowed_completion(struct monitor *monitor, int32_t error_code)
{
    int32_t code = call_what_is_allowed(monitor);

    (void)error_code;
    if (code != CINCH_OK) {
        monitor->noted = code;
    }
}

static void stats_and_message_are_allowed_in_callbacks(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    struct monitor *monitor = monitor_new();
    cinch_options options = options_watched_by(monitor);
    const char *input = scratch_path(scratch, "input");
    struct bytes bytes = file_make(input, BYTES_TEXT, 100000, 1);

    monitor->progress_hook = hook_allowed_progress;
    monitor->completion_hook = hook_allowed_completion;
    assert_code(CINCH_OK, cinch_compress(pool, input, scratch_path(scratch, "output"), &options,
                                         &monitor->job));
    assert_job_ends(CINCH_OK, monitor->job);
    monitor_assert_ended(monitor, CINCH_OK);
    assert_code(CINCH_OK, monitor->noted);
    bytes_free(&bytes);
    monitor_free(monitor);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* What blocking calls return inside a callback: CINCH_OK where all of them refuse. */
static int32_t call_what_blocks(cinch_job *own, cinch_job *other)
{
    const int32_t results[] = {
        cinch_job_wait(own),
        cinch_job_wait(other),
        compress_file("/nonexistent/input", "/nonexistent/output", NULL),
        decompress_file("/nonexistent/input", "/nonexistent/output", NULL),
    };

    for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
        if (results[i] != CINCH_E_DEADLOCK) {
            return (int32_t)(1000 + i);
        }
    }
    return CINCH_OK;
}

static void hook_blocking_progress(struct monitor *monitor, uint64_t bytes_done,
                                   uint64_t bytes_total)
{
    int32_t code = call_what_blocks(monitor->job, monitor->context);

    (void)bytes_done;
    (void)bytes_total;
    if (code != CINCH_OK) {
        monitor->noted = code;
    }
}

static void hook_blocking_completion(struct monitor *monitor, int32_t error_code)
{
    (void)error_code;
    hook_blocking_progress(monitor, 0, 0);
}

static void waiting_is_refused_in_callbacks(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    struct watched_job held = job_submit_held(scratch, pool, "held", 1000);
    struct monitor *monitor = monitor_new();
    cinch_options options = options_watched_by(monitor);
    const char *output = scratch_path(scratch, "output.zst");
    struct bytes bytes = file_read(held.input);

    monitor->progress_hook = hook_blocking_progress;
    monitor->completion_hook = hook_blocking_completion;
    monitor->context = held.job;
    assert_code(CINCH_OK, cinch_compress(pool, held.input, output, &options, &monitor->job));
    gate_open(&held.monitor->gate);
    assert_job_ends(CINCH_OK, monitor->job);
    monitor_assert_ended(monitor, CINCH_OK);
    assert_int_equal(CINCH_OK, monitor->noted);
    assert_file_decodes(output, CINCH_FORMAT_ZSTD, &bytes);
    bytes_free(&bytes);
    monitor_free(monitor);
    job_let_go(&held, CINCH_OK);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* What a misplaced call is made on. */
struct misplaced {
    void (*call)(struct misplaced *misplaced, struct monitor *monitor);
    cinch_pool *pool;
    cinch_job *other;
    const char *output;
};

static void misplace_close_own(struct misplaced *misplaced, struct monitor *monitor)
{
    (void)misplaced;
    cinch_job_close(monitor->job);
}

static void misplace_close_other(struct misplaced *misplaced, struct monitor *monitor)
{
    (void)monitor;
    cinch_job_close(misplaced->other);
}

static void misplace_destroy_drain(struct misplaced *misplaced, struct monitor *monitor)
{
    (void)monitor;
    cinch_pool_destroy(misplaced->pool, CINCH_DRAIN);
}

static void misplace_destroy_cancel(struct misplaced *misplaced, struct monitor *monitor)
{
    (void)monitor;
    cinch_pool_destroy(misplaced->pool, CINCH_CANCEL);
}

static void hook_misplace_first(struct monitor *monitor, uint64_t bytes_done, uint64_t bytes_total)
{
    struct misplaced *misplaced = monitor->context;

    (void)bytes_done;
    (void)bytes_total;
    if (monitor->progress_calls == 1) {
        misplaced->call(misplaced, monitor);
    }
}

/* In the last call, which the output's being there gives away. */
static void hook_misplace_published(struct monitor *monitor, uint64_t bytes_done,
                                    uint64_t bytes_total)
{
    struct misplaced *misplaced = monitor->context;
    struct stat status;

    (void)bytes_done;
    (void)bytes_total;
    if (stat(misplaced->output, &status) == 0) {
        misplaced->call(misplaced, monitor);
    }
}

static void hook_misplace_completion(struct monitor *monitor, int32_t error_code)
{
    struct misplaced *misplaced = monitor->context;

    (void)error_code;
    misplaced->call(misplaced, monitor);
}

static void (*const misplaced_calls[])(struct misplaced *, struct monitor *) = {
    misplace_close_own, misplace_close_other, misplace_destroy_drain, misplace_destroy_cancel};

enum {
    MISPLACED_CALLS = sizeof(misplaced_calls) / sizeof(misplaced_calls[0])
};

/* The job whose callback made the call ends with CINCH_E_DEADLOCK; nothing else is touched. */
static void close_and_destroy_in_progress_are_recorded(void **state)
{
    struct scratch *scratch = *state;

    for (size_t i = 0; i < MISPLACED_CALLS; i++) {
        cinch_pool *pool = pool_with_threads(1);
        struct watched_job held = job_submit_held(scratch, pool, "held", 1000);
        const char *output = scratch_path(scratch, "output.zst");
        struct misplaced misplaced = {misplaced_calls[i], pool, held.job, output};
        struct monitor *monitor = monitor_new();
        cinch_options options = options_watched_by(monitor);
        char message[256] = "";

        monitor->progress_hook = hook_misplace_first;
        monitor->context = &misplaced;
        assert_code(CINCH_OK, cinch_compress(pool, held.input, output, &options, &monitor->job));
        gate_open(&held.monitor->gate);
        assert_code(CINCH_E_DEADLOCK, cinch_job_wait(monitor->job));
        assert_code(CINCH_OK, cinch_job_message(monitor->job, message, sizeof(message)));
        assert_string_not_equal("", message);
        assert_code(CINCH_OK, cinch_job_cancel(monitor->job));
        cinch_job_release(monitor->job);
        monitor_assert_ended(monitor, CINCH_E_DEADLOCK);
        assert_no_file(output);
        job_let_go(&held, CINCH_OK);
        /* The pool still works. */
        assert_code(CINCH_OK, compress_and_wait(pool, held.input, output, NULL));
        assert_int_equal(0, unlink(output));
        monitor_free(monitor);
        cinch_pool_destroy(pool, CINCH_DRAIN);
    }
}

/* A result that stands is not overwritten by it, neither after publishing nor in completion. */
static void close_and_destroy_when_it_is_over_do_nothing(void **state)
{
    struct scratch *scratch = *state;

    for (size_t i = 0; i < (size_t)2 * MISPLACED_CALLS; i++) {
        cinch_pool *pool = pool_with_threads(1);
        struct watched_job held = job_submit_held(scratch, pool, "held", 1000);
        const char *output = scratch_path(scratch, "output.zst");
        struct misplaced misplaced = {misplaced_calls[i / 2], pool, held.job, output};
        struct monitor *monitor = monitor_new();
        cinch_options options = options_watched_by(monitor);
        struct bytes bytes = file_read(held.input);
        char message[256] = "?";

        monitor->completion_hook = i % 2 == 0 ? hook_misplace_completion : NULL;
        monitor->progress_hook = i % 2 == 0 ? NULL : hook_misplace_published;
        monitor->context = &misplaced;
        assert_code(CINCH_OK, cinch_compress(pool, held.input, output, &options, &monitor->job));
        gate_open(&held.monitor->gate);
        assert_code(CINCH_OK, cinch_job_wait(monitor->job));
        assert_code(CINCH_OK, cinch_job_message(monitor->job, message, sizeof(message)));
        assert_string_equal("", message);
        assert_code(CINCH_E_TOO_LATE, cinch_job_cancel(monitor->job));
        assert_job_ends(CINCH_OK, monitor->job);
        monitor_assert_ended(monitor, CINCH_OK);
        assert_file_decodes(output, CINCH_FORMAT_ZSTD, &bytes);
        job_let_go(&held, CINCH_OK);
        assert_code(CINCH_OK,
                    compress_and_wait(pool, scratch_path(scratch, "held.in"), output, NULL));
        assert_int_equal(0, unlink(output));
        bytes_free(&bytes);
        monitor_free(monitor);
        cinch_pool_destroy(pool, CINCH_DRAIN);
    }
}

/* Calls everything that may be called while a callback of the job is under way. A library lock
 * that the callback's thread still held would stop one of them for good. */
static void call_everything(cinch_pool *pool, cinch_job *job, const char *input, const char *output)
{
    cinch_stats stats = CINCH_STATS_INIT;
    char message[64];
    cinch_pool *other = pool_with_threads(1);
    cinch_job *queued;

    assert_code(CINCH_OK, cinch_job_stats(job, &stats));
    assert_code(CINCH_OK, cinch_job_message(job, message, sizeof(message)));
    assert_code(CINCH_OK, cinch_compress(pool, input, output, NULL, &queued));
    assert_code(CINCH_OK, cinch_job_cancel(queued));
    assert_code(CINCH_OK, cinch_job_stats(queued, &stats));
    cinch_job_release(queued);
    assert_code(CINCH_OK, cinch_compress(pool, input, output, NULL, &queued));
    cinch_job_detach(queued);
    assert_non_null(cinch_engines());
    cinch_pool_destroy(other, CINCH_DRAIN);
}

static void no_lock_is_held_in_progress(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    struct watched_job held = job_submit_held(scratch, pool, "held", 1000);

    call_everything(pool, held.job, held.input, scratch_path(scratch, "other"));
    assert_code(CINCH_OK, cinch_job_cancel(held.job));
    job_let_go(&held, CINCH_E_CANCELLED);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    scratch_assert_holds(scratch, "held.in", NULL);
}

static void hook_hold_completion(struct monitor *monitor, int32_t error_code)
{
    (void)error_code;
    counter_add(&monitor->progressed);
    gate_pass(&monitor->gate);
}

static void no_lock_is_held_in_completion(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    struct monitor *monitor = monitor_new();
    cinch_options options = options_watched_by(monitor);
    const char *input = scratch_path(scratch, "input");

    file_write_text(input, "");
    options.on_progress = NULL;
    monitor->completion_hook = hook_hold_completion;
    assert_code(CINCH_OK,
                cinch_compress(pool, input, scratch_path(scratch, "out"), &options, &monitor->job));
    counter_wait(&monitor->progressed, 1);
    call_everything(pool, monitor->job, input, scratch_path(scratch, "other"));
    assert_code(CINCH_E_TOO_LATE, cinch_job_cancel(monitor->job));
    gate_open(&monitor->gate);
    assert_job_ends(CINCH_OK, monitor->job);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    assert_int_equal(1, monitor->completions);
    monitor_free(monitor);
    scratch_assert_holds(scratch, "input", "out", NULL);
}

/* Two threads, one of them held in a callback: the other goes on. */
static void held_callback_stops_no_other_job(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);
    struct watched_job held = job_submit_held(scratch, pool, "held", 1000);

    for (int i = 0; i < 20; i++) {
        struct watched_job other = job_submit(scratch, pool, "other", 20000, NULL, NULL);
        job_let_go(&other, CINCH_OK);
    }
    job_let_go(&held, CINCH_OK);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* Completion has returned when wait returns, not only begun. */
static void hook_slow_completion(struct monitor *monitor, int32_t error_code)
{
    (void)error_code;
    counter_add(&monitor->progressed);
    gate_pass(&monitor->gate);
    monitor->noted = 77;
}

static void *open_gate_later(void *argument)
{
    struct monitor *monitor = argument;

    /* Only when completion has begun, so that wait() finds it under way. */
    while (sem_wait(&monitor->progressed.units) != 0) {
    }
    gate_open(&monitor->gate);
    return NULL;
}

static void wait_returns_after_completion_has_returned(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    const char *input = scratch_path(scratch, "input");

    file_write_text(input, "some text");
    for (int i = 0; i < 50; i++) {
        struct monitor *monitor = monitor_new();
        cinch_options options = options_watched_by(monitor);
        pthread_t helper;
        options.on_progress = NULL;
        monitor->completion_hook = hook_slow_completion;
        assert_int_equal(0, pthread_create(&helper, NULL, open_gate_later, monitor));
        assert_code(CINCH_OK, cinch_compress(pool, input, scratch_path(scratch, "out"), &options,
                                             &monitor->job));
        assert_code(CINCH_OK, cinch_job_wait(monitor->job));
        assert_int_equal(77, monitor->noted);
        /* Any number of times. */
        assert_code(CINCH_OK, cinch_job_wait(monitor->job));
        cinch_job_release(monitor->job);
        assert_int_equal(0, pthread_join(helper, NULL));
        monitor_free(monitor);
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* --- Several threads on one handle ------------------------------------------------------ */

struct visitor {
    pthread_t thread;
    cinch_job *job;
    int32_t refused; /* the first code other than CINCH_OK from what cannot fail */
    int32_t result;
};

static void *visit(void *argument)
{
    struct visitor *visitor = argument;
    uint64_t last = 0;

    for (int i = 0; i < 200 && visitor->refused == CINCH_OK; i++) {
        cinch_stats stats = CINCH_STATS_INIT;
        char message[100];
        visitor->refused = cinch_job_stats(visitor->job, &stats);
        if (visitor->refused == CINCH_OK) {
            visitor->refused = cinch_job_message(visitor->job, message, sizeof(message));
        }
        if (stats.bytes_in < last) {
            visitor->refused = CINCH_E_INTERNAL;
        }
        last = stats.bytes_in;
    }
    visitor->result = cinch_job_wait(visitor->job);
    return NULL;
}

static void several_threads_use_one_handle(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);

    for (int i = 0; i < 10; i++) {
        struct watched_job watched = job_submit(scratch, pool, "a", 2000000, NULL, NULL);
        struct visitor visitors[4];
        int32_t expected;
        for (int j = 0; j < 4; j++) {
            visitors[j] = (struct visitor){.job = watched.job, .result = -1};
            assert_int_equal(0, pthread_create(&visitors[j].thread, NULL, visit, &visitors[j]));
        }
        if (i % 2 == 1) {
            cinch_job_cancel(watched.job);
        }
        expected = cinch_job_wait(watched.job);
        for (int j = 0; j < 4; j++) {
            assert_int_equal(0, pthread_join(visitors[j].thread, NULL));
            assert_code(CINCH_OK, visitors[j].refused);
            assert_code(expected, visitors[j].result);
        }
        job_let_go(&watched, expected);
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(progress_keeps_the_rules),
        scratch_test(last_call_comes_when_published),
        scratch_test(no_progress_before_the_input_is_open),
        scratch_test(total_of_a_pipe_is_unknown_until_the_last_call),
        scratch_test(stats_and_message_are_allowed_in_callbacks),
        scratch_test(waiting_is_refused_in_callbacks),
        scratch_test(close_and_destroy_in_progress_are_recorded),
        scratch_test(close_and_destroy_when_it_is_over_do_nothing),
        scratch_test(no_lock_is_held_in_progress),
        scratch_test(no_lock_is_held_in_completion),
        scratch_test(held_callback_stops_no_other_job),
        scratch_test(wait_returns_after_completion_has_returned),
        scratch_test(several_threads_use_one_handle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
