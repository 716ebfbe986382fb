/*
 * cinch_options and cinch_pool_options: struct_size, and each border of each field.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/bytes.h"
#include "support/decode.h"
#include "support/scratch.h"
#include "support/stream.h"
#include "support/test.h"

/* One pool, and an input, for all of a test's cases. */
struct bench {
    struct scratch *scratch;
    cinch_pool *pool;
    const char *input;
    const char *output;
    struct bytes bytes;
};

static struct bench bench_start(struct scratch *scratch, size_t size)
{
    struct bench bench = {scratch,
                          pool_with_threads(2),
                          scratch_path(scratch, "input"),
                          scratch_path(scratch, "output"),
                          {NULL, 0}};

    bench.bytes = file_make(bench.input, BYTES_TEXT, size, 1);
    return bench;
}

static void bench_end(struct bench *bench)
{
    bytes_free(&bench->bytes);
    cinch_pool_destroy(bench->pool, CINCH_DRAIN);
}

static int32_t bench_compress(struct bench *bench, const cinch_options *options)
{
    return compress_and_wait(bench->pool, bench->input, bench->output, options);
}

/* --- struct_size ------------------------------------------------------------------------ */

static void smaller_options_are_refused(void **state)
{
    struct bench bench = bench_start(*state, 1000);
    cinch_options options = CINCH_OPTIONS_INIT;

    assert_int_equal(sizeof(options), options.struct_size);
    const size_t first = offsetof(cinch_options, user) + sizeof(options.user);
    for (size_t size = 0; size < first; size++) {
        options.struct_size = size;
        assert_code(CINCH_E_INVALID, bench_compress(&bench, &options));
    }
    /* Headers since the first one: fields that they lack are not looked at. */
    options.window_log = 99;
    options.struct_size = first;
    assert_code(CINCH_OK, bench_compress(&bench, &options));
    options.struct_size = sizeof(options);
    assert_code(CINCH_E_INVALID, bench_compress(&bench, &options));
    options.window_log = 0;
    options.struct_size = sizeof(options);
    assert_code(CINCH_OK, bench_compress(&bench, &options));
    bench_end(&bench);
}

/* A caller compiled with a later header: what this library does not know must be unused. */
static void larger_options_need_a_tail_of_zeros(void **state)
{
    struct bench bench = bench_start(*state, 1000);
    enum {
        TAIL = 64
    };
    uint8_t *memory = calloc(1, sizeof(cinch_options) + TAIL);
    cinch_options *options = (cinch_options *)(void *)memory;

    assert_non_null(memory);
    for (size_t tail = 1; tail <= TAIL; tail++) {
        options->struct_size = sizeof(*options) + tail;
        assert_code(CINCH_OK, bench_compress(&bench, options));
        memory[sizeof(*options) + tail - 1] = 1;
        assert_code(CINCH_E_INVALID, bench_compress(&bench, options));
        /* Beyond struct_size nothing is looked at. */
        options->struct_size = sizeof(*options) + tail - 1;
        assert_code(CINCH_OK, bench_compress(&bench, options));
        memory[sizeof(*options) + tail - 1] = 0;
    }
    free(memory);
    bench_end(&bench);
}

static void pool_options_have_a_size_too(void **state)
{
    struct {
        cinch_pool_options options;
        uint8_t tail[32];
    } larger;
    cinch_pool *pool;

    (void)state;
    memset(&larger, 0, sizeof(larger));
    /* Up to the end of the last field; padding may follow it. */
    for (size_t size = 0; size < offsetof(cinch_pool_options, threads) + 4; size++) {
        larger.options.struct_size = size;
        pool = (cinch_pool *)(void *)&larger;
        assert_code(CINCH_E_INVALID, cinch_pool_create(&larger.options, &pool));
        assert_null(pool);
    }
    larger.options.struct_size = sizeof(larger);
    larger.options.threads = 1;
    assert_code(CINCH_OK, cinch_pool_create(&larger.options, &pool));
    cinch_pool_destroy(pool, CINCH_DRAIN);
    larger.tail[31] = 1;
    assert_code(CINCH_E_INVALID, cinch_pool_create(&larger.options, &pool));
    assert_null(pool);
}

static void threads_have_a_range(void **state)
{
    static const struct {
        uint32_t threads;
        int32_t code;
    } cases[] = {
        {0, CINCH_OK},
        {1, CINCH_OK},
        {1024, CINCH_OK},
        {1025, CINCH_E_INVALID},
        {1u << 31, CINCH_E_INVALID},
        {UINT32_MAX, CINCH_E_INVALID},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cinch_pool_options options = CINCH_POOL_OPTIONS_INIT;
        cinch_pool *pool = NULL;
        options.threads = cases[i].threads;
        assert_code(cases[i].code, cinch_pool_create(&options, &pool));
        cinch_pool_destroy(pool, CINCH_DRAIN);
    }
    assert_code(CINCH_E_INVALID, cinch_pool_create(NULL, NULL));
}

static void pool_without_options(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = NULL;

    file_write_text(scratch_path(scratch, "input"), "words");
    assert_code(CINCH_OK, cinch_pool_create(NULL, &pool));
    assert_code(CINCH_OK, compress_and_wait(pool, scratch_path(scratch, "input"),
                                            scratch_path(scratch, "output"), NULL));
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* --- Each field ------------------------------------------------------------------------- */

static void formats_have_a_range(void **state)
{
    struct bench bench = bench_start(*state, 5000);
    static const int32_t wrong[] = {-1, 4, 5, INT32_MAX, INT32_MIN};
    cinch_options options = CINCH_OPTIONS_INIT;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        options.format = wrong[i];
        assert_code(CINCH_E_INVALID, bench_compress(&bench, &options));
    }
    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
        options.format = format;
        assert_code(CINCH_OK, bench_compress(&bench, &options));
        assert_file_decodes(bench.output, format, &bench.bytes);
    }
    bench_end(&bench);
}

static void levels_have_a_range(void **state)
{
    struct bench bench = bench_start(*state, 5000);
    static const struct {
        int32_t format;
        int32_t level;
        int32_t code;
    } cases[] = {
        {CINCH_FORMAT_ZSTD, 1, CINCH_OK},
        {CINCH_FORMAT_ZSTD, 22, CINCH_OK},
        {CINCH_FORMAT_ZSTD, 23, CINCH_E_INVALID},
        {CINCH_FORMAT_ZSTD, -1, CINCH_OK},
        {CINCH_FORMAT_ZSTD, -131072, CINCH_OK},
        {CINCH_FORMAT_ZSTD, -131073, CINCH_E_INVALID},
        {CINCH_FORMAT_ZSTD, INT32_MAX, CINCH_E_INVALID},
        {CINCH_FORMAT_ZSTD, INT32_MIN, CINCH_E_INVALID},
        {CINCH_FORMAT_GZIP, -1, CINCH_E_INVALID},
        {CINCH_FORMAT_GZIP, 1, CINCH_OK},
        {CINCH_FORMAT_GZIP, 9, CINCH_OK},
        {CINCH_FORMAT_GZIP, INT32_MAX, CINCH_E_INVALID},
        {CINCH_FORMAT_ZLIB, -1, CINCH_E_INVALID},
        {CINCH_FORMAT_ZLIB, 1, CINCH_OK},
        {CINCH_FORMAT_ZLIB, 9, CINCH_OK},
        {CINCH_FORMAT_ZLIB, INT32_MIN, CINCH_E_INVALID},
        /* The output has no suffix, so this is zstd. */
        {CINCH_FORMAT_AUTO, 19, CINCH_OK},
        {CINCH_FORMAT_AUTO, 23, CINCH_E_INVALID},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cinch_options options = CINCH_OPTIONS_INIT;
        options.format = cases[i].format;
        options.level = cases[i].level;
        if (cases[i].code != bench_compress(&bench, &options)) {
            fail_msg("format %d, level %d: not %s", (int)cases[i].format, (int)cases[i].level,
                     code_name(cases[i].code));
        }
        if (cases[i].code == CINCH_OK) {
            assert_file_decodes(bench.output, cases[i].format, &bench.bytes);
        }
    }
    bench_end(&bench);
}

/* Levels 10 to 12 are libdeflate's: cinch_engines() tells whether they are there. */
static void deflate_levels_end(void **state)
{
    struct bench bench = bench_start(*state, 5000);
    const bool has_more = strstr(cinch_engines(), "libdeflate") != NULL;

    for (int32_t format = CINCH_FORMAT_GZIP; format <= CINCH_FORMAT_ZLIB; format++) {
        for (int32_t level = 10; level <= 22; level++) {
            cinch_options options = CINCH_OPTIONS_INIT;
            options.format = format;
            options.level = level;
            const int32_t code = bench_compress(&bench, &options);
            assert_code(has_more && level <= 12 ? CINCH_OK : CINCH_E_INVALID, code);
            if (code == CINCH_OK) {
                assert_file_decodes(bench.output, format, &bench.bytes);
            }
        }
    }
    bench_end(&bench);
}

/* With AUTO the suffix decides which levels there are. */
static void automatic_format_has_its_own_levels(void **state)
{
    struct bench bench = bench_start(*state, 5000);
    cinch_options options = CINCH_OPTIONS_INIT;

    options.level = 19;
    bench.output = scratch_path(*state, "output.gz");
    assert_code(CINCH_E_INVALID, bench_compress(&bench, &options));
    bench.output = scratch_path(*state, "output.zst");
    assert_code(CINCH_OK, bench_compress(&bench, &options));
    options.level = 9;
    bench.output = scratch_path(*state, "output.zz");
    assert_code(CINCH_OK, bench_compress(&bench, &options));
    assert_file_decodes(bench.output, CINCH_FORMAT_ZLIB, &bench.bytes);
    /* An explicit format stands above the suffix. */
    options.format = CINCH_FORMAT_ZSTD;
    options.level = 19;
    bench.output = scratch_path(*state, "output.gz");
    assert_code(CINCH_OK, bench_compress(&bench, &options));
    assert_file_decodes(bench.output, CINCH_FORMAT_ZSTD, &bench.bytes);
    bench_end(&bench);
}

/* Level 0 is each format's own default, which is no level 0 of zlib (stored). */
static void default_level_is_the_format_s_own(void **state)
{
    struct bench bench = bench_start(*state, 200000);
    static const int32_t levels[] = {0, 3, 6, 6};

    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
        cinch_options options = CINCH_OPTIONS_INIT;
        struct bytes expected;
        options.format = format;
        options.level = levels[format];
        assert_code(CINCH_OK, bench_compress(&bench, &options));
        expected = file_read(bench.output);
        options.level = CINCH_LEVEL_DEFAULT;
        assert_code(CINCH_OK, bench_compress(&bench, &options));
        assert_file_holds(bench.output, &expected);
        bytes_free(&expected);
    }
    bench_end(&bench);
}

static void unknown_flags_are_refused(void **state)
{
    struct bench bench = bench_start(*state, 1000);
    const int input_fd = open(bench.input, O_RDONLY | O_CLOEXEC);

    assert_true(input_fd >= 0);
    for (unsigned int bit = 0; bit < 32; bit++) {
        cinch_options options = CINCH_OPTIONS_INIT;
        const bool is_known = bit <= 6 || (bit >= 10 && bit <= 15);
        options.flags = 1u << bit;
        options.input_length = 1000; /* the whole input, for CINCH_FLAG_RANGE */
        options.input_fd = input_fd;
        assert_int_equal(0, lseek(input_fd, 0, SEEK_SET));
        unlink(bench.output);
        assert_code(is_known ? CINCH_OK : CINCH_E_INVALID, bench_compress(&bench, &options));
    }
    close(input_fd);
    bench_end(&bench);
}

static void chunk_sizes_have_a_range(void **state)
{
    struct bench bench = bench_start(*state, 20000);
    static const struct {
        uint32_t size;
        int32_t code;
    } cases[] = {
        {0, CINCH_OK},
        {1, CINCH_E_INVALID},
        {4095, CINCH_E_INVALID},
        {4096, CINCH_OK},
        {4097, CINCH_OK},
        {1u << 30, CINCH_OK},
        {(1u << 30) + 1, CINCH_E_INVALID},
        {UINT32_MAX, CINCH_E_INVALID},
    };

    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            cinch_options options = CINCH_OPTIONS_INIT;
            options.format = format;
            options.chunk_size = cases[i].size;
            if (cases[i].code != bench_compress(&bench, &options)) {
                fail_msg("format %d, chunk_size %u: not %s", (int)format, cases[i].size,
                         code_name(cases[i].code));
            }
            if (cases[i].code == CINCH_OK) {
                assert_file_decodes(bench.output, format, &bench.bytes);
            }
        }
    }
    bench_end(&bench);
}

/* zstd: one frame for each chunk. */
static void chunk_size_is_obeyed(void **state)
{
    struct bench bench = bench_start(*state, 40960);
    static const uint32_t sizes[] = {4096, 4097, 10000, 40959, 40960, 40961};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        cinch_options options = CINCH_OPTIONS_INIT;
        unsigned int frames;
        options.chunk_size = sizes[i];
        assert_code(CINCH_OK, bench_compress(&bench, &options));
        frames = assert_file_decodes(bench.output, CINCH_FORMAT_ZSTD, &bench.bytes);
        assert_int_equal((40960 + sizes[i] - 1) / sizes[i], frames);
    }
    bench_end(&bench);
}

/* Too little for one worker is an error, before anything is written; 1 GiB is enough. */
static void assert_limit_is_obeyed(struct bench *bench, cinch_options *options, int32_t format)
{
    options->memory_limit = 1;
    unlink(bench->output);
    assert_code(CINCH_E_MEMORY_LIMIT, bench_compress(bench, options));
    assert_no_file(bench->output);
    options->memory_limit = (uint64_t)1 << 30;
    assert_code(CINCH_OK, bench_compress(bench, options));
    assert_file_decodes(bench->output, format, &bench->bytes);
}

static void memory_limit_is_obeyed(void **state)
{
    struct bench bench = bench_start(*state, 3000000);

    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
        cinch_options options = CINCH_OPTIONS_INIT;
        options.format = format;
        assert_limit_is_obeyed(&bench, &options, format);
        options.memory_limit = UINT64_MAX;
        assert_code(CINCH_OK, bench_compress(&bench, &options));
    }
    bench_end(&bench);
}

/* The same holds for one frame, which libzstd makes, for what is kept to be verified, and for the
 * way back. */
static void memory_limit_is_obeyed_by_every_kind(void **state)
{
    static const uint32_t ways[] = {CINCH_FLAG_SINGLE_STREAM, CINCH_FLAG_VERIFY};
    struct bench bench = bench_start(*state, 3000000);
    cinch_options options = CINCH_OPTIONS_INIT;
    const char *again = scratch_path(*state, "again");
    cinch_job *job;

    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        options.flags = ways[i];
        assert_limit_is_obeyed(&bench, &options, CINCH_FORMAT_ZSTD);
    }
    for (uint64_t limit = 1; limit <= (uint64_t)1 << 30; limit <<= 30) {
        options = (cinch_options)CINCH_OPTIONS_INIT;
        options.memory_limit = limit;
        assert_code(CINCH_OK, cinch_decompress(bench.pool, bench.output, again, &options, &job));
        assert_job_ends(limit == 1 ? CINCH_E_MEMORY_LIMIT : CINCH_OK, job);
        if (limit == 1)
            assert_no_file(again);
    }
    assert_file_holds(again, &bench.bytes);
    bench_end(&bench);
}

/* A stream's chunks are read ahead, and each is kept until it is done; to verify one takes as much
 * again. So what is just enough for one way is too little for the next. */
static void memory_limit_counts_what_is_kept(void **state)
{
    struct bench bench = bench_start(*state, 200000);
    uint64_t enough[3];

    for (size_t way = 0; way < 3; way++) {
        cinch_options options = CINCH_OPTIONS_INIT;
        options.chunk_size = 100000;
        options.flags = way == 2 ? CINCH_FLAG_VERIFY : 0;
        for (enough[way] = 1 << 15;; enough[way] += 1 << 15) {
            int32_t code;
            options.memory_limit = enough[way];
            if (way == 0) {
                code = bench_compress(&bench, &options);
            } else {
                struct feeder feeder;
                cinch_job *job;
                int ends[2];
                pipe_make(ends);
                feeder_start(&feeder, ends[1], &bench.bytes);
                options.flags |= CINCH_FLAG_INPUT_FD;
                options.input_fd = ends[0];
                assert_code(CINCH_OK,
                            cinch_compress(bench.pool, "a pipe", bench.output, &options, &job));
                code = cinch_job_wait(job);
                cinch_job_release(job);
                close(ends[0]);
                feeder_finish(&feeder);
            }
            if (code == CINCH_OK)
                break;
            assert_code(CINCH_E_MEMORY_LIMIT, code);
        }
    }
    assert_true(enough[1] >= enough[0] + 2 * (1 << 15));
    assert_true(enough[2] >= enough[1] + 2 * (1 << 15));
    bench_end(&bench);
}

/* More threads than libzstd can have for one frame are as many as it can. */
static void threads_beyond_libzstd_s_are_fine(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1024);
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");
    struct bytes bytes = file_make(input, BYTES_TEXT, 10000, 1);
    cinch_options options = CINCH_OPTIONS_INIT;

    options.flags = CINCH_FLAG_SINGLE_STREAM;
    assert_code(CINCH_OK, compress_and_wait(pool, input, output, &options));
    assert_file_decodes(output, CINCH_FORMAT_ZSTD, &bytes);
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* A limit gives fewer workers and the same bytes. */
static void memory_limit_changes_no_byte(void **state)
{
    struct bench bench = bench_start(*state, 1000000);
    cinch_options options = CINCH_OPTIONS_INIT;
    struct bytes expected;
    unsigned int passed = 0;

    options.chunk_size = 65536;
    assert_code(CINCH_OK, bench_compress(&bench, &options));
    expected = file_read(bench.output);
    for (uint64_t limit = 1 << 16; limit <= (uint64_t)1 << 28; limit *= 2) {
        int32_t code;
        options.memory_limit = limit;
        code = bench_compress(&bench, &options);
        if (code == CINCH_OK) {
            passed++;
            assert_file_holds(bench.output, &expected);
        } else {
            /* Once it is enough, more is enough as well. */
            assert_code(CINCH_E_MEMORY_LIMIT, code);
            assert_int_equal(0, passed);
        }
    }
    assert_in_range(passed, 2, 12);
    bytes_free(&expected);
    bench_end(&bench);
}

/* What decompression alone looks at. */
static void output_limit_is_ignored_when_compressing(void **state)
{
    struct bench bench = bench_start(*state, 5000);
    cinch_options options = CINCH_OPTIONS_INIT;

    options.output_limit = 1;
    assert_code(CINCH_OK, bench_compress(&bench, &options));
    assert_file_decodes(bench.output, CINCH_FORMAT_ZSTD, &bench.bytes);
    bench_end(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(smaller_options_are_refused),
        scratch_test(larger_options_need_a_tail_of_zeros),
        scratch_test(pool_options_have_a_size_too),
        scratch_test(threads_have_a_range),
        scratch_test(pool_without_options),
        scratch_test(formats_have_a_range),
        scratch_test(levels_have_a_range),
        scratch_test(deflate_levels_end),
        scratch_test(automatic_format_has_its_own_levels),
        scratch_test(default_level_is_the_format_s_own),
        scratch_test(unknown_flags_are_refused),
        scratch_test(chunk_sizes_have_a_range),
        scratch_test(chunk_size_is_obeyed),
        scratch_test(memory_limit_is_obeyed),
        scratch_test(memory_limit_is_obeyed_by_every_kind),
        scratch_test(memory_limit_counts_what_is_kept),
        scratch_test(threads_beyond_libzstd_s_are_fine),
        scratch_test(memory_limit_changes_no_byte),
        scratch_test(output_limit_is_ignored_when_compressing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
