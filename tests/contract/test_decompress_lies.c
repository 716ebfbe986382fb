/*
 * Tables, indexes and sizes that lie: each is an error, whoever reads the file and however, and
 * nothing is published. The data itself is right in all of these files.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/craft.h"
#include "support/decompress.h"
#include "support/monitor.h"
#include "support/scratch.h"
#include "support/test.h"

enum {
    CHUNK = 4096,
    FRAMES = 3,
    POOLS = 2
};

static const uint32_t pool_sizes[POOLS] = {1, 3};

/* The data contradicts what is told of it, or what is told reaches beyond the data. */
static bool is_of_a_lie(int32_t code)
{
    return code == CINCH_E_CORRUPT || code == CINCH_E_TRUNCATED || code == CINCH_E_CHECKSUM;
}

/* By every way and number of threads the file is refused, by a file's ways with the same code. */
static void assert_is_seen(struct scratch *scratch, const struct bytes *encoded, const char *what)
{
    for (size_t i = 0; i < POOLS; i++) {
        cinch_pool *pool = pool_with_threads(pool_sizes[i]);
        for (int way = 0; way < WAYS; way++) {
            struct outcome outcome = decompress_bytes(scratch, pool, (enum way)way, encoded, NULL);
            if (!is_of_a_lie(outcome.code)) {
                fail_msg("%s, %s: got %s", what, way_name((enum way)way), code_name(outcome.code));
            }
            bytes_free(&outcome.content);
        }
        cinch_pool_destroy(pool, CINCH_DRAIN);
    }
}

/* The same with `size` bytes of the file replaced by a number. */
static void assert_lie_is_seen(struct scratch *scratch, const struct bytes *encoded, size_t offset,
                               uint64_t number, size_t size, const char *what)
{
    struct bytes lying = bytes_slice(encoded, 0, encoded->size);
    char described[200];

    bytes_replace_number(&lying, offset, number, size);
    assert_false(bytes_are_equal(encoded, &lying));
    snprintf(described, sizeof(described), "%s: %llu at %zu", what, (unsigned long long)number,
             offset);
    assert_is_seen(scratch, &lying, described);
    bytes_free(&lying);
}

/* --- Seek tables ------------------------------------------------------------------------ */

/* Three frames and their sizes, compressed and decompressed in turn. */
static struct bytes frames_make(uint32_t sizes[2 * FRAMES])
{
    struct bytes encoded = {NULL, 0};

    for (uint64_t i = 0; i < FRAMES; i++) {
        struct bytes content = bytes_make(BYTES_TEXT, 1000 + (size_t)i, i + 1);
        size_t before = encoded.size;
        craft_zstd_frame(&encoded, &content, 3, CRAFT_CHECKSUM | CRAFT_CONTENT_SIZE);
        sizes[2 * i] = (uint32_t)(encoded.size - before);
        sizes[2 * i + 1] = (uint32_t)content.size;
        bytes_free(&content);
    }
    return encoded;
}

static void seek_tables(void **state)
{
    static const uint64_t sizes_told[] = {0, 1, 1000, 0x7FFFFFFF, 0xFFFFFFFF};
    struct scratch *scratch = *state;
    uint32_t sizes[2 * FRAMES];
    struct bytes frames = frames_make(sizes);
    struct bytes encoded = bytes_slice(&frames, 0, frames.size);
    const size_t entries = frames.size + 8;

    craft_seek_table(&encoded, sizes, FRAMES);
    const size_t footer = encoded.size - 9;

    /* Each size of each frame: one more, one less, and numbers whose sums overflow. */
    for (size_t i = 0; i < (size_t)2 * FRAMES; i++) {
        assert_lie_is_seen(scratch, &encoded, entries + 4 * i, sizes[i] + 1, 4, "an entry");
        assert_lie_is_seen(scratch, &encoded, entries + 4 * i, sizes[i] - 1, 4, "an entry");
        for (size_t k = 0; k < sizeof(sizes_told) / sizeof(sizes_told[0]); k++) {
            if (sizes_told[k] != sizes[i]) {
                assert_lie_is_seen(scratch, &encoded, entries + 4 * i, sizes_told[k], 4,
                                   "an entry");
            }
        }
    }
    /* Sizes that add up, but are not those of the frames. */
    struct bytes lying = bytes_slice(&encoded, 0, encoded.size);
    bytes_replace_number(&lying, entries, sizes[0] + 1, 4);
    bytes_replace_number(&lying, entries + 8, sizes[2] - 1, 4);
    assert_is_seen(scratch, &lying, "compressed sizes that add up");
    bytes_free(&lying);
    lying = bytes_slice(&encoded, 0, encoded.size);
    bytes_replace_number(&lying, entries + 4, sizes[1] + 1, 4);
    bytes_replace_number(&lying, entries + 12, sizes[3] - 1, 4);
    assert_is_seen(scratch, &lying, "decompressed sizes that add up");
    bytes_free(&lying);

    /* How many they are, and the reserved bits. */
    static const uint64_t counts[] = {0, 1, 2, 4, 0x8000000, 0x8000001, 0xFFFFFFFF};
    for (size_t k = 0; k < sizeof(counts) / sizeof(counts[0]); k++) {
        assert_lie_is_seen(scratch, &encoded, footer, counts[k], 4, "the number of frames");
    }
    for (int bit = 2; bit < 8; bit++) {
        assert_lie_is_seen(scratch, &encoded, footer + 4, UINT64_C(1) << bit, 1, "the descriptor");
    }

    /* A table of four frames, where there are three. */
    bytes_free(&encoded);
    encoded = bytes_slice(&frames, 0, frames.size);
    uint32_t more[2 * (FRAMES + 1)] = {sizes[0], sizes[1]};
    memcpy(more + 2, sizes, sizeof(sizes));
    craft_seek_table(&encoded, more, FRAMES + 1);
    assert_is_seen(scratch, &encoded, "a table of more frames");
    bytes_free(&encoded);
    bytes_free(&frames);
}

/* --- Our gzip index ------------------------------------------------------------------------- */

static void gzip_indexes(void **state)
{
    struct scratch *scratch = *state;
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");
    cinch_options options = CINCH_OPTIONS_INIT;
    cinch_pool *pool = pool_with_threads(1);
    struct bytes content = file_make(input, BYTES_TEXT, 3 * CHUNK + 100, 1);

    options.format = CINCH_FORMAT_GZIP;
    options.chunk_size = CHUNK;
    assert_code(CINCH_OK, compress_and_wait(pool, input, output, &options));
    cinch_pool_destroy(pool, CINCH_DRAIN);
    struct bytes encoded = file_read(output);

    /* Behind the fixed header, the length of the extra field, CI and its length. */
    const size_t index = 10 + 2 + 4;
    const size_t pieces = index + 16;
    assert_memory_equal(encoded.data + 12, "CI", 2);
    assert_lie_is_seen(scratch, &encoded, index + 2, 1, 2, "the reserved field");
    static const uint64_t chunk_sizes[] = {0, 1, CHUNK - 1, CHUNK + 1, 2 * CHUNK, 0xFFFFFFFF};
    for (size_t k = 0; k < sizeof(chunk_sizes) / sizeof(chunk_sizes[0]); k++) {
        assert_lie_is_seen(scratch, &encoded, index + 4, chunk_sizes[k], 4, "the chunk size");
    }
    const uint64_t lengths[] = {0, 1, CHUNK, content.size - CHUNK, UINT64_MAX};
    for (size_t k = 0; k < sizeof(lengths) / sizeof(lengths[0]); k++) {
        assert_lie_is_seen(scratch, &encoded, index + 8, lengths[k], 8, "the length");
    }
    for (size_t i = 0; i < 4; i++) {
        uint32_t size = encoded.data[pieces + 4 * i] | (uint32_t)encoded.data[pieces + 4 * i + 1]
                                                           << 8;
        const uint64_t told[] = {0, 1, size - 1, size + 1, 0x7FFFFFFF, 0xFFFFFFFF};
        for (size_t k = 0; k < sizeof(told) / sizeof(told[0]); k++) {
            /* The last piece may be one empty block longer or shorter: the trailer tells. */
            if (i < 3 || (told[k] != size - 1 && told[k] != size + 1)) {
                assert_lie_is_seen(scratch, &encoded, pieces + 4 * i, told[k], 4, "a piece");
            }
        }
    }
    /* Pieces that add up, but end elsewhere. */
    struct bytes lying = bytes_slice(&encoded, 0, encoded.size);
    lying.data[pieces]++;
    lying.data[pieces + 4]--;
    assert_is_seen(scratch, &lying, "pieces that add up");
    bytes_free(&lying);

    /* An index that was made for another content of the same length. */
    struct bytes other_content = file_make(input, BYTES_ZEROS, content.size, 1);
    pool = pool_with_threads(1);
    assert_code(CINCH_OK, compress_and_wait(pool, input, output, &options));
    cinch_pool_destroy(pool, CINCH_DRAIN);
    struct bytes other = file_read(output);
    lying = bytes_slice(&encoded, 0, encoded.size);
    memcpy(lying.data + pieces, other.data + pieces, 16);
    assert_is_seen(scratch, &lying, "another file's index");
    bytes_free(&lying);
    bytes_free(&other);
    bytes_free(&other_content);
    bytes_free(&encoded);
    bytes_free(&content);
}

/* --- Content sizes ---------------------------------------------------------------------- */

/* Frames too large to be decoded as a whole, and so a part at a time, by what they say: a little
 * less than they hold, or far more, whether the last block has content or not. */
static void content_sizes_of_large_frames(void **state)
{
    static const uint64_t told[] = {2, 9, 11, UINT64_C(200) << 20};

    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
        for (int last_is_empty = 0; last_is_empty < 2; last_is_empty++) {
            const struct craft_zstd_header header = {
                .has_content_size = true,
                .window = 10 << 3, /* 1 MiB */
                .content_size = told[i],
            };
            struct bytes encoded = {NULL, 0};
            craft_zstd_header(&encoded, &header);
            craft_zstd_block(&encoded, CRAFT_RAW, last_is_empty == 0, 10);
            bytes_append(&encoded, "0123456789", 10);
            if (last_is_empty) {
                craft_zstd_block(&encoded, CRAFT_RAW, true, 0);
            }
            assert_is_seen(*state, &encoded, "a frame's content size");
            bytes_free(&encoded);
        }
    }
}

/* --- Members that tell their size ------------------------------------------------------------ */

static void member_sizes(void **state)
{
    struct scratch *scratch = *state;
    struct bytes content = bytes_make(BYTES_TEXT, 3000, 1);
    static const size_t field_sizes[CRAFT_SIZES] = {2, 4, 8, 4, 4};

    for (int kind = 0; kind < CRAFT_SIZES; kind++) {
        struct bytes encoded = {NULL, 0};
        const size_t offset = 10 + 2 + 4;
        craft_gzip_sized_member(&encoded, &content, 6, (enum craft_size)kind);
        const size_t size = encoded.size;
        craft_gzip_sized_member(&encoded, &content, 6, (enum craft_size)kind);
        uint64_t told = kind == CRAFT_BGZF ? size - 1 : kind == CRAFT_MIGZ ? size - 28 : size;
        uint64_t most =
            field_sizes[kind] == 8 ? UINT64_MAX : (UINT64_C(1) << 8 * field_sizes[kind]) - 1;
        /* Of a size that cannot be, nobody takes notice: the member is then read as any other. */
        const uint64_t lies[] = {told - 1, told + 1, told + size, told / 2 + 50, most, most / 2};
        for (size_t k = 0; k < sizeof(lies) / sizeof(lies[0]); k++) {
            assert_lie_is_seen(scratch, &encoded, offset, lies[k], field_sizes[kind], "a size");
        }
        bytes_free(&encoded);
    }
    bytes_free(&content);
}

/* A member's own length in the trailer: more than any deflate data could be, and a little. */
static void member_lengths(void **state)
{
    struct scratch *scratch = *state;
    struct bytes content = bytes_make(BYTES_TEXT, 3000, 1);
    static const uint64_t lengths[] = {0, 1, 2999, 3001, 1 << 20, 0x7FFFFFFF, 0xFFFFFFFF};

    for (int kind = -1; kind < CRAFT_SIZES; kind++) {
        struct bytes encoded = {NULL, 0};
        if (kind < 0) {
            craft_gzip_member(&encoded, &content, 6, NULL);
        } else {
            craft_gzip_sized_member(&encoded, &content, 6, (enum craft_size)kind);
        }
        const size_t trailer = encoded.size - 4;
        craft_gzip_member(&encoded, &content, 6, NULL);
        for (size_t k = 0; k < sizeof(lengths) / sizeof(lengths[0]); k++) {
            assert_lie_is_seen(scratch, &encoded, trailer, lengths[k], 4, "a length");
        }
        bytes_free(&encoded);
    }
    bytes_free(&content);
}

/* What a member is changed into once its job has looked at it. */
struct change {
    const char *path;
    const struct bytes *after;
};

static void hook_change(struct monitor *monitor, uint64_t bytes_done, uint64_t bytes_total)
{
    const struct change *change = monitor->context;

    (void)bytes_done;
    (void)bytes_total;
    file_write(change->path, change->after);
}

/*
 * A file that changes while it is read, so that the sizes told are others than those that room was
 * made for: first one member, said to hold 100 bytes; then one of 60,000 with something behind it,
 * or one that reaches beyond the end.
 */
static void members_that_change(void **state)
{
    struct scratch *scratch = *state;
    const char *input = scratch_path(scratch, "changing.gz");
    const char *output = scratch_path(scratch, "changing");
    struct bytes content = bytes_make(BYTES_ZEROS, 60000, 1);
    const size_t offset = 10 + 2 + 4;

    for (int is_longer = 0; is_longer < 2; is_longer++) {
        cinch_pool *pool = pool_with_threads(1);
        struct bytes after = {NULL, 0};
        craft_gzip_sized_member(&after, &content, 6, CRAFT_BGZF);
        bytes_append_number(&after, 100, 8);
        bytes_append_number(&after, 100, 4);
        struct bytes before = bytes_slice(&after, 0, after.size);
        bytes_replace_number(&before, offset, before.size - 1, 2);
        if (is_longer) {
            bytes_replace_number(&after, offset, 0xFFFF, 2);
        }
        file_write(input, &before);

        struct change change = {input, &after};
        struct monitor *monitor = monitor_new();
        monitor->progress_hook = hook_change;
        monitor->context = &change;
        cinch_options options = CINCH_OPTIONS_INIT;
        monitor_watch(monitor, &options);
        assert_code(CINCH_E_CORRUPT, decompress_and_wait(pool, input, output, &options));
        monitor_assert_ended(monitor, CINCH_E_CORRUPT);
        monitor_free(monitor);
        assert_int_not_equal(0, access(output, F_OK));
        cinch_pool_destroy(pool, CINCH_DRAIN);
        bytes_free(&before);
        bytes_free(&after);
    }
    bytes_free(&content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(seek_tables),
        scratch_test(gzip_indexes),
        scratch_test(content_sizes_of_large_frames),
        scratch_test(member_sizes),
        scratch_test(member_lengths),
        scratch_test(members_that_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
