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

/* Who is asked now and then, from within a call that may take long. */
struct codec_watch {
    /* Of a piece that is decoded, `used` bytes are done; fewer than before, where another engine
     * had to begin anew. Encoders say 0. False: the call is to be given up. */
    bool (*go_on)(void *owner, size_t used);
    void *owner;
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
    bool can_store; /* has CINCH_LEVEL_STORED as well */
    struct context_kind context;

    /* Bytes of the largest piece that `size` bytes of input can become. */
    size_t (*bound)(size_t size);

    /* Bytes of a chunk, where the caller has no wish: from the level and the input's length
     * (UINT64_MAX: unknown) alone, so that the output does not depend on the machine. */
    size_t (*chunk_size)(int32_t level, uint64_t length);

    /* How many bytes to feed at a time, so that a call takes tens of milliseconds at most:
     * between calls a cancel is seen and progress told. chunk_size: all at once. */
    size_t (*slice)(const struct encoder_settings *settings);

    /* How many of the next `size` > 0 bytes of the chunk to feed in one call, 1 to `size`, by what
     * they are; NULL: all of a slice. */
    size_t (*portion)(const struct encoder_settings *settings, const void *data, size_t size);

    /* Bytes that a context for these settings holds, not less than it really does. */
    size_t (*memory)(const struct encoder_settings *settings);

    /* Begins a chunk of `size` bytes. `last`: no chunk follows in this file. Returns CINCH_OK,
     * CINCH_E_NO_MEMORY or CINCH_E_INTERNAL, as does feed(). */
    int32_t (*begin)(void *context, const struct encoder_settings *settings, size_t size,
                     bool last);

    /* Behind begin(), where that is not NULL: makes what memory the chunk needs, asking `watch`
     * in between. Returns as feed() does, or CINCH_E_CANCELLED: it has said no. */
    int32_t (*prepare)(void *context, const struct encoder_settings *settings,
                       const struct codec_watch *watch);

    /* Takes the next `size` bytes of the chunk; `end`: they are its last, and the piece is
     * complete on return. An empty chunk is fed once, with size 0. */
    int32_t (*feed)(void *context, const void *data, size_t size, bool end, struct piece *piece);
};

/* What came of decoding a whole piece. */
struct decoded {
    size_t size;   /* bytes of content */
    bool is_final; /* deflate: the piece ended with the final block of its stream */
};

/* Content between two questions, so that a call takes tens of milliseconds at most; what has less
 * than DECODER_WHOLE_MOST is as well decoded by decode(). */
#define DECODER_SLICE      ((size_t)4 << 20)
#define DECODER_WHOLE_MOST ((size_t)8 << 20)

/* Bytes that decode_in_slices() may hold beyond the context. */
#define DECODER_SLICES_SIZE ((size_t)288 << 10)

/* Bytes on their way through a decoder, as in zstd's and zlib's own interfaces. */
struct decoder_flow {
    const uint8_t *input;
    size_t input_size;
    size_t input_used; /* moved forward by run() */
    uint8_t *output;
    size_t output_room;
    size_t output_size; /* moved forward by run() */
};

/*
 * Turns pieces back into what they were made of. All functions return CINCH_OK, or
 * CINCH_E_CORRUPT, _CHECKSUM, _TRUNCATED, _UNSUPPORTED: the data is not what it should be; or
 * CINCH_E_NO_MEMORY. An engine may be for whole pieces alone, or for streams: the others'
 * functions are NULL.
 */
struct decoder {
    struct context_kind context;

    /* Decodes the whole of `piece`, `size` bytes, into at most `capacity` bytes at `data`. More
     * content than that is CINCH_E_CORRUPT. */
    int32_t (*decode)(void *context, const void *piece, size_t size, void *data, size_t capacity,
                      struct decoded *decoded);

    /* The same, asking `watch` after each slice; CINCH_E_CANCELLED: it has said no. For engines
     * that know streams. A piece is one frame, or deflate data. */
    int32_t (*decode_in_slices)(void *context, const void *piece, size_t size, void *data,
                                size_t capacity, const struct codec_watch *watch,
                                struct decoded *decoded);

    /* Begins a stream of which neither input nor output is at hand as a whole. */
    int32_t (*begin)(void *context);

    /* Decodes on, until the input is used up, the output is full, or the stream ends. Never takes
     * a byte behind its end. */
    int32_t (*run)(void *context, struct decoder_flow *flow, bool *ended);
};

extern const struct encoder zstd_encoder;
extern const struct encoder deflate_zlib_encoder;
extern const struct encoder deflate_isal_encoder;
extern const struct encoder deflate_libdeflate_encoder;

extern const struct decoder zstd_decoder;         /* pieces of frames; streams of one frame */
extern const struct decoder deflate_zlib_decoder; /* raw deflate that ends on a byte */
extern const struct decoder deflate_isal_decoder;
extern const struct decoder deflate_libdeflate_decoder;

/* The engine of this build for a format (CINCH_FORMAT_ZSTD, _GZIP, _ZLIB) and level; NULL where
 * there is none: the level is out of range. */
const struct encoder *encoder_find(int32_t format, int32_t level);

/* The decoder for whole pieces of a format, and that for its streams. Never NULL. */
const struct decoder *decoder_find(int32_t format);
const struct decoder *stream_decoder_find(int32_t format);

/* The level that CINCH_LEVEL_DEFAULT stands for. */
int32_t codec_default_level(int32_t format);

#endif
