/*
 * gzip and zlib: members that tell their size are passed on as they are, several at a time; the
 * pieces of an indexed member one by one, all but the last; everything else is a stream. Of a pipe,
 * a member or piece is passed on when the whole of it is at hand.
 */
#include "split.h"

#include <stdlib.h>

#include "format/bytes.h"
#include "format/gzip_header.h"
#include "format/zlib_header.h"

/* Bytes looked at first: enough for a header with a size and nothing else. */
#define HEADER_READ_SIZE 64

/* A deflate stream expands its bytes at most so many times (RFC 1951: 258 bytes from 2 bits). */
#define DEFLATE_EXPANSION_MOST 1032

/* --- Streams ---------------------------------------------------------------------------- */

/* Behind the data of a member or stream: what it says of its content goes to the put step. */
static enum step read_trailer(struct decompress *decompress, struct chunk *chunk, size_t size,
                              struct step_need *need)
{
    struct source *source = &decompress->source;
    enum step step = source_fill(source, size, size, need, &chunk->failure);
    if (step == STEP_WAIT && chunk->output_size > 0)
        return STEP_DONE;
    if (step != STEP_DONE)
        return step;
    if (source->size < size)
        return split_truncated(chunk);
    struct segment *segment = &chunk->segment;
    if (decompress->format == CINCH_FORMAT_GZIP) {
        struct gzip_trailer trailer = gzip_trailer_parse(source->data);
        segment->member_check = trailer.crc32;
        segment->member_length = trailer.length;
    } else {
        segment->member_check = zlib_trailer_parse(source->data);
    }
    segment->kind = SEGMENT_CONTENT;
    segment->has_check = true;
    segment->ends_member = true;
    source_take(source, size);
    if (decompress->member_end != 0 && decompress->member_end != source->offset)
        return split_fail(chunk, CINCH_E_CORRUPT, "a member's size contradicts the data of");
    decompress->members++;
    decompress->state = SPLIT_AT_BOUNDARY;
    return STEP_DONE;
}

static size_t offsets_size(const struct gzip_index *index)
{
    return ((size_t)index->chunks + 1) * sizeof(uint64_t);
}

/* The member's index is no longer needed. */
static void forget_pieces(struct decompress *decompress)
{
    free(decompress->pieces.offsets);
    decompress->pieces.offsets = NULL;
}

/* The last piece of an indexed member was decoded as a stream, and must be as long as listed: its
 * end, or an empty final block behind it, is that of the member's data. */
static bool last_piece_is_right(const struct decompress *decompress)
{
    const uint64_t *offsets = decompress->pieces.offsets;
    if (offsets == NULL)
        return true;
    uint64_t end = decompress->pieces.member + offsets[decompress->pieces.index.chunks];
    uint64_t found = decompress->source.offset;
    return found >= end && found - end <= GZIP_INDEX_TAIL_SIZE_MAX;
}

static enum step take_stream(struct decompress *decompress, struct chunk *chunk,
                             struct worker *worker, size_t trailer_size, struct step_need *need)
{
    bool ended = decompress->state == SPLIT_IN_TRAILER;
    if (!ended) {
        enum step step = split_stream_part(decompress, chunk, worker, &ended, need);
        chunk->segment.has_check = true;
        if (step != STEP_DONE || !ended)
            return step;
        if (!last_piece_is_right(decompress))
            return split_fail(chunk, CINCH_E_CORRUPT, "the index contradicts the data of");
        forget_pieces(decompress);
        decompress->state = SPLIT_IN_TRAILER;
    }
    return read_trailer(decompress, chunk, trailer_size, need);
}

/* --- An indexed member ------------------------------------------------------------------ */

/* A member or piece that is to be passed on: of a pipe it is collected from where it was looked at,
 * as a whole. */
static uint64_t whole_cost(const struct decompress *decompress, uint64_t size, uint64_t content)
{
    uint64_t cost = split_cost(decompress, size, content);
    return cost == UINT64_MAX || decompress->source.input->is_file ? cost : cost + size;
}

/* Makes sure that all of a member or piece is at hand, or in the file. */
static enum step reach_whole(struct decompress *decompress, struct chunk *chunk, uint64_t size,
                             struct step_need *need)
{
    struct source *source = &decompress->source;
    if (source->input->is_file)
        return size <= source_rest(source) ? STEP_DONE : split_truncated(chunk);
    enum step step = source_fill(source, (size_t)size, SOURCE_READ_SIZE, need, &chunk->failure);
    if (step == STEP_DONE && source->size < size)
        return split_truncated(chunk);
    return step;
}

/* Takes it: the work step will read it, or find it collected. */
static enum step take_whole(struct decompress *decompress, struct chunk *chunk, uint64_t size)
{
    if (!decompress->source.input->is_file)
        return split_collect(decompress, chunk, (size_t)size);
    source_skip(&decompress->source, size);
    return STEP_DONE;
}

/* Whether all pieces can be decoded one by one. */
static bool pieces_are_small(const struct decompress *decompress, const struct gzip_index *index,
                             const uint64_t *offsets)
{
    for (uint32_t i = 0; i + 1 < index->chunks; i++) {
        uint64_t size = offsets[i + 1] - offsets[i];
        if (split_is_large(decompress, whole_cost(decompress, size, index->chunk_size)))
            return false;
    }
    return true;
}

/* At a header with an index: from now on its pieces are taken. An index that is of no use leaves
 * the member a stream. */
static enum step begin_pieces(struct decompress *decompress, struct chunk *chunk,
                              const struct gzip_header *header)
{
    struct source *source = &decompress->source;
    const uint8_t *data = source->data + header->index_offset;
    struct gzip_index *index = &decompress->pieces.index;
    int32_t code = gzip_index_parse(data, header->index_size, index);
    if (code == CINCH_E_UNSUPPORTED)
        return STEP_DONE; /* of a later version: the member can be read all the same */
    if (code != CINCH_OK)
        return split_fail(chunk, code, "the index is damaged in");
    if (offsets_size(index) > 2 * decompress->limits.list_most)
        return STEP_DONE;
    uint64_t *offsets = malloc(offsets_size(index));
    if (offsets == NULL)
        return chunk_no_memory(chunk);
    uint64_t available = source->input->is_file ? source_rest(source) : UINT64_MAX;
    code = gzip_index_parse_pieces(data, index, header->size, available, offsets);
    if (code != CINCH_OK) {
        free(offsets);
        return split_fail(chunk, code, "the index is damaged in");
    }
    decompress->pieces.offsets = offsets;
    decompress->pieces.member = source->offset;
    /* Where they cannot be decoded one by one, the last one is all of the member. */
    decompress->pieces.next = pieces_are_small(decompress, index, offsets) ? 0 : index->chunks - 1;
    return STEP_DONE;
}

static enum step take_piece(struct decompress *decompress, struct chunk *chunk,
                            struct step_need *need)
{
    struct source *source = &decompress->source;
    const struct gzip_index *index = &decompress->pieces.index;
    const uint64_t *offsets = decompress->pieces.offsets;
    uint32_t piece = decompress->pieces.next;
    if (offsets == NULL || piece == index->chunks - 1)
        return split_stream_begin(decompress, chunk, 0, need);
    uint64_t size = offsets[piece + 1] - offsets[piece];
    enum step step = reach_whole(decompress, chunk, size, need);
    if (step != STEP_DONE)
        return step;
    split_add(chunk, source->offset, size, gzip_index_content_size(index, piece), true);
    decompress->chunks++;
    decompress->pieces.next++;
    chunk->segment.kind = SEGMENT_DEFLATE;
    chunk->segment.has_check = true;
    return take_whole(decompress, chunk, size);
}

/* --- Members that tell their size ------------------------------------------------------- */

/* The length that a member's trailer tells. The member is at hand, or is in the file. */
static enum step read_member_length(struct decompress *decompress, struct chunk *chunk,
                                    uint64_t size, uint32_t *length)
{
    struct source *source = &decompress->source;
    uint8_t bytes[4];
    if (!source->input->is_file) {
        *length = load_le32(source->data + size - sizeof bytes);
        return STEP_DONE;
    }
    if (input_read_at(source->input, source->offset + size - sizeof bytes, bytes, sizeof bytes,
                      &chunk->failure) != CINCH_OK)
        return STEP_FAILED;
    *length = load_le32(bytes);
    return STEP_DONE;
}

/* At a header that tells the member's size: adds it to the group. `*is_large`: it is to be decoded
 * as a stream instead. */
static enum step take_member(struct decompress *decompress, struct chunk *chunk,
                             const struct gzip_header *header, bool *is_large,
                             struct step_need *need)
{
    uint64_t size = header->member_size;
    uint32_t length = 0;
    *is_large = split_is_large(decompress, whole_cost(decompress, size, 0));
    if (*is_large)
        return STEP_DONE;
    enum step step = reach_whole(decompress, chunk, size, need);
    if (step == STEP_DONE)
        step = read_member_length(decompress, chunk, size, &length);
    if (step == STEP_DONE && length > size * DEFLATE_EXPANSION_MOST)
        step = split_fail(chunk, CINCH_E_CORRUPT, "cannot decompress");
    if (step != STEP_DONE)
        return step;
    *is_large = split_is_large(decompress, whole_cost(decompress, size, length));
    if (*is_large)
        return STEP_DONE;
    split_add(chunk, decompress->source.offset, size, length, true);
    decompress->members++;
    decompress->chunks++;
    chunk->segment.kind = SEGMENT_GZIP_MEMBERS;
    return take_whole(decompress, chunk, size);
}

/* --- The formats ------------------------------------------------------------------------ */

/* Reads the whole header. */
static enum step read_header(struct decompress *decompress, struct chunk *chunk,
                             struct gzip_header *header, struct step_need *need)
{
    struct source *source = &decompress->source;
    for (;;) {
        size_t needed = 0;
        int32_t code = gzip_header_parse(source->data, source->size, header, &needed);
        if (code == CINCH_OK)
            return STEP_DONE;
        if (code == CINCH_E_FORMAT && decompress->members > 0)
            return split_trailing(decompress, chunk);
        if (code != CINCH_E_TRUNCATED || source->has_ended)
            return split_fail(chunk, code, "cannot decompress");
        enum step step = split_reach(decompress, chunk, needed, need);
        if (step != STEP_DONE)
            return step;
    }
}

/* At the beginning of a member. */
static enum step begin_member(struct decompress *decompress, struct chunk *chunk,
                              struct step_need *need)
{
    struct source *source = &decompress->source;
    struct gzip_header header;
    enum step step = read_header(decompress, chunk, &header, need);
    if (step != STEP_DONE || chunk->is_last)
        return step;
    if (header.mtime != 0)
        decompress->mtime = header.mtime;
    decompress->member_end = 0;
    if (header.member_size != 0) {
        bool is_large;
        step = take_member(decompress, chunk, &header, &is_large, need);
        if (step != STEP_DONE || !is_large)
            return step;
        decompress->member_end = source->offset + header.member_size;
    }
    if (chunk->segment.input_size > 0)
        return STEP_WAIT; /* for the group to be passed on */
    if (header.index_offset != 0)
        step = begin_pieces(decompress, chunk, &header);
    if (step != STEP_DONE)
        return step;
    source_take(source, header.size);
    decompress->state = SPLIT_IN_PIECES;
    return STEP_DONE;
}

enum step split_gzip(struct decompress *decompress, struct chunk *chunk, struct worker *worker,
                     struct step_need *need)
{
    enum step step = STEP_DONE;
    while (step == STEP_DONE && !chunk->is_last && !split_is_full(decompress, chunk)) {
        switch (decompress->state) {
        case SPLIT_IN_STREAM:
        case SPLIT_IN_TRAILER:
            return take_stream(decompress, chunk, worker, GZIP_TRAILER_SIZE, need);
        case SPLIT_IN_PIECES:
            step = take_piece(decompress, chunk, need);
            if (step != STEP_DONE)
                return step;
            if (chunk->segment.kind == SEGMENT_DEFLATE)
                return split_end(decompress, chunk, STEP_DONE);
            break;
        default:
            step = split_begin(decompress, chunk, HEADER_READ_SIZE, need);
            if (step == STEP_DONE && !chunk->is_last)
                step = begin_member(decompress, chunk, need);
        }
    }
    return split_end(decompress, chunk, step);
}

/* At the beginning of a zlib stream, which only the input's beginning is. */
static enum step begin_zlib(struct decompress *decompress, struct chunk *chunk,
                            struct step_need *need)
{
    struct source *source = &decompress->source;
    uint32_t window_size;
    if (decompress->members > 0)
        return split_trailing(decompress, chunk);
    int32_t code = zlib_header_parse(source->data, source->size, &window_size);
    if (code != CINCH_OK)
        return split_fail(chunk, code, "cannot decompress");
    source_take(source, ZLIB_HEADER_SIZE);
    return split_stream_begin(decompress, chunk, 0, need);
}

enum step split_zlib(struct decompress *decompress, struct chunk *chunk, struct worker *worker,
                     struct step_need *need)
{
    if (decompress->state == SPLIT_IN_STREAM || decompress->state == SPLIT_IN_TRAILER)
        return take_stream(decompress, chunk, worker, ZLIB_TRAILER_SIZE, need);
    enum step step = split_begin(decompress, chunk, ZLIB_HEADER_SIZE, need);
    if (step != STEP_DONE || chunk->is_last)
        return split_end(decompress, chunk, step);
    step = begin_zlib(decompress, chunk, need);
    if (step != STEP_DONE || chunk->is_last)
        return step;
    return take_stream(decompress, chunk, worker, ZLIB_TRAILER_SIZE, need);
}
