#include "compress_single.h"

#include <poll.h>
#include <zlib.h>
#define ZSTD_STATIC_LINKING_ONLY /* for ZSTD_createCCtx_advanced() */
#include <zstd.h>
#include <zstd_errors.h>

#include "codec/codec.h"
#include "transfer.h"

/* Bytes of output that are put at a time, and of input that are fed: enough to keep system calls
 * rare, little enough that they stay in a processor's cache. */
#define SINGLE_PIECE ((size_t)256 << 10)
#define SINGLE_SLICE ((size_t)256 << 10)

static enum step single_failed(struct chunk *chunk, int32_t code, const char *action)
{
    failure_set(&chunk->failure, code, FAILURE_OF_INPUT, action, 0);
    return STEP_FAILED;
}

/* Whether libzstd has failed for want of memory. */
static bool is_of_memory(size_t result)
{
    return ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation;
}

/* --- Take ------------------------------------------------------------------------------- */

/* Reads the next slice, when the last was fed. */
static enum step read_slice(struct transfer *transfer, struct chunk *chunk, struct step_need *need)
{
    struct compress_single *single = &transfer->plan.single;
    const struct input *input = &transfer->input;
    size_t count = 0;
    if (input->is_file) {
        uint64_t rest = input->size - single->input_offset;
        count = rest < SINGLE_SLICE ? (size_t)rest : SINGLE_SLICE;
        if (input_read_at(input, single->input_offset, single->input.data, count,
                          &chunk->failure) != CINCH_OK)
            return STEP_FAILED;
        single->input_offset += count;
        single->input_ended = single->input_offset == input->size;
    } else {
        switch (input_read(input, single->input.data, SINGLE_SLICE, &count, &chunk->failure)) {
        case INPUT_DATA:
            break;
        case INPUT_END:
            single->input_ended = true;
            break;
        case INPUT_WAIT:
            return step_wait_for(input->fd, POLLIN, need);
        case INPUT_ERROR:
            return STEP_FAILED;
        }
    }
    single->fed = (ZSTD_inBuffer){single->input.data, count, 0};
    if (single->decoder != NULL)
        single->input_check = (uint32_t)crc32_z(single->input_check, single->input.data, count);
    return STEP_DONE;
}

/* CINCH_FLAG_VERIFY: decodes what libzstd has just written. */
static enum step verify_output(struct transfer *transfer, struct chunk *chunk, const uint8_t *data,
                               size_t size)
{
    struct compress_single *single = &transfer->plan.single;
    ZSTD_inBuffer encoded = {data, size, 0};
    ZSTD_outBuffer decoded = {single->decoded.data, single->decoded.capacity, 0};
    do {
        decoded.pos = 0;
        single->decoder_result = ZSTD_decompressStream(single->decoder, &decoded, &encoded);
        if (ZSTD_isError(single->decoder_result))
            return is_of_memory(single->decoder_result)
                       ? chunk_no_memory(chunk)
                       : single_failed(chunk, CINCH_E_CHECKSUM,
                                       "what was compressed does not decompress to");
        single->decoded_size += decoded.pos;
        single->decoded_check = (uint32_t)crc32_z(single->decoded_check, decoded.dst, decoded.pos);
        /* When the frame has ended, one more call would wait for another frame. */
    } while (encoded.pos < encoded.size ||
             (single->decoder_result != 0 && decoded.pos == decoded.size));
    return STEP_DONE;
}

/* The frame is complete: is it the input's? */
static enum step verify_end(const struct transfer *transfer, struct chunk *chunk)
{
    const struct compress_single *single = &transfer->plan.single;
    if (single->decoder_result == 0 && single->decoded_check == single->input_check &&
        single->decoded_size == atomic_load(&transfer->progress.done))
        return STEP_DONE;
    return single_failed(chunk, CINCH_E_CHECKSUM, "what was compressed does not decompress to");
}

/* libzstd tells of threads that it did not get as of memory, none of which was refused then. */
static enum step encoder_failed(const struct compress_single *single, struct chunk *chunk,
                                size_t result)
{
    if (!is_of_memory(result))
        return single_failed(chunk, CINCH_E_INTERNAL, "cannot compress");
    if (atomic_load(&single->reserve.has_failed))
        return chunk_no_memory(chunk);
    failure_set(&chunk->failure, CINCH_E_NO_THREAD, FAILURE_OF_NOTHING, NULL, 0);
    return STEP_FAILED;
}

/* Fills the chunk's output with the next part of the frame. */
static enum step take_piece(void *owner, struct chunk *chunk, struct worker *worker,
                            struct step_need *need)
{
    struct transfer *transfer = owner;
    struct compress_single *single = &transfer->plan.single;
    if (chunk->output.data == NULL)
        chunk->output = chunk_take_output(chunk, worker, SINGLE_PIECE);
    if (chunk->output.data == NULL)
        return chunk_no_memory(chunk);

    while (chunk->output_size < SINGLE_PIECE) {
        if (single->fed.pos == single->fed.size && !single->input_ended) {
            enum step step = read_slice(transfer, chunk, need);
            if (step != STEP_DONE)
                return step;
        }
        size_t fed_before = single->fed.pos;
        ZSTD_outBuffer output = {chunk->output.data, SINGLE_PIECE, chunk->output_size};
        size_t left = ZSTD_compressStream2(single->context, &output, &single->fed,
                                           single->input_ended ? ZSTD_e_end : ZSTD_e_continue);
        if (ZSTD_isError(left))
            return encoder_failed(single, chunk, left);
        size_t size_before = chunk->output_size;
        chunk->output_size = output.pos;
        if (!transfer_advance(transfer, worker, single->fed.pos - fed_before))
            return STEP_FAILED;
        if (single->decoder != NULL && output.pos > size_before &&
            verify_output(transfer, chunk, chunk->output.data + size_before,
                          output.pos - size_before) != STEP_DONE)
            return STEP_FAILED;
        if (single->input_ended && left == 0) {
            chunk->is_last = true;
            return single->decoder != NULL ? verify_end(transfer, chunk) : STEP_DONE;
        }
    }
    return STEP_DONE;
}

static enum step put_piece(void *owner, struct chunk *chunk, struct worker *worker,
                           struct step_need *need)
{
    (void)worker;
    return transfer_write(owner, chunk, need);
}

static const struct pipeline_ops compress_single_ops = {
    .take = take_piece,
    .put = put_piece,
    .recycle = transfer_recycle,
    .fail = transfer_fail_chunk,
};

/* --- The kind --------------------------------------------------------------------------- */

/* libzstd's threads, as many as the memory limit leaves. Each has a context, and its job's input
 * and output, of four windows. */
static int threads_allowed(const struct transfer *transfer)
{
    const cinch_options *options = &transfer->request.options;
    int threads = (int)pool_threads(transfer->pipeline.pool);
    ZSTD_bounds bounds = ZSTD_cParam_getBounds(ZSTD_c_nbWorkers);
    if (threads > bounds.upperBound)
        threads = bounds.upperBound;
    size_t job_size = zstd_encoder.chunk_size(options->level, UINT64_MAX);
    struct encoder_settings settings = {.level = options->level, .chunk_size = job_size};
    uint64_t each = zstd_encoder.memory(&settings) + job_size + zstd_encoder.bound(job_size);
    uint64_t limit = options->memory_limit;
    while (limit != 0 && threads > 0 && (uint64_t)threads * each > limit)
        threads--;
    return threads;
}

/* False where memory is short. */
static bool make_context(struct transfer *transfer, int threads)
{
    struct compress_single *single = &transfer->plan.single;
    const cinch_options *options = &transfer->request.options;
    if (!reserve_open(&single->reserve, threads))
        return false;
    ZSTD_CCtx *context = single->context = ZSTD_createCCtx_advanced(
        (ZSTD_customMem){reserve_allocate, reserve_free, &single->reserve});
    if (context == NULL)
        return false;
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, options->level);
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag,
                           (options->flags & CINCH_FLAG_NO_CHECKSUM) == 0);
    /* A libzstd without threads refuses this, and compresses on ours. */
    ZSTD_CCtx_setParameter(context, ZSTD_c_nbWorkers, threads);
    if (options->window_log != 0) {
        ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, (int)options->window_log);
        ZSTD_CCtx_setParameter(context, ZSTD_c_enableLongDistanceMatching, 1);
    }
    if (transfer->input.is_file)
        ZSTD_CCtx_setPledgedSrcSize(context, transfer->input.size);
    single->input = buffer_allocate(SINGLE_SLICE);
    if (single->input.data == NULL)
        return false;
    if ((options->flags & CINCH_FLAG_VERIFY) == 0)
        return true;
    single->decoder = ZSTD_createDCtx();
    single->decoded = buffer_allocate(SINGLE_SLICE);
    if (single->decoder == NULL || single->decoded.data == NULL)
        return false;
    ZSTD_DCtx_setParameter(single->decoder, ZSTD_d_windowLogMax,
                           ZSTD_dParam_getBounds(ZSTD_d_windowLogMax).upperBound);
    return true;
}

static enum step compress_single_open(struct transfer *transfer, struct worker *worker,
                                      struct step_need *need, struct failure *failure)
{
    (void)worker;
    (void)need;
    int threads = threads_allowed(transfer);
    if (threads == 0) {
        failure_set(failure, CINCH_E_MEMORY_LIMIT, FAILURE_OF_NOTHING,
                    "one worker needs more memory than allowed", 0);
        return STEP_FAILED;
    }
    transfer->pipeline.ops = &compress_single_ops;
    if (!make_context(transfer, threads) ||
        pipeline_start(&transfer->pipeline, PIPELINE_COUNT_UNKNOWN, 2) != CINCH_OK) {
        failure_set(failure, CINCH_E_NO_MEMORY, FAILURE_OF_NOTHING, NULL, 0);
        return STEP_FAILED;
    }
    return STEP_DONE;
}

static void compress_single_close(struct transfer *transfer)
{
    struct compress_single *single = &transfer->plan.single;
    buffer_free(&single->input);
    buffer_free(&single->decoded);
    ZSTD_freeDCtx(single->decoder);
    single->decoder = NULL;
}

/* Freeing the context waits for libzstd's threads, which at the highest levels are busy with
 * their jobs for seconds after a cancel. */
static void compress_single_dispose(struct transfer *transfer)
{
    ZSTD_freeCCtx(transfer->plan.single.context);
    reserve_close(&transfer->plan.single.reserve);
}

const struct transfer_kind compress_single_kind = {
    .open = compress_single_open,
    .close = compress_single_close,
    .dispose = compress_single_dispose,
};
