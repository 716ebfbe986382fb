/*
 * The zlib header: the input is the beginning of a .zz file.
 *
 * Promises: zlib accepts the same headers; a header that says it needs 32 KiB or less is decoded
 * with a window of that size; what is written for a level is what zlib writes, and is read again.
 */
#include <stdbool.h>
#include <string.h>

#include <cinch/cinch.h>
#include <zlib.h>

#include "format/zlib_header.h"
#include "fuzz.h"

/* What zlib says of the header at `bytes`. */
static int32_t zlib_verdict(const uint8_t *bytes)
{
    Bytef copy[ZLIB_HEADER_SIZE + 4] = {bytes[0], bytes[1]};
    Bytef out[1];
    z_stream stream = {
        .next_in = copy, .avail_in = ZLIB_HEADER_SIZE, .next_out = out, .avail_out = sizeof(out)};
    int32_t code = CINCH_OK;

    REQUIRE(inflateInit2(&stream, MAX_WBITS) == Z_OK);
    if (inflate(&stream, Z_BLOCK) == Z_DATA_ERROR) {
        REQUIRE(stream.msg != NULL);
        code = strcmp(stream.msg, "unknown compression method") == 0 ? CINCH_E_UNSUPPORTED
                                                                     : CINCH_E_CORRUPT;
    } else {
        /* Four bytes more: a dictionary's Adler-32, or the data's beginning. */
        stream.avail_in += 4;
        if (inflate(&stream, Z_BLOCK) == Z_NEED_DICT)
            code = CINCH_E_UNSUPPORTED;
    }
    REQUIRE(inflateEnd(&stream) == Z_OK);
    return code;
}

/* The window that the header tells is one that inflate takes it with, and half of it is not. */
static void check_window(const uint8_t *bytes, uint32_t window_size)
{
    int window_log = 8;

    while (UINT32_C(1) << window_log < window_size)
        window_log++;
    REQUIRE(UINT32_C(1) << window_log == window_size && window_log <= MAX_WBITS);
    for (int less = 0; less < 2 && window_log - less >= 8; less++) {
        Bytef copy[ZLIB_HEADER_SIZE] = {bytes[0], bytes[1]};
        Bytef out[1];
        z_stream stream = {
            .next_in = copy, .avail_in = sizeof(copy), .next_out = out, .avail_out = 1};
        REQUIRE(inflateInit2(&stream, window_log - less) == Z_OK);
        REQUIRE((inflate(&stream, Z_BLOCK) == Z_DATA_ERROR) == (less == 1));
        REQUIRE(inflateEnd(&stream) == Z_OK);
    }
}

static void check_written(int level)
{
    Bytef theirs[64];
    uint8_t ours[ZLIB_HEADER_SIZE];
    uint32_t window_size = 0;
    z_stream stream = {.next_out = theirs, .avail_out = sizeof(theirs)};

    REQUIRE(deflateInit(&stream, level) == Z_OK);
    REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    REQUIRE(deflateEnd(&stream) == Z_OK);
    zlib_header_write(ours, level);
    REQUIRE(memcmp(ours, theirs, sizeof(ours)) == 0);
    REQUIRE(zlib_header_parse(ours, sizeof(ours), &window_size) == CINCH_OK);
    REQUIRE(window_size == UINT32_C(1) << MAX_WBITS);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    uint32_t window_size = 0;
    const int32_t code = zlib_header_parse(bytes, size, &window_size);

    if (size < ZLIB_HEADER_SIZE) {
        REQUIRE(code == CINCH_E_TRUNCATED);
        return 0;
    }
    REQUIRE(code == zlib_verdict(bytes));
    REQUIRE((code == CINCH_OK) == (window_size != 0));
    if (code == CINCH_OK)
        check_window(bytes, window_size);
    check_written(1 + bytes[0] % 9);
    if (size >= ZLIB_TRAILER_SIZE) {
        uint8_t written[ZLIB_TRAILER_SIZE];
        zlib_trailer_write(written, zlib_trailer_parse(bytes));
        REQUIRE(memcmp(written, bytes, sizeof(written)) == 0);
    }
    return 0;
}
