/*
 * libdeflate: better and faster than zlib from level to level, but only whole buffers: each call
 * gives a deflate stream that ends in a final block. That block is found and its final bit
 * cleared, and the empty stored block of a flush put behind it. The walk that finds it compares
 * the stream with its input on the way, so that every chunk is verified.
 */
#include "codec/codec.h"

#include <cinch/cinch.h>

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "codec/deflate.h"
#include "codec/deflate_walk.h"

/* --- Encoding --------------------------------------------------------------------------- */

/*
 * A call cannot be interrupted, so that what it is given bounds how long a cancel waits. Measured
 * for 1 MiB, in milliseconds of processor time on a processor of 2022, the most of several chunks:
 *
 *     libdeflate's level        1    4    6    7    8    9   10   11   12
 *     kernel source             5    9   14   19   31   38   91  180  230
 *     shared libraries          7   12   18   26   74  138  133  155  192
 *     text of few words         -    -    -   44   99  112    -    -  161
 *     random bases (ACGT)       4   23  101  344  507  521  164  179  193
 *     few values, mostly zero   5   13   30   63  203  357  325  394  545
 *
 * So the levels from 8 on get less than 1 MiB at a time, and so does data of few values on the
 * slower levels. Every portion is compressed on its own, which costs 0.4 % at 512 KiB beside 1 MiB;
 * a chunk is a whole number of them. Level 12 gets 256 KiB, for 0.5 % beside the 384 KiB with which
 * the slowest of a hundred cancels took 101 ms. Our 9 is libdeflate's 8, since 9 takes up to twice
 * the time for 0.1 %, and with the half portions that it would need it loses more.
 */
#define LEVEL_MIN     1
#define LEVEL_MAX     12
#define PORTION_LEAST ((size_t)128 << 10)

static const struct {
    uint8_t level;    /* libdeflate's */
    uint8_t portions; /* of a chunk, by default */
    uint16_t portion; /* KiB at a time, a multiple of PORTION_LEAST... */
    uint16_t slow;    /* ...and of data with few values */
} levels[LEVEL_MAX + 1] = {
    [1] = {1, 1, 1024, 1024}, [2] = {2, 1, 1024, 1024}, [3] = {3, 1, 1024, 1024},
    [4] = {4, 1, 1024, 1024}, [5] = {5, 1, 1024, 1024}, [6] = {6, 1, 1024, 512},
    [7] = {7, 1, 1024, 128},  [8] = {8, 2, 768, 128},   [9] = {8, 2, 768, 128},
    [10] = {10, 3, 384, 128}, [11] = {11, 3, 384, 128}, [12] = {12, 4, 256, 128},
};

static size_t libdeflate_chunk_size(int32_t level, uint64_t length)
{
    (void)length;
    return ((size_t)levels[level].portions * levels[level].portion) << 10;
}

/* Whether 16 values of a byte make up most of the data, as in sequences, digits, bits: chains of
 * matches are then long, and the matches short. */
static bool has_few_values(const uint8_t *data, size_t size)
{
    enum {
        FEW = 16,
        STEP = 61 /* a sample will do; no power of two, as records often have such lengths */
    };
    uint32_t counts[256] = {0};
    uint32_t sampled = 0;
    uint32_t most = 0;
    for (size_t i = 0; i < size; i += STEP, sampled++)
        counts[data[i]]++;
    for (unsigned taken = 0; taken < FEW; taken++) {
        unsigned best = 0;
        for (unsigned value = 1; value < 256; value++)
            if (counts[value] > counts[best])
                best = value;
        most += counts[best];
        counts[best] = 0;
    }
    return most >= sampled - sampled / 16;
}

static size_t libdeflate_portion(const struct encoder_settings *settings, const void *data,
                                 size_t size)
{
    size_t portion = (size_t)levels[settings->level].portion << 10;
    size_t slow = (size_t)levels[settings->level].slow << 10;
    if (portion > size)
        portion = size;
    return slow < portion && has_few_values(data, portion) ? slow : portion;
}

struct compressor_context {
    struct libdeflate_compressor *compressor; /* NULL: not made */
    int32_t level;                            /* that it was made for, as cinch counts */
    bool last;                                /* of the chunk under way */
    struct deflate_walk walk;
};

/* All that is fed at a time is at hand as a whole. */
static size_t libdeflate_slice(const struct encoder_settings *settings)
{
    size_t portion = (size_t)levels[settings->level].portion << 10;
    return settings->chunk_size < portion ? settings->chunk_size : portion;
}

/* Of libdeflate 1.14, rounded up; its size is no part of the interface. */
static size_t compressor_memory(int32_t level)
{
    return ((size_t)(level == 1   ? 256
                     : level < 10 ? 704
                                  : 9216)
            << 10) +
           sizeof(struct compressor_context);
}

static size_t libdeflate_memory(const struct encoder_settings *settings)
{
    return compressor_memory(settings->level);
}

/* libdeflate's own bound is that of stored blocks of 5000 bytes or more, in all its versions at
 * least as large as for the whole; each portion has its own end. */
static size_t libdeflate_bound(size_t size)
{
    size_t portions = size / PORTION_LEAST + 1;
    return libdeflate_deflate_compress_bound(NULL, size) +
           portions * (libdeflate_deflate_compress_bound(NULL, 1) + DEFLATE_FINAL_EMPTY_SIZE);
}

static void *libdeflate_create(void)
{
    return calloc(1, sizeof(struct compressor_context));
}

static void libdeflate_destroy(void *context)
{
    struct compressor_context *compressor_context = context;
    libdeflate_free_compressor(compressor_context->compressor);
    free(compressor_context);
}

static size_t libdeflate_size(const void *context)
{
    const struct compressor_context *compressor_context = context;
    return compressor_context->compressor != NULL ? compressor_memory(compressor_context->level)
                                                  : sizeof *compressor_context;
}

static int32_t libdeflate_begin(void *context, const struct encoder_settings *settings, size_t size,
                                bool last)
{
    (void)size;
    struct compressor_context *compressor_context = context;
    compressor_context->last = last;
    if (compressor_context->compressor != NULL && compressor_context->level == settings->level)
        return CINCH_OK;
    libdeflate_free_compressor(compressor_context->compressor);
    compressor_context->compressor = libdeflate_alloc_compressor(levels[settings->level].level);
    compressor_context->level = settings->level;
    return compressor_context->compressor != NULL ? CINCH_OK : CINCH_E_NO_MEMORY;
}

/* Makes `stream`, `size` bytes and room for more, one that goes on: its last block is not the
 * last, and an empty stored block fills up the byte. Returns its new size. */
static size_t reopen(uint8_t *stream, size_t size, const struct deflate_last_block *last)
{
    stream[last->begin / 8] &= (uint8_t) ~(1U << last->begin % 8);
    /* Three bits of zeros begin the block, and zeros fill up the last byte already. */
    if (last->end + 3 > (uint64_t)size * 8)
        stream[size++] = 0;
    memcpy(stream + size, DEFLATE_STORED_EMPTY, DEFLATE_STORED_EMPTY_SIZE);
    return size + DEFLATE_STORED_EMPTY_SIZE;
}

static int32_t libdeflate_feed(void *context, const void *data, size_t size, bool end,
                               struct piece *piece)
{
    struct compressor_context *compressor_context = context;
    uint8_t *stream = piece->data + piece->size;
    size_t room = piece->capacity - piece->size;
    size_t stream_size =
        libdeflate_deflate_compress(compressor_context->compressor, data, size, stream, room);
    struct deflate_last_block last;
    if (stream_size == 0 ||
        !deflate_walk(&compressor_context->walk, stream, stream_size, data, size, &last))
        return CINCH_E_INTERNAL;
    if (!end || !compressor_context->last) {
        if (room - stream_size < DEFLATE_FINAL_EMPTY_SIZE)
            return CINCH_E_INTERNAL;
        stream_size = reopen(stream, stream_size, &last);
    }
    piece->size += stream_size;
    return CINCH_OK;
}

const struct encoder deflate_libdeflate_encoder = {
    .name = "libdeflate",
    .level_min = LEVEL_MIN,
    .level_max = LEVEL_MAX,
    .context = {libdeflate_create, libdeflate_destroy, libdeflate_size},
    .bound = libdeflate_bound,
    .chunk_size = libdeflate_chunk_size,
    .slice = libdeflate_slice,
    .portion = libdeflate_portion,
    .memory = libdeflate_memory,
    .begin = libdeflate_begin,
    .feed = libdeflate_feed,
};

/* --- Decoding --------------------------------------------------------------------------- */

/*
 * A piece without a final block gets one, behind a copy of it; where it ends is then where
 * libdeflate stops. For the time that saves, a copy of the compressed bytes costs nothing, but
 * memory: above this size zlib does as well.
 */
#define COPY_MOST ((size_t)2 << 20)

struct decompressor_context {
    struct libdeflate_decompressor *decompressor;
    uint8_t *copy;
    size_t copy_capacity;
    void *other; /* deflate_decode_otherwise()'s */
};

static void decompressor_destroy(void *context)
{
    struct decompressor_context *decompressor_context = context;
    libdeflate_free_decompressor(decompressor_context->decompressor);
    deflate_otherwise_free(decompressor_context->other);
    free(decompressor_context->copy);
    free(decompressor_context);
}

static void *decompressor_create(void)
{
    struct decompressor_context *decompressor_context = calloc(1, sizeof *decompressor_context);
    if (decompressor_context == NULL)
        return NULL;
    decompressor_context->decompressor = libdeflate_alloc_decompressor();
    if (decompressor_context->decompressor == NULL) {
        decompressor_destroy(decompressor_context);
        return NULL;
    }
    return decompressor_context;
}

static size_t decompressor_size(const void *context)
{
    const struct decompressor_context *decompressor_context = context;
    return sizeof *decompressor_context + ((size_t)16 << 10) + decompressor_context->copy_capacity +
           deflate_otherwise_size(decompressor_context->other);
}

/* Copies the piece with a final block behind it; NULL where memory is short. */
static const uint8_t *copy_with_end(struct decompressor_context *decompressor_context,
                                    const uint8_t *piece, size_t size)
{
    size_t wanted = size + DEFLATE_FINAL_EMPTY_SIZE;
    if (decompressor_context->copy_capacity < wanted) {
        size_t capacity = wanted + wanted / 4;
        free(decompressor_context->copy);
        decompressor_context->copy = malloc(capacity);
        decompressor_context->copy_capacity = decompressor_context->copy != NULL ? capacity : 0;
    }
    uint8_t *copy = decompressor_context->copy;
    if (copy == NULL)
        return NULL;
    memcpy(copy, piece, size);
    memcpy(copy + size, DEFLATE_FINAL_EMPTY, DEFLATE_FINAL_EMPTY_SIZE);
    return copy;
}

static int32_t decompressor_decode(void *context, const void *piece, size_t size, void *data,
                                   size_t capacity, struct decoded *decoded)
{
    struct decompressor_context *decompressor_context = context;
    const uint8_t *bytes = piece;
    const uint8_t *input = piece;
    size_t input_size = size;
    bool is_open = size >= DEFLATE_STORED_EMPTY_SIZE &&
                   memcmp(bytes + size - DEFLATE_STORED_EMPTY_SIZE, DEFLATE_STORED_EMPTY,
                          DEFLATE_STORED_EMPTY_SIZE) == 0;
    if (is_open && size <= COPY_MOST) {
        input = copy_with_end(decompressor_context, piece, size);
        if (input == NULL)
            return CINCH_E_NO_MEMORY;
        input_size = size + DEFLATE_FINAL_EMPTY_SIZE;
    }
    if (!is_open || size <= COPY_MOST) {
        size_t used, written;
        enum libdeflate_result result = libdeflate_deflate_decompress_ex(
            decompressor_context->decompressor, input, input_size, data, capacity, &used, &written);
        if (result == LIBDEFLATE_SUCCESS && (used == size || used == input_size)) {
            *decoded = (struct decoded){.size = written, .is_final = used == size};
            return CINCH_OK;
        }
    }
    return deflate_decode_otherwise(&decompressor_context->other, piece, size, data, capacity, NULL,
                                    decoded);
}

const struct decoder deflate_libdeflate_decoder = {
    .context = {decompressor_create, decompressor_destroy, decompressor_size},
    .decode = decompressor_decode,
};
