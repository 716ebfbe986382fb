/*
 * Workspace: what a worker keeps from one chunk to the next.
 *
 * Codec contexts and large buffers are expensive to make and to touch for the first time, so
 * each worker has its own and uses them again: no lock, and the most recently used memory is
 * the warmest. A buffer that is taken belongs to the taker and may be given back to another
 * worker's workspace; a context is only lent, and never outlives the call it was asked for in.
 *
 * The outputs of a running job's chunks are not here but with its ring (pipeline.h), which hands
 * them from chunk to chunk; here they come when no chunk will be claimed any more.
 *
 * Everything here is used by the workspace's own worker only.
 *
 * Bound: WORKSPACE_BUFFERS buffers (each as large as the largest that was asked for) and one
 * context of each kind a worker, all but WORKSPACE_KEPT bytes of which are freed when the worker
 * has been idle for a second.
 */
#ifndef CINCH_SRC_WORKSPACE_H
#define CINCH_SRC_WORKSPACE_H

#include <stddef.h>
#include <stdint.h>

/* Memory with its size. All zero is "none". */
struct buffer {
    uint8_t *data;
    size_t capacity; /* bytes */
};

/* A kind of context: an identity, and how one is made, measured and freed. */
struct context_kind {
    void *(*create)(void); /* NULL where memory is short */
    void (*destroy)(void *context);
    size_t (*size)(const void *context); /* bytes it holds now */
};

enum {
    WORKSPACE_BUFFERS = 3,  /* an input, an output, and one of the chunk that was just written */
    WORKSPACE_CONTEXTS = 10 /* kinds of context that the library has, with room */
};

struct workspace {
    struct buffer buffers[WORKSPACE_BUFFERS];
    struct {
        const struct context_kind *kind;
        void *context;
    } contexts[WORKSPACE_CONTEXTS];
};

/* Lends the worker's context of this kind, made when it is first asked for; NULL where memory is
 * short. */
void *workspace_context(struct workspace *workspace, const struct context_kind *kind);

/* Hands out a buffer of at least `size` bytes, which the caller gives back with
 * workspace_give() or frees with buffer_free(). `data` is NULL where memory is short. */
struct buffer workspace_take(struct workspace *workspace, size_t size);

/* Takes a buffer over. One that has no data is fine. */
void workspace_give(struct workspace *workspace, struct buffer *buffer);

/* Frees what an idle worker should not hold on to. */
void workspace_trim(struct workspace *workspace);

/* Frees everything. */
void workspace_free(struct workspace *workspace);

/* Allocates a buffer outside any workspace; `data` is NULL where memory is short. */
struct buffer buffer_allocate(size_t size);

/* Makes a buffer larger, keeping its first `used` bytes; false where memory is short, and the
 * buffer is as it was. */
int buffer_grow(struct buffer *buffer, size_t used, size_t size);

void buffer_free(struct buffer *buffer);

#endif
