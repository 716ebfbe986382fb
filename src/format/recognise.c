#include "format/recognise.h"

#include <stdbool.h>

#include <cinch/cinch.h>

#include "format/bytes.h"
#include "format/zstd_frame.h"

enum {
    GZIP_MAGIC = 0x1F8B, /* big-endian, as the zlib header is */
    ZLIB_METHOD = 8,
    ZLIB_WINDOW_MAX = 7,
    ZLIB_MODULUS = 31
};

_Static_assert((int)RECOGNISE_SIZE == (int)ZSTD_MAGIC_SIZE, "zstd has the longest magic number");
_Static_assert(GZIP_MAGIC % ZLIB_MODULUS != 0 && 0x28B5 % ZLIB_MODULUS != 0 &&
                   0x582A % ZLIB_MODULUS != 0,
               "no magic number whose first byte could be zlib's is a zlib header");

/* Can this byte be the first of a zlib stream? */
static bool is_zlib_method(uint8_t byte)
{
    return (byte & 0x0F) == ZLIB_METHOD && byte >> 4 <= ZLIB_WINDOW_MAX;
}

enum recognised format_recognise(const uint8_t *bytes, size_t size)
{
    const int32_t zstd = zstd_magic_check(bytes, size);

    if (zstd == CINCH_OK || zstd == CINCH_E_UNSUPPORTED)
        return RECOGNISED_ZSTD;
    if (size < 2) {
        const bool may_be_other =
            size == 0 || bytes[0] == GZIP_MAGIC >> 8 || is_zlib_method(bytes[0]);
        return zstd == CINCH_E_TRUNCATED || may_be_other ? RECOGNISED_PARTLY : RECOGNISED_NOTHING;
    }
    if (load_be16(bytes) == GZIP_MAGIC)
        return RECOGNISED_GZIP;
    if (is_zlib_method(bytes[0]) && load_be16(bytes) % ZLIB_MODULUS == 0)
        return RECOGNISED_ZLIB;
    return zstd == CINCH_E_TRUNCATED ? RECOGNISED_PARTLY : RECOGNISED_NOTHING;
}
