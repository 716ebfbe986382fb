#include "decompress.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "format/recognise.h"
#include "frame_sums.h"
#include "segment_decode.h"
#include "split.h"
#include "transfer.h"

/* --- Buffers ---------------------------------------------------------------------------- */

struct buffer decompress_take_output(const struct decompress *decompress, struct chunk *chunk,
                                     struct worker *worker, size_t size)
{
    return decompress->limits.is_strict ? buffer_allocate(size)
                                        : chunk_take_output(chunk, worker, size);
}

/* --- Work: a segment becomes content ---------------------------------------------------- */

/* Writes to a place in a new file; with CINCH_FLAG_SPARSE only what is not zero. */
static int32_t write_content(struct transfer *transfer, struct chunk *chunk, uint64_t offset)
{
    static const uint8_t zeros[4096];
    const uint8_t *data = chunk->output.data;
    size_t size = chunk->output_size;
    size_t from = 0; /* begin of what is to be written */
    size_t to = transfer->plan.decompress.is_sparse ? 0 : size;
    while (to < size) {
        /* Blocks of the file, not of the chunk, as holes begin and end on these. */
        size_t block = sizeof zeros - (size_t)((offset + to) % sizeof zeros);
        block = block < size - to ? block : size - to;
        bool is_hole = block == sizeof zeros && memcmp(data + to, zeros, block) == 0;
        if (is_hole && from < to &&
            output_write_at(&transfer->output, offset + from, data + from, to - from,
                            &chunk->failure) != CINCH_OK)
            return chunk->failure.code;
        to += block;
        if (is_hole)
            from = to;
    }
    if (from < to && output_write_at(&transfer->output, offset + from, data + from, to - from,
                                     &chunk->failure) != CINCH_OK)
        return chunk->failure.code;
    atomic_fetch_add_explicit(&transfer->bytes_out, size, memory_order_relaxed);
    chunk->written = size;
    return CINCH_OK;
}

/* An inspection takes the segment's word for how much is in it. */
static enum step skip_segment(struct transfer *transfer, struct chunk *chunk, struct worker *worker)
{
    atomic_fetch_add(&transfer->bytes_out, chunk->segment.content_most);
    chunk->segment.has_check = false;
    return transfer_advance(transfer, worker, chunk->segment.input_size) ? STEP_DONE : STEP_FAILED;
}

static enum step work_on_chunk(void *owner, struct chunk *chunk, struct worker *worker)
{
    struct transfer *transfer = owner;
    const struct decompress *decompress = &transfer->plan.decompress;
    const struct segment *segment = &chunk->segment;
    _Atomic bool *is_writing = &transfer->plan.decompress.is_writing;
    enum step step = STEP_DONE;
    if (segment->kind == SEGMENT_NOTHING || segment->kind == SEGMENT_ZSTD_TABLE)
        return STEP_DONE;
    if (decompress->is_inspection && segment->is_exact && segment->kind != SEGMENT_CONTENT)
        return skip_segment(transfer, chunk, worker);
    if (segment->kind != SEGMENT_CONTENT)
        step = segment_decode(transfer, chunk, worker);
    if (step == STEP_DONE && segment->has_check)
        chunk->check = segment_check(decompress, chunk->output.data, chunk->output_size);
    /* Into a file, content can go to its place as soon as that is known. But one at a time: the
     * system lets only one thread write to a file, and the others do better to decode. */
    if (step == STEP_DONE && segment->has_offset && !decompress->is_inspection &&
        transfer->output.kind == OUTPUT_NEW_FILE && !atomic_exchange(is_writing, true)) {
        if (write_content(transfer, chunk, segment->content_offset) != CINCH_OK)
            step = STEP_FAILED;
        atomic_store(is_writing, false);
    }
    return step;
}

/* --- Put: the content is checked and written -------------------------------------------- */

/* Goes on with the check of the member that the chunk belongs to, and holds it against the
 * member's own at its end. */
static int32_t check_member(struct decompress *decompress, const struct chunk *chunk)
{
    const struct segment *segment = &chunk->segment;
    bool is_zlib = decompress->format == CINCH_FORMAT_ZLIB;
    z_off_t size = (z_off_t)chunk->output_size;
    decompress->member_check =
        (uint32_t)(is_zlib ? adler32_combine(decompress->member_check, chunk->check, size)
                           : crc32_combine(decompress->member_check, chunk->check, size));
    decompress->member_length += chunk->output_size;
    if (!segment->ends_member)
        return CINCH_OK;
    bool is_right = decompress->member_check == segment->member_check &&
                    (is_zlib || (uint32_t)decompress->member_length == segment->member_length);
    decompress->member_check = is_zlib ? 1 : 0;
    decompress->member_length = 0;
    return is_right ? CINCH_OK : CINCH_E_CHECKSUM;
}

/* Once for each chunk, in order. */
static int32_t commit_chunk(struct decompress *decompress, struct chunk *chunk)
{
    chunk->segment.content_offset = decompress->put_offset;
    decompress->put_offset += chunk->output_size;
    if (decompress->put_offset > decompress->content_limit)
        return CINCH_E_OUTPUT_LIMIT;
    if (decompress->format == CINCH_FORMAT_ZSTD && !decompress->is_inspection)
        return frame_sums_put(decompress, chunk);
    bool is_checked = chunk->segment.has_check && !decompress->is_inspection;
    return is_checked ? check_member(decompress, chunk) : CINCH_OK;
}

static enum step put_chunk(void *owner, struct chunk *chunk, struct worker *worker,
                           struct step_need *need)
{
    (void)worker;
    struct transfer *transfer = owner;
    struct decompress *decompress = &transfer->plan.decompress;
    if (!chunk->is_committed) {
        int32_t code = commit_chunk(decompress, chunk);
        if (code != CINCH_OK)
            return split_fail(chunk, code, "cannot decompress");
        chunk->is_committed = true;
    }
    if (decompress->is_inspection) {
        atomic_fetch_add(&transfer->bytes_out, chunk->output_size);
        return STEP_DONE;
    }
    if (transfer->output.kind != OUTPUT_NEW_FILE)
        return transfer_write(transfer, chunk, need);
    if (chunk->written == chunk->output_size)
        return STEP_DONE;
    bool was_writing = atomic_exchange(&decompress->is_writing, true);
    int32_t code = write_content(transfer, chunk, chunk->segment.content_offset);
    if (!was_writing)
        atomic_store(&decompress->is_writing, false);
    return code == CINCH_OK ? STEP_DONE : STEP_FAILED;
}

/* --- Take ------------------------------------------------------------------------------- */

/* For cinch_job_stats(). */
static void tell_findings(struct transfer *transfer)
{
    const struct decompress *decompress = &transfer->plan.decompress;
    atomic_store(&transfer->found.check, decompress->checks);
    atomic_store(&transfer->found.frames, decompress->members - decompress->empty_members);
    atomic_store(&transfer->found.chunks, decompress->chunks);
    atomic_store(&transfer->found.trailing, decompress->trailing);
}

/* What a pipe brings is collected in a buffer that grows by being copied, unless there is one that
 * was large enough before. */
static void prepare_to_collect(const struct decompress *decompress, struct chunk *chunk,
                               struct worker *worker)
{
    if (decompress->collected_most > 0 && chunk->input.data == NULL &&
        !decompress->limits.is_strict && decompress->state != SPLIT_IN_STREAM)
        chunk->input = workspace_take(worker_workspace(worker), decompress->collected_most);
}

static enum step take_chunk(void *owner, struct chunk *chunk, struct worker *worker,
                            struct step_need *need)
{
    struct transfer *transfer = owner;
    struct decompress *decompress = &transfer->plan.decompress;
    enum step step;
    prepare_to_collect(decompress, chunk, worker);
    switch (decompress->format) {
    case CINCH_FORMAT_ZSTD:
        step = split_zstd(decompress, chunk, worker, need);
        break;
    case CINCH_FORMAT_GZIP:
        step = split_gzip(decompress, chunk, worker, need);
        break;
    default:
        step = split_zlib(decompress, chunk, worker, need);
        break;
    }
    tell_findings(transfer);
    if (decompress->limits.is_strict)
        source_trim(&decompress->source);
    if (step != STEP_DONE)
        return step;
    /* What work will decode counts when it has; headers and streams count now; the bytes of a frame
     * that is left to the next chunk count with that. */
    uint64_t reached = decompress->source.offset - decompress->begun_size;
    uint64_t passed = reached - decompress->counted - chunk->segment.input_size;
    decompress->counted = reached;
    return transfer_advance(transfer, worker, passed) ? STEP_DONE : STEP_FAILED;
}

static bool has_room(void *owner)
{
    const struct transfer *transfer = owner;
    const struct decompress *decompress = &transfer->plan.decompress;
    /* Nobody is in the take step now, so its state stands still. */
    bool in_stream = decompress->state == SPLIT_IN_STREAM || decompress->state == SPLIT_IN_TRAILER;
    uint64_t most = in_stream ? SPLIT_PART_SIZE : decompress->limits.segment_most;
    return atomic_load(&decompress->held) + most <= decompress->limits.budget;
}

static void recycle_chunk(void *owner, struct chunk *chunk, struct worker *worker)
{
    struct transfer *transfer = owner;
    struct decompress *decompress = &transfer->plan.decompress;
    segment_give_input(decompress, worker, &chunk->input);
    if (decompress->limits.is_strict)
        buffer_free(&chunk->output);
    buffer_free(&chunk->sums);
    atomic_fetch_sub(&decompress->held, chunk->segment.held);
}

static const struct pipeline_ops decompress_ops = {
    .has_room = has_room,
    .take = take_chunk,
    .work = work_on_chunk,
    .put = put_chunk,
    .recycle = recycle_chunk,
    .fail = transfer_fail_chunk,
};

/* --- The kind --------------------------------------------------------------------------- */

static int32_t recognise(struct decompress *decompress)
{
    const struct source *source = &decompress->source;
    switch (format_recognise(source->data, source->size)) {
    case RECOGNISED_ZSTD:
        decompress->format = CINCH_FORMAT_ZSTD;
        return CINCH_OK;
    case RECOGNISED_GZIP:
        decompress->format = CINCH_FORMAT_GZIP;
        return CINCH_OK;
    case RECOGNISED_ZLIB:
        decompress->format = CINCH_FORMAT_ZLIB;
        decompress->member_check = 1;
        return CINCH_OK;
    case RECOGNISED_PARTLY:
        return CINCH_E_TRUNCATED;
    case RECOGNISED_NOTHING:
        break;
    }
    return CINCH_E_FORMAT;
}

static enum step decompress_open(struct transfer *transfer, struct worker *worker,
                                 struct step_need *need, struct failure *failure)
{
    (void)worker;
    struct decompress *decompress = &transfer->plan.decompress;
    const cinch_options *options = &transfer->request.options;
    source_init(&decompress->source, &transfer->input);
    enum step step =
        source_fill(&decompress->source, RECOGNISE_SIZE, SOURCE_READ_SIZE, need, failure);
    if (step != STEP_DONE)
        return step;
    int32_t code = recognise(decompress);
    if (code != CINCH_OK) {
        failure_set(failure, code, FAILURE_OF_INPUT, "cannot decompress", 0);
        return STEP_FAILED;
    }
    atomic_store(&transfer->found.format, decompress->format);
    decompress->checks = decompress->format == CINCH_FORMAT_GZIP   ? CINCH_CHECK_CRC32
                         : decompress->format == CINCH_FORMAT_ZLIB ? CINCH_CHECK_ADLER32
                                                                   : 0;
    decompress->is_inspection = transfer->request.operation == OPERATION_INSPECT;
    decompress->ignores_trailing = (options->flags & CINCH_FLAG_IGNORE_TRAILING) != 0;
    decompress->decoder = decoder_find(decompress->format);
    decompress->stream_decoder = stream_decoder_find(decompress->format);
    decompress->is_sparse =
        (options->flags & CINCH_FLAG_SPARSE) != 0 && transfer->output.kind == OUTPUT_NEW_FILE;
    decompress->content_limit = options->output_limit != 0 ? options->output_limit : UINT64_MAX;
    decompress->knows_offset = true;
    decompress->frames_are_exact = decompress->frames_are_whole = true;
    decompress->stream_at = UINT64_MAX;
    decompress->limits =
        decompress_limits_for(options->memory_limit, pool_threads(transfer->pipeline.pool));
    /* The faster decoder of pieces may copy them, which is not in the account. */
    if (decompress->limits.is_strict)
        decompress->decoder = decompress->stream_decoder;
    if (decompress->format == CINCH_FORMAT_ZSTD && !decompress->is_inspection &&
        frame_sums_open(decompress, failure) != CINCH_OK)
        return STEP_FAILED;
    transfer->pipeline.ops = &decompress_ops;
    if (decompress->limits.workers == 0) {
        failure_set(failure, CINCH_E_MEMORY_LIMIT, FAILURE_OF_NOTHING,
                    "one worker needs more memory than allowed", 0);
        return STEP_FAILED;
    }
    if (pipeline_start(&transfer->pipeline, PIPELINE_COUNT_UNKNOWN, decompress->limits.workers) !=
        CINCH_OK) {
        failure_set(failure, CINCH_E_NO_MEMORY, FAILURE_OF_NOTHING, NULL, 0);
        return STEP_FAILED;
    }
    return STEP_DONE;
}

/* The output is dressed like the input, but for a time that the header tells, if it is wanted.
 * Holes at the end are made by the file's length alone. */
static int32_t decompress_finish(struct transfer *transfer, struct failure *failure)
{
    const struct decompress *decompress = &transfer->plan.decompress;
    if ((transfer->request.options.flags & CINCH_FLAG_NAME) != 0 && decompress->mtime != 0)
        transfer->input.status.st_mtim = (struct timespec){.tv_sec = decompress->mtime};
    return decompress->is_sparse
               ? output_set_size(&transfer->output, decompress->put_offset, failure)
               : CINCH_OK;
}

static void decompress_close(struct transfer *transfer)
{
    struct decompress *decompress = &transfer->plan.decompress;
    if (decompress->stream != NULL)
        decompress->stream_decoder->context.destroy(decompress->stream);
    free(decompress->pieces.offsets);
    buffer_free(&decompress->frames);
    buffer_free(&decompress->sums);
    buffer_free(&decompress->begun);
    source_free(&decompress->source);
}

const struct transfer_kind decompress_kind = {
    .open = decompress_open,
    .finish = decompress_finish,
    .close = decompress_close,
};
