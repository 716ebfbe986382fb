#include "format/zlib_header.h"

#include <cinch/cinch.h>

#include "format/bytes.h"

enum {
    METHOD_MASK = 0x0F,
    METHOD_DEFLATE = 8,
    WINDOW_SHIFT = 4,
    WINDOW_LOG_BASE = 8,
    WINDOW_LOG_MAX = 15,
    CHECK_MODULUS = 31,
    FLAG_DICTIONARY = 1 << 5,
    LEVEL_SHIFT = 6,
    LEVEL_FASTEST = 0,
    LEVEL_FAST = 1,
    LEVEL_DEFAULT = 2,
    LEVEL_SLOWEST = 3
};

void zlib_header_write(uint8_t *buffer, int level)
{
    const unsigned method = (WINDOW_LOG_MAX - WINDOW_LOG_BASE) << WINDOW_SHIFT | METHOD_DEFLATE;
    unsigned flags = LEVEL_SLOWEST;

    if (level <= 1)
        flags = LEVEL_FASTEST;
    else if (level < 6)
        flags = LEVEL_FAST;
    else if (level == 6)
        flags = LEVEL_DEFAULT;
    flags <<= LEVEL_SHIFT;
    /* The low bits make both bytes together a multiple of 31. */
    flags += CHECK_MODULUS - (method << 8 | flags) % CHECK_MODULUS;
    buffer[0] = (uint8_t)method;
    buffer[1] = (uint8_t)flags;
}

int32_t zlib_header_parse(const uint8_t *bytes, size_t size, uint32_t *window_size)
{
    if (size < ZLIB_HEADER_SIZE)
        return CINCH_E_TRUNCATED;
    if (load_be16(bytes) % CHECK_MODULUS != 0)
        return CINCH_E_CORRUPT;
    if ((bytes[0] & METHOD_MASK) != METHOD_DEFLATE)
        return CINCH_E_UNSUPPORTED;

    const unsigned window_log = WINDOW_LOG_BASE + (bytes[0] >> WINDOW_SHIFT);
    if (window_log > WINDOW_LOG_MAX)
        return CINCH_E_CORRUPT;
    if ((bytes[1] & FLAG_DICTIONARY) != 0)
        return CINCH_E_UNSUPPORTED;
    *window_size = UINT32_C(1) << window_log;
    return CINCH_OK;
}

void zlib_trailer_write(uint8_t *buffer, uint32_t adler32)
{
    store_be32(buffer, adler32);
}

uint32_t zlib_trailer_parse(const uint8_t *bytes)
{
    return load_be32(bytes);
}
