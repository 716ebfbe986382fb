/*
 * XXH64: the hash that zstd's checksums are the low 32 bits of (RFC 8878, 3.1.1; the xxHash
 * specification, "XXH64"), with seed 0.
 *
 * libzstd computes it inside frames and keeps it to itself; a seek table has checksums of its own.
 *
 * No I/O, no allocation. Any thread; a state is used by one at a time.
 */
#ifndef CINCH_SRC_FORMAT_XXH64_H
#define CINCH_SRC_FORMAT_XXH64_H

#include <stddef.h>
#include <stdint.h>

enum {
    XXH64_LANES = 4
};

/* The hash of bytes that come one part after the other. */
struct xxh64 {
    uint64_t accumulators[XXH64_LANES];
    uint64_t total;                 /* bytes so far */
    uint8_t begun[8 * XXH64_LANES]; /* those that do not fill a stripe yet */
};

void xxh64_begin(struct xxh64 *state);

/* Takes the next `size` bytes; `data` may be NULL where `size` is 0. */
void xxh64_add(struct xxh64 *state, const uint8_t *data, size_t size);

/* The hash of all bytes so far; more may follow. */
uint64_t xxh64_end(const struct xxh64 *state);

/* The hash of `size` bytes; `data` may be NULL where `size` is 0. */
uint64_t xxh64(const uint8_t *data, size_t size);

#endif
