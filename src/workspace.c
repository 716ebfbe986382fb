#include "workspace.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/*
 * What an idle worker may hold: enough that a program which compresses file after file at the
 * usual levels finds everything warm, little enough that nobody asks where the memory went.
 */
#define WORKSPACE_KEPT ((size_t)4 << 20)

/*
 * From this size on a buffer is aligned to the size of a large page and the kernel is asked to
 * back it by such pages: a fault then brings 2 MiB instead of 4 KiB.
 */
#define LARGE_PAGE ((size_t)2 << 20)

struct buffer buffer_allocate(size_t size)
{
    struct buffer buffer = {NULL, 0};
    void *data = NULL;
    if (size == 0)
        size = 1;
    if (size >= LARGE_PAGE) {
        if (posix_memalign(&data, LARGE_PAGE, size) != 0)
            return buffer;
        madvise(data, size, MADV_HUGEPAGE);
    } else {
        data = malloc(size);
        if (data == NULL)
            return buffer;
    }
    buffer.data = data;
    buffer.capacity = size;
    return buffer;
}

int buffer_grow(struct buffer *buffer, size_t used, size_t size)
{
    if (buffer->capacity >= size)
        return 1;
    struct buffer larger = buffer_allocate(size);
    if (larger.data == NULL)
        return 0;
    if (used > 0)
        memcpy(larger.data, buffer->data, used);
    buffer_free(buffer);
    *buffer = larger;
    return 1;
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->data);
    buffer->data = NULL;
    buffer->capacity = 0;
}

void *workspace_context(struct workspace *workspace, const struct context_kind *kind)
{
    size_t place = 0;
    while (place < WORKSPACE_CONTEXTS && workspace->contexts[place].kind != NULL) {
        if (workspace->contexts[place].kind == kind)
            return workspace->contexts[place].context;
        place++;
    }
    if (place == WORKSPACE_CONTEXTS)
        return NULL;
    void *context = kind->create();
    if (context == NULL)
        return NULL;
    workspace->contexts[place].kind = kind;
    workspace->contexts[place].context = context;
    return context;
}

struct buffer workspace_take(struct workspace *workspace, size_t size)
{
    /* The smallest that is large enough; a much larger one would be missed by its own kind. */
    struct buffer *best = NULL;
    for (size_t i = 0; i < WORKSPACE_BUFFERS; i++) {
        struct buffer *candidate = &workspace->buffers[i];
        if (candidate->data == NULL || candidate->capacity < size)
            continue;
        if (best == NULL || candidate->capacity < best->capacity)
            best = candidate;
    }
    if (best == NULL)
        return buffer_allocate(size);
    struct buffer taken = *best;
    *best = (struct buffer){NULL, 0};
    return taken;
}

void workspace_give(struct workspace *workspace, struct buffer *buffer)
{
    if (buffer->data == NULL)
        return;
    /* Into a free place, else over the smallest: the larger ones serve more often. */
    struct buffer *smallest = &workspace->buffers[0];
    for (size_t i = 1; i < WORKSPACE_BUFFERS; i++)
        if (workspace->buffers[i].capacity < smallest->capacity)
            smallest = &workspace->buffers[i];
    if (smallest->capacity < buffer->capacity) {
        struct buffer given = *buffer;
        *buffer = *smallest;
        *smallest = given;
    }
    buffer_free(buffer);
}

/* Frees all contexts and buffers that do not fit into `kept` bytes. */
static void workspace_shrink(struct workspace *workspace, size_t kept)
{
    size_t left = 0;
    for (size_t i = 0; i < WORKSPACE_CONTEXTS && workspace->contexts[i].kind != NULL; i++) {
        const struct context_kind *kind = workspace->contexts[i].kind;
        void *context = workspace->contexts[i].context;
        size_t size = kind->size(context);
        if (size <= kept) {
            kept -= size;
            workspace->contexts[left].kind = kind;
            workspace->contexts[left].context = context;
            left++;
        } else {
            kind->destroy(context);
        }
    }
    for (size_t i = left; i < WORKSPACE_CONTEXTS; i++)
        workspace->contexts[i].kind = NULL;
    for (size_t i = 0; i < WORKSPACE_BUFFERS; i++) {
        struct buffer *buffer = &workspace->buffers[i];
        if (buffer->data != NULL && buffer->capacity <= kept)
            kept -= buffer->capacity;
        else
            buffer_free(buffer);
    }
}

void workspace_trim(struct workspace *workspace)
{
    workspace_shrink(workspace, WORKSPACE_KEPT);
}

void workspace_free(struct workspace *workspace)
{
    workspace_shrink(workspace, 0);
}
