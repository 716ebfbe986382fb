/* The zlib header and trailer: every pair of bytes, and zlib's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <cinch/cinch.h>
#include <zlib.h>

#include "format/zlib_header.h"

static void writes_the_known_headers(void **state)
{
    static const struct {
        int level;
        uint8_t flags;
    } cases[] = {{1, 0x01}, {2, 0x5E}, {5, 0x5E}, {6, 0x9C}, {7, 0xDA}, {9, 0xDA}, {12, 0xDA}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        uint8_t buffer[3] = {0xAA, 0xAA, 0xAA};
        zlib_header_write(buffer, cases[i].level);
        assert_int_equal(buffer[0], 0x78);
        assert_int_equal(buffer[1], cases[i].flags);
        assert_int_equal(buffer[2], 0xAA);
    }
}

static void writes_what_zlib_writes(void **state)
{
    (void)state;
    for (int level = 1; level <= 9; level++) {
        uint8_t theirs[32], ours[2];
        z_stream stream = {.next_out = theirs, .avail_out = sizeof(theirs)};
        assert_int_equal(deflateInit(&stream, level), Z_OK);
        assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
        assert_int_equal(deflateEnd(&stream), Z_OK);
        zlib_header_write(ours, level);
        assert_memory_equal(ours, theirs, sizeof(ours));
    }
}

static void reads_windows_of_every_size(void **state)
{
    (void)state;
    for (int log = 9; log <= 15; log++) {
        uint8_t theirs[32];
        uint32_t window_size = 77;
        z_stream stream = {.next_out = theirs, .avail_out = sizeof(theirs)};
        assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, log, 8, 0), Z_OK);
        assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
        assert_int_equal(deflateEnd(&stream), Z_OK);
        assert_int_equal(zlib_header_parse(theirs, 2, &window_size), CINCH_OK);
        assert_int_equal(window_size, 1 << log);
    }

    const uint8_t smallest[] = {0x08, 0x1D};
    uint32_t window_size;
    assert_int_equal(zlib_header_parse(smallest, 2, &window_size), CINCH_OK);
    assert_int_equal(window_size, 256);
}

static void truncations_are_told(void **state)
{
    const uint8_t byte = 0x78;
    uint32_t window_size = 77;

    (void)state;
    assert_int_equal(zlib_header_parse(NULL, 0, &window_size), CINCH_E_TRUNCATED);
    assert_int_equal(zlib_header_parse(&byte, 1, &window_size), CINCH_E_TRUNCATED);
    assert_int_equal(window_size, 77);
}

static void every_field_is_checked(void **state)
{
    (void)state;
    for (unsigned value = 0; value < 65536; value++) {
        const uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};
        const unsigned method = bytes[0] & 15, window = bytes[0] >> 4;
        const bool has_dictionary = (bytes[1] & 0x20) != 0;
        int32_t expected = CINCH_OK;
        if (value % 31 != 0)
            expected = CINCH_E_CORRUPT;
        else if (method != 8)
            expected = CINCH_E_UNSUPPORTED;
        else if (window > 7)
            expected = CINCH_E_CORRUPT;
        else if (has_dictionary)
            expected = CINCH_E_UNSUPPORTED;

        uint32_t window_size = 77;
        assert_int_equal(zlib_header_parse(bytes, 2, &window_size), expected);
        assert_int_equal(window_size, expected == CINCH_OK ? 256u << window : 77);
    }
}

static void zlib_accepts_the_same_headers(void **state)
{
    (void)state;
    for (unsigned value = 0; value < 65536; value++) {
        const uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};
        uint8_t in[2] = {bytes[0], bytes[1]}, out[1];
        uint32_t window_size;
        z_stream stream = {.next_in = in, .avail_in = 2, .next_out = out, .avail_out = 1};
        assert_int_equal(inflateInit(&stream), Z_OK);
        const int theirs = inflate(&stream, Z_NO_FLUSH);
        const bool wants_dictionary = theirs == Z_OK && (bytes[1] & 0x20) != 0;
        const int32_t ours = zlib_header_parse(bytes, 2, &window_size);
        assert_int_equal(ours == CINCH_OK, theirs == Z_OK && !wants_dictionary);
        if (wants_dictionary)
            assert_int_equal(ours, CINCH_E_UNSUPPORTED);
        assert_int_equal(inflateEnd(&stream), Z_OK);
    }
}

static void trailer_is_big_endian(void **state)
{
    const uint8_t expected[4] = {0xF1, 0x22, 0x33, 0x44};
    uint8_t buffer[5];

    (void)state;
    memset(buffer, 0xAA, sizeof(buffer));
    zlib_trailer_write(buffer, 0xF1223344);
    assert_memory_equal(buffer, expected, sizeof(expected));
    assert_int_equal(buffer[4], 0xAA);
    assert_int_equal(zlib_trailer_parse(buffer), 0xF1223344);
}

static void reads_zlib_s_trailer(void **state)
{
    const uint8_t content[] = "content";
    uint8_t stream[64];
    uLongf size = sizeof(stream);

    (void)state;
    assert_int_equal(compress2(stream, &size, content, sizeof(content), 6), Z_OK);
    assert_int_equal(zlib_trailer_parse(stream + size - 4), adler32(1, content, sizeof(content)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_the_known_headers),
        cmocka_unit_test(writes_what_zlib_writes),
        cmocka_unit_test(reads_windows_of_every_size),
        cmocka_unit_test(truncations_are_told),
        cmocka_unit_test(every_field_is_checked),
        cmocka_unit_test(zlib_accepts_the_same_headers),
        cmocka_unit_test(trailer_is_big_endian),
        cmocka_unit_test(reads_zlib_s_trailer),
    };
    return cmocka_run_group_tests_name("zlib_header", tests, NULL, NULL);
}
