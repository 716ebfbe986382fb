/*
 * Round trips between descriptors: pipes and files, each format, sizes around a chunk.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/bytes.h"
#include "support/decode.h"
#include "support/scratch.h"
#include "support/stream.h"
#include "support/test.h"

enum {
    CHUNK = 4096
};

/* From a pipe or a file to a pipe or a file; returns what was written. */
static struct bytes compress_between(struct scratch *scratch, cinch_pool *pool,
                                     const struct bytes *bytes, const cinch_options *options,
                                     bool from_pipe, bool to_pipe)
{
    const char *input_path = scratch_path(scratch, "input");
    const char *output_path = scratch_path(scratch, "output");
    struct feeder feeder;
    struct drain drain;
    struct bytes encoded;
    cinch_job *job;
    int input[2] = {-1, -1};
    int output[2] = {-1, -1};

    if (from_pipe) {
        pipe_make(input);
        feeder_start(&feeder, input[1], bytes);
    } else {
        file_write(input_path, bytes);
        input[0] = open(input_path, O_RDONLY | O_CLOEXEC);
    }
    if (to_pipe) {
        pipe_make(output);
        drain_start(&drain, output[0]);
    } else {
        output[1] = open(output_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    }
    assert_code(CINCH_OK, cinch_compress_fd(pool, input[0], output[1], options, &job));
    assert_job_ends(CINCH_OK, job);
    if (from_pipe) {
        feeder_finish(&feeder);
    }
    close(input[0]);
    close(output[1]);
    encoded = to_pipe ? drain_finish(&drain) : file_read(output_path);
    return encoded;
}

static void pipes_and_files(void **state)
{
    struct scratch *scratch = *state;
    static const size_t sizes[] = {0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 50 * CHUNK + 1, 1500000};
    static const uint32_t threads[] = {1, 2, 5};
    static const uint32_t flags[] = {0, CINCH_FLAG_SINGLE_STREAM, CINCH_FLAG_VERIFY};

    for (size_t t = 0; t < 3; t++) {
        cinch_pool *pool = pool_with_threads(threads[t]);
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            struct bytes bytes = bytes_make(BYTES_TEXT, sizes[i], i + 1);
            for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
                for (int ways = 0; ways < 4; ways++) {
                    cinch_options options = CINCH_OPTIONS_INIT;
                    struct bytes encoded;
                    options.format = format;
                    options.level = 1;
                    options.flags = flags[((size_t)ways + i) % 3];
                    options.chunk_size = sizes[i] < 1000000 ? CHUNK : 0;
                    encoded = compress_between(scratch, pool, &bytes, &options, (ways & 1) != 0,
                                               (ways & 2) != 0);
                    assert_bytes_decode(&encoded, format, &bytes);
                    bytes_free(&encoded);
                }
            }
            bytes_free(&bytes);
        }
        cinch_pool_destroy(pool, CINCH_DRAIN);
    }
}

/* How a pipe's bytes arrive has no say in what is written. */
static void pipe_output_is_the_same_for_all_thread_counts(void **state)
{
    struct scratch *scratch = *state;
    static const uint32_t threads[] = {1, 2, 3, 5};
    struct bytes bytes = bytes_make(BYTES_TEXT, 700001, 3);

    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
        struct bytes first = {NULL, 0};
        for (size_t t = 0; t < 4; t++) {
            cinch_pool *pool = pool_with_threads(threads[t]);
            cinch_options options = CINCH_OPTIONS_INIT;
            struct bytes encoded;
            options.format = format;
            options.chunk_size = 50000;
            encoded = compress_between(scratch, pool, &bytes, &options, true, true);
            if (t == 0) {
                first = encoded;
            } else {
                assert_bytes_equal(&first, &encoded);
                bytes_free(&encoded);
            }
            cinch_pool_destroy(pool, CINCH_DRAIN);
        }
        bytes_free(&first);
    }
    bytes_free(&bytes);
}

/* A writer that gives one byte at a time, so that no chunk comes in one piece. */
static void bytes_that_come_one_by_one(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);
    struct bytes bytes = bytes_make(BYTES_TEXT, 9001, 3);
    const char *output = scratch_path(scratch, "output");

    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
        cinch_options options = CINCH_OPTIONS_INIT;
        cinch_job *job;
        int writing = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        int input[2];
        pipe_make(input);
        options.format = format;
        options.chunk_size = CHUNK;
        assert_code(CINCH_OK, cinch_compress_fd(pool, input[0], writing, &options, &job));
        for (size_t at = 0; at < bytes.size; at++) {
            assert_int_equal(1, write(input[1], bytes.data + at, 1));
        }
        close(input[1]);
        assert_job_ends(CINCH_OK, job);
        close(input[0]);
        close(writing);
        assert_file_decodes(output, format, &bytes);
    }
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(pipes_and_files),
        scratch_test(pipe_output_is_the_same_for_all_thread_counts),
        scratch_test(bytes_that_come_one_by_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
