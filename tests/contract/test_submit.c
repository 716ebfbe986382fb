/*
 * Rule 1: a refused submit calls nothing, an accepted one completes exactly once; and what a
 * submit takes over from its caller.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/bytes.h"
#include "support/decode.h"
#include "support/jobs.h"
#include "support/monitor.h"
#include "support/scratch.h"
#include "support/test.h"

/* Something that is no handle, to see whether a refused submit overwrites it. */
#define POISON ((cinch_job *)(uintptr_t)0x5A5A5A5A)

static void refused_submit_calls_nothing(void **state)
{
    static const struct {
        const char *input;
        const char *output;
    } cases[] = {
        {NULL, "output"}, {"", "output"}, {"input", NULL}, {"input", ""}, {NULL, NULL}, {"", ""},
    };
    cinch_pool *pool = pool_with_threads(2);
    struct monitor *monitor = monitor_new();
    cinch_options options = options_watched_by(monitor);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cinch_job *job = POISON;
        assert_code(CINCH_E_INVALID,
                    cinch_compress(pool, cases[i].input, cases[i].output, &options, &job));
        assert_null(job);
        assert_code(CINCH_E_INVALID,
                    cinch_compress(pool, cases[i].input, cases[i].output, &options, NULL));
        job = POISON;
        assert_code(CINCH_E_INVALID,
                    cinch_decompress(pool, cases[i].input, cases[i].output, &options, &job));
        assert_null(job);
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);
    monitor_assert_never_called(monitor);
    monitor_free(monitor);
}

static void refused_option_calls_nothing(void **state)
{
    cinch_pool *pool = pool_with_threads(1);
    struct monitor *monitor = monitor_new();
    cinch_options options = options_watched_by(monitor);
    cinch_job *job = POISON;

    (void)state;
    options.level = 1000;
    assert_code(CINCH_E_INVALID, cinch_compress(pool, "input", "output", &options, &job));
    assert_null(job);
    job = POISON;
    assert_code(CINCH_E_INVALID, cinch_compress_fd(pool, 0, 1, &options, &job));
    assert_null(job);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    monitor_assert_never_called(monitor);
    monitor_free(monitor);
}

static void accepted_submit_completes_once(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);
    struct watched_job watched = job_submit(scratch, pool, "a", 100000, NULL, NULL);

    job_let_go(&watched, CINCH_OK);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

static void failing_job_completes_once(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    struct monitor *monitor = monitor_new();
    cinch_options options = options_watched_by(monitor);

    assert_code(CINCH_OK, cinch_compress(pool, scratch_path(scratch, "missing"),
                                         scratch_path(scratch, "output"), &options, &monitor->job));
    assert_job_ends(CINCH_E_NOT_FOUND, monitor->job);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    monitor_assert_ended(monitor, CINCH_E_NOT_FOUND);
    monitor_free(monitor);
}

static void job_without_handle_completes_once(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    struct monitor *monitor = monitor_new();
    cinch_options options = options_watched_by(monitor);
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output.zst");
    struct bytes bytes = file_make(input, BYTES_TEXT, 5000, 1);

    assert_code(CINCH_OK, cinch_compress(pool, input, output, &options, NULL));
    counter_wait(&monitor->completed, 1);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    monitor_assert_ended(monitor, CINCH_OK);
    assert_file_decodes(output, CINCH_FORMAT_ZSTD, &bytes);
    bytes_free(&bytes);
    monitor_free(monitor);
}

static void job_without_callbacks_is_done(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output.zst");
    struct bytes bytes = file_make(input, BYTES_TEXT, 5000, 1);

    assert_code(CINCH_OK, compress_and_wait(pool, input, output, NULL));
    assert_file_decodes(output, CINCH_FORMAT_ZSTD, &bytes);
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* Uses the handle that the submit has written, which may not have returned yet. */
static void hook_use_handle(struct monitor *monitor, int32_t error_code)
{
    cinch_stats stats = CINCH_STATS_INIT;

    (void)error_code;
    monitor->noted = monitor->job == NULL ? CINCH_E_INVALID : cinch_job_stats(monitor->job, &stats);
}

static void handle_is_written_before_callbacks(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);

    /* A missing input ends a job as fast as can be: many tries to overtake the submit. */
    for (int i = 0; i < 500; i++) {
        struct monitor *monitor = monitor_new();
        cinch_options options = options_watched_by(monitor);
        monitor->completion_hook = hook_use_handle;
        monitor->noted = -1;
        assert_code(CINCH_OK,
                    cinch_compress(pool, scratch_path(scratch, "missing"),
                                   scratch_path(scratch, "out"), &options, &monitor->job));
        assert_job_ends(CINCH_E_NOT_FOUND, monitor->job);
        assert_code(CINCH_OK, monitor->noted);
        monitor_assert_ended(monitor, CINCH_E_NOT_FOUND);
        monitor_free(monitor);
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

static void paths_and_options_are_copied(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    struct watched_job held = job_submit_held(scratch, pool, "held", 1000);
    struct monitor *monitor = monitor_new();
    char *input = strdup(scratch_path(scratch, "input"));
    char *output = strdup(scratch_path(scratch, "output"));
    struct bytes bytes = file_make(input, BYTES_TEXT, 30000, 7);
    cinch_options *options = malloc(sizeof(*options));
    cinch_job *job;

    assert_non_null(options);
    *options = options_watched_by(monitor);
    options->format = CINCH_FORMAT_GZIP;
    assert_code(CINCH_OK, cinch_compress(pool, input, output, options, &job));
    memset(input, 'X', strlen(input));
    memset(output, 'X', strlen(output));
    memset(options, 0x5A, sizeof(*options));
    free(input);
    free(output);
    free(options);

    job_let_go(&held, CINCH_OK);
    assert_job_ends(CINCH_OK, job);
    monitor_assert_ended(monitor, CINCH_OK);
    assert_file_decodes(scratch_path(scratch, "output"), CINCH_FORMAT_GZIP, &bytes);
    bytes_free(&bytes);
    monitor_free(monitor);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* The files are looked for when a worker takes the job, not by the submit. */
static void submit_opens_no_file(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    struct watched_job held = job_submit_held(scratch, pool, "held", 1000);
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output.zst");
    struct bytes bytes;
    cinch_job *job;

    assert_code(CINCH_OK, cinch_compress(pool, input, output, NULL, &job));
    bytes = file_make(input, BYTES_TEXT, 3000, 3);
    job_let_go(&held, CINCH_OK);
    assert_job_ends(CINCH_OK, job);
    assert_file_decodes(output, CINCH_FORMAT_ZSTD, &bytes);
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* Submits the next job of a chain from inside the completion of the one before. */
struct chain {
    cinch_pool *pool;
    const char *input;
    const char *output;
    unsigned int left;
    struct counter ended;
    int32_t refused; /* the first submit that was refused, else CINCH_OK */
    int32_t failed;  /* the first job that failed, else CINCH_OK */
};

static void chain_next(void *user, int32_t error_code);

static void chain_submit(struct chain *chain)
{
    cinch_options options = CINCH_OPTIONS_INIT;

    options.on_complete = chain_next;
    options.user = chain;
    chain->refused = cinch_compress(chain->pool, chain->input, chain->output, &options, NULL);
    if (chain->refused != CINCH_OK) {
        counter_add(&chain->ended);
    }
}

static void chain_next(void *user, int32_t error_code)
{
    struct chain *chain = user;

    if (chain->failed == CINCH_OK) {
        chain->failed = error_code;
    }
    chain->left--;
    if (chain->left == 0) {
        counter_add(&chain->ended);
    } else {
        chain_submit(chain);
    }
}

static void jobs_are_submitted_from_completion(void **state)
{
    struct scratch *scratch = *state;
    struct chain chain = {.left = 100};
    struct bytes bytes;

    chain.pool = pool_with_threads(1);
    chain.input = scratch_path(scratch, "input");
    chain.output = scratch_path(scratch, "output.zst");
    bytes = file_make(chain.input, BYTES_TEXT, 2000, 3);
    counter_init(&chain.ended);
    chain_submit(&chain);
    counter_wait(&chain.ended, 1);
    cinch_pool_destroy(chain.pool, CINCH_DRAIN);
    assert_code(CINCH_OK, chain.refused);
    assert_code(CINCH_OK, chain.failed);
    assert_int_equal(0, chain.left);
    assert_file_decodes(chain.output, CINCH_FORMAT_ZSTD, &bytes);
    bytes_free(&bytes);
    counter_destroy(&chain.ended);
}

static void hook_submit_another(struct monitor *monitor, uint64_t bytes_done, uint64_t bytes_total)
{
    struct chain *chain = monitor->context;

    (void)bytes_done;
    (void)bytes_total;
    if (monitor->progress_calls == 1) {
        chain_submit(chain);
    }
}

static void job_is_submitted_from_progress(void **state)
{
    struct scratch *scratch = *state;
    struct chain chain = {.left = 1};
    struct bytes bytes;
    struct monitor *monitor = monitor_new();
    cinch_options options = options_watched_by(monitor);

    chain.pool = pool_with_threads(1);
    chain.input = scratch_path(scratch, "input");
    chain.output = scratch_path(scratch, "output.zst");
    bytes = file_make(chain.input, BYTES_TEXT, 2000, 3);
    counter_init(&chain.ended);
    monitor->progress_hook = hook_submit_another;
    monitor->context = &chain;
    assert_code(CINCH_OK,
                cinch_compress(chain.pool, chain.input, scratch_path(scratch, "first.zst"),
                               &options, &monitor->job));
    assert_job_ends(CINCH_OK, monitor->job);
    counter_wait(&chain.ended, 1);
    cinch_pool_destroy(chain.pool, CINCH_DRAIN);
    assert_code(CINCH_OK, chain.refused);
    assert_code(CINCH_OK, chain.failed);
    monitor_assert_ended(monitor, CINCH_OK);
    assert_file_decodes(chain.output, CINCH_FORMAT_ZSTD, &bytes);
    bytes_free(&bytes);
    counter_destroy(&chain.ended);
    monitor_free(monitor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(refused_submit_calls_nothing),
        scratch_test(refused_option_calls_nothing),
        scratch_test(accepted_submit_completes_once),
        scratch_test(failing_job_completes_once),
        scratch_test(job_without_handle_completes_once),
        scratch_test(job_without_callbacks_is_done),
        scratch_test(handle_is_written_before_callbacks),
        scratch_test(paths_and_options_are_copied),
        scratch_test(submit_opens_no_file),
        scratch_test(jobs_are_submitted_from_completion),
        scratch_test(job_is_submitted_from_progress),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
