/*
 * What the Dart package has of C, dart/native/cinch_dart.h: which numbers are posted, and when none
 * are. Dart itself is played by a function.
 */
#include "../../dart/native/cinch_dart.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/bytes.h"
#include "support/decode.h"
#include "support/gate.h"
#include "support/scratch.h"
#include "support/test.h"

enum {
    PORT = 0x12345678,
    ID = 0x7fffffff, /* the largest */
    NEWS_MAX = 128
};

/* What was posted, in order. Written under a job's callbacks, which never overlap. */
static struct {
    int64_t news[NEWS_MAX];
    size_t count;
    struct counter completed;
} inbox;

static int setup(void **state)
{
    int result = scratch_setup(state);

    if (result == 0) {
        ((struct scratch *)*state)->uses_default_pool = true;
    }
    inbox.count = 0;
    counter_init(&inbox.completed);
    return result;
}

static int teardown(void **state)
{
    counter_destroy(&inbox.completed);
    return scratch_teardown(state);
}

#define dart_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static int8_t post(int64_t port, struct cinch_dart_value *value)
{
    int64_t news = value->as.number - (int64_t)ID * ((int64_t)1 << 32);

    if (port != PORT || value->type != 3 || inbox.count == NEWS_MAX) {
        abort();
    }
    inbox.news[inbox.count++] = news;
    if (news < 0) {
        counter_add(&inbox.completed);
    }
    return 0; /* a port that is gone changes nothing */
}

static cinch_job *start(int32_t operation, const char *input, const char *output, int32_t progress)
{
    cinch_options options = CINCH_OPTIONS_INIT;
    cinch_job *job = NULL;

    assert_code(CINCH_OK, cinch_dart_start(operation, input, output, &options, post, PORT, ID,
                                           progress, &job));
    assert_non_null(job);
    return job;
}

/* 0 first, each further one larger and below 100, then completion as the last. */
static void assert_told(int32_t error_code, size_t progress_min)
{
    assert_in_range(inbox.count, progress_min + 1, 101);
    for (size_t i = 0; i + 1 < inbox.count; i++) {
        assert_in_range(inbox.news[i], 0, 99);
        assert_true(i == 0 ? inbox.news[i] == 0 : inbox.news[i] > inbox.news[i - 1]);
    }
    assert_int_equal(-1 - error_code, inbox.news[inbox.count - 1]);
}

static void percent_then_completion_is_posted(void **state)
{
    struct scratch *scratch = *state;
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");
    const char *back = scratch_path(scratch, "back");
    struct bytes bytes = file_make(input, BYTES_TEXT, 3000000, 1);

    cinch_job *job = start(CINCH_DART_COMPRESS, input, output, 1);
    counter_wait(&inbox.completed, 1);
    assert_told(CINCH_OK, 1);
    cinch_job_release(job);
    assert_file_decodes(output, CINCH_FORMAT_ZSTD, &bytes);

    inbox.count = 0;
    job = start(CINCH_DART_DECOMPRESS, output, back, 0);
    counter_wait(&inbox.completed, 1);
    assert_told(CINCH_OK, 0);
    assert_int_equal(1, inbox.count); /* no progress was asked for */
    cinch_job_release(job);
    assert_file_holds(back, &bytes);
    bytes_free(&bytes);
}

static void a_failure_is_posted(void **state)
{
    struct scratch *scratch = *state;
    cinch_job *job = start(CINCH_DART_COMPRESS, scratch_path(scratch, "missing"),
                           scratch_path(scratch, "output"), 1);

    counter_wait(&inbox.completed, 1);
    assert_told(CINCH_E_NOT_FOUND, 0);
    assert_int_equal(1, inbox.count);
    cinch_job_release(job);
}

static void what_is_refused_posts_nothing(void **state)
{
    cinch_options options = CINCH_OPTIONS_INIT;
    cinch_job *job = NULL;

    (void)state;
    assert_code(CINCH_E_INVALID, cinch_dart_start(CINCH_DART_COMPRESS, "", "output", &options, post,
                                                  PORT, ID, 1, &job));
    assert_null(job);
    assert_int_equal(0, inbox.count);
}

/* As a killed isolate does it: the job ends all the same, and frees what it holds. */
static void a_dropped_job_ends(void **state)
{
    struct scratch *scratch = *state;
    const char *fifo = scratch_path(scratch, "fifo");
    const char *output = scratch_path(scratch, "output");

    assert_int_equal(0, mkfifo(fifo, 0600));
    int writer = open(fifo, O_RDWR | O_CLOEXEC);
    assert_true(writer >= 0);
    cinch_dart_drop(start(CINCH_DART_COMPRESS, fifo, output, 1));
    counter_wait(&inbox.completed, 1);
    assert_told(CINCH_E_CANCELLED, 0);
    assert_int_equal(0, close(writer));
    assert_no_file(output);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        dart_test(percent_then_completion_is_posted),
        dart_test(a_failure_is_posted),
        dart_test(what_is_refused_posts_nothing),
        dart_test(a_dropped_job_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
