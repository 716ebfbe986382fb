/*
 * XXH64: the hash that zstd's checksums are the low 32 bits of (RFC 8878, 3.1.1; the xxHash
 * specification, "XXH64"), with seed 0.
 *
 * libzstd computes it inside frames and keeps it to itself; a seek table has checksums of its own.
 *
 * No I/O, no allocation, no state; may be called from any thread.
 */
#ifndef CINCH_SRC_FORMAT_XXH64_H
#define CINCH_SRC_FORMAT_XXH64_H

#include <stddef.h>
#include <stdint.h>

/* The hash of `size` bytes; `data` may be NULL where `size` is 0. */
uint64_t xxh64(const uint8_t *data, size_t size);

#endif
