/*
 * The four-argument form: compress_async(), compress_file(), and the percent they tell.
 *
 * They work on the default pool, whose threads live as long as the process.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/bytes.h"
#include "support/decode.h"
#include "support/percent.h"
#include "support/scratch.h"
#include "support/stream.h"
#include "support/test.h"

static int setup(void **state)
{
    int result = scratch_setup(state);

    if (result == 0) {
        ((struct scratch *)*state)->uses_default_pool = true;
    }
    return result;
}

#define percent_test(function) cmocka_unit_test_setup_teardown(function, setup, scratch_teardown)

/* Calls compress_async() and waits for completion. */
static void compress_and_complete(struct percent_monitor *monitor, const char *input,
                                  const char *output)
{
    compress_async(input, output, monitor->on_progress, monitor->on_complete);
    counter_wait(&monitor->completed, 1);
}

static void percent_goes_from_0_to_100(void **state)
{
    struct scratch *scratch = *state;
    static const size_t sizes[] = {0, 1, 100, 101, 5000000};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct percent_monitor *monitor = percent_monitor_start(0);
        const char *input = scratch_path(scratch, "input");
        const char *output = scratch_path(scratch, "output");
        struct bytes bytes = file_make(input, BYTES_TEXT, sizes[i], i);
        compress_and_complete(monitor, input, output);
        percent_assert_ended(monitor, CINCH_OK);
        assert_in_range(monitor->progress_calls, 2, 101);
        assert_file_decodes(output, CINCH_FORMAT_ZSTD, &bytes);
        percent_monitor_stop(monitor);

        monitor = percent_monitor_start(0);
        assert_int_equal(0, unlink(output));
        assert_code(CINCH_OK, compress_file(input, output, monitor->on_progress));
        percent_assert_returned(monitor, CINCH_OK);
        assert_int_equal(0, monitor->completions);
        assert_in_range(monitor->progress_calls, 2, 101);
        assert_file_decodes(output, CINCH_FORMAT_ZSTD, &bytes);
        percent_monitor_stop(monitor);
        bytes_free(&bytes);
    }
}

/* Counts the calls with 100 that came too early. (A lower percent may be told late.) */
static void hook_look_for_output(struct percent_monitor *monitor, int32_t percent)
{
    struct stat status;

    if (percent == 100 && stat(monitor->context, &status) != 0) {
        monitor->noted++;
    }
}

static void percent_100_means_published(void **state)
{
    struct scratch *scratch = *state;
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output.gz");
    struct bytes bytes = file_make(input, BYTES_TEXT, 3000000, 1);

    for (int blocking = 0; blocking < 2; blocking++) {
        struct percent_monitor *monitor = percent_monitor_start(0);
        unlink(output);
        monitor->context = (void *)(uintptr_t)output;
        monitor->progress_hook = hook_look_for_output;
        if (blocking) {
            assert_code(CINCH_OK, compress_file(input, output, monitor->on_progress));
        } else {
            compress_and_complete(monitor, input, output);
        }
        assert_int_equal(100, monitor->last_percent);
        assert_int_equal(0, monitor->noted);
        percent_monitor_stop(monitor);
    }
    bytes_free(&bytes);
}

static void format_follows_the_name(void **state)
{
    struct scratch *scratch = *state;
    static const struct {
        const char *name;
        int32_t format;
    } cases[] = {
        {"a.gz", CINCH_FORMAT_GZIP},     {"a.zz", CINCH_FORMAT_ZLIB},
        {"a.zlib", CINCH_FORMAT_ZLIB},   {"a.zst", CINCH_FORMAT_ZSTD},
        {"a.bin", CINCH_FORMAT_ZSTD},    {"a", CINCH_FORMAT_ZSTD},
        {"a.gz.b", CINCH_FORMAT_ZSTD},   {"agz", CINCH_FORMAT_ZSTD},
        {"a.zst.gz", CINCH_FORMAT_GZIP},
    };
    const char *input = scratch_path(scratch, "input");
    struct bytes bytes = file_make(input, BYTES_TEXT, 50000, 1);

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *output = scratch_path(scratch, cases[i].name);
        assert_code(CINCH_OK, compress_file(input, output, NULL));
        assert_file_decodes(output, cases[i].format, &bytes);
    }
    bytes_free(&bytes);
}

/* A folder's name has no say in it. */
static void folder_names_do_not_count(void **state)
{
    struct scratch *scratch = *state;
    const char *input = scratch_path(scratch, "input");
    struct bytes bytes = file_make(input, BYTES_TEXT, 5000, 1);

    assert_int_equal(0, mkdir(scratch_path(scratch, "folder.gz"), 0755));
    assert_code(CINCH_OK, compress_file(input, scratch_path(scratch, "folder.gz/out"), NULL));
    assert_file_decodes(scratch_path(scratch, "folder.gz/out"), CINCH_FORMAT_ZSTD, &bytes);
    bytes_free(&bytes);
}

static void paths_may_be_freed_at_once(void **state)
{
    struct scratch *scratch = *state;
    struct bytes bytes = file_make(scratch_path(scratch, "input"), BYTES_TEXT, 50000, 1);

    for (int i = 0; i < 50; i++) {
        struct percent_monitor *monitor = percent_monitor_start(0);
        char *input = strdup(scratch_path(scratch, "input"));
        char *output = strdup(scratch_path(scratch, "output.gz"));
        compress_async(input, output, monitor->on_progress, monitor->on_complete);
        memset(input, 'X', strlen(input));
        memset(output, 'X', strlen(output));
        free(input);
        free(output);
        counter_wait(&monitor->completed, 1);
        percent_assert_ended(monitor, CINCH_OK);
        percent_monitor_stop(monitor);
    }
    assert_file_decodes(scratch_path(scratch, "output.gz"), CINCH_FORMAT_GZIP, &bytes);
    bytes_free(&bytes);
}

static void failures_arrive_through_completion(void **state)
{
    struct scratch *scratch = *state;
    const char *file = scratch_path(scratch, "file");
    const char *missing = scratch_path(scratch, "missing");
    const char *nowhere = scratch_path(scratch, "no/folder");
    const struct {
        const char *input;
        const char *output;
        int32_t code;
    } cases[] = {
        {NULL, missing, CINCH_E_INVALID},   {file, NULL, CINCH_E_INVALID},
        {NULL, NULL, CINCH_E_INVALID},      {"", missing, CINCH_E_INVALID},
        {file, "", CINCH_E_INVALID},        {missing, nowhere, CINCH_E_NOT_FOUND},
        {file, nowhere, CINCH_E_NOT_FOUND}, {scratch->folder, missing, CINCH_E_FILE_TYPE},
        {file, file, CINCH_E_SAME_FILE},
    };

    file_write_text(file, "words");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct percent_monitor *monitor = percent_monitor_start(0);
        compress_and_complete(monitor, cases[i].input, cases[i].output);
        percent_assert_ended(monitor, cases[i].code);
        percent_monitor_stop(monitor);

        monitor = percent_monitor_start(0);
        assert_code(cases[i].code,
                    compress_file(cases[i].input, cases[i].output, monitor->on_progress));
        percent_assert_returned(monitor, cases[i].code);
        percent_monitor_stop(monitor);
    }
    scratch_assert_holds(scratch, "file", NULL);
}

static void nothing_is_told_before_the_input_is_open(void **state)
{
    struct scratch *scratch = *state;
    struct percent_monitor *monitor = percent_monitor_start(0);

    compress_and_complete(monitor, scratch_path(scratch, "missing"),
                          scratch_path(scratch, "output"));
    percent_assert_ended(monitor, CINCH_E_NOT_FOUND);
    assert_int_equal(0, monitor->progress_calls);
    percent_monitor_stop(monitor);
}

/* Decompression has the same form; a NULL path is told the same way. */
static void decompression_has_the_same_form(void **state)
{
    struct scratch *scratch = *state;
    struct percent_monitor *monitor = percent_monitor_start(0);

    decompress_async(NULL, scratch_path(scratch, "out"), monitor->on_progress,
                     monitor->on_complete);
    counter_wait(&monitor->completed, 1);
    percent_assert_ended(monitor, CINCH_E_INVALID);
    percent_monitor_stop(monitor);
    assert_code(CINCH_E_INVALID, decompress_file("", scratch_path(scratch, "out"), NULL));
}

static void either_callback_may_be_missing(void **state)
{
    struct scratch *scratch = *state;
    const char *input = scratch_path(scratch, "input");
    struct bytes bytes = file_make(input, BYTES_TEXT, 50000, 1);
    struct percent_monitor *monitor = percent_monitor_start(0);

    compress_async(input, scratch_path(scratch, "a.zst"), NULL, monitor->on_complete);
    counter_wait(&monitor->completed, 1);
    assert_code(CINCH_OK, monitor->error_code);
    assert_int_equal(0, monitor->progress_calls);
    assert_file_decodes(scratch_path(scratch, "a.zst"), CINCH_FORMAT_ZSTD, &bytes);
    percent_monitor_stop(monitor);

    /* Without completion, 100 tells of the end. */
    monitor = percent_monitor_start(0);
    compress_async(input, scratch_path(scratch, "b.zst"), monitor->on_progress, NULL);
    do {
        counter_wait(&monitor->progressed, 1);
    } while (stat(scratch_path(scratch, "b.zst"), &(struct stat){0}) != 0);
    assert_file_decodes(scratch_path(scratch, "b.zst"), CINCH_FORMAT_ZSTD, &bytes);

    /* With neither, nothing tells. A call that comes after it does not need to wait long. */
    compress_async(NULL, NULL, NULL, NULL);
    compress_async(scratch_path(scratch, "missing"), scratch_path(scratch, "c"), NULL, NULL);
    assert_code(CINCH_OK, compress_file(input, scratch_path(scratch, "d.zst"), NULL));
    assert_file_decodes(scratch_path(scratch, "d.zst"), CINCH_FORMAT_ZSTD, &bytes);
    bytes_free(&bytes);
    /* The slot is not given back: the end of the second call's callbacks was not awaited. */
}

static void length_of_a_pipe_is_unknown(void **state)
{
    struct scratch *scratch = *state;
    const char *fifo = scratch_path(scratch, "fifo");
    struct bytes bytes = bytes_make(BYTES_TEXT, 2000000, 1);

    assert_int_equal(0, mkfifo(fifo, 0600));
    for (int blocking = 0; blocking < 2; blocking++) {
        struct percent_monitor *monitor = percent_monitor_start(1);
        struct feeder feeder;
        int ends[2];
        /* Open at both ends, so that opening the FIFO waits for nobody. */
        ends[0] = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        ends[1] = open(fifo, O_WRONLY | O_CLOEXEC);
        assert_true(ends[0] >= 0 && ends[1] >= 0);
        feeder_start(&feeder, ends[1], &bytes);
        if (blocking) {
            assert_code(CINCH_OK, compress_file(fifo, scratch_path(scratch, "out.zst"),
                                                monitor->on_progress));
            percent_assert_returned(monitor, CINCH_OK);
        } else {
            compress_and_complete(monitor, fifo, scratch_path(scratch, "out.zst"));
            percent_assert_ended(monitor, CINCH_OK);
        }
        feeder_finish(&feeder);
        close(ends[0]);
        assert_int_equal(2, monitor->progress_calls);
        assert_int_equal(0, monitor->first_percent);
        assert_int_equal(100, monitor->last_percent);
        assert_file_decodes(scratch_path(scratch, "out.zst"), CINCH_FORMAT_ZSTD, &bytes);
        percent_monitor_stop(monitor);
    }
    bytes_free(&bytes);
}

/* The input disappears under the call: it has begun to tell percent, and must not end with 100. */
static void hook_truncate(struct percent_monitor *monitor, int32_t percent)
{
    if (percent == 0 && truncate(monitor->context, 1000) != 0) {
        monitor->noted = 1;
    }
}

static void percent_100_never_comes_with_an_error(void **state)
{
    struct scratch *scratch = *state;
    const char *input = scratch_path(scratch, "input");
    struct percent_monitor *monitor = percent_monitor_start(1);

    /* More than can have been read while the first call is under way. */
    file_write_sparse(input, (uint64_t)4 << 30);
    monitor->progress_hook = hook_truncate;
    monitor->context = (void *)(uintptr_t)input;
    compress_and_complete(monitor, input, scratch_path(scratch, "output"));
    percent_assert_ended(monitor, CINCH_E_INPUT_CHANGED);
    assert_int_equal(0, monitor->noted);
    assert_true(monitor->progress_calls >= 1);
    percent_monitor_stop(monitor);
    scratch_assert_holds(scratch, "input", NULL);
}

/* --- Inside callbacks ------------------------------------------------------------------- */

static void hook_compress_blocking(struct percent_monitor *monitor, int32_t error_code)
{
    (void)error_code;
    monitor->noted = compress_file(monitor->context, monitor->context, NULL);
}

static void hook_compress_async(struct percent_monitor *monitor, int32_t error_code)
{
    struct percent_monitor *next = monitor->context;

    (void)error_code;
    compress_async(next->context, "/nonexistent/output", next->on_progress, next->on_complete);
}

static void calls_inside_callbacks(void **state)
{
    struct scratch *scratch = *state;
    const char *input = scratch_path(scratch, "input");
    struct percent_monitor *monitor = percent_monitor_start(1);
    struct percent_monitor *next;

    file_write_text(input, "words");
    monitor->completion_hook = hook_compress_blocking;
    monitor->context = (void *)(uintptr_t)input;
    compress_and_complete(monitor, input, scratch_path(scratch, "out"));
    percent_assert_ended(monitor, CINCH_OK);
    assert_code(CINCH_E_DEADLOCK, monitor->noted);
    percent_monitor_stop(monitor);

    monitor = percent_monitor_start(1);
    next = percent_monitor_start(2);
    monitor->completion_hook = hook_compress_async;
    monitor->context = next;
    next->context = (void *)(uintptr_t)input;
    compress_and_complete(monitor, input, scratch_path(scratch, "out"));
    percent_assert_ended(monitor, CINCH_OK);
    counter_wait(&next->completed, 1);
    percent_assert_ended(next, CINCH_E_NOT_FOUND);
    percent_monitor_stop(monitor);
    percent_monitor_stop(next);
}

/* compress_file()'s own progress runs on the caller's thread, but inside it is inside a callback:
 * waiting for the pool is refused there as well. */
static void hook_compress_in_progress(struct percent_monitor *monitor, int32_t percent)
{
    (void)percent;
    monitor->noted = compress_file(monitor->context, monitor->context, NULL);
}

static void compress_file_inside_its_own_progress(void **state)
{
    struct scratch *scratch = *state;
    const char *input = scratch_path(scratch, "input");
    struct percent_monitor *monitor = percent_monitor_start(1);

    file_write_text(input, "words");
    monitor->progress_hook = hook_compress_in_progress;
    monitor->context = (void *)(uintptr_t)input;
    assert_code(CINCH_OK, compress_file(input, scratch_path(scratch, "out"), monitor->on_progress));
    percent_assert_returned(monitor, CINCH_OK);
    assert_code(CINCH_E_DEADLOCK, monitor->noted);
    percent_monitor_stop(monitor);
}

/* Ending a pool there is refused as well: as no job made the call, no job ends with it. */
static void hook_destroy_in_progress(struct percent_monitor *monitor, int32_t percent)
{
    (void)percent;
    cinch_pool_destroy(monitor->context, CINCH_DRAIN);
}

static void a_pool_outlives_a_destroy_in_compress_file(void **state)
{
    struct scratch *scratch = *state;
    const char *input = scratch_path(scratch, "input");
    cinch_pool *pool = pool_with_threads(1);
    struct percent_monitor *monitor = percent_monitor_start(1);

    file_write_text(input, "words");
    monitor->progress_hook = hook_destroy_in_progress;
    monitor->context = pool;
    assert_code(CINCH_OK, compress_file(input, scratch_path(scratch, "out"), monitor->on_progress));
    percent_assert_returned(monitor, CINCH_OK);
    percent_monitor_stop(monitor);
    assert_code(CINCH_OK, compress_and_wait(pool, input, scratch_path(scratch, "two"), NULL));
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* --- Several at once -------------------------------------------------------------------- */

static void several_files_at_once(void **state)
{
    struct scratch *scratch = *state;
    static const char *const outputs[] = {"0.zst", "1.gz", "2.zz"};
    const char *input = scratch_path(scratch, "input");
    struct bytes bytes = file_make(input, BYTES_TEXT, 2000000, 1);
    struct percent_monitor *monitors[3];

    for (int round = 0; round < 5; round++) {
        for (unsigned int i = 0; i < 3; i++) {
            monitors[i] = percent_monitor_start(i + 1);
            compress_async(input, scratch_path(scratch, outputs[i]), monitors[i]->on_progress,
                           monitors[i]->on_complete);
        }
        for (unsigned int i = 0; i < 3; i++) {
            counter_wait(&monitors[i]->completed, 1);
            percent_assert_ended(monitors[i], CINCH_OK);
            assert_file_decodes(scratch_path(scratch, outputs[i]), (int32_t)i + 1, &bytes);
            percent_monitor_stop(monitors[i]);
        }
    }
    bytes_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        percent_test(percent_goes_from_0_to_100),
        percent_test(percent_100_means_published),
        percent_test(format_follows_the_name),
        percent_test(folder_names_do_not_count),
        percent_test(paths_may_be_freed_at_once),
        percent_test(failures_arrive_through_completion),
        percent_test(nothing_is_told_before_the_input_is_open),
        percent_test(decompression_has_the_same_form),
        percent_test(either_callback_may_be_missing),
        percent_test(length_of_a_pipe_is_unknown),
        percent_test(percent_100_never_comes_with_an_error),
        percent_test(calls_inside_callbacks),
        percent_test(compress_file_inside_its_own_progress),
        percent_test(a_pool_outlives_a_destroy_in_compress_file),
        percent_test(several_files_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
