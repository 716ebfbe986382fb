#include "compress.h"

#include <poll.h>
#include <string.h>

#include "transfer.h"

/* --- The plan --------------------------------------------------------------------------- */

static uint64_t chunks_in(uint64_t length, uint64_t chunk_size)
{
    return length == 0 ? 1 : (length - 1) / chunk_size + 1;
}

/* Whether a chunk's whole input is kept until the chunk is done. */
static bool keeps_input(const struct transfer *transfer)
{
    return !transfer->input.is_file || (transfer->request.options.flags & CINCH_FLAG_VERIFY) != 0;
}

/*
 * Bytes that the job holds with this many workers:
 *
 *   workers x (encoder's context + input buffer [+ what is decoded again])
 *   + slots x output buffer [+ slots x input buffer, where take reads ahead]
 */
static uint64_t memory_needed(const struct transfer *transfer, uint32_t workers)
{
    const struct compress *compress = &transfer->plan.compress;
    size_t chunk_size = compress->settings.chunk_size;
    uint64_t each = compress->encoder->memory(&compress->settings) +
                    (keeps_input(transfer) ? chunk_size : compress->slice);
    if ((transfer->request.options.flags & CINCH_FLAG_VERIFY) != 0)
        each += chunk_size;
    uint64_t slot = compress->piece_room + (transfer->input.is_file ? 0 : chunk_size);
    return workers * each + pipeline_slots(workers) * slot;
}

/* The number of workers that the memory limit leaves; 0 where it leaves none. */
static uint32_t workers_allowed(const struct transfer *transfer)
{
    uint32_t workers = pool_threads(transfer->pipeline.pool);
    uint64_t limit = transfer->request.options.memory_limit;
    while (limit != 0 && workers > 0 && memory_needed(transfer, workers) > limit)
        workers--;
    return workers;
}

/* --- Take: a stream is read in order ---------------------------------------------------- */

static enum step take_from_stream(void *owner, struct chunk *chunk, struct worker *worker,
                                  struct step_need *need)
{
    struct transfer *transfer = owner;
    size_t chunk_size = transfer->plan.compress.settings.chunk_size;
    if (chunk->input.data == NULL)
        chunk->input = workspace_take(worker_workspace(worker), chunk_size);
    if (chunk->input.data == NULL)
        return chunk_no_memory(chunk);

    while (chunk->input_size < chunk_size && !pipeline_is_stopped(&transfer->pipeline)) {
        size_t count = 0;
        switch (input_read(&transfer->input, chunk->input.data + chunk->input_size,
                           chunk_size - chunk->input_size, &count, &chunk->failure)) {
        case INPUT_DATA:
            chunk->input_size += count;
            break;
        case INPUT_END:
            chunk->is_last = true;
            return STEP_DONE;
        case INPUT_WAIT:
            return step_wait_for(transfer->input.fd, POLLIN, need);
        case INPUT_ERROR:
            return STEP_FAILED;
        }
    }
    return STEP_DONE;
}

/* --- Work: a chunk becomes a piece ------------------------------------------------------ */

static size_t chunk_length(const struct transfer *transfer, const struct chunk *chunk)
{
    if (!transfer->input.is_file)
        return chunk->input_size;
    uint64_t chunk_size = transfer->plan.compress.container.chunk_size;
    uint64_t rest = transfer->input.size - chunk->number * chunk_size;
    return (size_t)(rest < chunk_size ? rest : chunk_size);
}

/* Feeds a slice to the encoder, in portions where it wants them. `end`: it is the chunk's last. */
static int32_t encode_slice(struct transfer *transfer, struct chunk *chunk, struct worker *worker,
                            void *context, const uint8_t *slice, size_t size, bool end,
                            struct piece *piece)
{
    const struct compress *compress = &transfer->plan.compress;
    const struct encoder *encoder = compress->encoder;
    size_t done = 0;
    do {
        size_t portion = size - done;
        if (encoder->portion != NULL && portion > 0)
            portion = encoder->portion(&compress->settings, slice + done, portion);
        int32_t code =
            encoder->feed(context, slice + done, portion, end && done + portion == size, piece);
        if (code != CINCH_OK)
            return failure_set(&chunk->failure, code, FAILURE_OF_INPUT, "cannot compress", 0);
        done += portion;
        if (!transfer_advance(transfer, worker, portion))
            return CINCH_E_CANCELLED;
    } while (done < size);
    return CINCH_OK;
}

/* Feeds the chunk to the encoder slice by slice. `input` holds the whole chunk, or of a file
 * one slice at a time. */
static int32_t encode_slices(struct transfer *transfer, struct chunk *chunk, struct worker *worker,
                             void *context, uint8_t *input, size_t length, struct piece *piece)
{
    const struct compress *compress = &transfer->plan.compress;
    uint64_t start = chunk->number * compress->container.chunk_size;
    bool keeps = keeps_input(transfer);
    chunk->check = container_check_start(&compress->container);
    size_t done = 0;
    do {
        size_t size = length - done < compress->slice ? length - done : compress->slice;
        uint8_t *slice = keeps ? input + done : input;
        if (transfer->input.is_file) {
            int32_t code =
                input_read_at(&transfer->input, start + done, slice, size, &chunk->failure);
            if (code != CINCH_OK)
                return code;
        }
        chunk->check = container_check(&compress->container, chunk->check, slice, size);
        int32_t code = encode_slice(transfer, chunk, worker, context, slice, size,
                                    done + size == length, piece);
        if (code != CINCH_OK)
            return code;
        done += size;
    } while (done < length);
    return CINCH_OK;
}

/* CINCH_FLAG_VERIFY: decodes the piece again and compares it with its input. */
static int32_t verify_piece(struct transfer *transfer, struct chunk *chunk, struct worker *worker,
                            const uint8_t *piece, size_t piece_size, const uint8_t *input,
                            size_t length)
{
    struct workspace *workspace = worker_workspace(worker);
    const struct decoder *decoder = decoder_find(transfer->request.options.format);
    void *context = workspace_context(workspace, &decoder->context);
    struct buffer decoded = workspace_take(workspace, length);
    int32_t code = CINCH_E_NO_MEMORY;
    if (context != NULL && decoded.data != NULL) {
        struct decoded result;
        code = decoder->decode(context, piece, piece_size, decoded.data, length, &result);
        if (code == CINCH_OK && (result.size != length || memcmp(decoded.data, input, length) != 0))
            code = CINCH_E_CHECKSUM;
    }
    workspace_give(workspace, &decoded);
    if (code != CINCH_OK && code != CINCH_E_NO_MEMORY)
        code = CINCH_E_CHECKSUM;
    return code == CINCH_OK ? code
                            : failure_set(&chunk->failure, code, FAILURE_OF_INPUT,
                                          "what was compressed does not decompress to", 0);
}

/* Between the parts of a long preparation it is as between two slices. */
struct preparation {
    struct transfer *transfer;
    struct worker *worker;
};

static bool preparation_goes_on(void *owner, size_t used)
{
    (void)used;
    const struct preparation *preparation = owner;
    return transfer_advance(preparation->transfer, preparation->worker, 0);
}

static int32_t begin_chunk(struct transfer *transfer, struct chunk *chunk, struct worker *worker,
                           void *context, size_t length)
{
    const struct compress *compress = &transfer->plan.compress;
    const struct encoder *encoder = compress->encoder;
    int32_t code = encoder->begin(context, &compress->settings, length, chunk->is_last);
    if (code != CINCH_OK || encoder->prepare == NULL)
        return code;
    struct preparation preparation = {transfer, worker};
    const struct codec_watch watch = {preparation_goes_on, &preparation};
    return encoder->prepare(context, &compress->settings, &watch);
}

static int32_t encode_chunk(struct transfer *transfer, struct chunk *chunk, struct worker *worker,
                            uint8_t *input, size_t length, struct piece *piece)
{
    const struct compress *compress = &transfer->plan.compress;
    void *context = workspace_context(worker_workspace(worker), &compress->encoder->context);
    if (context == NULL)
        return failure_set(&chunk->failure, CINCH_E_NO_MEMORY, FAILURE_OF_NOTHING, NULL, 0);
    int32_t code = begin_chunk(transfer, chunk, worker, context, length);
    if (code == CINCH_E_CANCELLED)
        return code;
    if (code != CINCH_OK)
        return failure_set(&chunk->failure, code, FAILURE_OF_INPUT, "cannot compress", 0);
    size_t header_size = piece->size;
    code = encode_slices(transfer, chunk, worker, context, input, length, piece);
    if (code == CINCH_OK && (transfer->request.options.flags & CINCH_FLAG_VERIFY) != 0)
        code = verify_piece(transfer, chunk, worker, piece->data + header_size,
                            piece->size - header_size, input, length);
    return code;
}

static enum step work_on_chunk(void *owner, struct chunk *chunk, struct worker *worker)
{
    struct transfer *transfer = owner;
    const struct compress *compress = &transfer->plan.compress;
    struct workspace *workspace = worker_workspace(worker);
    size_t length = chunk_length(transfer, chunk);

    /* A stream that ends between two chunks needs no empty zstd frame behind them. */
    if (length == 0 && chunk->number > 0 && transfer->request.options.format == CINCH_FORMAT_ZSTD)
        return STEP_DONE;

    chunk->output = chunk_take_output(chunk, worker, compress->piece_room);
    if (chunk->output.data == NULL)
        return chunk_no_memory(chunk);
    struct piece piece = {chunk->output.data, chunk->output.capacity, 0};
    if (chunk->number == 0) {
        container_header(&compress->container, piece.data);
        piece.size = container_header_size(&compress->container);
    }

    struct buffer read = {NULL, 0};
    if (transfer->input.is_file) {
        read = workspace_take(workspace, keeps_input(transfer) ? length : compress->slice);
        if (read.data == NULL)
            return chunk_no_memory(chunk);
    }
    uint8_t *input = transfer->input.is_file ? read.data : chunk->input.data;
    int32_t code = encode_chunk(transfer, chunk, worker, input, length, &piece);
    workspace_give(workspace, &read);
    workspace_give(workspace, &chunk->input);
    chunk->output_size = piece.size;
    return code == CINCH_OK ? STEP_DONE : STEP_FAILED;
}

/* --- Put: the pieces are counted and written -------------------------------------------- */

/* Once for each chunk, in order: what the container needs of it, and behind the last piece the
 * trailer. */
static int32_t commit_chunk(struct transfer *transfer, struct chunk *chunk)
{
    struct container *container = &transfer->plan.compress.container;
    size_t size = chunk->output_size;
    if (chunk->number == 0)
        size -= container_header_size(container);
    bool has_piece = chunk->output.data != NULL;
    if (has_piece) {
        int32_t code = container_add(container, size, chunk_length(transfer, chunk), chunk->check);
        if (code != CINCH_OK)
            return code;
    }
    if (!chunk->is_last)
        return CINCH_OK;
    size_t trailer_size = container_trailer_size(container);
    if (trailer_size == 0)
        return CINCH_OK;
    size_t with_trailer = chunk->output_size + trailer_size;
    if (!buffer_grow(&chunk->output, chunk->output_size, with_trailer))
        return CINCH_E_NO_MEMORY;
    container_trailer(container, chunk->output.data + chunk->output_size);
    chunk->output_size = with_trailer;
    return CINCH_OK;
}

static enum step put_chunk(void *owner, struct chunk *chunk, struct worker *worker,
                           struct step_need *need)
{
    (void)worker;
    struct transfer *transfer = owner;
    if (!chunk->is_committed && commit_chunk(transfer, chunk) != CINCH_OK)
        return chunk_no_memory(chunk);
    chunk->is_committed = true;
    return transfer_write(transfer, chunk, need);
}

static const struct pipeline_ops compress_file_ops = {
    .work = work_on_chunk,
    .put = put_chunk,
    .recycle = transfer_recycle,
    .fail = transfer_fail_chunk,
};

static const struct pipeline_ops compress_stream_ops = {
    .take = take_from_stream,
    .work = work_on_chunk,
    .put = put_chunk,
    .recycle = transfer_recycle,
    .fail = transfer_fail_chunk,
};

/* --- The kind --------------------------------------------------------------------------- */

/* What stands behind the last '/'. */
static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static enum step compress_open(struct transfer *transfer, struct worker *worker,
                               struct step_need *need, struct failure *failure)
{
    (void)worker;
    (void)need;
    struct compress *compress = &transfer->plan.compress;
    const cinch_options *options = &transfer->request.options;
    const struct input *input = &transfer->input;
    uint64_t length = input->is_file ? input->size : UINT64_MAX;
    bool patches = input->is_file && transfer->output.kind == OUTPUT_NEW_FILE;

    compress->encoder = encoder_find(options->format, options->level);
    uint64_t chunk_size = options->chunk_size != 0
                              ? options->chunk_size
                              : compress->encoder->chunk_size(options->level, length);
    if (patches)
        chunk_size = container_chunk_size(options->format, chunk_size, length);
    uint64_t count = PIPELINE_COUNT_UNKNOWN;
    if (input->is_file)
        count = chunks_in(length, chunk_size);
    compress->container.has_index = (options->flags & CINCH_FLAG_NO_INDEX) == 0;
    if ((options->flags & CINCH_FLAG_NAME) != 0 && transfer->request.input_path != NULL) {
        time_t mtime = input->status.st_mtim.tv_sec;
        compress->container.name = file_name(transfer->request.input_path);
        compress->container.mtime = mtime > 0 && mtime <= UINT32_MAX ? (uint32_t)mtime : 0;
    }
    container_init(&compress->container, options->format, options->level, chunk_size, count,
                   patches);

    /* Of a file that is one chunk, the chunk is the file. */
    size_t chunk_longest = (size_t)(count == 1 ? length : chunk_size);
    compress->settings = (struct encoder_settings){
        .level = options->level,
        .checksum = (options->flags & CINCH_FLAG_NO_CHECKSUM) == 0,
        .chunk_size = chunk_longest,
    };
    compress->slice = compress->encoder->slice(&compress->settings);
    compress->piece_room = container_header_size(&compress->container) +
                           compress->encoder->bound(chunk_longest) + CONTAINER_TRAILER_USUAL;

    uint32_t workers = workers_allowed(transfer);
    if (workers == 0) {
        failure_set(failure, CINCH_E_MEMORY_LIMIT, FAILURE_OF_NOTHING,
                    "one worker needs more memory than allowed", 0);
        return STEP_FAILED;
    }
    transfer->pipeline.ops = input->is_file ? &compress_file_ops : &compress_stream_ops;
    if (pipeline_start(&transfer->pipeline, count, workers) != CINCH_OK) {
        failure_set(failure, CINCH_E_NO_MEMORY, FAILURE_OF_NOTHING, NULL, 0);
        return STEP_FAILED;
    }
    return STEP_DONE;
}

/* The index of a gzip member stands in its header, and is known only now. */
static int32_t compress_finish(struct transfer *transfer, struct failure *failure)
{
    struct container *container = &transfer->plan.compress.container;
    if (!container_rewrites_header(container))
        return CINCH_OK;
    size_t size = container_header_size(container);
    struct buffer header = buffer_allocate(size);
    if (header.data == NULL)
        return failure_set(failure, CINCH_E_NO_MEMORY, FAILURE_OF_NOTHING, NULL, 0);
    container_header(container, header.data);
    int32_t code = output_write_at(&transfer->output, 0, header.data, size, failure);
    buffer_free(&header);
    return code;
}

static void compress_close(struct transfer *transfer)
{
    container_free(&transfer->plan.compress.container);
}

const struct transfer_kind compress_kind = {
    .open = compress_open,
    .finish = compress_finish,
    .close = compress_close,
};
