/*
 * zlib: every level, wherever no other engine is. It alone decodes whatever there is, in any
 * portions, and says what is wrong with it.
 */
#include "codec/codec.h"

#include <cinch/cinch.h>

#include <stdlib.h>
#include <zlib.h>

#include "codec/deflate.h"

/* zlib copies its input into a window of its own, so small slices cost nothing and stay in the
 * processor's cache. */
#define DEFLATE_SLICE ((size_t)128 << 10)

/*
 * What a piece loses at its beginning, where it cannot look back: percent beside one stream, of
 * 8 MiB; zlib's levels, libdeflate's, and ISA-L's with blocks as in deflate_isal.c.
 *
 *     chunk       zlib 1    6     9   libdeflate 3    6     8   ISA-L 2    3
 *     kernel source
 *     128 KiB       1.81  3.40  3.49         2.88  3.42  3.53      2.13  2.70
 *     256 KiB       0.78  1.50  1.55         1.23  1.51  1.58      0.93  1.19
 *     512 KiB       0.36  0.73  0.74         0.56  0.72  0.76      0.43  0.58
 *       1 MiB       0.19  0.36  0.36         0.32  0.36  0.39      0.21  0.28
 *       2 MiB       0.11  0.21  0.21         0.18  0.22  0.24      0.12  0.20
 *     shared libraries: below 0.5 % from 256 KiB, below 0.2 % from 1 MiB on
 *
 * So 1 MiB stays within half a percent at every level, while an input of a few MiB still has a
 * chunk for every processor and a worker's buffers stay in its cache. The window is the same at
 * every level, and so is what the beginning costs: neither level nor length changes the size.
 */
#define DEFLATE_CHUNK ((size_t)1 << 20)

#define NOT_MADE (-2)

struct deflate_context {
    z_stream stream;
    int level; /* that the stream was made for, as zlib counts; NOT_MADE */
    bool last; /* of the chunk under way */
};

size_t deflate_chunk_size(int32_t level, uint64_t length)
{
    (void)level;
    (void)length;
    return DEFLATE_CHUNK;
}

static size_t deflate_slice(const struct encoder_settings *settings)
{
    return settings->chunk_size < DEFLATE_SLICE ? settings->chunk_size : DEFLATE_SLICE;
}

/* zconf.h: (1 << (windowBits + 2)) + (1 << (memLevel + 9)) bytes and some for the state. */
static size_t deflate_memory(const struct encoder_settings *settings)
{
    (void)settings;
    return ((size_t)1 << (MAX_WBITS + 2)) + ((size_t)1 << (8 + 9)) + ((size_t)16 << 10) +
           sizeof(struct deflate_context);
}

/* zlib's own deflateBound() for a stream with default windows, plus the flush and a final
 * block: stored blocks of at most 16 KiB less 5 bytes, in the worst case. */
static size_t deflate_bound(size_t size)
{
    return size + (size >> 12) + (size >> 14) + (size >> 25) + 13 + 16;
}

static void *deflate_create(void)
{
    struct deflate_context *deflate_context = calloc(1, sizeof *deflate_context);
    if (deflate_context != NULL)
        deflate_context->level = NOT_MADE;
    return deflate_context;
}

static void deflate_destroy(void *context)
{
    struct deflate_context *deflate_context = context;
    if (deflate_context->level != NOT_MADE)
        deflateEnd(&deflate_context->stream);
    free(deflate_context);
}

static size_t deflate_size(const void *context)
{
    const struct deflate_context *deflate_context = context;
    return deflate_context->level != NOT_MADE ? deflate_memory(NULL) : sizeof *deflate_context;
}

static int32_t deflate_begin(void *context, const struct encoder_settings *settings, size_t size,
                             bool last)
{
    (void)size;
    struct deflate_context *deflate_context = context;
    z_stream *stream = &deflate_context->stream;
    int level = settings->level == CINCH_LEVEL_STORED ? Z_NO_COMPRESSION : settings->level;
    deflate_context->last = last;
    if (deflate_context->level == level)
        return deflateReset(stream) == Z_OK ? CINCH_OK : CINCH_E_INTERNAL;
    if (deflate_context->level != NOT_MADE)
        deflateEnd(stream);
    deflate_context->level = NOT_MADE;
    if (deflateInit2(stream, level, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return CINCH_E_NO_MEMORY;
    deflate_context->level = level;
    return CINCH_OK;
}

static int32_t deflate_feed(void *context, const void *data, size_t size, bool end,
                            struct piece *piece)
{
    struct deflate_context *deflate_context = context;
    z_stream *stream = &deflate_context->stream;
    int flush = !end ? Z_NO_FLUSH : deflate_context->last ? Z_FINISH : Z_FULL_FLUSH;
    stream->next_in = (Bytef *)data;
    stream->avail_in = (uInt)size;
    stream->next_out = piece->data + piece->size;
    size_t room = piece->capacity - piece->size;
    stream->avail_out = room < UINT32_MAX ? (uInt)room : UINT32_MAX;
    uInt avail_out = stream->avail_out;
    int result = deflate(stream, flush);
    piece->size += avail_out - stream->avail_out;
    bool complete =
        flush == Z_FINISH ? result == Z_STREAM_END : result == Z_OK && stream->avail_in == 0;
    /* A flush is complete only if there is room left behind it. */
    return complete && stream->avail_out > 0 ? CINCH_OK : CINCH_E_INTERNAL;
}

const struct encoder deflate_zlib_encoder = {
    .name = "zlib",
    .level_min = 1,
    .level_max = 9,
    .can_store = true,
    .context = {deflate_create, deflate_destroy, deflate_size},
    .bound = deflate_bound,
    .chunk_size = deflate_chunk_size,
    .slice = deflate_slice,
    .memory = deflate_memory,
    .begin = deflate_begin,
    .feed = deflate_feed,
};

struct inflate_context {
    z_stream stream;
    bool is_made;
};

static void *inflate_create(void)
{
    return calloc(1, sizeof(struct inflate_context));
}

static void inflate_destroy(void *context)
{
    struct inflate_context *inflate_context = context;
    if (inflate_context->is_made)
        inflateEnd(&inflate_context->stream);
    free(inflate_context);
}

/* zconf.h: 1 << windowBits bytes and some for the state. */
static size_t inflate_size(const void *context)
{
    (void)context;
    return sizeof(struct inflate_context) + ((size_t)1 << MAX_WBITS) + ((size_t)8 << 10);
}

/* Whether everything was taken, to the boundary of a block, and no bit of the last byte is left: it
 * would belong to the piece behind. */
static bool inflate_is_at_end(const z_stream *stream)
{
    return stream->avail_in == 0 && (stream->data_type & 128) != 0 && (stream->data_type & 63) == 0;
}

static int32_t inflate_begin(void *context)
{
    struct inflate_context *inflate_context = context;
    if (inflate_context->is_made)
        return inflateReset(&inflate_context->stream) == Z_OK ? CINCH_OK : CINCH_E_INTERNAL;
    if (inflateInit2(&inflate_context->stream, -MAX_WBITS) != Z_OK)
        return CINCH_E_NO_MEMORY;
    inflate_context->is_made = true;
    return CINCH_OK;
}

/* A result that zlib has not. */
#define INFLATE_CANCELLED 1000

static int32_t inflate_error(int result)
{
    switch (result) {
    case Z_MEM_ERROR:
        return CINCH_E_NO_MEMORY;
    case Z_DATA_ERROR:
    case Z_NEED_DICT:
        return CINCH_E_CORRUPT;
    case Z_STREAM_ERROR:
        return CINCH_E_INTERNAL;
    default:
        return CINCH_OK; /* Z_BUF_ERROR: no progress was possible, which is for the caller */
    }
}

/* Decodes until input or room are used up, or the stream ends; `watch` may be NULL. Returns zlib's
 * result, or INFLATE_CANCELLED. */
static int inflate_slices(z_stream *stream, size_t size, size_t capacity,
                          const struct codec_watch *watch)
{
    size_t room = capacity;
    for (;;) {
        stream->avail_out = (uInt)deflate_room(watch, room);
        room -= stream->avail_out;
        int result = inflate(stream, Z_SYNC_FLUSH);
        if (result != Z_OK || stream->avail_out > 0 || room == 0)
            return result;
        /* A further call would go on from the boundary, and not tell of it. */
        if (inflate_is_at_end(stream))
            return result;
        if (!watch->go_on(watch->owner, size - stream->avail_in))
            return INFLATE_CANCELLED;
    }
}

static int32_t inflate_whole(void *context, const void *piece, size_t size, void *data,
                             size_t capacity, const struct codec_watch *watch,
                             struct decoded *decoded)
{
    struct inflate_context *inflate_context = context;
    z_stream *stream = &inflate_context->stream;
    int32_t code = inflate_begin(context);
    if (code != CINCH_OK)
        return code;
    stream->next_in = (Bytef *)piece;
    stream->avail_in = (uInt)size;
    stream->next_out = data;
    int result = inflate_slices(stream, size, capacity, watch);
    if (result == INFLATE_CANCELLED)
        return CINCH_E_CANCELLED;
    decoded->size = (size_t)(stream->next_out - (Bytef *)data);
    if (result == Z_OK && !inflate_is_at_end(stream) && decoded->size == capacity) {
        /* What is left, an end-of-block code or an empty block, must bring no further byte. */
        uint8_t beyond;
        stream->next_out = &beyond;
        stream->avail_out = 1;
        result = inflate(stream, Z_SYNC_FLUSH);
        if (stream->avail_out == 0)
            return CINCH_E_CORRUPT;
    }
    code = inflate_error(result);
    if (code != CINCH_OK)
        return code;
    if (stream->avail_in != 0)
        return CINCH_E_CORRUPT;
    decoded->is_final = result == Z_STREAM_END;
    return decoded->is_final || inflate_is_at_end(stream) ? CINCH_OK : CINCH_E_TRUNCATED;
}

static int32_t inflate_decode(void *context, const void *piece, size_t size, void *data,
                              size_t capacity, struct decoded *decoded)
{
    return inflate_whole(context, piece, size, data, capacity, NULL, decoded);
}

static int32_t inflate_run(void *context, struct decoder_flow *flow, bool *ended)
{
    struct inflate_context *inflate_context = context;
    z_stream *stream = &inflate_context->stream;
    size_t input_left = flow->input_size - flow->input_used;
    size_t room = flow->output_room - flow->output_size;
    stream->next_in = (Bytef *)flow->input + flow->input_used;
    stream->avail_in = input_left < UINT32_MAX ? (uInt)input_left : UINT32_MAX;
    stream->next_out = flow->output + flow->output_size;
    stream->avail_out = room < UINT32_MAX ? (uInt)room : UINT32_MAX;
    int result = inflate(stream, Z_NO_FLUSH);
    flow->input_used = (size_t)(stream->next_in - flow->input);
    flow->output_size = (size_t)(stream->next_out - flow->output);
    *ended = result == Z_STREAM_END;
    return inflate_error(result);
}

const struct decoder deflate_zlib_decoder = {
    .context = {inflate_create, inflate_destroy, inflate_size},
    .decode = inflate_decode,
    .decode_in_slices = inflate_whole,
    .begin = inflate_begin,
    .run = inflate_run,
};

int32_t deflate_decode_otherwise(void **context, const void *piece, size_t size, void *data,
                                 size_t capacity, const struct codec_watch *watch,
                                 struct decoded *decoded)
{
    if (*context == NULL)
        *context = inflate_create();
    return *context != NULL ? inflate_whole(*context, piece, size, data, capacity, watch, decoded)
                            : CINCH_E_NO_MEMORY;
}

void deflate_otherwise_free(void *context)
{
    if (context != NULL)
        inflate_destroy(context);
}

size_t deflate_otherwise_size(const void *context)
{
    return context != NULL ? inflate_size(context) : 0;
}
