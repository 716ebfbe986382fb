/*
 * Rule 8: after fork() the child has no pool threads. Handles of the parent say so, the default
 * pool starts anew, and the parent does not notice.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support/bytes.h"
#include "support/decode.h"
#include "support/jobs.h"
#include "support/monitor.h"
#include "support/percent.h"
#include "support/process.h"
#include "support/scratch.h"
#include "support/test.h"

/* The children below start threads, which the thread sanitizer must be asked for. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "die_after_fork=0";
}

/* What a child has inherited, and where it may write. */
struct inheritance {
    struct scratch *scratch;
    cinch_pool *pool;
    cinch_job *job;
    const char *input;
};

/* In a child: ends it with the number of the line whose code is not the expected one. Exit
 * statuses have seven bits to spare, so the line is printed too. */
#define child_expect(expected, actual)                                                             \
    do {                                                                                           \
        int32_t child_code = (actual);                                                             \
        if (child_code != (expected)) {                                                            \
            print_error("in the child, line %d: %s: expected %s, got %s\n", __LINE__, #actual,     \
                        code_name(expected), code_name(child_code));                               \
            return 1;                                                                              \
        }                                                                                          \
    } while (0)

static int use_handles_of_the_parent(void *context)
{
    struct inheritance *inherited = context;
    cinch_stats stats = CINCH_STATS_INIT;
    cinch_job *job = inherited->job;
    char text[32];

    child_expect(CINCH_E_SHUTDOWN, cinch_job_wait(inherited->job));
    child_expect(CINCH_E_SHUTDOWN, cinch_job_cancel(inherited->job));
    child_expect(CINCH_E_SHUTDOWN, cinch_job_stats(inherited->job, &stats));
    child_expect(CINCH_E_SHUTDOWN, cinch_job_message(inherited->job, text, sizeof(text)));
    child_expect(CINCH_E_SHUTDOWN,
                 cinch_compress(inherited->pool, inherited->input, "/nonexistent", NULL, &job));
    if (job != NULL) {
        return 2;
    }
    child_expect(CINCH_E_SHUTDOWN, cinch_compress_fd(inherited->pool, 0, 1, NULL, NULL));
    child_expect(CINCH_E_INVALID, cinch_job_wait(NULL));
    cinch_pool_destroy(inherited->pool, CINCH_DRAIN);
    cinch_pool_destroy(inherited->pool, CINCH_CANCEL);
    return 0;
}

static int drop_by_release(void *context)
{
    cinch_job_release(((struct inheritance *)context)->job);
    return 0;
}

static int drop_by_detach(void *context)
{
    cinch_job_detach(((struct inheritance *)context)->job);
    return 0;
}

static int drop_by_close(void *context)
{
    cinch_job_close(((struct inheritance *)context)->job);
    return 0;
}

static int leave_by_exit(void *context)
{
    (void)context;
    /* Runs what the library has put into atexit(), if anything. */
    exit(0);
}

static int (*const bodies[])(void *) = {use_handles_of_the_parent, drop_by_release, drop_by_detach,
                                        drop_by_close, leave_by_exit};

static void handles_of_the_parent_are_shut_down(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);
    struct watched_job held = job_submit_held(scratch, pool, "held", 100000);
    struct watched_job done = job_submit(scratch, pool, "done", 1000, NULL, NULL);
    struct bytes bytes = file_read(held.input);

    assert_code(CINCH_OK, cinch_job_wait(done.job));
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct inheritance running = {scratch, pool, held.job, held.input};
        struct inheritance finished = {scratch, pool, done.job, held.input};
        assert_int_equal(0, child_run(bodies[i], &running));
        assert_int_equal(0, child_run(bodies[i], &finished));
    }
    job_let_go(&done, CINCH_OK);
    job_let_go(&held, CINCH_OK);
    assert_file_decodes(scratch_path(scratch, "held.zst"), CINCH_FORMAT_ZSTD, &bytes);
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

static int use_a_pool_of_its_own(void *context)
{
    struct inheritance *inherited = context;
    cinch_pool *pool = NULL;

    child_expect(CINCH_OK, cinch_pool_create(NULL, &pool));
    child_expect(CINCH_OK, compress_and_wait(pool, inherited->input,
                                             scratch_path(inherited->scratch, "own.zst"), NULL));
    cinch_pool_destroy(pool, CINCH_DRAIN);
    return 0;
}

static int use_the_default_pool(void *context)
{
    struct inheritance *inherited = context;

    child_expect(CINCH_OK, compress_file(inherited->input,
                                         scratch_path(inherited->scratch, "own.zst"), NULL));
    child_expect(CINCH_OK, compress_and_wait(NULL, inherited->input,
                                             scratch_path(inherited->scratch, "own2.zst"), NULL));
    return 0;
}

static void assert_child_compresses(struct scratch *scratch, int (*body)(void *), const char *input)
{
    struct inheritance inherited = {scratch, NULL, NULL, input};
    struct bytes bytes = file_read(input);
    const char *output = scratch_path(scratch, "own.zst");

    assert_int_equal(0, child_run(body, &inherited));
    assert_file_decodes(output, CINCH_FORMAT_ZSTD, &bytes);
    assert_int_equal(0, unlink(output));
    bytes_free(&bytes);
}

static void child_makes_pools_of_its_own(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);
    struct watched_job held = job_submit_held(scratch, pool, "held", 100000);

    assert_child_compresses(scratch, use_a_pool_of_its_own, held.input);
    assert_child_compresses(scratch, use_the_default_pool, held.input);
    job_let_go(&held, CINCH_OK);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* The parent's default pool is at work when the child is made, and again after that. */
static void default_pool_starts_anew(void **state)
{
    struct scratch *scratch = *state;
    struct watched_job held = job_submit_held(scratch, NULL, "held", 100000);

    scratch->uses_default_pool = true;
    assert_child_compresses(scratch, use_the_default_pool, held.input);
    job_let_go(&held, CINCH_OK);
    assert_child_compresses(scratch, use_the_default_pool, scratch_path(scratch, "held.in"));
    assert_code(CINCH_OK, compress_file(scratch_path(scratch, "held.in"),
                                        scratch_path(scratch, "parent.zst"), NULL));
}

/* fork() at any moment of a busy pool: no lock is left held in the child. Not under the thread
 * sanitizer, whose own allocator may be locked at that moment, and is then for ever in the child.
 */
static void fork_of_a_busy_process(void **state)
{
    struct scratch *scratch = *state;
    if (TEST_UNDER_TSAN)
        skip();
    cinch_pool *pool = pool_with_threads(2);
    struct watched_job endless = job_submit_endless(scratch, pool, "endless", false);

    scratch->uses_default_pool = true;
    file_write_text(scratch_path(scratch, "small"), "words to compress");
    for (int i = 0; i < 50; i++) {
        cinch_job *job;
        struct inheritance inherited = {scratch, pool, endless.job, scratch_path(scratch, "small")};
        assert_code(CINCH_OK, cinch_compress(NULL, scratch_path(scratch, "small"),
                                             scratch_path(scratch, "busy.zst"), NULL, &job));
        assert_child_compresses(scratch, use_the_default_pool, inherited.input);
        assert_int_equal(0, child_run(use_handles_of_the_parent, &inherited));
        assert_job_ends(CINCH_OK, job);
    }
    assert_code(CINCH_OK, cinch_job_cancel(endless.job));
    job_let_go(&endless, CINCH_E_CANCELLED);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* --- No thread at all ------------------------------------------------------------------- */

/* In a child whose user may have no further thread. */
static int do_without_threads(void *context)
{
    struct inheritance *inherited = context;
    struct percent_monitor *monitor = percent_monitor_start(0);
    struct rlimit none = {0, 0};
    cinch_pool *pool = (cinch_pool *)context;
    cinch_job *job = (cinch_job *)context;

    if (setgid(65534) != 0 || setuid(65534) != 0 || setrlimit(RLIMIT_NPROC, &none) != 0) {
        return 3;
    }
    child_expect(CINCH_E_NO_THREAD, cinch_pool_create(NULL, &pool));
    if (pool != NULL) {
        return 4;
    }
    child_expect(CINCH_E_NO_THREAD,
                 cinch_compress(NULL, inherited->input, "/nonexistent", NULL, &job));
    if (job != NULL) {
        return 5;
    }
    child_expect(CINCH_E_NO_THREAD, compress_file(inherited->input, "/nonexistent", NULL));
    /* Completion comes all the same, on this thread, before the call returns. */
    compress_async(inherited->input, "/nonexistent", monitor->on_progress, monitor->on_complete);
    if (monitor->completions != 1 || monitor->progress_calls != 0) {
        return 6;
    }
    child_expect(CINCH_E_NO_THREAD, monitor->error_code);
    return 0;
}

static void without_a_thread_every_call_says_so(void **state)
{
    struct scratch *scratch = *state;
    struct inheritance inherited = {scratch, NULL, NULL, scratch_path(scratch, "input")};

    if (geteuid() != 0) {
        skip();
    }
    file_write_text(inherited.input, "words");
    assert_int_equal(0, child_run(do_without_threads, &inherited));
}

/* Children of children. */
static int fork_again(void *context)
{
    struct inheritance *inherited = context;

    child_expect(CINCH_OK, compress_file(inherited->input,
                                         scratch_path(inherited->scratch, "child.zst"), NULL));
    return child_run(use_the_default_pool, inherited);
}

static void grandchildren_work_too(void **state)
{
    struct scratch *scratch = *state;
    const char *input = scratch_path(scratch, "input");
    struct bytes bytes = file_make(input, BYTES_TEXT, 50000, 3);

    scratch->uses_default_pool = true;
    assert_code(CINCH_OK, compress_file(input, scratch_path(scratch, "parent.zst"), NULL));
    assert_child_compresses(scratch, fork_again, input);
    bytes_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(handles_of_the_parent_are_shut_down),
        scratch_test(child_makes_pools_of_its_own),
        scratch_test(default_pool_starts_anew),
        scratch_test(fork_of_a_busy_process),
        scratch_test(grandchildren_work_too),
        scratch_test(without_a_thread_every_call_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
