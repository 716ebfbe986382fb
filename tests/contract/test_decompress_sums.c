/*
 * Seek tables with checksums, as zstd's own seekable writer makes them for frames that have none:
 * one that is wrong is an error, wherever it stands and however its frame is decoded, and nothing
 * is published.
 */
#include <string.h>

#include "support/craft.h"
#include "support/decompress.h"
#include "support/scratch.h"
#include "support/test.h"

enum {
    POOLS = 2,
    ENTRY_SIZE = 12
};

static const uint32_t pool_sizes[POOLS] = {1, 4};

/* A file on its way. */
struct seekable {
    struct bytes encoded;
    struct bytes content;
    struct bytes entries; /* of the table that is to come */
    size_t table;         /* offset of the first entry of the last table */
    uint64_t frames;      /* listed in it */
    uint64_t seed;
};

static void add_entry(struct seekable *file, uint64_t size, uint64_t content, uint64_t sum)
{
    bytes_append_number(&file->entries, size, 4);
    bytes_append_number(&file->entries, content, 4);
    bytes_append_number(&file->entries, sum, 4);
}

/* The sum is taken from the same frame with a checksum, which libzstd writes. */
static void add_frame(struct seekable *file, size_t size, unsigned int flags)
{
    struct bytes content = bytes_make(BYTES_TEXT, size, ++file->seed);
    struct bytes checked = {NULL, 0};
    uint32_t sum;
    size_t before = file->encoded.size;

    craft_zstd_frame(&checked, &content, 1, CRAFT_CHECKSUM | CRAFT_CONTENT_SIZE);
    memcpy(&sum, checked.data + checked.size - sizeof(sum), sizeof(sum));
    craft_zstd_frame(&file->encoded, &content, 1, flags);
    bytes_append(&file->content, content.data, content.size);
    add_entry(file, file->encoded.size - before, content.size, sum);
    bytes_free(&checked);
    bytes_free(&content);
}

/* Listed like the others, with a sum that nothing can have. */
static void add_skippable(struct seekable *file, size_t size)
{
    struct bytes note = bytes_make(BYTES_TEXT, size, 1);

    craft_zstd_skippable(&file->encoded, 3, &note);
    add_entry(file, 8 + size, 0, 0x12345678);
    bytes_free(&note);
}

static void add_table(struct seekable *file)
{
    file->frames = file->entries.size / ENTRY_SIZE;
    bytes_append_number(&file->encoded, 0x184D2A5E, 4);
    bytes_append_number(&file->encoded, file->entries.size + 9, 4);
    file->table = file->encoded.size;
    bytes_append(&file->encoded, file->entries.data, file->entries.size);
    bytes_append_number(&file->encoded, file->frames, 4);
    bytes_append_number(&file->encoded, 0x80, 1);
    bytes_append_number(&file->encoded, 0x8F92EAB1, 4);
    bytes_free(&file->entries);
}

/* The file is right; with one bit of the sum of frame `index` of the last table turned it is not.
 */
static void assert_sum_counts(struct scratch *scratch, struct seekable *file, uint64_t index,
                              const char *what)
{
    uint8_t *sum = file->encoded.data + file->table + index * ENTRY_SIZE + 8;

    for (size_t i = 0; i < POOLS; i++) {
        cinch_pool *pool = pool_with_threads(pool_sizes[i]);
        sum[index % 4] ^= 0x10;
        assert_refuses(scratch, pool, &file->encoded, CINCH_E_CHECKSUM, what);
        sum[index % 4] ^= 0x10;
        cinch_pool_destroy(pool, CINCH_DRAIN);
    }
}

/* The same for its first, middle and last frame. */
static void assert_sums_count(struct scratch *scratch, struct seekable *file, const char *what)
{
    for (size_t i = 0; i < POOLS; i++) {
        cinch_pool *pool = pool_with_threads(pool_sizes[i]);
        assert_decompresses(scratch, pool, &file->encoded, &file->content, what);
        cinch_pool_destroy(pool, CINCH_DRAIN);
    }
    assert_sum_counts(scratch, file, 0, what);
    assert_sum_counts(scratch, file, file->frames / 2, what);
    assert_sum_counts(scratch, file, file->frames - 1, what);
}

static void seekable_free(struct seekable *file)
{
    bytes_free(&file->encoded);
    bytes_free(&file->content);
    bytes_free(&file->entries);
}

static void few_frames(void **state)
{
    static const unsigned int flags[] = {CRAFT_CONTENT_SIZE, 0, CRAFT_CONTENT_SIZE | CRAFT_CHECKSUM,
                                         CRAFT_CHECKSUM};
    for (size_t k = 0; k < sizeof(flags) / sizeof(flags[0]); k++) {
        struct seekable file = {.frames = 0};
        for (size_t i = 0; i < 3; i++) {
            add_frame(&file, 1000 + i, flags[k]);
        }
        add_table(&file);
        assert_sums_count(*state, &file, "three frames");
        seekable_free(&file);
    }
}

static void many_frames(void **state)
{
    struct seekable file = {.frames = 0};
    for (size_t i = 0; i < 5000; i++) {
        add_frame(&file, 1 + i % 700, i % 3 != 0 ? CRAFT_CONTENT_SIZE : 0);
    }
    add_table(&file);
    assert_sums_count(*state, &file, "many frames");
    seekable_free(&file);
}

/* From a pipe, those that do not tell their size are decoded as streams, in several parts. */
static void large_frames(void **state)
{
    static const unsigned int flags[] = {CRAFT_CONTENT_SIZE, 0, CRAFT_CHECKSUM};
    for (size_t k = 0; k < sizeof(flags) / sizeof(flags[0]); k++) {
        struct seekable file = {.frames = 0};
        for (size_t i = 0; i < 3; i++) {
            add_frame(&file, ((size_t)1 << 20) + i, flags[k]);
            add_frame(&file, 70 * i, flags[(k + 1) % 3]);
        }
        add_table(&file);
        assert_sums_count(*state, &file, "large frames");
        seekable_free(&file);
    }
}

static int32_t code_within(struct scratch *scratch, enum way way, const struct seekable *file,
                           uint64_t limit)
{
    cinch_options options = CINCH_OPTIONS_INIT;
    cinch_pool *pool = pool_with_threads(2);
    options.memory_limit = limit;
    struct outcome outcome = decompress_bytes(scratch, pool, way, &file->encoded, &options);
    bytes_free(&outcome.content);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    return outcome.code;
}

/* Where memory is short, a frame of a file is decoded as a stream, too, whatever it tells. */
static void streamed_frames(void **state)
{
    static const unsigned int flags[] = {CRAFT_CONTENT_SIZE, 0, CRAFT_CHECKSUM};
    const uint64_t limit = 4 << 20;
    struct seekable file = {.frames = 0};
    for (size_t i = 0; i < 3; i++) {
        add_frame(&file, 100 + i, flags[i]);
        add_frame(&file, ((size_t)3 << 20) + i, flags[i]);
        add_skippable(&file, i);
    }
    add_table(&file);
    for (int way = 0; way < WAYS; way++) {
        assert_code(CINCH_OK, code_within(*state, (enum way)way, &file, limit));
        for (uint64_t i = 0; i < file.frames; i++) {
            uint8_t *entry = file.encoded.data + file.table + i * ENTRY_SIZE;
            entry[8 + i % 4] ^= 1;
            assert_code(i % 3 == 2 ? CINCH_OK : CINCH_E_CHECKSUM,
                        code_within(*state, (enum way)way, &file, limit));
            entry[8 + i % 4] ^= 1;
            entry[4] ^= 1;
            assert_code(CINCH_E_CORRUPT, code_within(*state, (enum way)way, &file, limit));
            entry[4] ^= 1;
            entry[0] ^= 1;
            assert_code(CINCH_E_CORRUPT, code_within(*state, (enum way)way, &file, limit));
            entry[0] ^= 1;
        }
    }
    seekable_free(&file);
}

/* A table without checksums, behind frames whose headers do not tell what they hold. */
static void sizes_that_no_header_tells(void **state)
{
    struct bytes encoded = {NULL, 0};
    struct bytes expected = {NULL, 0};
    uint32_t sizes[6];
    for (uint64_t i = 0; i < 3; i++) {
        struct bytes content = bytes_make(BYTES_TEXT, 300000 * (size_t)i, i + 1);
        size_t before = encoded.size;
        craft_zstd_frame(&encoded, &content, 1, i == 1 ? CRAFT_CHECKSUM : 0);
        bytes_append(&expected, content.data, content.size);
        sizes[2 * i] = (uint32_t)(encoded.size - before);
        sizes[2 * i + 1] = (uint32_t)content.size;
        bytes_free(&content);
    }
    size_t table = encoded.size + 8;
    craft_seek_table(&encoded, sizes, 3);
    for (size_t k = 0; k < POOLS; k++) {
        cinch_pool *pool = pool_with_threads(pool_sizes[k]);
        assert_decompresses(*state, pool, &encoded, &expected, "a table without checksums");
        for (size_t i = 0; i < 3; i++) {
            encoded.data[table + i * 8 + 4] ^= 2;
            assert_refuses(*state, pool, &encoded, CINCH_E_CORRUPT, "a size that no header tells");
            encoded.data[table + i * 8 + 4] ^= 2;
        }
        cinch_pool_destroy(pool, CINCH_DRAIN);
    }
    bytes_free(&encoded);
    bytes_free(&expected);
}

/* A table of the last frames alone, without checksums, says nothing of one before it. */
static void tables_of_both_kinds(void **state)
{
    struct seekable file = {.frames = 0};
    for (size_t i = 0; i < 3; i++) {
        add_frame(&file, 5000 + i, CRAFT_CONTENT_SIZE);
    }
    add_table(&file);
    struct bytes content = bytes_make(BYTES_TEXT, 700, 1);
    size_t before = file.encoded.size;
    craft_zstd_frame(&file.encoded, &content, 1, CRAFT_CONTENT_SIZE);
    const uint32_t sizes[] = {(uint32_t)(file.encoded.size - before), 700};
    craft_seek_table(&file.encoded, sizes, 1);
    bytes_append(&file.content, content.data, content.size);
    assert_sums_count(*state, &file, "the first of two tables");
    bytes_free(&content);
    seekable_free(&file);
}

/* More frames than a small memory has room to list: the table is passed over. */
static void a_table_that_is_too_long(void **state)
{
    struct seekable file = {.frames = 0};
    for (size_t i = 0; i < 5000; i++) {
        add_frame(&file, 1, CRAFT_CONTENT_SIZE);
        if (i % 3 == 0) {
            add_skippable(&file, 1);
        }
    }
    add_table(&file);
    for (int way = 0; way < WAYS; way++) {
        assert_code(CINCH_OK, code_within(*state, (enum way)way, &file, 1 << 20));
    }
    seekable_free(&file);
}

static void frames_between_skippable_ones(void **state)
{
    struct seekable file = {.frames = 0};
    for (size_t i = 0; i < 7; i++) {
        add_frame(&file, 3000 + i, CRAFT_CONTENT_SIZE);
        for (size_t k = 0; k < i % 3; k++) {
            add_skippable(&file, 10 * k);
        }
    }
    add_frame(&file, 100, CRAFT_CONTENT_SIZE);
    add_table(&file);
    for (size_t i = 0; i < POOLS; i++) {
        cinch_pool *pool = pool_with_threads(pool_sizes[i]);
        assert_decompresses(*state, pool, &file.encoded, &file.content, "skippable frames");
        cinch_pool_destroy(pool, CINCH_DRAIN);
    }
    assert_sum_counts(*state, &file, 0, "skippable frames");
    assert_sum_counts(*state, &file, 1, "skippable frames");
    assert_sum_counts(*state, &file, file.frames - 1, "skippable frames");
    seekable_free(&file);
}

static void files_one_after_the_other(void **state)
{
    struct seekable file = {.frames = 0};
    for (size_t i = 0; i < 3; i++) {
        add_frame(&file, 5000 + i, CRAFT_CONTENT_SIZE);
    }
    add_table(&file);
    size_t first = file.table;
    add_skippable(&file, 20);
    for (size_t i = 0; i < 4; i++) {
        add_frame(&file, 400 + i, CRAFT_CONTENT_SIZE);
    }
    add_table(&file);
    assert_sum_counts(*state, &file, 1, "the second of two files");
    assert_sum_counts(*state, &file, file.frames - 1, "the second of two files");
    file.table = first;
    file.frames = 3;
    assert_sums_count(*state, &file, "the first of two files");
    seekable_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(few_frames),
        scratch_test(many_frames),
        scratch_test(large_frames),
        scratch_test(streamed_frames),
        scratch_test(sizes_that_no_header_tells),
        scratch_test(tables_of_both_kinds),
        scratch_test(a_table_that_is_too_long),
        scratch_test(frames_between_skippable_ones),
        scratch_test(files_one_after_the_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
