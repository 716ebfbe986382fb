/*
 * Rule 4: cancel linearises with publishing, never blocks, and takes effect at once, whatever the
 * job is doing.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "support/bytes.h"
#include "support/decode.h"
#include "support/jobs.h"
#include "support/monitor.h"
#include "support/process.h"
#include "support/scratch.h"
#include "support/stream.h"
#include "support/test.h"

static const char old_text[] = "what was there before";

static void cancel_of_nothing(void **state)
{
    (void)state;
    assert_code(CINCH_E_INVALID, cinch_job_cancel(NULL));
}

static void cancel_while_queued(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    struct watched_job held = job_submit_held(scratch, pool, "held", 1000);
    struct watched_job queued = job_submit(scratch, pool, "queued", 1000, NULL, NULL);

    file_write_text(queued.output, old_text);
    assert_code(CINCH_OK, cinch_job_cancel(queued.job));
    assert_code(CINCH_OK, cinch_job_cancel(queued.job));
    job_let_go(&held, CINCH_OK);
    assert_code(CINCH_E_CANCELLED, cinch_job_wait(queued.job));
    assert_int_equal(0, queued.monitor->progress_calls);
    assert_code(CINCH_OK, cinch_job_cancel(queued.job));
    job_let_go(&queued, CINCH_E_CANCELLED);
    assert_file_holds_text(scratch_path(scratch, "queued.zst"), old_text);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    scratch_assert_holds(scratch, "held.in", "held.zst", "queued.in", "queued.zst", NULL);
}

/* The only job of an idle pool, cancelled as the worker wakes for it: completion must come. */
static void cancel_of_the_only_job_completes(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");

    file_write_text(input, "a few words");
    for (int i = 0; i < 2000; i++) {
        struct monitor *monitor = monitor_new();
        cinch_options options = options_watched_by(monitor);
        int32_t cancelled;
        int32_t result;
        assert_code(CINCH_OK, cinch_compress(pool, input, output, &options, &monitor->job));
        cancelled = cinch_job_cancel(monitor->job);
        result = cinch_job_wait(monitor->job);
        assert_code(cancelled == CINCH_OK ? CINCH_E_CANCELLED : CINCH_OK, result);
        assert_true(cancelled == CINCH_OK || cancelled == CINCH_E_TOO_LATE);
        monitor_assert_ended(monitor, result);
        cinch_job_release(monitor->job);
        monitor_free(monitor);
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

static void cancel_while_the_input_is_open(void **state)
{
    struct scratch *scratch = *state;
    static const uint32_t threads[] = {1, 2, 5};

    for (size_t i = 0; i < 3; i++) {
        cinch_pool *pool = pool_with_threads(threads[i]);
        struct watched_job held = job_submit_held(scratch, pool, "held", 200000);
        file_write_text(held.output, old_text);
        assert_code(CINCH_OK, cinch_job_cancel(held.job));
        job_let_go(&held, CINCH_E_CANCELLED);
        assert_file_holds_text(scratch_path(scratch, "held.zst"), old_text);
        cinch_pool_destroy(pool, CINCH_DRAIN);
    }
    scratch_assert_holds(scratch, "held.in", "held.zst", NULL);
}

static void cancel_in_the_middle(void **state)
{
    struct scratch *scratch = *state;
    static const uint32_t threads[] = {1, 2, 5};

    for (size_t i = 0; i < 3; i++) {
        for (int held = 0; held < 2; held++) {
            cinch_pool *pool = pool_with_threads(threads[i]);
            struct watched_job job = job_submit_endless(scratch, pool, "endless", held != 0);
            file_write_text(job.output, old_text);
            assert_code(CINCH_OK, cinch_job_cancel(job.job));
            assert_code(CINCH_OK, cinch_job_cancel(job.job));
            job_let_go(&job, CINCH_E_CANCELLED);
            assert_file_holds_text(scratch_path(scratch, "endless.zst"), old_text);
            cinch_pool_destroy(pool, CINCH_DRAIN);
        }
    }
    scratch_assert_holds(scratch, "endless.in", "endless.zst", NULL);
}

/* Cancels from inside the progress call whose number is in `context`. */
static void hook_cancel(struct monitor *monitor, uint64_t bytes_done, uint64_t bytes_total)
{
    const unsigned int *wanted = monitor->context;

    (void)bytes_done;
    (void)bytes_total;
    if (monitor->progress_calls == *wanted) {
        monitor->noted = cinch_job_cancel(monitor->job);
    }
}

static void cancel_inside_the_first_call(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    struct monitor *monitor = monitor_new();
    cinch_options options = options_watched_by(monitor);
    const char *input = scratch_path(scratch, "input");
    unsigned int first = 1;

    file_write_text(input, old_text);
    monitor->progress_hook = hook_cancel;
    monitor->context = &first;
    monitor->noted = -1;
    assert_code(CINCH_OK, cinch_compress(pool, input, scratch_path(scratch, "output"), &options,
                                         &monitor->job));
    assert_job_ends(CINCH_E_CANCELLED, monitor->job);
    assert_code(CINCH_OK, monitor->noted);
    monitor_assert_ended(monitor, CINCH_E_CANCELLED);
    assert_int_equal(1, monitor->progress_calls);
    monitor_free(monitor);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    scratch_assert_holds(scratch, "input", NULL);
}

/* A blocking call in a callback is an error of its job, but not the first where that was cancelled
 * already. */
static void hook_cancel_then_close(struct monitor *monitor, uint64_t bytes_done,
                                   uint64_t bytes_total)
{
    (void)bytes_total;
    if (bytes_done == 0) {
        monitor->noted = cinch_job_cancel(monitor->job);
        cinch_job_close(monitor->job);
    }
}

static void an_error_after_a_cancel_is_not_the_result(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    struct watched_job job = job_submit(scratch, pool, "job", 1000, NULL, hook_cancel_then_close);

    job_let_go(&job, CINCH_E_CANCELLED);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    scratch_assert_holds(scratch, "job.in", NULL);
}

/* Cancels as soon as the output has its name, which is in the last progress call. */
static void hook_cancel_published(struct monitor *monitor, uint64_t bytes_done,
                                  uint64_t bytes_total)
{
    struct stat status;

    (void)bytes_done;
    (void)bytes_total;
    if (stat(monitor->context, &status) == 0) {
        monitor->noted = cinch_job_cancel(monitor->job);
    }
}

static void hook_cancel_complete(struct monitor *monitor, int32_t error_code)
{
    (void)error_code;
    monitor->noted = monitor->noted * 100 + cinch_job_cancel(monitor->job);
}

static void cancel_after_publishing_is_too_late(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);
    struct monitor *monitor = monitor_new();
    cinch_options options = options_watched_by(monitor);
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output.zst");
    struct bytes bytes = file_make(input, BYTES_TEXT, 50000, 1);

    monitor->progress_hook = hook_cancel_published;
    monitor->completion_hook = hook_cancel_complete;
    monitor->context = (void *)(uintptr_t)output;
    assert_code(CINCH_OK, cinch_compress(pool, input, output, &options, &monitor->job));
    assert_code(CINCH_OK, cinch_job_wait(monitor->job));
    /* Once in the last progress call and once in completion. */
    assert_int_equal(CINCH_E_TOO_LATE * 100 + CINCH_E_TOO_LATE, monitor->noted);
    assert_code(CINCH_E_TOO_LATE, cinch_job_cancel(monitor->job));
    assert_job_ends(CINCH_OK, monitor->job);
    monitor_assert_ended(monitor, CINCH_OK);
    assert_file_decodes(output, CINCH_FORMAT_ZSTD, &bytes);
    bytes_free(&bytes);
    monitor_free(monitor);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

static void cancel_after_an_error_keeps_the_error(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    struct monitor *monitor = monitor_new();
    cinch_options options = options_watched_by(monitor);

    monitor->completion_hook = hook_cancel_complete;
    monitor->noted = 1;
    assert_code(CINCH_OK, cinch_compress(pool, scratch_path(scratch, "missing"),
                                         scratch_path(scratch, "out"), &options, &monitor->job));
    assert_code(CINCH_E_NOT_FOUND, cinch_job_wait(monitor->job));
    assert_int_equal(100 + CINCH_OK, monitor->noted);
    assert_code(CINCH_OK, cinch_job_cancel(monitor->job));
    assert_job_ends(CINCH_E_NOT_FOUND, monitor->job);
    monitor_assert_ended(monitor, CINCH_E_NOT_FOUND);
    monitor_free(monitor);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* Many threads cancel while the job ends by itself: either all are too late, and the output is
 * there; or the job is cancelled, and the output is as it was. */
struct cancel_race {
    cinch_job *job;
    pthread_barrier_t *start;
    int32_t result;
};

static void *cancel_racing(void *argument)
{
    struct cancel_race *race = argument;

    pthread_barrier_wait(race->start);
    race->result = cinch_job_cancel(race->job);
    return NULL;
}

enum {
    RACERS = 3,
    RACES = 300
};

static void racing_cancels_agree_with_the_result(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);
    const char *input = scratch_path(scratch, "input");
    struct bytes bytes = file_make(input, BYTES_TEXT, 3000, 1);
    pthread_barrier_t start;
    int won = 0;

    assert_int_equal(0, pthread_barrier_init(&start, NULL, RACERS + 1));
    for (int i = 0; i < RACES; i++) {
        struct monitor *monitor = monitor_new();
        cinch_options options = options_watched_by(monitor);
        struct cancel_race races[RACERS];
        pthread_t threads[RACERS];
        const char *output = scratch_path(scratch, "output.zst");
        bool any_early = false;
        int32_t result;

        file_write_text(output, old_text);
        assert_code(CINCH_OK, cinch_compress(pool, input, output, &options, &monitor->job));
        for (int j = 0; j < RACERS; j++) {
            races[j] = (struct cancel_race){monitor->job, &start, -1};
            assert_int_equal(0, pthread_create(&threads[j], NULL, cancel_racing, &races[j]));
        }
        pthread_barrier_wait(&start);
        for (int j = 0; j < RACERS; j++) {
            assert_int_equal(0, pthread_join(threads[j], NULL));
            any_early = any_early || races[j].result == CINCH_OK;
        }
        result = cinch_job_wait(monitor->job);
        for (int j = 0; j < RACERS; j++) {
            assert_code(any_early ? CINCH_OK : CINCH_E_TOO_LATE, races[j].result);
        }
        assert_code(any_early ? CINCH_E_CANCELLED : CINCH_OK, result);
        if (any_early) {
            assert_file_holds_text(output, old_text);
        } else {
            assert_file_decodes(output, CINCH_FORMAT_ZSTD, &bytes);
            won++;
        }
        cinch_job_release(monitor->job);
        monitor_assert_ended(monitor, result);
        monitor_free(monitor);
    }
    print_message("%d of %d jobs ended before they were cancelled\n", won, RACES);
    pthread_barrier_destroy(&start);
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* --- Stalled pipes ---------------------------------------------------------------------- */

static void cancel_with_a_stalled_input(void **state)
{
    cinch_pool *pool = pool_with_threads(1);
    struct watched_job watched;
    int input[2];
    int output = open("/dev/null", O_WRONLY | O_CLOEXEC);

    (void)state;
    pipe_make(input);
    assert_int_equal(5, write(input[1], "hello", 5));
    watched = job_submit_fd(pool, input[0], output, NULL, NULL);
    counter_wait(&watched.monitor->progressed, 1);
    assert_code(CINCH_OK, cinch_job_cancel(watched.job));
    job_let_go(&watched, CINCH_E_CANCELLED);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    close(input[0]);
    close(input[1]);
    close(output);
}

/* Waits until the pipe has no room left: the job is stalled, or about to be. */
static void wait_until_full(int read_end, size_t room)
{
    struct timespec pause = {0, 1000000};
    int waiting = 0;

    while (ioctl(read_end, FIONREAD, &waiting) == 0 && (size_t)waiting < room) {
        nanosleep(&pause, NULL);
    }
}

static void cancel_with_a_stalled_output(void **state)
{
    struct scratch *scratch = *state;
    static const uint32_t threads[] = {1, 3};

    for (size_t i = 0; i < 2; i++) {
        cinch_pool *pool = pool_with_threads(threads[i]);
        const char *path = scratch_path(scratch, "input");
        struct bytes bytes = file_make(path, BYTES_RANDOM, 4 << 20, 9);
        int input = open(path, O_RDONLY | O_CLOEXEC);
        struct watched_job watched;
        size_t room;
        int output[2];

        pipe_make(output);
        room = (size_t)fcntl(output[1], F_GETPIPE_SZ);
        watched = job_submit_fd(pool, input, output[1], NULL, NULL);
        wait_until_full(output[0], room - 4096);
        assert_code(CINCH_OK, cinch_job_cancel(watched.job));
        job_let_go(&watched, CINCH_E_CANCELLED);
        cinch_pool_destroy(pool, CINCH_DRAIN);
        bytes_free(&bytes);
        close(input);
        close(output[0]);
        close(output[1]);
    }
}

/* Opening a FIFO that nobody has opened at its other end must not block either. */
static void cancel_with_a_lonely_fifo(void **state)
{
    struct scratch *scratch = *state;
    const char *fifo = scratch_path(scratch, "fifo");
    const char *file = scratch_path(scratch, "file");

    assert_int_equal(0, mkfifo(fifo, 0600));
    file_write_text(file, old_text);
    for (int direction = 0; direction < 2; direction++) {
        cinch_pool *pool = pool_with_threads(1);
        struct monitor *monitor = monitor_new();
        cinch_options options = options_watched_by(monitor);
        assert_code(CINCH_OK, cinch_compress(pool, direction == 0 ? fifo : file,
                                             direction == 0 ? scratch_path(scratch, "out") : fifo,
                                             &options, &monitor->job));
        /* A job that comes after it runs, so the worker is not stuck in open(). */
        assert_code(CINCH_OK, compress_and_wait(pool, file, scratch_path(scratch, "other"), NULL));
        assert_code(CINCH_OK, cinch_job_cancel(monitor->job));
        assert_job_ends(CINCH_E_CANCELLED, monitor->job);
        monitor_assert_ended(monitor, CINCH_E_CANCELLED);
        monitor_free(monitor);
        cinch_pool_destroy(pool, CINCH_DRAIN);
    }
    scratch_assert_holds(scratch, "fifo", "file", "other", NULL);
}

/* --- How soon --------------------------------------------------------------------------- */

static uint64_t processor_nanoseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Processor time when completion came. */
static void hook_note_time(struct monitor *monitor, int32_t error_code)
{
    uint64_t *completed = monitor->context;

    (void)error_code;
    *completed = processor_nanoseconds();
}

/* Cancels the job, waits for it, and returns the milliseconds of processor time from there to
 * completion. What passes before this thread has its turn again is not the job's. */
static unsigned int cancel_and_measure(struct monitor *monitor)
{
    uint64_t *completed = monitor->context;
    uint64_t cancelled;

    assert_code(CINCH_OK, cinch_job_cancel(monitor->job));
    cancelled = processor_nanoseconds();
    assert_job_ends(CINCH_E_CANCELLED, monitor->job);
    monitor_assert_ended(monitor, CINCH_E_CANCELLED);
    return *completed > cancelled ? (unsigned int)((*completed - cancelled) / 1000000) : 0;
}

/* A machine that has more to do than it can does everything slower: of so many tries, one has to
 * meet the limit. What waits for the end of a chunk never does. */
enum {
    TRIES = 6
};

/* Cancels a job in the middle of its input, and asserts how much processor time it still took:
 * 100 ms on each worker, all of which may have been in the middle of something. */
static void assert_cancel_is_prompt(cinch_pool *pool, uint32_t threads, const char *input,
                                    const char *output, cinch_options options)
{
    const unsigned int limit = 100 * threads * TEST_SLOWNESS;
    unsigned int spent = UINT32_MAX;

    for (int i = 0; i < TRIES && spent > limit; i++) {
        struct monitor *monitor = monitor_new();
        uint64_t completed = 0;
        monitor->completion_hook = hook_note_time;
        monitor->context = &completed;
        monitor_watch(monitor, &options);
        assert_code(CINCH_OK, cinch_compress(pool, input, output, &options, &monitor->job));
        counter_wait(&monitor->advanced, 1);
        spent = cancel_and_measure(monitor);
        print_message("format %d level %d chunk %u threads %u: %u ms\n", (int)options.format,
                      (int)options.level, options.chunk_size, threads, spent);
        monitor_free(monitor);
    }
    assert_in_range(spent, 0, limit);
}

/* Half a gigabyte of text, in memory and without making each byte of it anew. Returns the
 * descriptor, and puts a path that leads to it into `path`. */
static int large_text_make(char path[64])
{
    struct bytes bytes = bytes_make(BYTES_TEXT, 4 << 20, 1);
    int descriptor = memfd_create("text", MFD_CLOEXEC);

    assert_true(descriptor >= 0);
    for (int i = 0; i < 128; i++) {
        assert_int_equal(bytes.size, write(descriptor, bytes.data, bytes.size));
    }
    snprintf(path, 64, "/proc/self/fd/%d", descriptor);
    bytes_free(&bytes);
    return descriptor;
}

static void cancel_takes_100_ms_at_most(void **state)
{
    struct scratch *scratch = *state;
    static const struct {
        int32_t format;
        int32_t level;
        uint32_t chunk_size;
        uint32_t flags;
    } cases[] = {
        {CINCH_FORMAT_ZSTD, 1, 64 << 20, 0},  {CINCH_FORMAT_ZSTD, 3, 0, 0},
        {CINCH_FORMAT_ZSTD, 9, 64 << 20, 0},  {CINCH_FORMAT_ZSTD, 19, 64 << 20, 0},
        {CINCH_FORMAT_ZSTD, 22, 16 << 20, 0}, {CINCH_FORMAT_ZSTD, 19, 0, CINCH_FLAG_SINGLE_STREAM},
        {CINCH_FORMAT_GZIP, 1, 64 << 20, 0},  {CINCH_FORMAT_GZIP, 9, 64 << 20, 0},
        {CINCH_FORMAT_GZIP, 3, 0, 0},         {CINCH_FORMAT_GZIP, 12, 64 << 20, 0},
        {CINCH_FORMAT_ZLIB, 9, 0, 0},
    };
    char input[64];
    int descriptor = large_text_make(input);

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (cases[i].level == 12 && strstr(cinch_engines(), "libdeflate") == NULL) {
            continue;
        }
        for (uint32_t threads = 1; threads <= 3; threads += 2) {
            cinch_pool *pool = pool_with_threads(threads);
            cinch_options options = CINCH_OPTIONS_INIT;
            options.format = cases[i].format;
            options.level = cases[i].level;
            options.chunk_size = cases[i].chunk_size;
            options.flags = cases[i].flags;
            assert_cancel_is_prompt(pool, threads, input, scratch_path(scratch, "output"), options);
            cinch_pool_destroy(pool, CINCH_DRAIN);
        }
    }
    close(descriptor);
    scratch_assert_holds(scratch, NULL);
}

/* A job in the queue, whose only worker is in the middle of a chunk that takes it many seconds. */
static void cancel_in_the_queue_does_not_wait_for_a_long_chunk(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    struct monitor *slow = monitor_new();
    cinch_options options = options_watched_by(slow);
    unsigned int spent = UINT32_MAX;
    char input[64];
    int descriptor = large_text_make(input);

    options.level = 19;
    options.chunk_size = 64 << 20;
    assert_code(CINCH_OK,
                cinch_compress(pool, input, scratch_path(scratch, "slow"), &options, &slow->job));
    counter_wait(&slow->advanced, 1);
    for (int i = 0; i < TRIES && spent > 100 * TEST_SLOWNESS; i++) {
        struct monitor *queued = monitor_new();
        uint64_t completed = 0;
        options = options_watched_by(queued);
        queued->completion_hook = hook_note_time;
        queued->context = &completed;
        assert_code(CINCH_OK, cinch_compress(pool, input, scratch_path(scratch, "queued"), &options,
                                             &queued->job));
        spent = cancel_and_measure(queued);
        assert_int_equal(0, queued->progress_calls);
        monitor_free(queued);
    }
    assert_in_range(spent, 0, 100 * TEST_SLOWNESS);
    assert_int_equal(0, counter_value(&slow->completed));
    assert_code(CINCH_OK, cinch_job_cancel(slow->job));
    assert_job_ends(CINCH_E_CANCELLED, slow->job);
    monitor_assert_ended(slow, CINCH_E_CANCELLED);
    monitor_free(slow);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    close(descriptor);
    scratch_assert_holds(scratch, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(cancel_of_nothing),
        scratch_test(cancel_while_queued),
        scratch_test(cancel_of_the_only_job_completes),
        scratch_test(cancel_while_the_input_is_open),
        scratch_test(cancel_in_the_middle),
        scratch_test(cancel_inside_the_first_call),
        scratch_test(cancel_after_publishing_is_too_late),
        scratch_test(cancel_after_an_error_keeps_the_error),
        scratch_test(an_error_after_a_cancel_is_not_the_result),
        scratch_test(racing_cancels_agree_with_the_result),
        scratch_test(cancel_with_a_stalled_input),
        scratch_test(cancel_with_a_stalled_output),
        scratch_test(cancel_with_a_lonely_fifo),
        scratch_test(cancel_takes_100_ms_at_most),
        scratch_test(cancel_in_the_queue_does_not_wait_for_a_long_chunk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
