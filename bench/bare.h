/*
 * Bare codecs: the libraries themselves on chunks in memory, with nothing around them.
 *
 * What a job takes beyond this is cinch's own: reading, writing, checks, locks, turns.
 */
#ifndef CINCH_BENCH_BARE_H
#define CINCH_BENCH_BARE_H

#include <stddef.h>
#include <stdint.h>

#include "clock.h"

struct bare;

/*
 * Prepares to compress `size` bytes at `data`, in chunks of `chunk_size`, on so many threads.
 * Contexts and buffers are made here, so that they are not measured. NULL where there is no bare
 * codec for the format and level.
 */
struct bare *bare_open(int32_t format, int32_t level, const uint8_t *data, size_t size,
                       size_t chunk_size, uint32_t threads);

/* Compresses every chunk once; the pieces are dropped. zstd: as `zstd -b` does, without checksum.
 * deflate: raw, each piece ended by a full flush or a final block, without a check. */
struct spent bare_compress(struct bare *bare);

/* Bytes of the pieces of the last run. */
uint64_t bare_size(const struct bare *bare);

/* The library that is used. */
const char *bare_name(const struct bare *bare);

void bare_close(struct bare *bare);

#endif
