/*
 * zstd: each chunk is one frame with its content size and, unless told otherwise, a checksum.
 */
#include "codec/codec.h"

#include <cinch/cinch.h>

#include <stdlib.h>
#define ZSTD_STATIC_LINKING_ONLY /* for ZSTD_createCCtx_advanced(), ZSTD_d_stableOutBuffer */
#include <zstd.h>
#include <zstd_errors.h>

#include "format/zstd_walk.h"

/*
 * At the fast levels a chunk is compressed by one call, which reads the input where it lies;
 * streaming copies it into the context first. A call takes 20 to 30 ms for 8 MiB at level 3.
 * Slower levels, and larger chunks than these levels ask for, are fed in slices of a few of
 * libzstd's 128 KiB blocks.
 */
#define ZSTD_ONE_CALL_LEVEL_MAX 4
#define ZSTD_ONE_CALL_SIZE_MAX  ((size_t)8 << 20)
#define ZSTD_BLOCK_SIZE         ((size_t)128 << 10)

/*
 * From this level on a block may take more than 100 ms (133 ms were seen at level 22), so its
 * second half is one of its own: 59 ms at most, and 0.14 % more bytes on kernel source.
 */
#define ZSTD_HALF_BLOCKS_LEVEL 20

/* log2 of the window that libzstd gives each level for long inputs (1.4.8 to 1.5.x). */
static unsigned zstd_window_log(int32_t level)
{
    static const uint8_t logs[] = {19, 19, 20, 21, 21, 21, 21, 21, 21, 22, 22, 22,
                                   22, 22, 22, 22, 22, 23, 23, 23, 25, 26, 27};
    return logs[level > 0 ? level : 0];
}

/*
 * Four windows, as libzstd's own workers take, so that what a frame loses at its beginning is
 * little beside what it has. Shorter inputs are cut smaller, into ZSTD_CHUNKS_WANTED chunks, to
 * give every processor some of them; but not so small that more than 1 % is lost against one
 * stream. Measured on shared libraries and on kernel source, in percent:
 *
 *     chunk, MiB     1     2     4     8    16    32
 *     libraries, 128 MiB
 *     level 3        -  0.72  0.32  0.08  0.07  0.06     window 2 MiB
 *     level 6        -  1.62  0.68  0.16  0.00 -0.12     window 2 MiB
 *     level 9        -  6.08  3.64  1.44  0.60 -0.10     window 4 MiB
 *     level 19       -     -     -     -  3.65  0.11     window 8 MiB (64 MiB; against zstd -T2)
 *     source, 128 MiB
 *     level 1     1.29  0.57  0.27  0.12  0.07  0.03     window 512 KiB
 *     level 3     3.53  1.85  0.96  0.57  0.44  0.53     window 2 MiB
 *     level 6     5.29  2.87  1.45  0.82  0.26  0.13     window 2 MiB
 *     level 9     6.24  3.77  1.99  0.92  0.37  0.11     window 4 MiB (64 MiB of input)
 *     level 12    7.09  4.35  2.33  1.06  0.44  0.14     window 4 MiB (64 MiB of input)
 *     level 19       -     -     -     -  1.15  0.46     window 8 MiB (64 MiB; against zstd -T2)
 *
 * So two windows do for fast levels, and four it is from level 6 on, where the search goes back
 * farther; two again from level 20 on, whose windows are 32 MiB and more. Two threads are as
 * efficient with any size down to 512 KiB, as far as a loaded machine tells, and less so only with
 * a handful of chunks each. `cinch-bench --only chunks FILE` measures both; docs/benchmarks has the
 * table.
 */
#define ZSTD_CHUNK_MAX     ((size_t)128 << 20)
#define ZSTD_CHUNKS_WANTED 32

static size_t zstd_chunk_size(int32_t level, uint64_t length)
{
    size_t window = (size_t)1 << zstd_window_log(level);
    size_t most = 4 * window < ZSTD_CHUNK_MAX ? 4 * window : ZSTD_CHUNK_MAX;
    bool looks_far = level >= 6 && zstd_window_log(level) <= 23;
    size_t least = looks_far ? most : 2 * window;
    size_t size = most;
    while (size > least && length / size < ZSTD_CHUNKS_WANTED)
        size /= 2;
    return size;
}

static size_t zstd_slice(const struct encoder_settings *settings)
{
    if (settings->level <= ZSTD_ONE_CALL_LEVEL_MAX)
        return settings->chunk_size <= ZSTD_ONE_CALL_SIZE_MAX ? settings->chunk_size
                                                              : ZSTD_ONE_CALL_SIZE_MAX;
    if (settings->level >= ZSTD_HALF_BLOCKS_LEVEL)
        return ZSTD_BLOCK_SIZE / 2;
    return settings->level <= 12 ? 4 * ZSTD_BLOCK_SIZE : ZSTD_BLOCK_SIZE;
}

/*
 * Bytes of a context by level, in MiB: what ZSTD_sizeof_CCtx() of libzstd 1.5.4 says of one that
 * streams a chunk of four windows, its window included, rounded up.
 */
static size_t zstd_memory(const struct encoder_settings *settings)
{
    static const uint16_t mib[] = {2,  2,  3,  4,  5,  6,  6,  9,  9,   17,  29, 29,
                                   53, 37, 53, 69, 37, 57, 58, 90, 194, 386, 778};
    return (size_t)mib[settings->level > 0 ? settings->level : 0] << 20;
}

/*
 * libzstd takes the memory of its tables in one piece, clears it and then looks things up all over
 * it, so that it is better backed by large pages, as buffer_allocate() asks for: at level 19 there
 * are fewer misses of the processor's own tables of pages. (libzstd calls this interface
 * experimental; it is the only one that leaves the allocation to us, and has not changed since
 * 1.0.)
 *
 * At the highest levels it is hundreds of MiB, which a kernel may need half a second to hand out.
 * They are touched here a part at a time, in between of which the job may be cancelled; libzstd
 * then clears what is there already.
 */
#define ZSTD_TOUCHED_LEAST ((size_t)64 << 20) /* touching less takes no time worth asking */
#define ZSTD_TOUCHED_PART  ((size_t)8 << 20)
#define ZSTD_PAGE_LEAST    4096

struct zstd_context {
    ZSTD_CCtx *context;
    bool flushes;                    /* each slice is a block */
    const struct codec_watch *watch; /* NULL: none that asks */
};

static void *zstd_allocate(void *owner, size_t size)
{
    const struct codec_watch *watch = ((struct zstd_context *)owner)->watch;
    struct buffer buffer = buffer_allocate(size);
    if (watch == NULL || buffer.data == NULL || size < ZSTD_TOUCHED_LEAST)
        return buffer.data;
    volatile uint8_t *page = buffer.data;
    for (size_t i = 0; i < size; i += ZSTD_PAGE_LEAST) {
        if (i % ZSTD_TOUCHED_PART == 0 && !watch->go_on(watch->owner, 0)) {
            buffer_free(&buffer);
            return NULL;
        }
        page[i] = 0;
    }
    return buffer.data;
}

static void zstd_release(void *owner, void *memory)
{
    (void)owner;
    free(memory);
}

static void *zstd_create(void)
{
    struct zstd_context *zstd_context = calloc(1, sizeof *zstd_context);
    if (zstd_context == NULL)
        return NULL;
    zstd_context->context =
        ZSTD_createCCtx_advanced((ZSTD_customMem){zstd_allocate, zstd_release, zstd_context});
    if (zstd_context->context == NULL) {
        free(zstd_context);
        return NULL;
    }
    return zstd_context;
}

static void zstd_destroy(void *context)
{
    struct zstd_context *zstd_context = context;
    ZSTD_freeCCtx(zstd_context->context);
    free(zstd_context);
}

static size_t zstd_size(const void *context)
{
    const struct zstd_context *zstd_context = context;
    return sizeof *zstd_context + ZSTD_sizeof_CCtx(zstd_context->context);
}

static int32_t zstd_begin(void *context, const struct encoder_settings *settings, size_t size,
                          bool last)
{
    (void)last;
    struct zstd_context *zstd_context = context;
    ZSTD_CCtx *zstd = zstd_context->context;
    zstd_context->flushes = settings->level >= ZSTD_HALF_BLOCKS_LEVEL;
    if (ZSTD_isError(ZSTD_CCtx_reset(zstd, ZSTD_reset_session_and_parameters)) ||
        ZSTD_isError(ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, settings->level)) ||
        ZSTD_isError(ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, settings->checksum)) ||
        ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(zstd, size)))
        return CINCH_E_INTERNAL;
    return CINCH_OK;
}

static int32_t zstd_encoder_error(size_t result)
{
    return ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation ? CINCH_E_NO_MEMORY
                                                                     : CINCH_E_INTERNAL;
}

/* A call without input is enough for libzstd to allocate and clear its tables. */
static int32_t zstd_prepare(void *context, const struct encoder_settings *settings,
                            const struct codec_watch *watch)
{
    struct zstd_context *zstd_context = context;
    if (zstd_memory(settings) < ZSTD_TOUCHED_LEAST)
        return CINCH_OK;
    ZSTD_inBuffer input = {NULL, 0, 0};
    ZSTD_outBuffer output = {NULL, 0, 0};
    zstd_context->watch = watch;
    size_t left = ZSTD_compressStream2(zstd_context->context, &output, &input, ZSTD_e_continue);
    zstd_context->watch = NULL;
    if (!watch->go_on(watch->owner, 0))
        return CINCH_E_CANCELLED;
    return ZSTD_isError(left) ? zstd_encoder_error(left) : CINCH_OK;
}

static int32_t zstd_feed(void *context, const void *data, size_t size, bool end,
                         struct piece *piece)
{
    struct zstd_context *zstd_context = context;
    ZSTD_inBuffer input = {data, size, 0};
    ZSTD_outBuffer output = {piece->data, piece->capacity, piece->size};
    bool empties = end || zstd_context->flushes;
    ZSTD_EndDirective directive = end ? ZSTD_e_end : empties ? ZSTD_e_flush : ZSTD_e_continue;
    /* The piece has room for the largest frame, so one call takes everything; with ZSTD_e_end on
     * the first call libzstd skips its own buffers. */
    do {
        size_t left = ZSTD_compressStream2(zstd_context->context, &output, &input, directive);
        if (ZSTD_isError(left))
            return zstd_encoder_error(left);
        piece->size = output.pos;
        if (empties && left == 0)
            return CINCH_OK;
        if (output.pos == output.size)
            return CINCH_E_INTERNAL;
    } while (empties || input.pos < input.size);
    return CINCH_OK;
}

const struct encoder zstd_encoder = {
    .name = "libzstd",
    .level_min = -(1 << 17), /* ZSTD_minCLevel() */
    .level_max = 22,         /* ZSTD_maxCLevel() */
    .context = {zstd_create, zstd_destroy, zstd_size},
    .bound = ZSTD_compressBound,
    .chunk_size = zstd_chunk_size,
    .slice = zstd_slice,
    .memory = zstd_memory,
    .begin = zstd_begin,
    .prepare = zstd_prepare,
    .feed = zstd_feed,
};

static void *zstd_decoder_create(void)
{
    return ZSTD_createDCtx();
}

static void zstd_decoder_destroy(void *context)
{
    ZSTD_freeDCtx(context);
}

static size_t zstd_decoder_size(const void *context)
{
    return ZSTD_sizeof_DCtx(context);
}

static int32_t zstd_error(size_t result)
{
    switch (ZSTD_getErrorCode(result)) {
    case ZSTD_error_memory_allocation:
        return CINCH_E_NO_MEMORY;
    case ZSTD_error_checksum_wrong:
        return CINCH_E_CHECKSUM;
    case ZSTD_error_srcSize_wrong:
        return CINCH_E_TRUNCATED;
    case ZSTD_error_dictionary_wrong:
    case ZSTD_error_version_unsupported:
    case ZSTD_error_frameParameter_unsupported:
    case ZSTD_error_frameParameter_windowTooLarge:
        return CINCH_E_UNSUPPORTED;
    default:
        return CINCH_E_CORRUPT;
    }
}

static int32_t zstd_decode(void *context, const void *piece, size_t size, void *data,
                           size_t capacity, struct decoded *decoded)
{
    size_t result = ZSTD_decompressDCtx(context, data, capacity, piece, size);
    if (ZSTD_isError(result))
        return zstd_error(result);
    *decoded = (struct decoded){.size = result};
    return CINCH_OK;
}

static int32_t zstd_stream_begin(void *context)
{
    /* Who begins a stream has looked at the window that its frame asks for. */
    int window_log_max = ZSTD_dParam_getBounds(ZSTD_d_windowLogMax).upperBound;
    if (ZSTD_isError(ZSTD_DCtx_reset(context, ZSTD_reset_session_only)) ||
        ZSTD_isError(ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, window_log_max)))
        return CINCH_E_INTERNAL;
    return CINCH_OK;
}

static int32_t zstd_stream_run(void *context, struct decoder_flow *flow, bool *ended)
{
    ZSTD_inBuffer input = {flow->input, flow->input_size, flow->input_used};
    ZSTD_outBuffer output = {flow->output, flow->output_room, flow->output_size};
    size_t result = 1;
    /* Until nothing moves: libzstd may hold back output for which there was no room. */
    for (;;) {
        size_t used_before = input.pos;
        size_t size_before = output.pos;
        result = ZSTD_decompressStream(context, &output, &input);
        if (ZSTD_isError(result))
            return zstd_error(result);
        if (result == 0 || output.pos == output.size ||
            (input.pos == used_before && output.pos == size_before))
            break;
        if (input.pos == input.size && output.pos < output.size)
            break;
    }
    flow->input_used = input.pos;
    flow->output_size = output.pos;
    *ended = result == 0;
    return CINCH_OK;
}

/* Bytes looked at where a block's header is expected: no whole blocks, if it can be. */
#define WALK_SIZE ((size_t)4)

/* Goes forward over some blocks that have about a slice's content, or to the end. `*at` is behind
 * them then. */
static int32_t pass_slice(struct zstd_walk *walk, const uint8_t *piece, size_t size, size_t *at)
{
    uint64_t until = walk->frame.content_max + DECODER_SLICE;
    int32_t code = CINCH_OK;
    while (code == CINCH_OK && !walk->has_ended &&
           (walk->frame.content_max < until || walk->skip > 0)) {
        if (*at == size || walk->skip > size - *at)
            return CINCH_E_TRUNCATED;
        size_t used = (size_t)walk->skip;
        size_t few = size - *at < WALK_SIZE ? size - *at : WALK_SIZE;
        code =
            used > 0 ? zstd_walk_skip(walk, used) : zstd_walk_feed(walk, piece + *at, few, &used);
        *at += used;
    }
    return code == CINCH_E_FORMAT ? CINCH_E_CORRUPT : code;
}

static int32_t run_slices(ZSTD_DCtx *context, const uint8_t *piece, size_t size,
                          ZSTD_outBuffer *output, const struct codec_watch *watch)
{
    ZSTD_inBuffer input = {piece, 0, 0};
    struct zstd_walk walk;
    size_t result = 1;
    zstd_walk_begin(&walk, 0);
    for (;;) {
        int32_t code = pass_slice(&walk, piece, size, &input.size);
        if (code != CINCH_OK)
            return code;
        while (input.pos < input.size) {
            size_t used_before = input.pos;
            size_t size_before = output->pos;
            result = ZSTD_decompressStream(context, output, &input);
            if (ZSTD_isError(result))
                return zstd_error(result);
            if (input.pos == used_before && output->pos == size_before)
                return CINCH_E_CORRUPT;
        }
        if (walk.has_ended)
            break;
        if (!watch->go_on(watch->owner, input.pos))
            return CINCH_E_CANCELLED;
    }
    bool is_short =
        walk.frame.header.has_content_size && output->pos != walk.frame.header.content_size;
    return result == 0 && input.pos == size && !is_short ? CINCH_OK : CINCH_E_CORRUPT;
}

/*
 * A context of its own, which goes at once: for a stream, libzstd keeps a buffer beside it, of a
 * block. The content lies where it is wanted from the start, so that there is no window. Where
 * libzstd does not know of that, the frame is decoded by one call.
 */
static int32_t zstd_decode_in_slices(void *context, const void *piece, size_t size, void *data,
                                     size_t capacity, const struct codec_watch *watch,
                                     struct decoded *decoded)
{
#ifdef ZSTD_d_stableOutBuffer
    ZSTD_DCtx *own = ZSTD_createDCtx();
    if (own == NULL)
        return CINCH_E_NO_MEMORY;
    ZSTD_outBuffer output = {data, capacity, 0};
    int32_t code = zstd_stream_begin(own);
    bool is_stable =
        code == CINCH_OK && !ZSTD_isError(ZSTD_DCtx_setParameter(own, ZSTD_d_stableOutBuffer, 1));
    if (is_stable)
        code = run_slices(own, piece, size, &output, watch);
    ZSTD_freeDCtx(own);
    *decoded = (struct decoded){.size = output.pos};
    if (is_stable || code != CINCH_OK)
        return code;
#endif
    return zstd_decode(context, piece, size, data, capacity, decoded);
}

const struct decoder zstd_decoder = {
    .context = {zstd_decoder_create, zstd_decoder_destroy, zstd_decoder_size},
    .decode = zstd_decode,
    .decode_in_slices = zstd_decode_in_slices,
    .begin = zstd_stream_begin,
    .run = zstd_stream_run,
};
