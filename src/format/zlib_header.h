/*
 * Zlib header and trailer: what stands around the deflate data of a zlib stream (RFC 1950).
 *
 *     CMF u8    method 8 in the low half; window size as 2^(8 + high half), at most 2^15
 *     FLG u8    CMF * 256 + FLG is a multiple of 31; bit 5: a dictionary's Adler-32 follows;
 *               bits 6 and 7: how hard the compressor tried
 *     deflate data
 *     Adler-32 of the content u32, big-endian
 *
 * Nothing here does I/O, allocates or keeps state; every function may be called from any thread.
 */
#ifndef CINCH_SRC_FORMAT_ZLIB_HEADER_H
#define CINCH_SRC_FORMAT_ZLIB_HEADER_H

#include <stddef.h>
#include <stdint.h>

enum {
    ZLIB_HEADER_SIZE = 2,
    ZLIB_TRAILER_SIZE = 4
};

/*
 * Writes the ZLIB_HEADER_SIZE bytes of a header: a window of 32 KiB, no dictionary, and the
 * level's class as zlib sets it (78 01 for level 1, 78 5E to 5, 78 9C for 6, 78 DA from 7 on).
 */
void zlib_header_write(uint8_t *buffer, int level);

/*
 * Reads the header that begins at `bytes`, of which `size` bytes are known so far. It takes
 * ZLIB_HEADER_SIZE bytes.
 *
 * CINCH_OK             `*window_size` is the size in bytes that the deflate data needs: 256 to
 *                      32768.
 * CINCH_E_TRUNCATED    Fewer than two bytes are known.
 * CINCH_E_CORRUPT      The check bits do not fit, or the window is larger than zlib's may be.
 * CINCH_E_UNSUPPORTED  The method is not deflate, or a dictionary is needed.
 */
int32_t zlib_header_parse(const uint8_t *bytes, size_t size, uint32_t *window_size);

/* Writes the ZLIB_TRAILER_SIZE bytes of a trailer. */
void zlib_trailer_write(uint8_t *buffer, uint32_t adler32);

/* Reads the ZLIB_TRAILER_SIZE bytes of a trailer: the content's Adler-32. */
uint32_t zlib_trailer_parse(const uint8_t *bytes);

#endif
