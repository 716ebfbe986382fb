/* Frame sums: which frames are hashed, how their list grows, and what a table is held against. */
#include "frame_sums.h"

#include <string.h>

#include "compressed.h"
#include "format/bytes.h"
#include "format/seek_table.h"
#include "format/xxh64.h"
#include "refusal.h"
#include "support/bytes.h"
#include "support/test.h"

/* --- Which frames are hashed ------------------------------------------------------------ */

enum {
    FRAMES_MOST = 2000,
    FRAME_SIZE = 10,
    TABLE_HAS_CHECKSUMS = 0x80 /* in a footer's descriptor */
};

/* A file whose table lists `count` frames, which nobody looks at here. */
static struct bytes file_of_frames(uint32_t count)
{
    static uint8_t table[SEEK_TABLE_HEADER_SIZE + FRAMES_MOST * SEEK_TABLE_ENTRY_SIZE +
                         SEEK_TABLE_FOOTER_SIZE];
    struct seek_table_entry entries[FRAMES_MOST];
    struct bytes file = {NULL, 0};

    for (uint32_t i = 0; i < count; i++)
        entries[i] = (struct seek_table_entry){FRAME_SIZE, 1 + i};
    bytes_append_run(&file, 0xEE, (size_t)FRAME_SIZE * count);
    bytes_append(&file, table, seek_table_write(table, entries, count));
    return file;
}

/* What frame_sums_open() decides; `as_file` false: as if the bytes came through a pipe. */
static bool hashes_frames(const struct bytes *bytes, bool as_file)
{
    struct failure failure = {.code = CINCH_OK};
    struct input input = input_of_memory(bytes->data, bytes->size);
    struct decompress decompress = {.source = {.input = &input}};

    input.is_file = input.is_file && as_file;
    assert_code(CINCH_OK, frame_sums_open(&decompress, &failure));
    input_close_memory(&input);
    return decompress.hashes_frames;
}

static void a_table_of_all_without_checksums_spares_the_hashes(void **state)
{
    static const uint32_t counts[] = {0, 1, 3, 511, 512, 513, FRAMES_MOST};

    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct bytes file = file_of_frames(counts[i]);
        assert_false(hashes_frames(&file, true));
        assert_true(hashes_frames(&file, false));
        bytes_free(&file);
    }
}

static void whatever_else_ends_a_file_spares_nothing(void **state)
{
    const size_t header = 3 * (size_t)FRAME_SIZE;
    const size_t entries = header + SEEK_TABLE_HEADER_SIZE;
    const size_t footer = entries + 3 * (size_t)SEEK_TABLE_ENTRY_SIZE;
    const struct {
        size_t offset;
        uint8_t mask;
    } changes[] = {
        {header, 1},                       /* no skippable frame */
        {header + 4, 1},                   /* one of another size */
        {entries, 1},                      /* frames that are not all of the file */
        {entries + 4, 1},                  /* a frame without content: who knows what is in it */
        {footer + 2, 1},                   /* more frames than the file has room for */
        {footer + 4, TABLE_HAS_CHECKSUMS}, /* what the hashes are for */
        {footer + 8, 1},                   /* no table at all */
    };
    struct bytes file = file_of_frames(3);
    struct bytes few = bytes_slice(&file, footer + 1, SEEK_TABLE_FOOTER_SIZE - 1);
    struct bytes none = {NULL, 0};

    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        file.data[changes[i].offset] ^= changes[i].mask;
        if (!hashes_frames(&file, true))
            fail_msg("change %zu", i);
        file.data[changes[i].offset] ^= changes[i].mask;
    }
    assert_false(hashes_frames(&file, true));
    bytes_free(&file);
    file = file_of_frames(0);
    file.data[file.size - 5] = TABLE_HAS_CHECKSUMS;
    assert_true(hashes_frames(&file, true));
    assert_true(hashes_frames(&few, true));
    assert_true(hashes_frames(&none, true));
    bytes_free(&few);
    bytes_free(&file);
}

/* The footer, the header, and each run of entries. */
static void a_table_that_cannot_be_read_is_told(void **state)
{
    static const struct {
        enum refusal refusal;
        int32_t code;
    } cases[] = {{REFUSE_READ, CINCH_E_IO}, {REFUSE_REST, CINCH_E_INPUT_CHANGED}};
    struct bytes file = file_of_frames(1000);
    struct input input = input_of_memory(file.data, file.size);
    struct decompress decompress = {.source = {.input = &input}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (unsigned number = 0; number < 5; number++) {
            struct failure failure = {.code = CINCH_OK};
            refusal_begin(cases[i].refusal, number);
            int32_t code = frame_sums_open(&decompress, &failure);
            assert_int_equal(number < 4, refusal_end());
            assert_code(number < 4 ? cases[i].code : CINCH_OK, code);
            assert_code(code, failure.code);
        }
    }
    input_close_memory(&input);
    bytes_free(&file);
}

/* --- Sums of whole frames --------------------------------------------------------------- */

static void a_sum_is_the_frame_s_own_checksum_or_a_hash(void **state)
{
    static const uint8_t frame[] = {9, 9, 9, 9, 9, 9, 0x44, 0x33, 0x22, 0x11};
    static const uint8_t content[] = {'w', 'o', 'r', 'd', 's'};
    const uint32_t hash = (uint32_t)xxh64(content, sizeof content);
    const struct zstd_frame_header checked = {.has_checksum = true};
    const struct zstd_frame_header unchecked = {.has_checksum = false};
    const size_t largest = SIZE_MAX; /* in fact nobody looks at content that has a checksum */
    struct decompress decompress = {.hashes_frames = true};
    struct chunk chunk = {.segment = {.frames = 4}};
    struct frame_sum sums[4];

    (void)state;
    refusal_begin(REFUSE_MEMORY, 0);
    assert_false(frame_sums_prepare(&chunk));
    assert_true(refusal_end());
    assert_true(frame_sums_prepare(&chunk));
    frame_sums_make(&decompress, &chunk, &checked, frame, sizeof frame, content, 5);
    frame_sums_make(&decompress, &chunk, &unchecked, frame, sizeof frame, content, 5);
    decompress.hashes_frames = false;
    frame_sums_make(&decompress, &chunk, &unchecked, frame, sizeof frame, content, 5);
    frame_sums_make(&decompress, &chunk, &checked, frame, sizeof frame, content, largest);
    assert_int_equal(4, chunk.sums_count);
    memcpy(sums, chunk.sums.data, sizeof sums);
    const struct frame_sum expected[] = {
        {5, 0x11223344}, {5, hash}, {5, 0}, {UINT32_MAX, 0x11223344}};
    assert_memory_equal(expected, sums, sizeof expected);
    buffer_free(&chunk.sums);
}

/* --- The list, and tables --------------------------------------------------------------- */

/* A put step's list, of `most` sums at the most. */
static struct decompress list_of(size_t most)
{
    return (struct decompress){.hashes_frames = true,
                               .limits = {.list_most = most * sizeof(struct frame_sum)}};
}

/* Puts a chunk of whole frames with these sums, `skipped` skippable ones before it. */
static void put_frames(struct decompress *decompress, const struct frame_sum *sums, size_t count,
                       uint64_t skipped)
{
    struct chunk chunk = {
        .segment = {.kind = SEGMENT_ZSTD_FRAMES, .skipped_before = skipped},
        .sums = {(uint8_t *)sums, count * sizeof *sums},
        .sums_count = count,
    };
    assert_code(CINCH_OK, frame_sums_put(decompress, &chunk));
}

/* Puts a part of a frame that was decoded as a stream. */
static void put_part(struct decompress *decompress, const char *text, size_t size, bool ends,
                     bool is_unchecked)
{
    struct chunk chunk = {
        .segment = {.kind = SEGMENT_CONTENT,
                    .ends_member = ends,
                    .is_unchecked = is_unchecked,
                    .member_check = 0x55667788},
        .output = {(uint8_t *)text, size},
        .output_size = size,
    };
    assert_code(CINCH_OK, frame_sums_put(decompress, &chunk));
}

/* What a table of these sums is answered. */
static int32_t put_table(struct decompress *decompress, const struct frame_sum *sums,
                         uint32_t count, bool has_checksums)
{
    struct bytes table = {NULL, 0};
    uint8_t header[SEEK_TABLE_HEADER_SIZE];
    uint8_t footer[SEEK_TABLE_FOOTER_SIZE];
    const struct segment segment = {.kind = SEGMENT_ZSTD_TABLE};

    seek_table_write_header(header, count);
    seek_table_write_footer(footer, count);
    footer[4] = has_checksums ? TABLE_HAS_CHECKSUMS : 0;
    bytes_append(&table, header, sizeof header);
    for (uint32_t i = 0; i < count; i++) {
        uint8_t entry[SEEK_TABLE_ENTRY_SIZE + 4];
        seek_table_write_entry(
            entry, (struct seek_table_entry){.decompressed_size = sums[i].content_size});
        store_le32(entry + SEEK_TABLE_ENTRY_SIZE, sums[i].checksum);
        bytes_append(&table, entry, sizeof entry - (has_checksums ? 0 : 4));
    }
    bytes_append(&table, footer, sizeof footer);
    struct chunk chunk = {
        .segment = segment, .input = {table.data, table.size}, .input_size = table.size};
    int32_t code = frame_sums_put(decompress, &chunk);
    bytes_free(&table);
    return code;
}

static uint32_t hash_of(const char *text)
{
    return (uint32_t)xxh64((const uint8_t *)text, strlen(text));
}

static const struct frame_sum three[] = {{10, 0xAABBCCDD}, {20, 0x12345678}, {0, 0x51D8E999}};

static void a_table_is_held_against_the_last_frames(void **state)
{
    struct decompress decompress = list_of(100);
    struct frame_sum sums[3];

    (void)state;
    put_frames(&decompress, three + 2, 1, 0);
    put_frames(&decompress, three, 2, 0);
    put_frames(&decompress, three + 2, 1, 0);
    for (int has_checksums = 0; has_checksums < 2; has_checksums++) {
        assert_code(CINCH_OK, put_table(&decompress, NULL, 0, has_checksums));
        assert_code(CINCH_OK, put_table(&decompress, three, 3, has_checksums));
        assert_code(CINCH_OK, put_table(&decompress, three + 2, 1, has_checksums));
        assert_code(CINCH_E_CORRUPT, put_table(&decompress, three, 2, has_checksums));
        for (size_t i = 0; i < 3; i++) {
            memcpy(sums, three, sizeof sums);
            sums[i].content_size++;
            assert_code(CINCH_E_CORRUPT, put_table(&decompress, sums, 3, has_checksums));
            memcpy(sums, three, sizeof sums);
            sums[i].checksum ^= 1;
            assert_code(has_checksums ? CINCH_E_CHECKSUM : CINCH_OK,
                        put_table(&decompress, sums, 3, has_checksums));
        }
    }
    /* Of frames that were not hashed nobody knows the checksums. */
    decompress.hashes_frames = false;
    assert_code(CINCH_OK, put_table(&decompress, sums, 3, true));
    assert_code(CINCH_E_CORRUPT, put_table(&decompress, three, 2, true));
    buffer_free(&decompress.sums);
}

/* They have their places, and whatever checksum a table says of them. */
static void skippable_frames_are_counted(void **state)
{
    static const struct frame_sum listed[] = {{0, 0}, {0, 0xFFFFFFFF}, {10, 0xAABBCCDD}, {0, 7}};
    static const struct chunk end = {.segment = {.kind = SEGMENT_NOTHING, .skipped_before = 1}};
    struct decompress decompress = list_of(100);

    (void)state;
    put_frames(&decompress, three, 1, 2);
    assert_code(CINCH_OK, put_table(&decompress, listed, 3, true));
    assert_code(CINCH_OK, frame_sums_put(&decompress, &end));
    assert_code(CINCH_OK, put_table(&decompress, listed, 4, true));
    assert_code(CINCH_E_CORRUPT, put_table(&decompress, listed, 3, true));
    buffer_free(&decompress.sums);
}

static void a_streamed_frame_is_summed_over_its_parts(void **state)
{
    const struct frame_sum sums[] = {
        {10, hash_of("parts of a")}, {10, 0x55667788}, {0, hash_of("")}, {UINT32_MAX, 0x55667788}};
    struct decompress decompress = list_of(100);

    (void)state;
    for (int has_hashes = 1; has_hashes >= 0; has_hashes--) {
        decompress.hashes_frames = has_hashes;
        put_part(&decompress, "parts", 5, false, true);
        put_part(&decompress, "", 0, false, true);
        put_part(&decompress, " of a", 5, true, true);
        put_part(&decompress, "parts", 5, false, false);
        put_part(&decompress, " of a", 5, true, false);
        put_part(&decompress, "", 0, true, true);
        /* More than a table can tell; with a checksum of its own it is not looked at. */
        put_part(&decompress, NULL, UINT32_MAX, false, false);
        put_part(&decompress, NULL, UINT32_MAX, true, false);
        assert_code(CINCH_OK, put_table(&decompress, sums, 4, true));
        for (size_t i = 0; i < 4; i++) {
            struct frame_sum others[4];
            memcpy(others, sums, sizeof others);
            others[i].checksum ^= 0x100;
            assert_code(has_hashes ? CINCH_E_CHECKSUM : CINCH_OK,
                        put_table(&decompress, others, 4, true));
        }
    }
    buffer_free(&decompress.sums);
}

/* Tables that list more than it still has are passed over. */
static void a_list_without_room_begins_anew(void **state)
{
    struct frame_sum sums[100];
    struct decompress decompress = list_of(100);

    (void)state;
    for (uint32_t i = 0; i < 100; i++)
        sums[i] = (struct frame_sum){i + 1, i};
    for (size_t i = 0; i < 10; i++)
        put_frames(&decompress, sums + 10 * i, 10, 0);
    assert_code(CINCH_OK, put_table(&decompress, sums, 100, true));
    assert_code(CINCH_E_CORRUPT, put_table(&decompress, sums, 99, true));
    assert_true(decompress.sums.capacity <= decompress.limits.list_most);

    /* One too many is not in it either. */
    put_frames(&decompress, sums, 1, 0);
    assert_int_equal(0, decompress.sums_count);
    assert_code(CINCH_OK, put_table(&decompress, sums, 99, true));
    put_frames(&decompress, sums, 2, 0);
    assert_code(CINCH_OK, put_table(&decompress, sums + 1, 3, true));
    assert_code(CINCH_E_CORRUPT, put_table(&decompress, sums + 1, 2, true));

    /* Nor where memory is short. */
    refusal_begin(REFUSE_MEMORY, 0);
    put_frames(&decompress, sums, 100, 0);
    put_frames(&decompress, sums, 90, 0);
    assert_true(refusal_end());
    assert_int_equal(0, decompress.sums_count);
    buffer_free(&decompress.sums);
}

/* The take step has looked at it before. */
static void what_is_no_table_is_an_error_of_ours(void **state)
{
    static uint8_t zeros[SEEK_TABLE_HEADER_SIZE + SEEK_TABLE_FOOTER_SIZE];
    const struct chunk chunk = {
        .segment = {.kind = SEGMENT_ZSTD_TABLE},
        .input = {zeros, sizeof zeros},
        .input_size = sizeof zeros,
    };
    struct decompress decompress = list_of(100);

    (void)state;
    assert_code(CINCH_E_INTERNAL, frame_sums_put(&decompress, &chunk));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_of_all_without_checksums_spares_the_hashes),
        cmocka_unit_test(whatever_else_ends_a_file_spares_nothing),
        cmocka_unit_test(a_table_that_cannot_be_read_is_told),
        cmocka_unit_test(a_sum_is_the_frame_s_own_checksum_or_a_hash),
        cmocka_unit_test(a_table_is_held_against_the_last_frames),
        cmocka_unit_test(skippable_frames_are_counted),
        cmocka_unit_test(a_streamed_frame_is_summed_over_its_parts),
        cmocka_unit_test(a_list_without_room_begins_anew),
        cmocka_unit_test(what_is_no_table_is_an_error_of_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
