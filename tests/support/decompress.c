#include "support/decompress.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/stream.h"
#include "support/test.h"

const char *way_name(enum way way)
{
    static const char *const names[WAYS] = {"from a file to a file", "from a pipe to a pipe",
                                            "from a file to a pipe", "from a pipe to a file"};

    return names[way];
}

int32_t decompress_and_wait(cinch_pool *pool, const char *input, const char *output,
                            const cinch_options *options)
{
    cinch_job *job = NULL;
    int32_t code = cinch_decompress(pool, input, output, options, &job);

    if (code == CINCH_OK) {
        code = cinch_job_wait(job);
        cinch_job_release(job);
    }
    return code;
}

/* Makes the file anew: file systems hurry to write what replaces the bytes of an old one. */
static void file_make_anew(const char *path, const struct bytes *bytes)
{
    if (unlink(path) != 0) {
        assert_int_equal(ENOENT, errno);
    }
    file_write(path, bytes);
}

/* Waits for the end and drops the job. */
static void finish(struct outcome *outcome, cinch_job *job)
{
    outcome->code = cinch_job_wait(job);
    outcome->stats = (cinch_stats)CINCH_STATS_INIT;
    assert_code(CINCH_OK, cinch_job_stats(job, &outcome->stats));
    cinch_job_release(job);
}

static struct outcome decompress_files(struct scratch *scratch, cinch_pool *pool,
                                       const struct bytes *encoded, const cinch_options *options)
{
    const char *input = scratch_path(scratch, "encoded");
    const char *output = scratch_path(scratch, "content");
    struct outcome outcome = {0};
    struct stat status;
    cinch_job *job;

    file_make_anew(input, encoded);
    if (unlink(output) != 0) {
        assert_int_equal(ENOENT, errno);
    }
    assert_code(CINCH_OK, cinch_decompress(pool, input, output, options, &job));
    finish(&outcome, job);
    if (outcome.code == CINCH_OK) {
        outcome.content = file_read(output);
    } else if (lstat(output, &status) == 0) {
        fail_msg("a job that ended with %s published something", code_name(outcome.code));
    }
    return outcome;
}

static struct outcome decompress_descriptors(struct scratch *scratch, cinch_pool *pool,
                                             bool from_pipe, bool to_pipe,
                                             const struct bytes *encoded,
                                             const cinch_options *options)
{
    const char *input_path = scratch_path(scratch, "encoded");
    const char *output_path = scratch_path(scratch, "written");
    struct outcome outcome = {0};
    struct feeder feeder;
    struct drain drain;
    cinch_job *job;
    int input[2] = {-1, -1};
    int output[2] = {-1, -1};

    if (from_pipe) {
        pipe_make(input);
        feeder_start(&feeder, input[1], encoded);
    } else {
        file_make_anew(input_path, encoded);
        input[0] = open(input_path, O_RDONLY | O_CLOEXEC);
    }
    if (to_pipe) {
        pipe_make(output);
        drain_start(&drain, output[0]);
    } else {
        (void)unlink(output_path);
        output[1] = open(output_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    }
    assert_code(CINCH_OK, cinch_decompress_fd(pool, input[0], output[1], options, &job));
    finish(&outcome, job);
    close(input[0]); /* lets go of a feeder that the job did not hear out */
    close(output[1]);
    if (from_pipe) {
        feeder_finish(&feeder);
    }
    outcome.content = to_pipe ? drain_finish(&drain) : file_read(output_path);
    return outcome;
}

struct outcome decompress_bytes(struct scratch *scratch, cinch_pool *pool, enum way way,
                                const struct bytes *encoded, const cinch_options *options)
{
    if (way == FILE_TO_FILE) {
        return decompress_files(scratch, pool, encoded, options);
    }
    return decompress_descriptors(scratch, pool, way == PIPE_TO_PIPE || way == PIPE_TO_FILE,
                                  way == PIPE_TO_PIPE || way == FILE_TO_PIPE, encoded, options);
}

static void assert_content(const struct bytes *expected, const struct outcome *outcome,
                           enum way way, const char *what)
{
    if (!bytes_are_equal(expected, &outcome->content)) {
        print_error("%s, %s:\n", what, way_name(way));
        assert_bytes_equal(expected, &outcome->content);
    }
}

static void assert_ends(int32_t code, const struct outcome *outcome, enum way way, const char *what)
{
    if (outcome->code != code) {
        print_error("%s, %s: expected %s, got %s\n", what, way_name(way), code_name(code),
                    code_name(outcome->code));
        fail();
    }
}

void assert_decompresses_by(enum way way, struct scratch *scratch, cinch_pool *pool,
                            const struct bytes *encoded, const struct bytes *expected,
                            const char *what)
{
    struct outcome outcome = decompress_bytes(scratch, pool, way, encoded, NULL);

    assert_ends(CINCH_OK, &outcome, way, what);
    assert_content(expected, &outcome, way, what);
    assert_int_equal(expected->size, outcome.stats.bytes_out);
    assert_int_equal(encoded->size, outcome.stats.bytes_in);
    bytes_free(&outcome.content);
}

void assert_decompresses(struct scratch *scratch, cinch_pool *pool, const struct bytes *encoded,
                         const struct bytes *expected, const char *what)
{
    for (int way = 0; way < WAYS; way++) {
        assert_decompresses_by((enum way)way, scratch, pool, encoded, expected, what);
    }
}

void assert_refuses(struct scratch *scratch, cinch_pool *pool, const struct bytes *encoded,
                    int32_t code, const char *what)
{
    for (int way = 0; way < WAYS; way++) {
        struct outcome outcome = decompress_bytes(scratch, pool, (enum way)way, encoded, NULL);
        assert_ends(code, &outcome, (enum way)way, what);
        bytes_free(&outcome.content);
    }
}
