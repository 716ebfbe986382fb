#include "source.h"

#include <poll.h>
#include <string.h>

void source_init(struct source *source, const struct input *input)
{
    source->input = input;
}

uint64_t source_rest(const struct source *source)
{
    return source->input->size - source->offset;
}

/* Makes room for `most` bytes from `data` on. */
static bool make_room(struct source *source, size_t most)
{
    size_t before = source->data != NULL ? (size_t)(source->data - source->buffer.data) : 0;
    if (source->buffer.capacity - before >= most)
        return true;
    if (source->size > 0)
        memmove(source->buffer.data, source->data, source->size);
    source->data = source->buffer.data;
    if (!buffer_grow(&source->buffer, source->size, most))
        return false;
    source->data = source->buffer.data;
    return true;
}

static enum step read_file(struct source *source, size_t most, struct failure *failure)
{
    uint64_t rest = source_rest(source) - source->size;
    size_t count = most - source->size;
    if (count > rest)
        count = (size_t)rest;
    if (input_read_at(source->input, source->offset + source->size, source->data + source->size,
                      count, failure) != CINCH_OK)
        return STEP_FAILED;
    source->size += count;
    source->has_ended = source_rest(source) == source->size;
    return STEP_DONE;
}

static enum step read_stream(struct source *source, size_t most, struct step_need *need,
                             struct failure *failure)
{
    size_t count = 0;
    switch (input_read(source->input, source->data + source->size, most - source->size, &count,
                       failure)) {
    case INPUT_DATA:
        source->size += count;
        return STEP_DONE;
    case INPUT_END:
        source->has_ended = true;
        return STEP_DONE;
    case INPUT_WAIT:
        return step_wait_for(source->input->fd, POLLIN, need);
    case INPUT_ERROR:
        break;
    }
    return STEP_FAILED;
}

enum step source_fill(struct source *source, size_t wanted, size_t most, struct step_need *need,
                      struct failure *failure)
{
    if (most < wanted)
        most = wanted;
    while (source->size < wanted && !source->has_ended) {
        if (!make_room(source, most)) {
            failure_set(failure, CINCH_E_NO_MEMORY, FAILURE_OF_NOTHING, NULL, 0);
            return STEP_FAILED;
        }
        enum step step = source->input->is_file ? read_file(source, most, failure)
                                                : read_stream(source, most, need, failure);
        if (step != STEP_DONE)
            return step;
    }
    return STEP_DONE;
}

void source_take(struct source *source, size_t count)
{
    source->data += count;
    source->size -= count;
    source->offset += count;
}

void source_skip(struct source *source, uint64_t count)
{
    if (count <= source->size) {
        source_take(source, (size_t)count);
        return;
    }
    source_seek(source, source->offset + count);
}

void source_seek(struct source *source, uint64_t offset)
{
    source->offset = offset;
    source->data = source->buffer.data;
    source->size = 0;
    source->has_ended = source_rest(source) == 0;
}

void source_trim(struct source *source)
{
    if (source->buffer.capacity <= SOURCE_READ_SIZE || source->size > SOURCE_READ_SIZE)
        return;
    struct buffer smaller = buffer_allocate(SOURCE_READ_SIZE);
    if (smaller.data == NULL)
        return;
    if (source->size > 0)
        memcpy(smaller.data, source->data, source->size);
    buffer_free(&source->buffer);
    source->buffer = smaller;
    source->data = smaller.data;
}

void source_free(struct source *source)
{
    buffer_free(&source->buffer);
    source->data = NULL;
    source->size = 0;
}
