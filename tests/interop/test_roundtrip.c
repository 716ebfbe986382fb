/*
 * Every format, kind of content, size around a chunk, level and number of threads, decoded by
 * libzstd and zlib; and the same bytes whatever the number of threads.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/bytes.h"
#include "support/decode.h"
#include "support/scratch.h"
#include "support/test.h"

enum {
    CHUNK = 4096,
    POOLS = 4
};

static const uint32_t thread_counts[POOLS] = {1, 2, 3, 5};

/* A pool of each size, for all cases of a test. */
static void pools_start(cinch_pool *pools[POOLS])
{
    for (int i = 0; i < POOLS; i++) {
        pools[i] = pool_with_threads(thread_counts[i]);
    }
}

static void pools_end(cinch_pool *pools[POOLS])
{
    for (int i = 0; i < POOLS; i++) {
        cinch_pool_destroy(pools[i], CINCH_DRAIN);
    }
}

/* Compresses on every pool; the first output must decode, the others must equal it. `what` tells
 * of the case where it fails. */
static void assert_roundtrip(struct scratch *scratch, cinch_pool *pools[POOLS],
                             const struct bytes *bytes, const cinch_options *options,
                             const char *what)
{
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");
    struct bytes first = {NULL, 0};

    for (int i = 0; i < POOLS; i++) {
        int32_t code = compress_and_wait(pools[i], input, output, options);
        struct bytes encoded;
        if (code != CINCH_OK) {
            fail_msg("%s: %s", what, code_name(code));
        }
        encoded = file_read(output);
        if (i == 0) {
            struct decoded decoded = decode_bytes(options->format, &encoded);
            if (decoded.error != NULL) {
                fail_msg("%s: %s", what, decoded.error);
            }
            if (decoded.bytes.size != bytes->size ||
                (bytes->size != 0 && memcmp(decoded.bytes.data, bytes->data, bytes->size) != 0)) {
                fail_msg("%s: decoded to something else", what);
            }
            bytes_free(&decoded.bytes);
            first = encoded;
        } else {
            if (encoded.size != first.size || memcmp(encoded.data, first.data, first.size) != 0) {
                fail_msg("%s: %u threads write other bytes than one", what, thread_counts[i]);
            }
            bytes_free(&encoded);
        }
    }
    bytes_free(&first);
}

static void sizes_around_a_chunk(void **state)
{
    struct scratch *scratch = *state;
    static const size_t sizes[] = {0,     1,         2,         100,           CHUNK - 1,
                                   CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1, 40 * CHUNK + 17};
    cinch_pool *pools[POOLS];
    char what[100];

    pools_start(pools);
    for (int kind = 0; kind < BYTES_KINDS; kind++) {
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            struct bytes bytes =
                file_make(scratch_path(scratch, "input"), (enum bytes_kind)kind, sizes[i], i + 1);
            for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
                cinch_options options = CINCH_OPTIONS_INIT;
                options.format = format;
                options.chunk_size = CHUNK;
                snprintf(what, sizeof(what), "%s, %zu bytes of %s", format_suffix(format), sizes[i],
                         bytes_kind_name((enum bytes_kind)kind));
                assert_roundtrip(scratch, pools, &bytes, &options, what);
            }
            bytes_free(&bytes);
        }
    }
    pools_end(pools);
}

/* The chunk size that the library chooses, with input enough for several. */
static void chunks_of_the_library_s_choice(void **state)
{
    struct scratch *scratch = *state;
    static const size_t sizes[] = {(512 << 10) - 1, 512 << 10, (512 << 10) + 1, 9000001};
    cinch_pool *pools[POOLS];
    char what[100];

    pools_start(pools);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct bytes bytes = file_make(scratch_path(scratch, "input"), BYTES_TEXT, sizes[i], i + 1);
        for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
            cinch_options options = CINCH_OPTIONS_INIT;
            options.format = format;
            options.level = 1;
            snprintf(what, sizeof(what), "%s, %zu bytes, own choice of chunks",
                     format_suffix(format), sizes[i]);
            assert_roundtrip(scratch, pools, &bytes, &options, what);
        }
        bytes_free(&bytes);
    }
    pools_end(pools);
}

static void every_level(void **state)
{
    struct scratch *scratch = *state;
    static const int32_t fast_levels[] = {-131072, -1000, -7, -1};
    cinch_pool *pools[POOLS];
    struct bytes bytes = file_make(scratch_path(scratch, "input"), BYTES_TEXT, 5 * 16384 + 1000, 1);
    char what[100];

    pools_start(pools);
    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
        int32_t highest = format == CINCH_FORMAT_ZSTD ? 22 : 9;
        for (int32_t level = -4; level <= highest; level++) {
            cinch_options options = CINCH_OPTIONS_INIT;
            if (level < 0 && format != CINCH_FORMAT_ZSTD) {
                continue;
            }
            options.format = format;
            options.level = level < 0 ? fast_levels[level + 4] : level;
            options.chunk_size = 16384;
            snprintf(what, sizeof(what), "%s, level %d", format_suffix(format), (int)options.level);
            assert_roundtrip(scratch, pools, &bytes, &options, what);
        }
    }
    bytes_free(&bytes);
    pools_end(pools);
}

/* Levels are not all the same: each format's highest is smaller than its lowest. */
static void levels_make_a_difference(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");
    struct bytes bytes = file_make(input, BYTES_TEXT, 1000000, 1);

    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
        size_t sizes[2];
        for (int i = 0; i < 2; i++) {
            cinch_options options = CINCH_OPTIONS_INIT;
            struct bytes encoded;
            options.format = format;
            options.level = i == 0 ? 1 : (format == CINCH_FORMAT_ZSTD ? 19 : 9);
            assert_code(CINCH_OK, compress_and_wait(pool, input, output, &options));
            encoded = file_read(output);
            sizes[i] = encoded.size;
            bytes_free(&encoded);
        }
        assert_in_range(sizes[1], 1, sizes[0] - 1);
        assert_in_range(sizes[0], 1, bytes.size / 2);
    }
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

static void every_flag(void **state)
{
    struct scratch *scratch = *state;
    static const uint32_t flags[] = {
        CINCH_FLAG_VERIFY,
        CINCH_FLAG_DURABLE,
        CINCH_FLAG_SINGLE_STREAM,
        CINCH_FLAG_NO_CHECKSUM,
        CINCH_FLAG_SINGLE_STREAM | CINCH_FLAG_VERIFY,
        CINCH_FLAG_SINGLE_STREAM | CINCH_FLAG_NO_CHECKSUM,
        CINCH_FLAG_VERIFY | CINCH_FLAG_NO_CHECKSUM | CINCH_FLAG_DURABLE,
    };
    static const size_t sizes[] = {0, 1, CHUNK, 10 * CHUNK + 5, 3000000};
    cinch_pool *pools[POOLS];
    char what[100];

    pools_start(pools);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct bytes bytes = file_make(scratch_path(scratch, "input"), BYTES_TEXT, sizes[i], i + 1);
        for (size_t j = 0; j < sizeof(flags) / sizeof(flags[0]); j++) {
            for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
                cinch_options options = CINCH_OPTIONS_INIT;
                options.format = format;
                options.level = 1;
                options.flags = flags[j];
                options.chunk_size = sizes[i] < 1000000 ? CHUNK : 0;
                snprintf(what, sizeof(what), "%s, %zu bytes, flags 0x%x", format_suffix(format),
                         sizes[i], flags[j]);
                assert_roundtrip(scratch, pools, &bytes, &options, what);
            }
        }
        bytes_free(&bytes);
    }
    pools_end(pools);
}

/* A warm context that has just worked for another job must not tell in the next one's bytes. */
static void contexts_carry_nothing_over(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *warm = pool_with_threads(1);
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");
    uint64_t seed = 7;

    for (int i = 0; i < 60; i++) {
        struct bytes bytes = file_make(input, (enum bytes_kind)(random_next(&seed) % BYTES_KINDS),
                                       random_next(&seed) % 60000, seed);
        cinch_options options = CINCH_OPTIONS_INIT;
        cinch_pool *fresh = pool_with_threads(1);
        struct bytes expected;
        options.format = 1 + (int32_t)(random_next(&seed) % 3);
        options.level = (int32_t)(random_next(&seed) % 10);
        options.chunk_size = random_next(&seed) % 2 == 0 ? 0 : 8192;
        options.flags = random_next(&seed) % 3 == 0 ? CINCH_FLAG_NO_CHECKSUM : 0;
        options.flags |= random_next(&seed) % 3 == 0 ? CINCH_FLAG_SINGLE_STREAM : 0;
        assert_code(CINCH_OK, compress_and_wait(fresh, input, output, &options));
        expected = file_read(output);
        assert_code(CINCH_OK, compress_and_wait(warm, input, output, &options));
        assert_file_holds(output, &expected);
        assert_file_decodes(output, options.format, &bytes);
        bytes_free(&expected);
        bytes_free(&bytes);
        cinch_pool_destroy(fresh, CINCH_DRAIN);
    }
    cinch_pool_destroy(warm, CINCH_DRAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(sizes_around_a_chunk), scratch_test(chunks_of_the_library_s_choice),
        scratch_test(every_level),          scratch_test(levels_make_a_difference),
        scratch_test(every_flag),           scratch_test(contexts_carry_nothing_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
