/*
 * many [FILES [SEED]]: random files, each both ways: compressed by us and read by a stock tool,
 * compressed by the tool and read by us. Sizes lie around those where something begins or ends.
 */
#include <stdio.h>
#include <stdlib.h>

#include "support/bytes.h"
#include "support/decode.h"
#include "support/decompress.h"
#include "support/process.h"
#include "support/scratch.h"
#include "support/test.h"

enum {
    THREADS_MOST = 4,
    SIZE_MOST = 400000
};

static unsigned int chosen_files = 100;
static uint64_t chosen_seed = 1;

static const struct tool {
    int32_t format;
    const char *program;
    const char *encode; /* options that make it write to standard output */
    const char *decode;
} tools[] = {
    {CINCH_FORMAT_ZSTD, "zstd", "-qc", "-dqc"},
    {CINCH_FORMAT_ZSTD, "zstd", "-qc1", "-dqc"},
    {CINCH_FORMAT_ZSTD, "pzstd", "-qc", "-dqc"},
    {CINCH_FORMAT_GZIP, "gzip", "-c", "-dc"},
    {CINCH_FORMAT_GZIP, "gzip", "-c1", "-dc"},
    {CINCH_FORMAT_GZIP, "pigz", "-c", "-dc"},
    {CINCH_FORMAT_GZIP, "libdeflate-gzip", "-c", "-dc"},
    {CINCH_FORMAT_GZIP, "igzip", "-c", "-dc"},
    {CINCH_FORMAT_GZIP, "bgzip", "-c", "-dc"},
    {CINCH_FORMAT_ZLIB, "pigz", "-cz", "-dcz"},
};

enum {
    TOOLS = sizeof(tools) / sizeof(tools[0])
};

static size_t random_size(uint64_t *state, size_t chunk_size)
{
    const size_t about[] = {0, 1, chunk_size, 2 * chunk_size, 65280, 65536, 131072};
    const uint64_t random = random_next(state);

    if (random % 4 == 0)
        return (size_t)(random >> 8) % SIZE_MOST;
    const size_t size = about[(random >> 8) % (sizeof(about) / sizeof(about[0]))];
    switch (random >> 16 & 3) {
    case 0:
        return size + 1;
    case 1:
        return size > 0 ? size - 1 : 0;
    default:
        return size;
    }
}

static cinch_options random_options(uint64_t *state, const struct tool *tool)
{
    static const uint32_t flags[] = {0,
                                     0,
                                     CINCH_FLAG_VERIFY,
                                     CINCH_FLAG_SINGLE_STREAM,
                                     CINCH_FLAG_NO_CHECKSUM,
                                     CINCH_FLAG_NO_INDEX};
    cinch_options options = CINCH_OPTIONS_INIT;

    options.format = tool->format;
    options.level = 1 + (int32_t)(random_next(state) % 9);
    options.chunk_size = 4096u << random_next(state) % 6;
    options.flags = flags[random_next(state) % (sizeof(flags) / sizeof(flags[0]))];
    return options;
}

static void random_files_go_both_ways(void **state)
{
    struct scratch *scratch = *state;
    const char *input = scratch_path(scratch, "input");
    const char *encoded = scratch_path(scratch, "encoded");
    const char *decoded = scratch_path(scratch, "decoded");
    cinch_pool *pools[THREADS_MOST];
    unsigned int files = 0;
    uint64_t random = chosen_seed;

    for (uint32_t i = 0; i < THREADS_MOST; i++)
        pools[i] = pool_with_threads(i + 1);
    while (files < chosen_files) {
        const struct tool *tool = &tools[random_next(&random) % TOOLS];
        const cinch_options options = random_options(&random, tool);
        const size_t size = random_size(&random, options.chunk_size);
        const uint64_t choice = random_next(&random);
        cinch_pool *pool = pools[choice % THREADS_MOST];
        const char *const encode[] = {tool->program, tool->encode, NULL};
        const char *const decode[] = {tool->program, tool->decode, NULL};

        if (!tool_exists(tool->program)) {
            files++;
            continue;
        }
        struct bytes bytes =
            file_make(input, (enum bytes_kind)(choice >> 8 & 3), size, choice >> 16);
        assert_code(CINCH_OK, compress_and_wait(pool, input, encoded, &options));
        int status = tool_run(decode, encoded, decoded);
        if (status != 0)
            fail_msg("file %u of seed %llu: %s ended with status %d", files,
                     (unsigned long long)chosen_seed, tool->program, status);
        assert_file_holds(decoded, &bytes);
        assert_int_equal(0, tool_run(encode, input, encoded));
        assert_code(CINCH_OK, decompress_and_wait(pool, encoded, decoded, NULL));
        assert_file_holds(decoded, &bytes);
        bytes_free(&bytes);
        files++;
    }
    for (uint32_t i = 0; i < THREADS_MOST; i++)
        cinch_pool_destroy(pools[i], CINCH_DRAIN);
    print_message("%u files\n", files);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        scratch_test(random_files_go_both_ways),
    };

    if (argc > 1)
        chosen_files = (unsigned int)strtoul(argv[1], NULL, 10);
    if (argc > 2)
        chosen_seed = strtoull(argv[2], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
