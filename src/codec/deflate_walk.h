/*
 * Deflate walk: goes over a whole deflate stream (RFC 1951) block by block, knowing what it should
 * decode to.
 *
 * A compressor that always ends with a final block is of use for pieces that are put together only
 * if somebody finds the bit that says so. Finding the last block takes decoding all before it. The
 * walk does that without an output: every literal and every match is compared with the content in
 * place, so a stream that passes is proved to decode to it.
 *
 * What passes here is what zlib's inflate() takes, to the last incomplete code.
 */
#ifndef CINCH_SRC_CODEC_DEFLATE_WALK_H
#define CINCH_SRC_CODEC_DEFLATE_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WALK_SYMBOLS_BITS = 11, /* of a code that are looked up at once */
    WALK_DISTANCES_BITS = 8,
    /* Entries of a table with the second levels of its longer codes, at most: the counts that
     * zlib's examples/enough.c finds for codes of up to 15 bits, 288 and 32 symbols, and these
     * first levels are 2342 and 402. */
    WALK_SYMBOLS_SIZE = 2342,
    WALK_DISTANCES_SIZE = 402
};

/* The codes of the block under way. Needs no preparation, and keeps nothing between two walks. */
struct deflate_walk {
    uint32_t symbols[WALK_SYMBOLS_SIZE];
    uint32_t distances[WALK_DISTANCES_SIZE];
};

/* Where the last block lies, in bits from the stream's beginning. */
struct deflate_last_block {
    uint64_t begin; /* its first bit, which says that it is the last */
    uint64_t end;   /* behind its last one */
};

/*
 * Walks over `stream`, `size` bytes at most. True: it is a deflate stream, it ends within them,
 * and its content is exactly `content`.
 */
bool deflate_walk(struct deflate_walk *walk, const uint8_t *stream, size_t size,
                  const uint8_t *content, size_t content_size, struct deflate_last_block *last);

#endif
