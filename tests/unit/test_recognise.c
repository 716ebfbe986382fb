/* Recognition by content: every magic number, all their beginnings and neighbours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <zlib.h>
#include <zstd.h>

#include "format/bytes.h"
#include "format/recognise.h"

/* What the four bytes of a little-endian number are recognised as. */
static enum recognised recognise_number(uint32_t number)
{
    uint8_t bytes[4];
    store_le32(bytes, number);
    return format_recognise(bytes, sizeof(bytes));
}

/* Every beginning shorter than `decided` must ask for more; the rest must say `expected`. */
static void check_beginnings(const uint8_t *bytes, size_t size, size_t decided,
                             enum recognised expected)
{
    for (size_t i = 0; i <= size; i++)
        assert_int_equal(format_recognise(bytes, i), i < decided ? RECOGNISED_PARTLY : expected);
}

static void nothing_yet_asks_for_more(void **state)
{
    (void)state;
    assert_int_equal(format_recognise(NULL, 0), RECOGNISED_PARTLY);
}

static void recognises_zstd_frames(void **state)
{
    uint8_t frame[64];

    (void)state;
    const size_t size = ZSTD_compress(frame, sizeof(frame), "text", 4, 3);
    assert_false(ZSTD_isError(size));
    check_beginnings(frame, size, 4, RECOGNISED_ZSTD);
    for (unsigned bit = 0; bit < 32; bit++)
        assert_int_equal(recognise_number(ZSTD_MAGICNUMBER ^ UINT32_C(1) << bit) == RECOGNISED_ZSTD,
                         false);
}

static void recognises_skippable_frames(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 16; i++) {
        uint8_t bytes[8] = {0};
        store_le32(bytes, 0x184D2A50 + i);
        check_beginnings(bytes, sizeof(bytes), 4, RECOGNISED_ZSTD);
    }
    assert_int_equal(recognise_number(0x184D2A4F), RECOGNISED_NOTHING);
    assert_int_equal(recognise_number(0x184D2A60), RECOGNISED_NOTHING);
    assert_int_equal(recognise_number(0x184D2B50), RECOGNISED_NOTHING);
    assert_int_equal(recognise_number(0x184C2A50), RECOGNISED_NOTHING);
    assert_int_equal(recognise_number(0x194D2A50), RECOGNISED_NOTHING);
}

static void recognises_frames_of_old_zstd(void **state)
{
    (void)state;
    assert_int_equal(recognise_number(0x1EB52FFD), RECOGNISED_ZSTD);
    for (uint32_t i = 2; i <= 7; i++)
        assert_int_equal(recognise_number(0xFD2FB520 + i), RECOGNISED_ZSTD);
    assert_int_equal(recognise_number(0xFD2FB521), RECOGNISED_NOTHING);
    assert_int_equal(recognise_number(0xFD2FB529), RECOGNISED_NOTHING);
}

static void recognises_gzip(void **state)
{
    const uint8_t bytes[] = {0x1F, 0x8B, 8, 0};

    (void)state;
    check_beginnings(bytes, sizeof(bytes), 2, RECOGNISED_GZIP);
    /* Its own parser tells what is wrong with the rest. */
    assert_int_equal(format_recognise((const uint8_t[]){0x1F, 0x8B, 7, 0xFF}, 4), RECOGNISED_GZIP);
    assert_int_equal(format_recognise((const uint8_t[]){0x1F, 0x8C, 8, 0}, 4), RECOGNISED_NOTHING);
    assert_int_equal(format_recognise((const uint8_t[]){0x1F, 0x9D, 8, 0}, 4), RECOGNISED_NOTHING);
}

static void recognises_every_zlib_header(void **state)
{
    (void)state;
    for (unsigned value = 0; value < 65536; value++) {
        const uint8_t bytes[4] = {(uint8_t)(value >> 8), (uint8_t)value, 0, 0};
        const bool is_zlib = value % 31 == 0 && (bytes[0] & 15) == 8 && bytes[0] < 0x80;
        enum recognised expected = is_zlib ? RECOGNISED_ZLIB : RECOGNISED_NOTHING;
        if (value == 0x1F8B)
            expected = RECOGNISED_GZIP;
        assert_int_equal(format_recognise(bytes, 4), expected);
        if (is_zlib)
            check_beginnings(bytes, 4, 2, RECOGNISED_ZLIB);
    }
}

static void recognises_zlib_with_a_dictionary(void **state)
{
    uint8_t bytes[64];
    z_stream stream = {.next_out = bytes, .avail_out = sizeof(bytes)};

    (void)state;
    assert_int_equal(deflateInit(&stream, 6), Z_OK);
    assert_int_equal(deflateSetDictionary(&stream, (const uint8_t *)"words", 5), Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(deflateEnd(&stream), Z_OK);
    check_beginnings(bytes, 6, 2, RECOGNISED_ZLIB);
}

static void first_bytes_that_fit_nothing_are_decided_at_once(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 256; first++) {
        const uint8_t byte = (uint8_t)first;
        const bool zstd =
            byte == 0x28 || byte == 0xFD || (byte >= 0x22 && byte <= 0x27) || (byte & 0xF0) == 0x50;
        const bool zlib = (byte & 15) == 8 && byte < 0x80;
        assert_int_equal(format_recognise(&byte, 1),
                         zstd || zlib || byte == 0x1F ? RECOGNISED_PARTLY : RECOGNISED_NOTHING);
    }
}

static void texts_are_nothing_but_for_the_documented_few(void **state)
{
    static const char *const others[] = {"hello\n", "The text", "#!/bin/sh",   "{\"a\":1}",
                                         "<?xml",   "x=1",      "1234",        "PK\3\4",
                                         "BZh9",    "\0\0\0\0", "\x1F\x9D\x90"};
    static const char *const mistaken[] = {"80", "x ", "(r", "Hj", "hb", "X\t"};

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
        assert_int_equal(format_recognise((const uint8_t *)others[i], 3), RECOGNISED_NOTHING);
    for (size_t i = 0; i < sizeof(mistaken) / sizeof(*mistaken); i++)
        assert_int_equal(format_recognise((const uint8_t *)mistaken[i], 2), RECOGNISED_ZLIB);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_yet_asks_for_more),
        cmocka_unit_test(recognises_zstd_frames),
        cmocka_unit_test(recognises_skippable_frames),
        cmocka_unit_test(recognises_frames_of_old_zstd),
        cmocka_unit_test(recognises_gzip),
        cmocka_unit_test(recognises_every_zlib_header),
        cmocka_unit_test(recognises_zlib_with_a_dictionary),
        cmocka_unit_test(first_bytes_that_fit_nothing_are_decided_at_once),
        cmocka_unit_test(texts_are_nothing_but_for_the_documented_few),
    };
    return cmocka_run_group_tests_name("recognise", tests, NULL, NULL);
}
