/*
 * Deflate: what the engines that write and read raw deflate (RFC 1951) have in common.
 *
 * A chunk becomes a run of blocks that ends on a byte boundary and refers to nothing before it.
 * All but the last end with the empty stored block of a full flush, the last with the final
 * block, so that the pieces put together are one deflate stream.
 */
#ifndef CINCH_SRC_CODEC_DEFLATE_H
#define CINCH_SRC_CODEC_DEFLATE_H

#include <stddef.h>
#include <stdint.h>

#include "codec/codec.h"

/* What an empty stored block has behind its three bits: it begins on the next byte. */
#define DEFLATE_STORED_EMPTY      "\x00\x00\xFF\xFF"
#define DEFLATE_STORED_EMPTY_SIZE 4

/* A final block without content, for a decoder that wants one behind a piece that has none. */
#define DEFLATE_FINAL_EMPTY      "\x01" DEFLATE_STORED_EMPTY
#define DEFLATE_FINAL_EMPTY_SIZE 5

/* Bytes of a chunk for engines that have no reason of their own: see the constant. */
size_t deflate_chunk_size(int32_t level, uint64_t length);

/*
 * For a decoder that does not say what is wrong with a piece, or cannot decode all that is right:
 * zlib's decode(), or with a `watch` that is not NULL its decode_in_slices(), in a context of the
 * caller's that is NULL until it is first needed.
 */
int32_t deflate_decode_otherwise(void **context, const void *piece, size_t size, void *data,
                                 size_t capacity, const struct codec_watch *watch,
                                 struct decoded *decoded);
void deflate_otherwise_free(void *context);
size_t deflate_otherwise_size(const void *context);

/* With a watch, room for the next slice of content; else for all that is left. */
static inline size_t deflate_room(const struct codec_watch *watch, size_t room)
{
    return watch != NULL && room > DECODER_SLICE ? DECODER_SLICE : room;
}

#endif
