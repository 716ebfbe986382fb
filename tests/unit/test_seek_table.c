/* The seek table: hand-made bytes for every field and limit, and our own writer read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <cinch/cinch.h>
#include <zstd.h>

#include "format/bytes.h"
#include "format/seek_table.h"

/* Two frames of 20 and 300 compressed bytes, 1000 and 2000 bytes of content. */
static const uint8_t two_frames[33] = {
    0x5E, 0x2A, 0x4D, 0x18, 25,   0,    0,    0,         /* header */
    20,   0,    0,    0,    0xE8, 0x03, 0,    0,         /* entry 0 */
    0x2C, 0x01, 0,    0,    0xD0, 0x07, 0,    0,         /* entry 1 */
    2,    0,    0,    0,    0,    0xB1, 0xEA, 0x92, 0x8F /* footer */
};

static const uint8_t *footer_of(const uint8_t *table, size_t size)
{
    return table + size - SEEK_TABLE_FOOTER_SIZE;
}

/* Fills a footer; the tests below vary one field at a time. */
static void make_footer(uint8_t *footer, uint32_t frames, uint8_t descriptor)
{
    seek_table_write_footer(footer, frames);
    footer[4] = descriptor;
}

static void writes_the_bytes_of_the_specification(void **state)
{
    const struct seek_table_entry entries[] = {{20, 1000}, {300, 2000}};
    uint8_t buffer[sizeof(two_frames) + 1];

    (void)state;
    memset(buffer, 0xAA, sizeof(buffer));
    assert_int_equal(seek_table_size(2), sizeof(two_frames));
    assert_int_equal(seek_table_write(buffer, entries, 2), sizeof(two_frames));
    assert_memory_equal(buffer, two_frames, sizeof(two_frames));
    assert_int_equal(buffer[sizeof(two_frames)], 0xAA);
}

static void writes_an_empty_table(void **state)
{
    uint8_t buffer[17];
    struct seek_table table;

    (void)state;
    assert_int_equal(seek_table_size(0), sizeof(buffer));
    assert_int_equal(seek_table_write(buffer, NULL, 0), sizeof(buffer));
    assert_int_equal(load_le32(buffer + 4), SEEK_TABLE_FOOTER_SIZE);
    assert_int_equal(seek_table_parse_footer(buffer + 8, sizeof(buffer), &table), CINCH_OK);
    assert_int_equal(table.frames, 0);
    assert_int_equal(seek_table_parse_header(buffer, &table), CINCH_OK);

    uint64_t compressed[1] = {99}, decompressed[1] = {99};
    assert_int_equal(seek_table_parse_entries(&table, buffer + 8, 0, 0, compressed, decompressed),
                     CINCH_OK);
    assert_int_equal(compressed[0], 0);
    assert_int_equal(decompressed[0], 0);
}

static void writes_the_largest_table_s_sizes(void **state)
{
    uint8_t header[SEEK_TABLE_HEADER_SIZE];

    (void)state;
    assert_int_equal(seek_table_size(SEEK_TABLE_MAX_FRAMES), 0x40000011);
    seek_table_write_header(header, SEEK_TABLE_MAX_FRAMES);
    assert_int_equal(load_le32(header + 4), 0x40000009);
}

static void reads_what_it_wrote(void **state)
{
    struct seek_table table;
    uint64_t compressed[3], decompressed[3];

    (void)state;
    assert_int_equal(
        seek_table_parse_footer(footer_of(two_frames, sizeof(two_frames)), 353, &table), CINCH_OK);
    assert_int_equal(table.frames, 2);
    assert_int_equal(table.entry_size, 8);
    assert_int_equal(table.size, sizeof(two_frames));
    assert_false(table.has_checksums);
    assert_int_equal(seek_table_parse_header(two_frames, &table), CINCH_OK);
    assert_int_equal(
        seek_table_parse_entries(&table, two_frames + 8, 0, 2, compressed, decompressed), CINCH_OK);
    assert_int_equal(compressed[0], 0);
    assert_int_equal(compressed[1], 20);
    assert_int_equal(compressed[2], 320);
    assert_int_equal(decompressed[0], 0);
    assert_int_equal(decompressed[1], 1000);
    assert_int_equal(decompressed[2], 3000);
}

static void reads_entries_in_runs(void **state)
{
    const struct seek_table table = {.frames = 2, .entry_size = 8, .size = 33};
    uint64_t compressed[3] = {7, 7, 7}, decompressed[3] = {7, 7, 7};

    (void)state;
    assert_int_equal(
        seek_table_parse_entries(&table, two_frames + 8, 0, 1, compressed, decompressed), CINCH_OK);
    assert_int_equal(compressed[2], 7);
    assert_int_equal(decompressed[2], 7);
    assert_int_equal(
        seek_table_parse_entries(&table, two_frames + 16, 1, 1, compressed, decompressed),
        CINCH_OK);
    assert_int_equal(compressed[1], 20);
    assert_int_equal(compressed[2], 320);
    assert_int_equal(decompressed[1], 1000);
    assert_int_equal(decompressed[2], 3000);
}

static void reads_checksums(void **state)
{
    const uint8_t bytes[41] = {
        0x5E, 0x2A, 0x4D, 0x18, 33,   0,    0,    0,                            /* header */
        20,   0,    0,    0,    1,    0,    0,    0,    0x44, 0x33, 0x22, 0x11, /* entry 0 */
        30,   0,    0,    0,    2,    0,    0,    0,    0x88, 0x77, 0x66, 0xF5, /* entry 1 */
        2,    0,    0,    0,    0x80, 0xB1, 0xEA, 0x92, 0x8F                    /* footer */
    };
    struct seek_table table;
    uint64_t compressed[3], decompressed[3];

    (void)state;
    assert_int_equal(seek_table_parse_footer(footer_of(bytes, sizeof(bytes)), 91, &table),
                     CINCH_OK);
    assert_true(table.has_checksums);
    assert_int_equal(table.entry_size, 12);
    assert_int_equal(table.size, sizeof(bytes));
    assert_int_equal(seek_table_parse_header(bytes, &table), CINCH_OK);
    assert_int_equal(seek_table_parse_entries(&table, bytes + 8, 0, 2, compressed, decompressed),
                     CINCH_OK);
    assert_int_equal(compressed[2], 50);
    assert_int_equal(decompressed[2], 3);
    assert_int_equal(seek_table_checksum(&table, bytes + 8, 0), 0x11223344);
    assert_int_equal(seek_table_checksum(&table, bytes + 8, 1), 0xF5667788);
}

static void no_magic_is_no_table(void **state)
{
    (void)state;
    for (unsigned bit = 40; bit < 72; bit++) {
        uint8_t footer[SEEK_TABLE_FOOTER_SIZE];
        struct seek_table table = {.frames = 77};
        make_footer(footer, 2, 0);
        footer[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(seek_table_parse_footer(footer, 1000, &table), CINCH_E_FORMAT);
        assert_int_equal(table.frames, 77);
    }
}

static void reserved_bits_are_corrupt_and_unused_bits_are_not(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 8; bit++) {
        uint8_t footer[SEEK_TABLE_FOOTER_SIZE];
        struct seek_table table;
        make_footer(footer, 2, (uint8_t)(1u << bit));
        const bool reserved = bit >= 2 && bit <= 6;
        assert_int_equal(seek_table_parse_footer(footer, 1000, &table),
                         reserved ? CINCH_E_CORRUPT : CINCH_OK);
    }
}

static void the_number_of_frames_has_a_limit(void **state)
{
    uint8_t footer[SEEK_TABLE_FOOTER_SIZE];
    struct seek_table table;

    (void)state;
    make_footer(footer, SEEK_TABLE_MAX_FRAMES, 0x80);
    assert_int_equal(seek_table_parse_footer(footer, UINT64_MAX, &table), CINCH_OK);
    assert_int_equal(table.frames, SEEK_TABLE_MAX_FRAMES);
    assert_int_equal(table.size, 12 * (uint64_t)SEEK_TABLE_MAX_FRAMES + 17);
    make_footer(footer, SEEK_TABLE_MAX_FRAMES + 1, 0);
    assert_int_equal(seek_table_parse_footer(footer, UINT64_MAX, &table), CINCH_E_CORRUPT);
    make_footer(footer, UINT32_MAX, 0);
    assert_int_equal(seek_table_parse_footer(footer, UINT64_MAX, &table), CINCH_E_CORRUPT);
}

static void a_table_longer_than_the_file_is_corrupt(void **state)
{
    const uint8_t *footer = footer_of(two_frames, sizeof(two_frames));
    struct seek_table table;

    (void)state;
    assert_int_equal(seek_table_parse_footer(footer, 33, &table), CINCH_OK);
    assert_int_equal(seek_table_parse_footer(footer, 32, &table), CINCH_E_CORRUPT);
    assert_int_equal(seek_table_parse_footer(footer, 9, &table), CINCH_E_CORRUPT);
}

static void a_header_that_does_not_fit_is_corrupt(void **state)
{
    const struct seek_table table = {.frames = 2, .entry_size = 8, .size = 33};

    (void)state;
    assert_int_equal(seek_table_parse_header(two_frames, &table), CINCH_OK);
    for (unsigned bit = 0; bit < 64; bit++) {
        uint8_t header[SEEK_TABLE_HEADER_SIZE];
        memcpy(header, two_frames, sizeof(header));
        header[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(seek_table_parse_header(header, &table), CINCH_E_CORRUPT);
    }
}

/* One entry, and what reading it gives. */
static int32_t parse_one(uint32_t compressed_size, uint32_t decompressed_size)
{
    const struct seek_table table = {.frames = 1, .entry_size = 8, .size = 25};
    uint8_t bytes[SEEK_TABLE_ENTRY_SIZE];
    uint64_t compressed[2] = {0, 77}, decompressed[2] = {0, 77};

    seek_table_write_entry(bytes, (struct seek_table_entry){compressed_size, decompressed_size});
    const int32_t code = seek_table_parse_entries(&table, bytes, 0, 1, compressed, decompressed);
    assert_int_equal(compressed[1], code == CINCH_OK ? compressed_size : 77);
    assert_int_equal(decompressed[1], code == CINCH_OK ? decompressed_size : 77);
    return code;
}

static void impossible_entries_are_corrupt(void **state)
{
    (void)state;
    assert_int_equal(parse_one(0, 0), CINCH_E_CORRUPT);
    assert_int_equal(parse_one(7, 0), CINCH_E_CORRUPT);
    assert_int_equal(parse_one(8, 0), CINCH_OK);
    assert_int_equal(parse_one(12, 3 * 131072), CINCH_OK);
    assert_int_equal(parse_one(12, 3 * 131072 + 1), CINCH_E_CORRUPT);
    assert_int_equal(parse_one(131071, UINT32_MAX), CINCH_E_CORRUPT);
    assert_int_equal(parse_one(131072, UINT32_MAX), CINCH_OK);
    assert_int_equal(parse_one(UINT32_MAX, UINT32_MAX), CINCH_OK);
}

static void sums_pass_32_bits(void **state)
{
    const struct seek_table table = {.frames = 3, .entry_size = 8, .size = 41};
    uint8_t bytes[24];
    uint64_t compressed[4], decompressed[4];

    (void)state;
    memset(bytes, 0xFF, sizeof(bytes));
    assert_int_equal(seek_table_parse_entries(&table, bytes, 0, 3, compressed, decompressed),
                     CINCH_OK);
    assert_true(compressed[3] == 3 * (uint64_t)UINT32_MAX);
    assert_true(decompressed[3] == 3 * (uint64_t)UINT32_MAX);
}

static void locates_the_frames(void **state)
{
    const struct seek_table table = {.frames = 2, .entry_size = 8, .size = 33};
    uint64_t start = 77;

    (void)state;
    assert_int_equal(seek_table_locate(&table, 353, 320, &start), CINCH_OK);
    assert_int_equal(start, 0);
    assert_int_equal(seek_table_locate(&table, 400, 320, &start), CINCH_OK);
    assert_int_equal(start, 47);
    assert_int_equal(seek_table_locate(&table, 33, 0, &start), CINCH_OK);
    assert_int_equal(start, 0);
    start = 77;
    assert_int_equal(seek_table_locate(&table, 352, 320, &start), CINCH_E_CORRUPT);
    assert_int_equal(seek_table_locate(&table, 32, 0, &start), CINCH_E_CORRUPT);
    assert_int_equal(seek_table_locate(&table, 353, UINT64_MAX, &start), CINCH_E_CORRUPT);
    assert_int_equal(start, 77);
}

static void libzstd_skips_the_table(void **state)
{
    const char text[] = "seek table";
    uint8_t file[512], back[64];
    struct seek_table_entry entries[2];
    size_t size = 0;

    (void)state;
    for (int i = 0; i < 2; i++) {
        const size_t frame = ZSTD_compress(file + size, sizeof(file) - size, text, sizeof(text), 3);
        assert_false(ZSTD_isError(frame));
        entries[i] = (struct seek_table_entry){(uint32_t)frame, sizeof(text)};
        size += frame;
    }
    const uint64_t frames_size = size;
    size += seek_table_write(file + size, entries, 2);
    assert_int_equal(ZSTD_findFrameCompressedSize(file + frames_size, size - frames_size),
                     seek_table_size(2));
    assert_int_equal(ZSTD_decompress(back, sizeof(back), file, size), 2 * sizeof(text));

    struct seek_table table;
    uint64_t compressed[3], decompressed[3], start;
    assert_int_equal(seek_table_parse_footer(footer_of(file, size), size, &table), CINCH_OK);
    assert_int_equal(seek_table_parse_entries(&table, file + size - table.size + 8, 0, table.frames,
                                              compressed, decompressed),
                     CINCH_OK);
    assert_int_equal(compressed[2], frames_size);
    assert_int_equal(seek_table_locate(&table, size, compressed[2], &start), CINCH_OK);
    assert_int_equal(start, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_bytes_of_the_specification),
        cmocka_unit_test(writes_an_empty_table),
        cmocka_unit_test(writes_the_largest_table_s_sizes),
        cmocka_unit_test(reads_what_it_wrote),
        cmocka_unit_test(reads_entries_in_runs),
        cmocka_unit_test(reads_checksums),
        cmocka_unit_test(no_magic_is_no_table),
        cmocka_unit_test(reserved_bits_are_corrupt_and_unused_bits_are_not),
        cmocka_unit_test(the_number_of_frames_has_a_limit),
        cmocka_unit_test(a_table_longer_than_the_file_is_corrupt),
        cmocka_unit_test(a_header_that_does_not_fit_is_corrupt),
        cmocka_unit_test(impossible_entries_are_corrupt),
        cmocka_unit_test(sums_pass_32_bits),
        cmocka_unit_test(locates_the_frames),
        cmocka_unit_test(libzstd_skips_the_table),
    };
    return cmocka_run_group_tests_name("seek_table", tests, NULL, NULL);
}
