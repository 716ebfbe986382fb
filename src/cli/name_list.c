#include "cli/name_list.h"

#include "cli/memory.h"
#include "cli/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BLOCK_SIZE = 1 << 16
};

struct name_list {
    int descriptor;
    bool at_end;        /* of the file; the buffer may hold names yet */
    bool begun;         /* the first block has been read, and `separator` decided */
    char separator;     /* '\n' or NUL */
    struct text buffer; /* what was read and not handed out; starts at `next` */
    size_t next;
};

struct name_list *name_list_open(const char *path)
{
    int descriptor = STDIN_FILENO;
    if (strcmp(path, "-") != 0) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (descriptor < 0)
            return NULL;
    }
    struct name_list *list = memory_allocate(1, sizeof(*list));
    list->descriptor = descriptor;
    return list;
}

int name_list_descriptor(const struct name_list *list)
{
    return list->descriptor;
}

/* The next name in the buffer, NUL-terminated in place, or NULL if none is complete. */
static char *take_name(struct name_list *list)
{
    while (list->next < list->buffer.length) {
        char *name = list->buffer.bytes + list->next;
        const size_t left = list->buffer.length - list->next;
        char *end = memchr(name, list->separator, left);
        if (!end && !list->at_end)
            return NULL;
        const size_t length = end ? (size_t)(end - name) : left;
        name[length] = '\0'; /* at most the buffer's own terminator */
        list->next += length + (end != NULL);
        if (length > 0)
            return name;
    }
    return NULL;
}

static bool is_readable(int descriptor)
{
    struct pollfd wanted = {.fd = descriptor, .events = POLLIN};
    return poll(&wanted, 1, 0) != 0; /* an error is for read() to report */
}

/* Reads one block behind what is left in the buffer. Returns the bytes read, or -1. */
static ssize_t read_block(struct name_list *list)
{
    char block[BLOCK_SIZE];
    ssize_t got;
    do {
        got = read(list->descriptor, block, sizeof(block));
    } while (got < 0 && errno == EINTR);
    if (got <= 0)
        return got;
    const size_t left = list->buffer.length - list->next;
    if (left > 0)
        memmove(list->buffer.bytes, list->buffer.bytes + list->next, left);
    list->buffer.length = left;
    list->next = 0;
    text_append(&list->buffer, block, (size_t)got);
    if (!list->begun)
        list->separator = memchr(block, '\0', (size_t)got) ? '\0' : '\n';
    list->begun = true;
    return got;
}

enum name_list_state name_list_next(struct name_list *list, const char **name)
{
    for (;;) {
        *name = take_name(list);
        if (*name)
            return NAME_LIST_NAME;
        if (list->at_end)
            return NAME_LIST_END;
        if (!is_readable(list->descriptor))
            return NAME_LIST_WAIT;
        ssize_t got = read_block(list);
        if (got < 0)
            return errno == EAGAIN ? NAME_LIST_WAIT : NAME_LIST_ERROR;
        list->at_end = got == 0;
    }
}

void name_list_close(struct name_list *list)
{
    if (!list)
        return;
    if (list->descriptor != STDIN_FILENO)
        close(list->descriptor);
    text_free(&list->buffer);
    free(list);
}
