/*
 * Engines: every encoder and decoder for deflate that the build has, for tests that hold for all.
 */
#ifndef CINCH_TESTS_UNIT_ENGINES_H
#define CINCH_TESTS_UNIT_ENGINES_H

#include "codec/codec.h"
#include "support/bytes.h"

/* Both end with NULL. */
extern const struct encoder *const deflate_encoders[];
extern const struct decoder *const deflate_decoders[];

/* Of a decoder, for messages. */
const char *decoder_name(const struct decoder *decoder);

/* Encodes a chunk as compress.c does, into as much room as the engine asks for, `room` at most.
 * `*code` gets the outcome; on failure the piece is none. The caller frees it. */
struct bytes encode_chunk(const struct encoder *encoder, void *context, int32_t level,
                          const struct bytes *chunk, bool last, size_t room, int32_t *code);

/* The same in a context of its own, and it must succeed. */
struct bytes encode_chunk_anew(const struct encoder *encoder, int32_t level,
                               const struct bytes *chunk, bool last);

/* Kinds of content beyond those of bytes.h: few values, and copies from near and far among
 * random bytes. */
enum {
    CONTENT_KINDS = BYTES_KINDS + 2
};
const char *content_name(int kind);

/* There is memory even for no bytes: the caller frees it. */
struct bytes content_make(int kind, size_t size);

#endif
