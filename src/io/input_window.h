/*
 * Input window: looks at a file here and there, a few bytes at a time.
 *
 * Who follows headers through a file wants some bytes at an offset, then some a little or a lot
 * further on. The window keeps a run of the file in memory, so that neighbours cost one read.
 *
 * Memory: what the longest look asked for, and not less than INPUT_WINDOW_READ bytes. One thread
 * at a time may use a window.
 */
#ifndef CINCH_SRC_IO_INPUT_WINDOW_H
#define CINCH_SRC_IO_INPUT_WINDOW_H

#include <stddef.h>
#include <stdint.h>

#include "io/input.h"
#include "workspace.h"

enum {
    /* Bytes read at least, as far as the file has them. The headers that are followed are mostly
     * further apart than this, so that more would be read for nothing. */
    INPUT_WINDOW_READ = 4096
};

struct input_window {
    const struct input *input; /* a file; stays open as long as the window is used */
    struct buffer buffer;
    uint64_t offset; /* in the file, of the buffer's first byte */
    size_t size;     /* bytes of the file in the buffer */
};

/* Bytes of the file at an offset; valid until the window is used again. */
struct glimpse {
    const uint8_t *data;
    size_t size;
};

/* Prepares a window; input_window_free() ends it. Cannot fail. */
void input_window_init(struct input_window *window, const struct input *input);
void input_window_free(struct input_window *window);

/*
 * Shows at least `wanted` bytes at `offset`; fewer, or none, only where the file has no more.
 *
 * Returns CINCH_OK; CINCH_E_NO_MEMORY, CINCH_E_IO, or CINCH_E_INPUT_CHANGED where the file has
 * become shorter than it was when it was opened.
 */
int32_t input_window_look(struct input_window *window, uint64_t offset, size_t wanted,
                          struct glimpse *glimpse);

#endif
