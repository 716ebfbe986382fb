/*
 * What we compress, decompressed by us: every level of every format, sizes around a chunk, all
 * chunk sizes, flags and ways, one, two and four threads.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "support/decode.h"
#include "support/decompress.h"
#include "support/scratch.h"
#include "support/stream.h"
#include "support/test.h"

enum {
    CHUNK = 4096,
    POOLS = 3
};

static const uint32_t pool_sizes[POOLS] = {1, 2, 4};

struct pools {
    cinch_pool *pool[POOLS];
};

static struct pools pools_make(void)
{
    struct pools pools;

    for (size_t i = 0; i < POOLS; i++) {
        pools.pool[i] = pool_with_threads(pool_sizes[i]);
    }
    return pools;
}

static void pools_destroy(struct pools *pools)
{
    for (size_t i = 0; i < POOLS; i++) {
        cinch_pool_destroy(pools->pool[i], CINCH_DRAIN);
    }
}

/* By path, so that the file has all that it can have: sizes, a table or an index. */
static struct bytes compress_file_bytes(struct scratch *scratch, cinch_pool *pool,
                                        const struct bytes *content, const cinch_options *options)
{
    const char *input = scratch_path(scratch, "plain");
    const char *output = scratch_path(scratch, "compressed");

    file_write(input, content);
    assert_code(CINCH_OK, compress_and_wait(pool, input, output, options));
    return file_read(output);
}

/* Through pipes, so that the file has nothing of that. */
static struct bytes compress_pipe_bytes(cinch_pool *pool, const struct bytes *content,
                                        const cinch_options *options)
{
    struct feeder feeder;
    struct drain drain;
    cinch_job *job;
    int input[2];
    int output[2];

    pipe_make(input);
    pipe_make(output);
    feeder_start(&feeder, input[1], content);
    drain_start(&drain, output[0]);
    assert_code(CINCH_OK, cinch_compress_fd(pool, input[0], output[1], options, &job));
    assert_job_ends(CINCH_OK, job);
    feeder_finish(&feeder);
    close(input[0]);
    close(output[1]);
    return drain_finish(&drain);
}

static void assert_comes_back(struct scratch *scratch, const struct pools *pools,
                              const struct bytes *content, const cinch_options *options)
{
    char what[200];

    snprintf(what, sizeof(what), "%zu bytes as %s, level %d, flags %u, chunks of %u", content->size,
             format_suffix(options->format), (int)options->level, (unsigned int)options->flags,
             (unsigned int)options->chunk_size);
    for (int from_pipe = 0; from_pipe < 2; from_pipe++) {
        struct bytes encoded = from_pipe
                                   ? compress_pipe_bytes(pools->pool[1], content, options)
                                   : compress_file_bytes(scratch, pools->pool[1], content, options);
        for (size_t i = 0; i < POOLS; i++) {
            assert_decompresses(scratch, pools->pool[i], &encoded, content, what);
        }
        bytes_free(&encoded);
    }
}

static void sizes_around_a_chunk(void **state)
{
    static const size_t sizes[] = {0,         1,         CHUNK - 1,     CHUNK,
                                   CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1, 70 * CHUNK - 1};
    static const uint32_t flags[] = {0, CINCH_FLAG_NO_CHECKSUM, CINCH_FLAG_SINGLE_STREAM};
    struct scratch *scratch = *state;
    struct pools pools = pools_make();

    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            for (size_t f = 0; f < (format == CINCH_FORMAT_ZSTD ? 3 : 1); f++) {
                cinch_options options = CINCH_OPTIONS_INIT;
                struct bytes content =
                    bytes_make((enum bytes_kind)((i + f) % BYTES_KINDS), sizes[i], i + 1);
                options.format = format;
                options.chunk_size = CHUNK;
                options.flags = flags[f];
                assert_comes_back(scratch, &pools, &content, &options);
                bytes_free(&content);
            }
        }
    }
    pools_destroy(&pools);
}

static void every_level(void **state)
{
    struct scratch *scratch = *state;
    struct pools pools = pools_make();
    struct bytes content = bytes_make(BYTES_TEXT, 150000, 3);

    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
        int32_t first = format == CINCH_FORMAT_ZSTD ? -5 : 1;
        int32_t last = format == CINCH_FORMAT_ZSTD ? 22 : 9;
        for (int32_t level = first; level <= last; level++) {
            cinch_options options = CINCH_OPTIONS_INIT;
            options.format = format;
            options.level = level;
            options.chunk_size = 30000;
            assert_comes_back(scratch, &pools, &content, &options);
        }
    }
    bytes_free(&content);
    pools_destroy(&pools);
}

static void every_chunk_size(void **state)
{
    /* The largest, of which a 32-bit address space would not hold several. */
    const uint32_t largest = UINTPTR_MAX > UINT32_MAX ? 1 << 30 : 16 << 20;
    const uint32_t chunk_sizes[] = {0, 4096, 5000, 65536, 262144, 1000000, 4 << 20, largest};
    struct scratch *scratch = *state;
    struct pools pools = pools_make();

    for (size_t i = 0; i < sizeof(chunk_sizes) / sizeof(chunk_sizes[0]); i++) {
        for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
            cinch_options options = CINCH_OPTIONS_INIT;
            struct bytes content =
                bytes_make((enum bytes_kind)(i % BYTES_KINDS), 2300000 / TEST_SLOWNESS, i + 1);
            options.format = format;
            options.level = 1;
            options.chunk_size = chunk_sizes[i];
            assert_comes_back(scratch, &pools, &content, &options);
            bytes_free(&content);
        }
    }
    pools_destroy(&pools);
}

/* Files of ours one behind the other: the last table tells of the last one only. */
static void several_files_in_one(void **state)
{
    struct scratch *scratch = *state;
    struct pools pools = pools_make();

    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_GZIP; format++) {
        struct bytes all = {NULL, 0};
        struct bytes all_content = {NULL, 0};
        for (size_t i = 0; i < 6; i++) {
            cinch_options options = CINCH_OPTIONS_INIT;
            struct bytes content = bytes_make(BYTES_TEXT, i * i * 9000, i + 1);
            struct bytes encoded;
            options.format = format;
            options.chunk_size = CHUNK << i % 3;
            encoded = i % 2 == 0 ? compress_file_bytes(scratch, pools.pool[1], &content, &options)
                                 : compress_pipe_bytes(pools.pool[1], &content, &options);
            bytes_append_bytes(&all, &encoded);
            bytes_append_bytes(&all_content, &content);
            bytes_free(&encoded);
            bytes_free(&content);
        }
        for (size_t i = 0; i < POOLS; i++) {
            assert_decompresses(scratch, pools.pool[i], &all, &all_content, "several files in one");
        }
        bytes_free(&all);
        bytes_free(&all_content);
    }
    pools_destroy(&pools);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(sizes_around_a_chunk),
        scratch_test(every_level),
        scratch_test(every_chunk_size),
        scratch_test(several_files_in_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
