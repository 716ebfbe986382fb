/*
 * Codecs: what turns a chunk of input into a piece of output.
 *
 * An encoder is one engine for one kind of piece: a zstd frame, or a run of raw deflate blocks
 * that ends on a byte boundary. It is fed the chunk in one or several slices. A further engine is
 * one more file with one more `struct encoder`, and a line in codec.c's table.
 *
 * Contexts are made through workspaces; each is used by one worker at a time.
 */
#ifndef CINCH_SRC_CODEC_CODEC_H
#define CINCH_SRC_CODEC_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "workspace.h"

/* Where an encoder puts its bytes. */
struct piece {
    uint8_t *data;
    size_t capacity;
    size_t size; /* bytes written so far */
};

/* How a chunk is to be encoded. */
struct encoder_settings {
    int32_t level;     /* in the encoder's own range */
    bool checksum;     /* zstd: end the frame with a checksum of its content */
    size_t chunk_size; /* bytes of a full chunk */
};

struct encoder {
    const char *name; /* of the engine, for people */
    int32_t level_min;
    int32_t level_max;
    struct context_kind context;

    /* Bytes of the largest piece that `size` bytes of input can become. */
    size_t (*bound)(size_t size);

    /* Bytes of a chunk, where the caller has no wish: from the level and the input's length
     * (UINT64_MAX: unknown) alone, so that the output does not depend on the machine. */
    size_t (*chunk_size)(int32_t level, uint64_t length);

    /* How many bytes to feed at a time, so that a call takes tens of milliseconds at most:
     * between calls a cancel is seen and progress told. chunk_size: all at once. */
    size_t (*slice)(const struct encoder_settings *settings);

    /* Bytes that a context for these settings holds, not less than it really does. */
    size_t (*memory)(const struct encoder_settings *settings);

    /* Begins a chunk of `size` bytes. `last`: no chunk follows in this file. Returns CINCH_OK,
     * CINCH_E_NO_MEMORY or CINCH_E_INTERNAL, as does feed(). */
    int32_t (*begin)(void *context, const struct encoder_settings *settings, size_t size,
                     bool last);

    /* Takes the next `size` bytes of the chunk; `end`: they are its last, and the piece is
     * complete on return. An empty chunk is fed once, with size 0. */
    int32_t (*feed)(void *context, const void *data, size_t size, bool end, struct piece *piece);
};

/* Turns one piece back into the chunk it was made of. */
struct decoder {
    struct context_kind context;

    /*
     * Decodes the whole of `piece`, `size` bytes, into at most `capacity` bytes at `data`, and
     * puts their number into `*decoded`. CINCH_OK; CINCH_E_CORRUPT, _CHECKSUM, _TRUNCATED: the
     * piece is not what it should be; CINCH_E_NO_MEMORY.
     */
    int32_t (*decode)(void *context, const void *piece, size_t size, void *data, size_t capacity,
                      size_t *decoded);
};

extern const struct encoder zstd_encoder;
extern const struct encoder deflate_zlib_encoder;

extern const struct decoder zstd_decoder;         /* a piece: one frame */
extern const struct decoder deflate_zlib_decoder; /* a piece: deflate blocks, byte-aligned */

/* The engine of this build for a format (CINCH_FORMAT_ZSTD, _GZIP, _ZLIB) and level; NULL where
 * there is none: the level is out of range. */
const struct encoder *encoder_find(int32_t format, int32_t level);

/* The decoder for pieces of a format. Never NULL. */
const struct decoder *decoder_find(int32_t format);

/* The level that CINCH_LEVEL_DEFAULT stands for. */
int32_t codec_default_level(int32_t format);

#endif
