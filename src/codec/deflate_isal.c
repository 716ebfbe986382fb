/*
 * ISA-L: deflate at several times zlib's speed, for the first levels; and inflate for streams.
 *
 * A chunk ends with a full flush or the final block, as in deflate_zlib.c.
 */
#include "codec/codec.h"

#include <cinch/cinch.h>

#include <isa-l/igzip_lib.h>
#include <stdlib.h>
#include <string.h>

#include "codec/deflate.h"

/* --- Encoding --------------------------------------------------------------------------- */

/*
 * ISA-L ends a block when the buffer for its symbols is full, 4 bytes each beside some tables. With
 * fewer than the 64 Ki symbols that it takes by itself the codes follow the data closer. Measured
 * on 24 MiB, processor time in ms and bytes in thousands; pigz 2.6 -1 writes 6065 and 8079:
 *
 *     symbols      2 Ki        4 Ki        8 Ki       16 Ki       64 Ki
 *     kernel source
 *     level 1     51 5969     44 5946     41 5939     39 5939     37 5949
 *     level 2     52 5885     46 5864     42 5858     41 5858     48 5867
 *     level 3    123 5622    112 5595    108 5589    104 5589     98 5599
 *     shared libraries
 *     level 1     82 8077     68 8081     57 8131     54 8198     41 8345
 *     level 2     74 7992     59 7999     51 8050     46 8122     43 8264
 *     level 3    115 7893     94 7881     86 7925     81 8002     83 8140
 *
 * So our level 1 is ISA-L's 2, the fastest that is nowhere larger than pigz, and 2 and 3 are its 3.
 * With 7 Ki symbols 128 MiB of libraries are below pigz's size, too, which 8 Ki missed by 0.02 %.
 */
#define LEVEL_MIN    1
#define LEVEL_MAX    3
#define SYMBOLS_MOST ((size_t)8 << 10)
#define SYMBOL_SIZE  ((size_t)ISAL_DEF_LVL3_TOKEN_SIZE)
#define LVL2_TABLES  ((size_t)(ISAL_DEF_LVL2_REQ))
#define LVL3_TABLES  ((size_t)(ISAL_DEF_LVL3_REQ))

static const struct {
    uint32_t level; /* ISA-L's */
    size_t buffer_size;
} levels[LEVEL_MAX + 1] = {
    [1] = {2, LVL2_TABLES + SYMBOLS_MOST / 8 * 7 * SYMBOL_SIZE},
    [2] = {3, LVL3_TABLES + SYMBOLS_MOST *SYMBOL_SIZE},
    [3] = {3, LVL3_TABLES + SYMBOLS_MOST / 2 * SYMBOL_SIZE},
};

struct isal_context {
    struct isal_zstream stream;
    bool last; /* of the chunk under way */
    uint8_t level_buffer[LVL3_TABLES + SYMBOLS_MOST * SYMBOL_SIZE];
};

/* Some 5 ms of work. Smaller slices are copied into the stream's own window first. */
#define ISAL_SLICE ((size_t)4 << 20)

static size_t isal_slice(const struct encoder_settings *settings)
{
    return settings->chunk_size < ISAL_SLICE ? settings->chunk_size : ISAL_SLICE;
}

static size_t isal_memory(const struct encoder_settings *settings)
{
    (void)settings;
    return sizeof(struct isal_context);
}

/*
 * Codes are made for each block and so are never worse for it than one that gives 9 bits to every
 * literal, and 32 bits at most to a match, which stands for 4 bytes or more. Beside these a block
 * has its codes' lengths.
 */
static size_t isal_bound(size_t size)
{
    return size + size / 8 + 2 * ISAL_DEF_MAX_HDR_SIZE;
}

static void *isal_create(void)
{
    return malloc(sizeof(struct isal_context));
}

static void isal_destroy(void *context)
{
    free(context);
}

static size_t isal_size(const void *context)
{
    (void)context;
    return sizeof(struct isal_context);
}

static int32_t isal_begin(void *context, const struct encoder_settings *settings, size_t size,
                          bool last)
{
    (void)size;
    struct isal_context *isal_context = context;
    /* ISA-L's level 3 looks at entries of its tables that nothing was written to. So that not even
     * a bit of what it makes of them depends on the chunk before, there is none of it: some 10 us.
     */
    memset(isal_context, 0, sizeof *isal_context);
    isal_deflate_init(&isal_context->stream);
    isal_context->stream.level = levels[settings->level].level;
    isal_context->stream.level_buf = isal_context->level_buffer;
    isal_context->stream.level_buf_size = (uint32_t)levels[settings->level].buffer_size;
    isal_context->last = last;
    return CINCH_OK;
}

static int32_t isal_feed(void *context, const void *data, size_t size, bool end,
                         struct piece *piece)
{
    struct isal_context *isal_context = context;
    struct isal_zstream *stream = &isal_context->stream;
    size_t room = piece->capacity - piece->size;
    stream->flush = end && !isal_context->last ? FULL_FLUSH : NO_FLUSH;
    stream->end_of_stream = end && isal_context->last;
    stream->next_in = (uint8_t *)data;
    stream->avail_in = (uint32_t)size;
    stream->next_out = piece->data + piece->size;
    stream->avail_out = room < UINT32_MAX ? (uint32_t)room : UINT32_MAX;
    uint32_t avail_out = stream->avail_out;
    int result = isal_deflate(stream);
    piece->size += avail_out - stream->avail_out;
    /* As with zlib, only room that is left proves that nothing is held back. */
    return result == COMP_OK && stream->avail_in == 0 && stream->avail_out > 0 ? CINCH_OK
                                                                               : CINCH_E_INTERNAL;
}

const struct encoder deflate_isal_encoder = {
    .name = "ISA-L",
    .level_min = LEVEL_MIN,
    .level_max = LEVEL_MAX,
    .context = {isal_create, isal_destroy, isal_size},
    .bound = isal_bound,
    .chunk_size = deflate_chunk_size,
    .slice = isal_slice,
    .memory = isal_memory,
    .begin = isal_begin,
    .feed = isal_feed,
};

/* --- Decoding --------------------------------------------------------------------------- */

struct isal_inflate_context {
    struct inflate_state state;
    void *other; /* deflate_decode_otherwise()'s */
};

static void *isal_inflate_create(void)
{
    struct isal_inflate_context *inflate_context = malloc(sizeof *inflate_context);
    if (inflate_context != NULL)
        inflate_context->other = NULL;
    return inflate_context;
}

static void isal_inflate_destroy(void *context)
{
    struct isal_inflate_context *inflate_context = context;
    deflate_otherwise_free(inflate_context->other);
    free(inflate_context);
}

static size_t isal_inflate_size(const void *context)
{
    const struct isal_inflate_context *inflate_context = context;
    return sizeof *inflate_context + deflate_otherwise_size(inflate_context->other);
}

static int32_t isal_inflate_begin(void *context)
{
    struct isal_inflate_context *inflate_context = context;
    isal_inflate_init(&inflate_context->state);
    return CINCH_OK;
}

/*
 * ISA-L takes up to eight bytes more than it has decoded into `read_in`. It keeps those behind the
 * stream's end (2.30), or gives them back (2.31 on) when everything was written, whoever's buffer
 * they were in by then. So they are given back here, at the end and after every call that ended
 * for want of room. Where a call ended for want of input, no more bits are held than a part of a
 * symbol has, and they belong to the stream.
 */
static void give_back(struct inflate_state *state, uint32_t taken)
{
    uint32_t bytes = (uint32_t)state->read_in_length / 8;
    if (state->read_in_length <= 0)
        return;
    if (bytes > taken)
        bytes = taken;
    state->next_in -= bytes;
    state->avail_in += bytes;
    state->read_in_length -= (int32_t)bytes * 8;
    state->read_in &= (UINT64_C(1) << state->read_in_length) - 1;
}

static int32_t isal_inflate_run(void *context, struct decoder_flow *flow, bool *ended)
{
    struct isal_inflate_context *inflate_context = context;
    struct inflate_state *state = &inflate_context->state;
    size_t input_left = flow->input_size - flow->input_used;
    size_t room = flow->output_room - flow->output_size;
    uint32_t avail_in = input_left < UINT32_MAX ? (uint32_t)input_left : UINT32_MAX;
    state->next_in = (uint8_t *)flow->input + flow->input_used;
    state->avail_in = avail_in;
    state->next_out = flow->output + flow->output_size;
    state->avail_out = room < INT32_MAX ? (uint32_t)room : INT32_MAX;
    int result = isal_inflate(state);
    *ended = state->block_state == ISAL_BLOCK_FINISH;
    if (result == ISAL_DECOMP_OK && (*ended || state->avail_out == 0))
        give_back(state, avail_in - state->avail_in);
    flow->input_used = (size_t)(state->next_in - flow->input);
    flow->output_size = (size_t)(state->next_out - flow->output);
    return result == ISAL_DECOMP_OK ? CINCH_OK : CINCH_E_CORRUPT;
}

/* Whether all input was taken, to the boundary of a block, and no bit is left. ISA-L has then tried
 * to read a header, and found nothing of it, unless it had no room left. It decodes ahead of that:
 * no content may be left either. */
static bool is_between_blocks(const struct inflate_state *state)
{
    bool is_at_header =
        state->block_state == ISAL_BLOCK_HDR || state->block_state == ISAL_BLOCK_NEW_HDR;
    return is_at_header && state->tmp_in_size == 0 && state->read_in_length == 0 &&
           state->avail_in == 0 && state->tmp_out_processed == state->tmp_out_valid;
}

/* Decodes until input or room are used up, or the stream ends; `watch` may be NULL.
 * CINCH_E_CORRUPT: ISA-L finds fault with it. */
static int32_t isal_inflate_slices(struct inflate_state *state, size_t size, size_t capacity,
                                   const struct codec_watch *watch)
{
    size_t room = capacity;
    for (;;) {
        state->avail_out = (uint32_t)deflate_room(watch, room);
        room -= state->avail_out;
        if (isal_inflate(state) != ISAL_DECOMP_OK)
            return CINCH_E_CORRUPT;
        if (state->block_state == ISAL_BLOCK_FINISH || state->avail_out > 0 || room == 0)
            return CINCH_OK;
        if (!watch->go_on(watch->owner, size - state->avail_in))
            return CINCH_E_CANCELLED;
    }
}

static int32_t isal_inflate_whole(struct inflate_state *state, const uint8_t *piece, size_t size,
                                  uint8_t *data, size_t capacity, const struct codec_watch *watch,
                                  struct decoded *decoded)
{
    isal_inflate_init(state);
    state->next_in = (uint8_t *)piece;
    state->avail_in = (uint32_t)size;
    state->next_out = data;
    int32_t code = isal_inflate_slices(state, size, capacity, watch);
    if (code != CINCH_OK)
        return code;
    decoded->size = (size_t)(state->next_out - data);
    decoded->is_final = state->block_state == ISAL_BLOCK_FINISH;
    if (decoded->is_final)
        give_back(state, (uint32_t)size);
    bool is_right = decoded->is_final ? state->avail_in == 0 : is_between_blocks(state);
    return is_right ? CINCH_OK : CINCH_E_CORRUPT;
}

/* What ISA-L does not take, zlib judges. */
static int32_t isal_inflate_in_slices(void *context, const void *piece, size_t size, void *data,
                                      size_t capacity, const struct codec_watch *watch,
                                      struct decoded *decoded)
{
    struct isal_inflate_context *inflate_context = context;
    int32_t code = CINCH_E_CORRUPT;
    if (size > 0 && size <= INT32_MAX && capacity <= INT32_MAX)
        code = isal_inflate_whole(&inflate_context->state, piece, size, data, capacity, watch,
                                  decoded);
    return code != CINCH_E_CORRUPT ? code
                                   : deflate_decode_otherwise(&inflate_context->other, piece, size,
                                                              data, capacity, watch, decoded);
}

static int32_t isal_inflate_decode(void *context, const void *piece, size_t size, void *data,
                                   size_t capacity, struct decoded *decoded)
{
    return isal_inflate_in_slices(context, piece, size, data, capacity, NULL, decoded);
}

const struct decoder deflate_isal_decoder = {
    .context = {isal_inflate_create, isal_inflate_destroy, isal_inflate_size},
    .decode = isal_inflate_decode,
    .decode_in_slices = isal_inflate_in_slices,
    .begin = isal_inflate_begin,
    .run = isal_inflate_run,
};
