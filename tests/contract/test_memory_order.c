/*
 * Rule 6: what the caller wrote before a submit, the callbacks see; what they wrote, the caller
 * sees after wait or close. And each callback of a job sees what the one before it wrote.
 *
 * Everything below is in plain memory, with no lock, atomic or semaphore of the test's own
 * between the threads: the thread sanitizer reports any order that the library does not give.
 */
#include <stdlib.h>
#include <unistd.h>

#include "support/bytes.h"
#include "support/scratch.h"
#include "support/test.h"

struct notebook {
    int before_submit[16];
    int progress_calls;
    int seen_by_progress;
    int seen_by_completion;
    int calls_seen_by_completion;
    int32_t error_code;
};

static int sum_of(const int numbers[16])
{
    int sum = 0;

    for (int i = 0; i < 16; i++) {
        sum += numbers[i];
    }
    return sum;
}

static void note_progress(void *user, uint64_t bytes_done, uint64_t bytes_total)
{
    struct notebook *notebook = user;

    (void)bytes_done;
    (void)bytes_total;
    notebook->progress_calls++;
    notebook->seen_by_progress = sum_of(notebook->before_submit);
}

static void note_completion(void *user, int32_t error_code)
{
    struct notebook *notebook = user;

    notebook->seen_by_completion = sum_of(notebook->before_submit);
    notebook->calls_seen_by_completion = notebook->progress_calls;
    notebook->error_code = error_code;
}

static struct notebook *notebook_new(int number)
{
    struct notebook *notebook = calloc(1, sizeof(*notebook));

    assert_non_null(notebook);
    for (int i = 0; i < 16; i++) {
        notebook->before_submit[i] = number + i;
    }
    notebook->error_code = -1;
    return notebook;
}

static void notebook_check(struct notebook *notebook, bool complete)
{
    int expected = sum_of(notebook->before_submit);

    if (notebook->progress_calls > 0) {
        assert_int_equal(expected, notebook->seen_by_progress);
    }
    if (complete) {
        assert_int_equal(expected, notebook->seen_by_completion);
        assert_int_equal(notebook->progress_calls, notebook->calls_seen_by_completion);
    }
    free(notebook);
}

static void submit_with(struct notebook *notebook, cinch_pool *pool, struct scratch *scratch,
                        cinch_job **job)
{
    cinch_options options = CINCH_OPTIONS_INIT;

    options.chunk_size = 4096;
    options.on_progress = note_progress;
    options.on_complete = note_completion;
    options.user = notebook;
    assert_code(CINCH_OK, cinch_compress(pool, scratch_path(scratch, "input"),
                                         scratch_path(scratch, "output"), &options, job));
}

static void order_through_wait(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(3);
    struct bytes bytes = file_make(scratch_path(scratch, "input"), BYTES_TEXT, 100000, 1);

    for (int i = 0; i < 100; i++) {
        struct notebook *notebook = notebook_new(i);
        cinch_job *job;
        submit_with(notebook, pool, scratch, &job);
        assert_code(CINCH_OK, cinch_job_wait(job));
        assert_int_equal(CINCH_OK, notebook->error_code);
        notebook_check(notebook, true);
        cinch_job_release(job);
    }
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

static void order_through_close(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(3);
    struct bytes bytes = file_make(scratch_path(scratch, "input"), BYTES_TEXT, 100000, 1);

    for (int i = 0; i < 100; i++) {
        struct notebook *notebook = notebook_new(i);
        cinch_job *job;
        submit_with(notebook, pool, scratch, &job);
        cinch_job_close(job);
        assert_int_not_equal(-1, notebook->error_code);
        notebook_check(notebook, true);
    }
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* The pool's end is an order, too: its threads have been joined. */
static void order_through_destroy(void **state)
{
    struct scratch *scratch = *state;
    struct bytes bytes = file_make(scratch_path(scratch, "input"), BYTES_TEXT, 100000, 1);

    for (int i = 0; i < 50; i++) {
        cinch_pool *pool = pool_with_threads(3);
        struct notebook *released = notebook_new(i);
        struct notebook *detached = notebook_new(i + 1000);
        cinch_job *job;
        submit_with(released, pool, scratch, NULL);
        submit_with(detached, pool, scratch, &job);
        cinch_job_detach(job);
        cinch_pool_destroy(pool, CINCH_DRAIN);
        assert_int_equal(CINCH_OK, released->error_code);
        notebook_check(released, true);
        notebook_check(detached, detached->error_code != -1);
    }
    bytes_free(&bytes);
}

/* Freed right after wait: a callback that still touched it would be a use after free. */
static void user_may_be_freed_after_wait(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);

    for (int i = 0; i < 300; i++) {
        struct notebook *notebook = notebook_new(i);
        cinch_job *job;
        submit_with(notebook, pool, scratch, &job);
        assert_code(CINCH_E_NOT_FOUND, cinch_job_wait(job));
        free(notebook);
        cinch_job_release(job);
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(order_through_wait),
        scratch_test(order_through_close),
        scratch_test(order_through_destroy),
        scratch_test(user_may_be_freed_after_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
