/*
 * zstd: frames are found by walking over the headers of their blocks. A file is walked over in
 * leaps; of a pipe, the bytes of frames that tell how much they hold are collected.
 */
#include "split.h"

#include <string.h>

#include "format/bytes.h"
#include "frame_list.h"

/* Bytes read where a block's header is expected. */
#define WALK_READ_SIZE 64

/* --- Frames ----------------------------------------------------------------------------- */

static bool frame_is_large(const struct decompress *decompress, const struct zstd_frame *frame)
{
    return split_is_large(decompress,
                          split_cost(decompress, frame->size, zstd_frame_content_most(frame)));
}

/* Walks on to the frame's end, or until the frame is found to be too large for a segment. */
static enum step walk_frame(struct decompress *decompress, struct chunk *chunk,
                            struct step_need *need)
{
    struct source *source = &decompress->source;
    struct zstd_walk *walk = &decompress->walk;
    bool is_file = source->input->is_file;
    int32_t code = CINCH_OK;
    while (code == CINCH_OK && !walk->has_ended) {
        if (is_file && walk->skip > source_rest(source))
            return split_truncated(chunk);
        if (is_file && walk->skip > 0) {
            uint64_t skip = walk->skip;
            source_skip(source, skip);
            code = zstd_walk_skip(walk, skip);
            continue;
        }
        enum step step = source_fill(source, 1, is_file ? WALK_READ_SIZE : SOURCE_READ_SIZE, need,
                                     &chunk->failure);
        if (step != STEP_DONE)
            return step;
        if (source->size == 0)
            return split_truncated(chunk);
        size_t used = 0;
        code = zstd_walk_feed(walk, source->data, source->size, &used);
        bool is_skippable = walk->frame.header.is_skippable;
        if (is_file || is_skippable)
            source_take(source, used);
        else if (split_collect(decompress, chunk, used) != STEP_DONE)
            return STEP_FAILED;
        if (!is_skippable && frame_is_large(decompress, &walk->frame))
            break;
    }
    return code == CINCH_OK ? STEP_DONE : split_fail(chunk, code, "cannot decompress");
}

/* The walk has ended, or was given up because the frame is too large for a segment. */
static enum step end_walk(struct decompress *decompress, struct chunk *chunk)
{
    struct source *source = &decompress->source;
    const struct zstd_frame *frame = &decompress->walk.frame;
    decompress->state = SPLIT_AT_BOUNDARY;
    if (!decompress->walk.has_ended) {
        /* Its header did not tell, or it has more blocks than content. */
        if (!source->input->is_file)
            return split_fail(chunk, CINCH_E_MEMORY_LIMIT, "a frame is too large in");
        source_seek(source, frame->offset);
        decompress->stream_at = frame->offset;
        return STEP_DONE;
    }
    if (!frame->header.is_skippable) {
        split_add(chunk, frame->offset, frame->size, zstd_frame_content_most(frame),
                  frame->header.has_content_size);
        decompress->chunks++;
    }
    decompress->members++;
    decompress->empty_members += frame->header.is_skippable;
    decompress->skipped += frame->header.is_skippable;
    return frame_list_add(decompress, chunk, frame->size,
                          frame->header.is_skippable       ? 0
                          : frame->header.has_content_size ? frame->header.content_size
                                                           : FRAME_LIST_UNKNOWN);
}

/* The walk over a frame has to wait, or has failed, as `step` says. Frames before it are passed on
 * nevertheless, and do not wait for what may never come: what was collected of this one, and what
 * is wrong with it, is left to the next chunk. */
static enum step leave_frame(struct decompress *decompress, struct chunk *chunk, enum step step)
{
    size_t group_size = chunk->input_size > 0 ? (size_t)chunk->segment.input_size : 0;
    size_t begun_size = chunk->input_size - group_size;
    if (chunk->segment.input_size == 0)
        return step;
    if (step == STEP_FAILED) {
        decompress->failure = chunk->failure;
    } else {
        if (!buffer_grow(&decompress->begun, 0, begun_size))
            return chunk_no_memory(chunk);
        memcpy(decompress->begun.data, chunk->input.data + group_size, begun_size);
        decompress->begun_size = begun_size;
    }
    chunk->input_size = group_size;
    return split_end(decompress, chunk, step);
}

/* The other side of it. */
static enum step return_to_frame(struct decompress *decompress, struct chunk *chunk)
{
    if (decompress->failure.code != CINCH_OK) {
        chunk->failure = decompress->failure;
        return STEP_FAILED;
    }
    if (decompress->begun_size > 0) {
        buffer_free(&chunk->input);
        chunk->input = decompress->begun;
        chunk->input_size = decompress->begun_size;
        decompress->begun = (struct buffer){NULL, 0};
        decompress->begun_size = 0;
    }
    return STEP_DONE;
}

/* A table that is still to be compared goes to the put step, as a chunk of its own: when its turn
 * comes, its frames have been decoded. */
static enum step pass_table_on(struct decompress *decompress, struct chunk *chunk, size_t size)
{
    buffer_free(&chunk->input);
    chunk->input = buffer_allocate(size);
    if (chunk->input.data == NULL)
        return chunk_no_memory(chunk);
    memcpy(chunk->input.data, decompress->source.data, size);
    chunk->input_size = size;
    chunk->segment.kind = SEGMENT_ZSTD_TABLE;
    chunk->segment.held = chunk->input.capacity;
    chunk->segment.skipped_before = decompress->skipped;
    decompress->skipped = 0;
    atomic_fetch_add(&decompress->held, chunk->segment.held);
    return STEP_DONE;
}

/* At a skippable frame of `size` bytes that may be a table: takes it. */
static enum step take_table(struct decompress *decompress, struct chunk *chunk, size_t size,
                            struct step_need *need)
{
    struct source *source = &decompress->source;
    enum step step = source_fill(source, size, size, need, &chunk->failure);
    if (step != STEP_DONE)
        return step;
    if (source->size < size)
        return split_truncated(chunk);
    if (!frame_list_matches(decompress, source->data, size))
        return split_fail(chunk, CINCH_E_CORRUPT, "the seek table contradicts the frames of");
    if (frame_list_is_left_to_put(decompress, source->data, size))
        step = pass_table_on(decompress, chunk, size);
    source_take(source, size);
    decompress->members++;
    decompress->empty_members++;
    return step;
}

/* Whether the frame is to be decoded by the take step. */
static bool is_for_stream(const struct decompress *decompress,
                          const struct zstd_frame_header *header)
{
    if (decompress->source.offset == decompress->stream_at)
        return true;
    if (!header->has_content_size)
        return !decompress->source.input->is_file;
    /* Compressed it is hardly larger than its content, with a few bytes for every KiB. */
    uint64_t content = header->content_size;
    uint64_t size =
        content <= decompress->limits.segment_most ? content + content / 128 + 64 : content;
    return split_is_large(decompress, split_cost(decompress, size, content));
}

/* What a header says is more than can be done here. */
static int32_t refuse_frame(const struct decompress *decompress,
                            const struct zstd_frame_header *header, bool is_large)
{
    const struct decompress_limits *limits = &decompress->limits;
    if (header->dictionary_id != 0)
        return CINCH_E_UNSUPPORTED;
    uint64_t most = is_large ? limits->stream_window_most : limits->window_most;
    return header->window_size > most ? CINCH_E_MEMORY_LIMIT : CINCH_OK;
}

/* At the beginning of a frame, 18 bytes of it at hand: begins to walk over it, or to decode it,
 * or passes a table. */
static enum step begin_frame(struct decompress *decompress, struct chunk *chunk,
                             struct step_need *need)
{
    struct source *source = &decompress->source;
    struct zstd_frame_header header;
    size_t needed;
    int32_t code = zstd_frame_header_parse(source->data, source->size, &header, &needed);
    if (code == CINCH_E_FORMAT && decompress->members > 0)
        return split_trailing(decompress, chunk);
    bool is_large = code == CINCH_OK && !header.is_skippable && is_for_stream(decompress, &header);
    if (code == CINCH_OK)
        code = refuse_frame(decompress, &header, is_large);
    if (code != CINCH_OK)
        return split_fail(chunk, code, "cannot decompress");
    bool has_group = chunk->segment.input_size > 0;
    if (has_group && (header.is_skippable || is_large))
        return STEP_WAIT; /* for the group to be passed on */
    if (!header.is_skippable)
        decompress->checks |= header.has_checksum ? CINCH_CHECK_XXH64 : CINCH_CHECK_NONE;
    if (is_large) {
        decompress->stream_left = header.has_content_size ? header.content_size : UINT64_MAX;
        decompress->stream_is_checked = header.has_checksum;
        decompress->stream_from = source->offset;
        decompress->stream_size = 0;
        return split_stream_begin(decompress, chunk, header.window_size + DECODER_STREAM_SIZE,
                                  need);
    }
    if (header.is_skippable) {
        uint64_t size = header.size + header.content_size;
        if (frame_list_may_match(decompress, load_le32(source->data), size))
            return take_table(decompress, chunk, (size_t)size, need);
    }
    zstd_walk_begin(&decompress->walk, source->offset);
    decompress->state = SPLIT_IN_FRAME;
    return STEP_DONE;
}

/* Holds what a streamed frame brings against what its header has promised: libzstd does not, where
 * the last block is empty. */
static bool count_content(struct decompress *decompress, size_t size, bool ended)
{
    decompress->stream_size += size;
    if (decompress->stream_left == UINT64_MAX)
        return true;
    if (size > decompress->stream_left)
        return false;
    decompress->stream_left -= size;
    return !ended || decompress->stream_left == 0;
}

/* In a frame that take decodes: decodes the next part of it. */
static enum step take_part(struct decompress *decompress, struct chunk *chunk,
                           struct worker *worker, struct step_need *need)
{
    struct segment *segment = &chunk->segment;
    bool ended;
    size_t size_before = chunk->output_size;
    enum step step = split_stream_part(decompress, chunk, worker, &ended, need);
    if (!count_content(decompress, chunk->output_size - size_before, ended))
        return split_fail(chunk, CINCH_E_CHECKSUM, "cannot decompress");
    segment->is_unchecked = !decompress->stream_is_checked;
    segment->skipped_before += decompress->skipped;
    decompress->skipped = 0;
    if (!ended)
        return step;
    segment->ends_member = true;
    segment->member_check = load_le32(decompress->stream_tail);
    decompress->members++;
    decompress->state = SPLIT_AT_BOUNDARY;
    return frame_list_add(decompress, chunk, decompress->source.offset - decompress->stream_from,
                          decompress->stream_size);
}

enum step split_zstd(struct decompress *decompress, struct chunk *chunk, struct worker *worker,
                     struct step_need *need)
{
    chunk->segment.kind = SEGMENT_ZSTD_FRAMES;
    enum step step = return_to_frame(decompress, chunk);
    while (step == STEP_DONE && !chunk->is_last && !split_is_full(decompress, chunk)) {
        if (decompress->state == SPLIT_IN_STREAM)
            return take_part(decompress, chunk, worker, need);
        if (decompress->state == SPLIT_IN_FRAME) {
            step = walk_frame(decompress, chunk, need);
            if (step == STEP_DONE)
                step = end_walk(decompress, chunk);
            if (step != STEP_DONE)
                return leave_frame(decompress, chunk, step);
            continue;
        }
        step = split_begin(decompress, chunk, ZSTD_HEADER_SIZE_LONGEST, need);
        if (step == STEP_DONE && !chunk->is_last)
            step = begin_frame(decompress, chunk, need);
        if (chunk->segment.kind == SEGMENT_ZSTD_TABLE)
            return step;
    }
    return split_end(decompress, chunk, step);
}
