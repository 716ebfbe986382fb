#include "io/input_window.h"

#include <string.h>

void input_window_init(struct input_window *window, const struct input *input)
{
    *window = (struct input_window){.input = input};
}

void input_window_free(struct input_window *window)
{
    buffer_free(&window->buffer);
    window->size = 0;
}

/* Fills the window with `size` bytes at `offset`, keeping those that it has. */
static int32_t window_move(struct input_window *window, uint64_t offset, size_t size)
{
    size_t kept = 0;
    if (offset >= window->offset && offset - window->offset < window->size) {
        const size_t skipped = (size_t)(offset - window->offset);
        kept = window->size - skipped;
        memmove(window->buffer.data, window->buffer.data + skipped, kept);
    }
    window->offset = offset;
    window->size = kept;
    if (!buffer_grow(&window->buffer, kept, size))
        return CINCH_E_NO_MEMORY;

    struct failure failure = {.code = CINCH_OK};
    const int32_t code = input_read_at(window->input, offset + kept, window->buffer.data + kept,
                                       size - kept, &failure);
    if (code == CINCH_OK)
        window->size = size;
    return code;
}

int32_t input_window_look(struct input_window *window, uint64_t offset, size_t wanted,
                          struct glimpse *glimpse)
{
    const uint64_t file_size = window->input->size;
    const uint64_t left = offset < file_size ? file_size - offset : 0;
    if (wanted > left)
        wanted = (size_t)left;

    const bool begins_inside = offset >= window->offset && offset - window->offset <= window->size;
    const size_t known = begins_inside ? window->size - (size_t)(offset - window->offset) : 0;
    if (known < wanted) {
        size_t size = wanted < INPUT_WINDOW_READ ? INPUT_WINDOW_READ : wanted;
        if (size > left)
            size = (size_t)left;
        const int32_t code = window_move(window, offset, size);
        if (code != CINCH_OK)
            return code;
    }
    if (wanted == 0) {
        *glimpse = (struct glimpse){NULL, 0};
        return CINCH_OK;
    }
    const size_t skipped = (size_t)(offset - window->offset);
    *glimpse = (struct glimpse){window->buffer.data + skipped, window->size - skipped};
    return CINCH_OK;
}
