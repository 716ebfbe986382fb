/*
 * Decoding by libzstd and zlib themselves, strictly: every frame or member to its end, with
 * checksums, and not one byte left over.
 */
#ifndef CINCH_TESTS_SUPPORT_DECODE_H
#define CINCH_TESTS_SUPPORT_DECODE_H

#include <stddef.h>
#include <stdint.h>

#include "support/bytes.h"

struct decoded {
    struct bytes bytes;     /* the content; the caller frees it */
    unsigned int pieces;    /* frames or members of data */
    unsigned int skipped;   /* zstd: skippable frames */
    unsigned int unchecked; /* zstd: frames without a checksum */
    const char *error;      /* static; NULL where everything decoded */
};

/* `format` is CINCH_FORMAT_ZSTD, _GZIP or _ZLIB. */
struct decoded decode_bytes(int32_t format, const struct bytes *encoded);

/* Decodes the file and fails the test unless it holds exactly `expected`. Returns the pieces. */
unsigned int assert_file_decodes(const char *path, int32_t format, const struct bytes *expected);
void assert_bytes_decode(const struct bytes *encoded, int32_t format, const struct bytes *expected);

/* ".zst", ".gz" or ".zz". */
const char *format_suffix(int32_t format);

/* Little-endian numbers of the file formats. */
uint16_t little_endian_16(const uint8_t *data);
uint32_t little_endian_32(const uint8_t *data);
uint64_t little_endian_64(const uint8_t *data);

#endif
