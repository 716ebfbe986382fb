#include "split.h"

#include <string.h>

enum step split_fail(struct chunk *chunk, int32_t code, const char *action)
{
    failure_set(&chunk->failure, code, FAILURE_OF_INPUT, action, 0);
    return STEP_FAILED;
}

enum step split_truncated(struct chunk *chunk)
{
    return split_fail(chunk, CINCH_E_TRUNCATED, "cannot decompress");
}

/* --- Boundaries ------------------------------------------------------------------------- */

enum step split_trailing(struct decompress *decompress, struct chunk *chunk)
{
    struct source *source = &decompress->source;
    if (!decompress->ignores_trailing)
        return split_fail(chunk, CINCH_E_TRAILING, "cannot decompress all of");
    uint64_t count = source->input->is_file ? source_rest(source) : source->size;
    decompress->trailing += count;
    if (source->input->is_file)
        source_skip(source, count);
    else
        source_take(source, source->size);
    chunk->is_last = true;
    return STEP_DONE;
}

/* Reads to the end of the input, in which only zeros may be. */
static enum step read_padding(struct decompress *decompress, struct chunk *chunk,
                              struct step_need *need)
{
    struct source *source = &decompress->source;
    decompress->state = SPLIT_IN_PADDING;
    for (;;) {
        enum step step = source_fill(source, 1, SOURCE_READ_SIZE, need, &chunk->failure);
        if (step != STEP_DONE)
            return step;
        if (source->size == 0)
            break;
        for (size_t i = 0; i < source->size; i++)
            if (source->data[i] != 0)
                return split_trailing(decompress, chunk);
        source_take(source, source->size);
    }
    chunk->is_last = true;
    return STEP_DONE;
}

enum step split_begin(struct decompress *decompress, struct chunk *chunk, size_t wanted,
                      struct step_need *need)
{
    struct source *source = &decompress->source;
    if (decompress->state == SPLIT_IN_PADDING)
        return read_padding(decompress, chunk, need);
    enum step step = source_fill(source, wanted, wanted, need, &chunk->failure);
    if (step != STEP_DONE)
        return step;
    if (source->size == 0)
        chunk->is_last = true;
    else if (source->data[0] == 0 && decompress->members > 0)
        return read_padding(decompress, chunk, need);
    return STEP_DONE;
}

/* --- Streams ---------------------------------------------------------------------------- */

enum step split_stream_begin(struct decompress *decompress, struct chunk *chunk, uint64_t size,
                             struct step_need *need)
{
    uint64_t held = atomic_load(&decompress->held);
    if (held + size + SPLIT_PART_SIZE > decompress->limits.budget) {
        /* Other chunks will be put soon, and nobody else takes meanwhile. */
        *need = (struct step_need){.fd = -1, .milliseconds = 1};
        return STEP_WAIT;
    }
    if (decompress->stream == NULL)
        decompress->stream = decompress->stream_decoder->context.create();
    if (decompress->stream == NULL)
        return chunk_no_memory(chunk);
    int32_t code = decompress->stream_decoder->begin(decompress->stream);
    if (code != CINCH_OK)
        return split_fail(chunk, code, "cannot decompress");
    decompress->stream_held = size;
    atomic_fetch_add(&decompress->held, size);
    decompress->state = SPLIT_IN_STREAM;
    decompress->chunks++;
    return STEP_DONE;
}

/* The context is kept for the next stream, unless memory is short and it holds more than usual. */
static void end_stream(struct decompress *decompress)
{
    const struct context_kind *kind = &decompress->stream_decoder->context;
    if (decompress->limits.is_strict && kind->size(decompress->stream) > DECODER_CONTEXT_SIZE) {
        kind->destroy(decompress->stream);
        decompress->stream = NULL;
    }
    atomic_fetch_sub(&decompress->held, decompress->stream_held);
    decompress->stream_held = 0;
}

/* For those who want to know what a stream has ended with. */
static void keep_tail(struct decompress *decompress, const uint8_t *taken, size_t size)
{
    uint8_t *tail = decompress->stream_tail;
    size_t room = sizeof decompress->stream_tail;
    size_t count = size < room ? size : room;
    memmove(tail, tail + count, room - count);
    if (count > 0)
        memcpy(tail + room - count, taken + size - count, count);
}

enum step split_stream_part(struct decompress *decompress, struct chunk *chunk,
                            struct worker *worker, bool *ended, struct step_need *need)
{
    struct source *source = &decompress->source;
    *ended = false;
    chunk->segment.kind = SEGMENT_CONTENT;
    if (chunk->output.data == NULL) {
        chunk->output = decompress_take_output(decompress, chunk, worker, SPLIT_PART_SIZE);
        if (chunk->output.data == NULL)
            return chunk_no_memory(chunk);
        chunk->segment.held = SPLIT_PART_SIZE;
        atomic_fetch_add(&decompress->held, SPLIT_PART_SIZE);
    }
    decompress->knows_offset = false;
    while (!*ended && chunk->output_size < SPLIT_PART_SIZE) {
        enum step step = source_fill(source, 1, SOURCE_READ_SIZE, need, &chunk->failure);
        if (step == STEP_WAIT && chunk->output_size > 0)
            return STEP_DONE; /* what there is may be waited for */
        if (step != STEP_DONE)
            return step;
        struct decoder_flow flow = {
            .input = source->data,
            .input_size = source->size,
            .output = chunk->output.data,
            .output_room = SPLIT_PART_SIZE,
            .output_size = chunk->output_size,
        };
        int32_t code = decompress->stream_decoder->run(decompress->stream, &flow, ended);
        if (code != CINCH_OK)
            return split_fail(chunk, code, "cannot decompress");
        bool moved = flow.input_used > 0 || flow.output_size > chunk->output_size;
        chunk->output_size = flow.output_size;
        keep_tail(decompress, source->data, flow.input_used);
        source_take(source, flow.input_used);
        if (!*ended && !moved)
            return split_truncated(chunk); /* only the end of the input leaves it idle */
    }
    if (*ended)
        end_stream(decompress);
    return STEP_DONE;
}

/* --- Segments --------------------------------------------------------------------------- */

enum step split_collect(struct decompress *decompress, struct chunk *chunk, size_t count)
{
    size_t wanted = chunk->input_size + count;
    if (count == 0)
        return STEP_DONE;
    if (wanted > chunk->input.capacity &&
        !buffer_grow(&chunk->input, chunk->input_size, wanted + wanted / 2))
        return chunk_no_memory(chunk);
    memcpy(chunk->input.data + chunk->input_size, decompress->source.data, count);
    chunk->input_size = wanted;
    source_take(&decompress->source, count);
    return STEP_DONE;
}

void split_add(struct chunk *chunk, uint64_t offset, uint64_t size, uint64_t content, bool is_exact)
{
    struct segment *segment = &chunk->segment;
    if (segment->input_size == 0) {
        segment->input_offset = offset;
        segment->is_exact = true;
    }
    segment->input_size += size;
    segment->content_most += content;
    segment->frames++;
    segment->is_exact = segment->is_exact && is_exact;
}

/* What is held while so much content is decoded. */
static uint64_t decoding_size(uint64_t content)
{
    return content >= DECODER_WHOLE_MOST ? DECODER_SLICES_SIZE : 0;
}

uint64_t split_cost(const struct decompress *decompress, uint64_t input, uint64_t content)
{
    uint64_t most = decompress->limits.segment_most;
    if (input > most || content > most)
        return UINT64_MAX;
    uint64_t decoding = content + decoding_size(content);
    if (decompress->source.input->is_file)
        return input + decoding;
    /* What split_collect() has in the end is up to half as much again, and before that it had a
     * smaller one as well; the content's room comes later. */
    uint64_t collecting = input * 5 / 2;
    uint64_t collected = input * 3 / 2 + decoding;
    return collecting > collected ? collecting : collected;
}

bool split_is_large(const struct decompress *decompress, uint64_t cost)
{
    return cost > decompress->limits.segment_most / 4 * 3;
}

bool split_is_full(const struct decompress *decompress, const struct chunk *chunk)
{
    const struct segment *segment = &chunk->segment;
    return segment->content_most >= SPLIT_GROUP_CONTENT ||
           segment->input_size >= SPLIT_GROUP_INPUT ||
           split_cost(decompress, segment->input_size, segment->content_most) +
                   segment->frames * SPLIT_FRAME_SIZE >=
               decompress->limits.segment_most / 4;
}

enum step split_reach(struct decompress *decompress, struct chunk *chunk, size_t wanted,
                      struct step_need *need)
{
    size_t most = SOURCE_READ_SIZE; /* which the source always may hold */
    if (wanted > most) {
        /* A buffer that grows is there twice for a moment. */
        most += wanted;
        if (most > decompress->limits.segment_most / 4)
            return split_fail(chunk, CINCH_E_MEMORY_LIMIT, "a header is too long in");
    }
    return source_fill(&decompress->source, wanted, most, need, &chunk->failure);
}

/* Settles what the segment holds, and where its content goes. */
static enum step finish_segment(struct decompress *decompress, struct chunk *chunk)
{
    struct segment *segment = &chunk->segment;
    segment->held = segment->content_most + decoding_size(segment->content_most) +
                    segment->frames * SPLIT_FRAME_SIZE;
    segment->skipped_before = decompress->skipped;
    decompress->skipped = 0;
    segment->held +=
        decompress->source.input->is_file ? segment->input_size : chunk->input.capacity;
    if (chunk->input_size > decompress->collected_most)
        decompress->collected_most = chunk->input_size;
    atomic_fetch_add(&decompress->held, segment->held);
    segment->has_offset = decompress->knows_offset && segment->is_exact;
    segment->content_offset = decompress->content_offset;
    decompress->knows_offset = segment->has_offset;
    decompress->content_offset += segment->content_most;
    if (segment->has_offset && decompress->content_offset > decompress->content_limit)
        return split_fail(chunk, CINCH_E_OUTPUT_LIMIT, "cannot decompress");
    return STEP_DONE;
}

enum step split_end(struct decompress *decompress, struct chunk *chunk, enum step step)
{
    if (chunk->segment.input_size > 0) {
        chunk->failure = (struct failure){.code = CINCH_OK};
        return finish_segment(decompress, chunk);
    }
    chunk->segment.kind = SEGMENT_NOTHING;
    return step;
}
