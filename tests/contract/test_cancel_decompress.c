/*
 * Cancel while decompressing: whatever the job is doing, nothing more is decoded than what is in
 * hand, no output and no temporary is left, and completion comes once.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "support/bytes.h"
#include "support/craft.h"
#include "support/jobs.h"
#include "support/monitor.h"
#include "support/scratch.h"
#include "support/stream.h"
#include "support/test.h"

enum {
    MIB = 1 << 20,
    LARGE = 20 * MIB
};

static const char old_text[] = "what was there before";

static const uint32_t pool_sizes[] = {1, 3};

enum {
    POOLS = sizeof(pool_sizes) / sizeof(pool_sizes[0])
};

/* Makes "encoded" in the scratch folder: text that was compressed in chunks of `chunk_size`. */
static const char *encoded_make(struct scratch *scratch, int32_t format, size_t size,
                                uint32_t chunk_size)
{
    const char *input = scratch_path(scratch, "input");
    const char *encoded = scratch_path(scratch, "encoded");
    cinch_pool *pool = pool_with_threads(2);
    cinch_options options = CINCH_OPTIONS_INIT;
    struct bytes bytes = file_make(input, BYTES_TEXT, size, 1);

    options.format = format;
    options.level = 1;
    options.chunk_size = chunk_size;
    assert_code(CINCH_OK, compress_and_wait(pool, input, encoded, &options));
    assert_int_equal(0, unlink(input));
    cinch_pool_destroy(pool, CINCH_DRAIN);
    bytes_free(&bytes);
    return encoded;
}

static uint64_t file_size(const char *path)
{
    struct stat status;

    assert_int_equal(0, stat(path, &status));
    return (uint64_t)status.st_size;
}

/* After a cancelled job: one completion, the old output, no temporary. */
static void assert_nothing_happened(struct scratch *scratch, struct monitor *monitor)
{
    monitor_assert_ended(monitor, CINCH_E_CANCELLED);
    assert_file_holds_text(scratch_path(scratch, "output"), old_text);
    scratch_assert_holds(scratch, "encoded", "output", NULL);
}

static void before_it_has_begun(void **state)
{
    struct scratch *scratch = *state;
    const char *encoded = encoded_make(scratch, CINCH_FORMAT_ZSTD, 100000, 0);
    const char *output = scratch_path(scratch, "output");
    cinch_pool *pool = pool_with_threads(1);
    struct watched_job held = job_submit_held(scratch, pool, "held", 1000);
    struct monitor *monitor = monitor_new();
    cinch_options options = options_watched_by(monitor);

    file_write_text(output, old_text);
    assert_code(CINCH_OK, cinch_decompress(pool, encoded, output, &options, &monitor->job));
    assert_code(CINCH_OK, cinch_job_cancel(monitor->job));
    job_let_go(&held, CINCH_OK);
    assert_job_ends(CINCH_E_CANCELLED, monitor->job);
    assert_int_equal(0, monitor->progress_calls);
    assert_int_equal(0, unlink(scratch_path(scratch, "held.in")));
    assert_int_equal(0, unlink(scratch_path(scratch, "held.zst")));
    assert_nothing_happened(scratch, monitor);
    monitor_free(monitor);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* Cancels in the first call that comes when `context`, a count of bytes, is reached. Until then it
 * holds the job for as long as the library waits between two calls, so that the next look at the
 * time brings one. (With several workers, the others could be done by then.) */
static void hook_cancel_at(struct monitor *monitor, uint64_t bytes_done, uint64_t bytes_total)
{
    const struct timespec interval = {0, 60000000};
    const uint64_t *wanted = monitor->context;

    (void)bytes_total;
    if (bytes_done < *wanted) {
        nanosleep(&interval, NULL);
    } else if (monitor->noted < 0) {
        monitor->noted = cinch_job_cancel(monitor->job);
    }
}

/* Returns how many bytes were dealt with when all was over. */
static uint64_t cancel_at(struct scratch *scratch, uint32_t threads, uint64_t wanted)
{
    const char *output = scratch_path(scratch, "output");
    cinch_pool *pool = pool_with_threads(threads);
    struct monitor *monitor = monitor_new();
    cinch_options options = options_watched_by(monitor);
    cinch_stats stats = CINCH_STATS_INIT;

    monitor->progress_hook = hook_cancel_at;
    monitor->context = &wanted;
    monitor->noted = -1;
    file_write_text(output, old_text);
    assert_code(CINCH_OK, cinch_decompress(pool, scratch_path(scratch, "encoded"), output, &options,
                                           &monitor->job));
    assert_code(CINCH_E_CANCELLED, cinch_job_wait(monitor->job));
    assert_code(CINCH_OK, cinch_job_stats(monitor->job, &stats));
    cinch_job_release(monitor->job);
    assert_code(CINCH_OK, monitor->noted);
    assert_true(monitor->last_done >= wanted);
    assert_nothing_happened(scratch, monitor);
    monitor_free(monitor);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    return stats.bytes_in;
}

static void inside_the_first_call(void **state)
{
    encoded_make(*state, CINCH_FORMAT_GZIP, 5 * MIB, 0);
    for (size_t i = 0; i < POOLS; i++) {
        assert_int_equal(0, cancel_at(*state, pool_sizes[i], 0));
    }
}

static void in_the_middle(void **state)
{
    static const int32_t formats[] = {CINCH_FORMAT_ZSTD, CINCH_FORMAT_GZIP, CINCH_FORMAT_ZLIB};

    for (size_t k = 0; k < 3; k++) {
        uint64_t size = file_size(encoded_make(*state, formats[k], 5 * MIB, 64 << 10));
        cancel_at(*state, 1, size / 2);
    }
}

/* A chunk that is decoded in slices: between two of them progress is told, and a cancel is seen. So
 * what was dealt with in the end is what was when the cancel came: the first slice. */
static void assert_stops_within(struct scratch *scratch, const char *what)
{
    uint64_t size = file_size(scratch_path(scratch, "encoded"));
    uint64_t done = cancel_at(scratch, 1, 4096);

    if (done > size / 2) {
        fail_msg("%s: %llu of %llu bytes were decoded", what, (unsigned long long)done,
                 (unsigned long long)size);
    }
}

static void within_a_large_chunk(void **state)
{
    struct bytes content = bytes_make(BYTES_TEXT, LARGE, 1);
    struct bytes encoded = {NULL, 0};

    encoded_make(*state, CINCH_FORMAT_ZSTD, LARGE, LARGE);
    assert_stops_within(*state, "a frame");
    encoded_make(*state, CINCH_FORMAT_GZIP, LARGE + 1, LARGE);
    assert_stops_within(*state, "a piece");
    craft_gzip_sized_member(&encoded, &content, 1, CRAFT_MGZIP);
    file_write(scratch_path(*state, "encoded"), &encoded);
    assert_stops_within(*state, "a member");
    bytes_free(&encoded);
    bytes_free(&content);
}

static void hook_cancel_last(struct monitor *monitor, uint64_t bytes_done, uint64_t bytes_total)
{
    struct stat status;

    (void)bytes_done;
    (void)bytes_total;
    if (stat(monitor->context, &status) == 0) {
        monitor->noted = cinch_job_cancel(monitor->job);
    }
}

static void at_the_end_it_is_too_late(void **state)
{
    struct scratch *scratch = *state;
    const char *encoded = encoded_make(scratch, CINCH_FORMAT_ZSTD, 3 * MIB, 0);
    const char *output = scratch_path(scratch, "output");
    cinch_pool *pool = pool_with_threads(2);
    struct monitor *monitor = monitor_new();
    cinch_options options = options_watched_by(monitor);

    monitor->progress_hook = hook_cancel_last;
    monitor->context = (void *)(uintptr_t)output;
    assert_code(CINCH_OK, cinch_decompress(pool, encoded, output, &options, &monitor->job));
    assert_code(CINCH_OK, cinch_job_wait(monitor->job));
    assert_code(CINCH_E_TOO_LATE, monitor->noted);
    assert_code(CINCH_E_TOO_LATE, cinch_job_cancel(monitor->job));
    assert_job_ends(CINCH_OK, monitor->job);
    monitor_assert_ended(monitor, CINCH_OK);
    assert_int_equal(3 * MIB, file_size(output));
    monitor_free(monitor);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* A pipe that brings nothing more in the middle of a frame or member, and one that takes nothing
 * more. */
static void with_stalled_pipes(void **state)
{
    struct scratch *scratch = *state;
    static const int32_t formats[] = {CINCH_FORMAT_ZSTD, CINCH_FORMAT_GZIP, CINCH_FORMAT_ZLIB};

    for (size_t k = 0; k < 3; k++) {
        struct bytes encoded = file_read(encoded_make(scratch, formats[k], 2 * MIB, 64 << 10));
        for (size_t i = 0; i < 2 * POOLS; i++) {
            bool stalls_output = i >= POOLS;
            cinch_pool *pool = pool_with_threads(pool_sizes[i % POOLS]);
            struct monitor *monitor = monitor_new();
            cinch_options options = options_watched_by(monitor);
            int input[2];
            int output[2];

            pipe_make(input);
            pipe_make(output);
            if (stalls_output) {
                close(input[0]);
                input[0] = open(scratch_path(scratch, "encoded"), O_RDONLY | O_CLOEXEC);
                pipe_fill(output[1]);
            } else {
                assert_int_equal(30000, write(input[1], encoded.data, 30000));
            }
            assert_code(CINCH_OK,
                        cinch_decompress_fd(pool, input[0], output[1], &options, &monitor->job));
            counter_wait(&monitor->progressed, 1);
            assert_code(CINCH_OK, cinch_job_cancel(monitor->job));
            assert_job_ends(CINCH_E_CANCELLED, monitor->job);
            monitor_assert_ended(monitor, CINCH_E_CANCELLED);
            monitor_free(monitor);
            cinch_pool_destroy(pool, CINCH_DRAIN);
            for (int end = 0; end < 2; end++) {
                close(input[end]);
                close(output[end]);
            }
        }
        bytes_free(&encoded);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(before_it_has_begun),
        scratch_test(inside_the_first_call),
        scratch_test(in_the_middle),
        scratch_test(within_a_large_chunk),
        scratch_test(at_the_end_it_is_too_late),
        scratch_test(with_stalled_pipes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
