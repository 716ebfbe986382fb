/*
 * Check: the sums that gzip and zlib end with, by the fastest code that the build has.
 */
#ifndef CINCH_SRC_CODEC_CHECK_H
#define CINCH_SRC_CODEC_CHECK_H

#include <stddef.h>
#include <stdint.h>

/* Of nothing. */
#define CHECK_CRC32_START   UINT32_C(0)
#define CHECK_ADLER32_START UINT32_C(1)

/* The sum of what `check` stands for and `size` bytes more. */
uint32_t check_crc32(uint32_t check, const void *data, size_t size);
uint32_t check_adler32(uint32_t check, const void *data, size_t size);

#endif
