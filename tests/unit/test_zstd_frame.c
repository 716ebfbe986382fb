/* Zstd frame and block headers: every descriptor, field and limit, compared with libzstd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <cinch/cinch.h>
#define ZSTD_STATIC_LINKING_ONLY /* for ZSTD_getFrameHeader() */
#include <zstd.h>

#include "format/bytes.h"
#include "format/zstd_frame.h"

/* Parses a copy that has exactly `size` bytes, so that reading on is seen by a sanitizer. */
static int32_t parse(const uint8_t *bytes, size_t size, struct zstd_frame_header *header,
                     size_t *needed)
{
    uint8_t *copy = malloc(size + (size == 0));
    assert_non_null(copy);
    if (size != 0)
        memcpy(copy, bytes, size);
    const int32_t code = zstd_frame_header_parse(copy, size, header, needed);
    free(copy);
    return code;
}

/* Every beginning of a header must ask for more, but for no more than there is. */
static void check_truncations(const uint8_t *bytes, size_t size)
{
    for (size_t known = 0; known < size; known++) {
        struct zstd_frame_header header = {.size = 77};
        size_t needed = 0;
        assert_int_equal(parse(bytes, known, &header, &needed), CINCH_E_TRUNCATED);
        assert_in_range(needed, known + 1, size);
        assert_int_equal(header.size, 77);
    }
}

static struct zstd_frame_header parse_whole(const uint8_t *bytes, size_t size)
{
    struct zstd_frame_header header;
    size_t needed = 77;
    check_truncations(bytes, size);
    assert_int_equal(parse(bytes, size, &header, &needed), CINCH_OK);
    assert_int_equal(header.size, size);
    assert_int_equal(needed, 77);
    return header;
}

static void magic_numbers_are_told_apart(void **state)
{
    static const struct {
        uint32_t first, last;
        int32_t code;
    } ranges[] = {
        {0xFD2FB528, 0xFD2FB528, CINCH_OK},
        {0x184D2A50, 0x184D2A5F, CINCH_OK},
        {0x1EB52FFD, 0x1EB52FFD, CINCH_E_UNSUPPORTED},
        {0xFD2FB522, 0xFD2FB527, CINCH_E_UNSUPPORTED},
        {0xFD2FB520, 0xFD2FB521, CINCH_E_FORMAT},
        {0xFD2FB529, 0xFD2FB52F, CINCH_E_FORMAT},
        {0x184D2A40, 0x184D2A4F, CINCH_E_FORMAT},
        {0x184D2A60, 0x184D2A6F, CINCH_E_FORMAT},
        {0x00000000, 0x0000000F, CINCH_E_FORMAT},
        {0xFD2FB51E, 0xFD2FB51E, CINCH_E_FORMAT},
    };

    (void)state;
    assert_int_equal(zstd_magic_check(NULL, 0), CINCH_E_TRUNCATED);
    for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
        for (uint32_t magic = ranges[i].first; magic <= ranges[i].last; magic++) {
            uint8_t bytes[5] = {0};
            store_le32(bytes, magic);
            assert_int_equal(zstd_magic_check(bytes, 4), ranges[i].code);
            assert_int_equal(zstd_magic_check(bytes, 5), ranges[i].code);
            for (size_t size = 1; size < 4 && ranges[i].code != CINCH_E_FORMAT; size++)
                assert_int_equal(zstd_magic_check(bytes, size), CINCH_E_TRUNCATED);
        }
}

static void a_magic_number_is_refused_at_its_first_wrong_byte(void **state)
{
    static const uint32_t magics[] = {0xFD2FB528, 0x184D2A50, 0x1EB52FFD};

    (void)state;
    for (size_t i = 0; i < 3; i++)
        for (size_t wrong = 0; wrong < 4; wrong++) {
            uint8_t bytes[4];
            struct zstd_frame_header header = {.size = 77};
            size_t needed = 77;
            store_le32(bytes, magics[i]);
            bytes[wrong] = 0;
            for (size_t size = wrong + 1; size <= 4; size++) {
                assert_int_equal(zstd_magic_check(bytes, size), CINCH_E_FORMAT);
                assert_int_equal(parse(bytes, size, &header, &needed), CINCH_E_FORMAT);
            }
            assert_int_equal(header.size, 77);
            assert_int_equal(needed, 77);
        }
}

static void old_frames_are_unsupported(void **state)
{
    const uint8_t bytes[8] = {0x27, 0xB5, 0x2F, 0xFD};
    struct zstd_frame_header header = {.size = 77};
    size_t needed;

    (void)state;
    assert_int_equal(parse(bytes, 3, &header, &needed), CINCH_E_TRUNCATED);
    assert_int_equal(parse(bytes, 4, &header, &needed), CINCH_E_UNSUPPORTED);
    assert_int_equal(parse(bytes, 8, &header, &needed), CINCH_E_UNSUPPORTED);
    assert_int_equal(header.size, 77);
}

/* What RFC 8878 3.1.1.1 says of a header whose fields all have bytes of this value. */
static size_t expect(uint8_t descriptor, uint8_t value, struct zstd_frame_header *expected)
{
    static const size_t dictionary_sizes[] = {0, 1, 2, 4};
    const bool single = (descriptor & 0x20) != 0;
    const size_t dictionary_size = dictionary_sizes[descriptor & 3];
    const size_t content_size = descriptor >> 6 == 0 ? single : (size_t)1 << (descriptor >> 6);
    const uint64_t repeated = value * UINT64_C(0x0101010101010101);

    memset(expected, 0, sizeof(*expected));
    expected->size = (uint32_t)(4 + 1 + !single + dictionary_size + content_size);
    if (dictionary_size != 0)
        expected->dictionary_id = (uint32_t)(repeated >> (64 - 8 * dictionary_size));
    if (content_size != 0)
        expected->content_size = repeated >> (64 - 8 * content_size);
    if (content_size == 2)
        expected->content_size += 256;
    expected->has_content_size = content_size != 0;
    expected->has_checksum = (descriptor & 4) != 0;
    expected->is_single_segment = single;
    const uint64_t base = UINT64_C(1024) << (value >> 3);
    expected->window_size = single ? expected->content_size : base + (base >> 3) * (value & 7);
    expected->block_size_max =
        expected->window_size < 131072 ? (uint32_t)expected->window_size : 131072;
    return expected->size;
}

static void check_equal(const struct zstd_frame_header *header,
                        const struct zstd_frame_header *expected)
{
    assert_int_equal(header->size, expected->size);
    assert_int_equal(header->dictionary_id, expected->dictionary_id);
    assert_int_equal(header->block_size_max, expected->block_size_max);
    assert_int_equal(header->is_skippable, expected->is_skippable);
    assert_int_equal(header->has_content_size, expected->has_content_size);
    assert_int_equal(header->has_checksum, expected->has_checksum);
    assert_int_equal(header->is_single_segment, expected->is_single_segment);
    assert_int_equal(header->content_size, expected->content_size);
    assert_int_equal(header->window_size, expected->window_size);
}

static void every_descriptor_is_read(void **state)
{
    (void)state;
    for (unsigned descriptor = 0; descriptor < 256; descriptor++)
        for (unsigned value = 0; value < 256; value++) {
            uint8_t bytes[18] = {0x28, 0xB5, 0x2F, 0xFD, (uint8_t)descriptor};
            struct zstd_frame_header expected, header;
            size_t needed;
            memset(bytes + 5, (int)value, sizeof(bytes) - 5);
            if ((descriptor & 8) != 0) {
                check_truncations(bytes, 5);
                assert_int_equal(parse(bytes, 5, &header, &needed), CINCH_E_CORRUPT);
                assert_int_equal(parse(bytes, 18, &header, &needed), CINCH_E_CORRUPT);
                continue;
            }
            const size_t size = expect((uint8_t)descriptor, (uint8_t)value, &expected);
            header = parse_whole(bytes, size);
            check_equal(&header, &expected);
            assert_in_range(size, 6, ZSTD_HEADER_SIZE_LONGEST);
        }
}

static void libzstd_reads_the_same(void **state)
{
    (void)state;
    for (unsigned descriptor = 0; descriptor < 256; descriptor++)
        for (unsigned value = 0; value < 256; value++) {
            uint8_t bytes[18] = {0x28, 0xB5, 0x2F, 0xFD, (uint8_t)descriptor};
            struct zstd_frame_header ours;
            ZSTD_frameHeader theirs;
            size_t needed;
            memset(bytes + 5, (int)value, sizeof(bytes) - 5);
            const int32_t code = zstd_frame_header_parse(bytes, 18, &ours, &needed);
            if (ZSTD_isError(ZSTD_getFrameHeader(&theirs, bytes, 18))) {
                /* It refuses reserved bits, and windows that it could not hold. */
                assert_true(code == CINCH_E_CORRUPT || ours.window_size >= UINT32_C(1) << 31);
                continue;
            }
            assert_int_equal(code, CINCH_OK);
            assert_int_equal(ours.size, theirs.headerSize);
            assert_int_equal(ours.dictionary_id, theirs.dictID);
            assert_int_equal(ours.has_checksum, theirs.checksumFlag);
            assert_int_equal(ours.window_size, theirs.windowSize);
            assert_int_equal(ours.block_size_max, theirs.blockSizeMax);
            /* To libzstd the largest number means that there is none. */
            assert_int_equal(ours.has_content_size && ours.content_size != UINT64_MAX,
                             theirs.frameContentSize != ZSTD_CONTENTSIZE_UNKNOWN);
            if (ours.has_content_size)
                assert_int_equal(ours.content_size, theirs.frameContentSize);
        }
}

static void windows_reach_from_1_kib_to_their_limit(void **state)
{
    static const struct {
        uint8_t descriptor;
        uint64_t size;
    } cases[] = {
        {0x00, 1024},
        {0x07, 1024 + 7 * 128},
        {0x88, UINT64_C(128) << 20}, /* the default limit */
        {0x89, (UINT64_C(128) + 16) << 20},
        {0xA8, UINT64_C(2) << 30},
        {0xF8, UINT64_C(1) << 41},
        {0xFF, (UINT64_C(1) << 42) - (UINT64_C(1) << 38)},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const uint8_t bytes[6] = {0x28, 0xB5, 0x2F, 0xFD, 0, cases[i].descriptor};
        const struct zstd_frame_header header = parse_whole(bytes, sizeof(bytes));
        assert_int_equal(header.window_size, cases[i].size);
        assert_false(header.has_content_size);
        assert_int_equal(header.content_size, 0);
    }
}

static void blocks_are_no_larger_than_a_small_window(void **state)
{
    const uint8_t small[6] = {0x28, 0xB5, 0x2F, 0xFD, 0, 0x00};
    const uint8_t single[6] = {0x28, 0xB5, 0x2F, 0xFD, 0x20, 9};
    const uint8_t just_below[9] = {0x28, 0xB5, 0x2F, 0xFD, 0xA0, 0xFF, 0xFF, 1, 0};
    const uint8_t huge[13] = {0x28, 0xB5, 0x2F, 0xFD, 0xE0, 0xFF, 0xFF,
                              0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};

    (void)state;
    assert_int_equal(parse_whole(small, sizeof(small)).block_size_max, 1024);
    assert_int_equal(parse_whole(single, sizeof(single)).block_size_max, 9);
    assert_int_equal(parse_whole(just_below, sizeof(just_below)).block_size_max, 131071);
    assert_int_equal(parse_whole(huge, sizeof(huge)).block_size_max, 131072);
    assert_true(parse_whole(huge, sizeof(huge)).content_size == UINT64_MAX);
}

static void skippable_frames_are_read(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < 16; i++) {
        const uint8_t bytes[8] = {(uint8_t)(0x50 + i), 0x2A, 0x4D, 0x18, 0x78, 0x56, 0x34, 0xF2};
        const struct zstd_frame_header header = parse_whole(bytes, sizeof(bytes));
        assert_true(header.is_skippable);
        assert_true(header.has_content_size);
        assert_int_equal(header.content_size, 0xF2345678);
        assert_int_equal(header.window_size, 0);
        assert_int_equal(header.block_size_max, 0);
        assert_int_equal(header.dictionary_id, 0);
        assert_false(header.has_checksum);
    }
}

/* A block header with these fields. */
static int32_t parse_block(bool is_last, uint32_t type, uint32_t size, uint32_t block_size_max,
                           struct zstd_block_header *block)
{
    const uint32_t bits = (uint32_t)is_last | type << 1 | size << 3;
    const uint8_t bytes[3] = {(uint8_t)bits, (uint8_t)(bits >> 8), (uint8_t)(bits >> 16)};
    memset(block, 0x77, sizeof(*block));
    return zstd_block_header_parse(bytes, block_size_max, block);
}

static void block_headers_are_read(void **state)
{
    struct zstd_block_header block;

    (void)state;
    assert_int_equal(parse_block(false, 0, 1000, 131072, &block), CINCH_OK);
    assert_int_equal(block.type, ZSTD_BLOCK_RAW);
    assert_false(block.is_last);
    assert_int_equal(block.size, 1000);
    assert_int_equal(block.content_min, 1000);
    assert_int_equal(block.content_max, 1000);

    assert_int_equal(parse_block(true, 1, 1000, 131072, &block), CINCH_OK);
    assert_int_equal(block.type, ZSTD_BLOCK_RLE);
    assert_true(block.is_last);
    assert_int_equal(block.size, 1);
    assert_int_equal(block.content_min, 1000);
    assert_int_equal(block.content_max, 1000);

    assert_int_equal(parse_block(false, 2, 1000, 4096, &block), CINCH_OK);
    assert_int_equal(block.type, ZSTD_BLOCK_COMPRESSED);
    assert_int_equal(block.size, 1000);
    assert_int_equal(block.content_min, 0);
    assert_int_equal(block.content_max, 4096);
}

static void bad_block_headers_are_corrupt(void **state)
{
    struct zstd_block_header block;

    (void)state;
    for (uint32_t type = 0; type < 3; type++) {
        assert_int_equal(parse_block(false, type, 0, 0, &block), CINCH_OK);
        assert_int_equal(parse_block(false, type, 1, 0, &block), CINCH_E_CORRUPT);
        assert_int_equal(parse_block(true, type, 131072, 131072, &block), CINCH_OK);
        assert_int_equal(parse_block(true, type, 131073, 131072, &block), CINCH_E_CORRUPT);
        assert_int_equal(parse_block(true, type, 1025, 1024, &block), CINCH_E_CORRUPT);
        assert_int_equal(parse_block(true, type, (1 << 21) - 1, 131072, &block), CINCH_E_CORRUPT);
    }
    assert_int_equal(parse_block(false, 3, 0, 131072, &block), CINCH_E_CORRUPT);
    assert_int_equal(parse_block(true, 3, 100, 131072, &block), CINCH_E_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(magic_numbers_are_told_apart),
        cmocka_unit_test(a_magic_number_is_refused_at_its_first_wrong_byte),
        cmocka_unit_test(old_frames_are_unsupported),
        cmocka_unit_test(every_descriptor_is_read),
        cmocka_unit_test(libzstd_reads_the_same),
        cmocka_unit_test(windows_reach_from_1_kib_to_their_limit),
        cmocka_unit_test(blocks_are_no_larger_than_a_small_window),
        cmocka_unit_test(skippable_frames_are_read),
        cmocka_unit_test(block_headers_are_read),
        cmocka_unit_test(bad_block_headers_are_corrupt),
    };
    return cmocka_run_group_tests_name("zstd_frame", tests, NULL, NULL);
}
