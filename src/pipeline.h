/*
 * Pipeline: a job's ring of chunks.
 *
 * A chunk goes through three steps:
 *
 *   take   in input order, one worker at a time: reads it from a stream, say. A pipeline whose
 *          chunks can be begun in any order has no such step.
 *   work   on any number of chunks at once.
 *   put    in input order, one worker at a time: writes it.
 *
 * No step belongs to a thread. A worker with a token of the job claims the next chunk, takes it,
 * works on it, and if it is the oldest that was not put, puts it and every one behind it that is
 * ready; then it claims the next. A worker that finds nothing to claim leaves.
 */
#ifndef CINCH_SRC_PIPELINE_H
#define CINCH_SRC_PIPELINE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "pool.h"
#include "segment.h"
#include "workspace.h"

/* The number of chunks of a pipeline that does not know it: take sets `is_last`. */
#define PIPELINE_COUNT_UNKNOWN UINT64_MAX

/* One place of the ring, and the chunk that is in it. */
struct chunk {
    /* The owner's, from claim to recycle, used by one worker at a time. */
    struct buffer input;    /* what take has read */
    size_t input_size;      /* bytes of it */
    struct buffer spare;    /* what another chunk's output was in; see chunk_take_output() */
    struct buffer output;   /* what take or work has made */
    size_t output_size;     /* bytes of it */
    size_t written;         /* bytes of it that put has written */
    struct buffer sums;     /* decompression: see frame_sums.h... */
    size_t sums_count;      /* ...and how many they are */
    uint32_t check;         /* of the input: CRC-32 or Adler-32 */
    bool is_committed;      /* put has begun */
    struct segment segment; /* decompression: what is to be decoded */
    struct failure failure;

    /* Set by the pipeline when it is claimed; `is_last` also by take. */
    uint64_t number; /* place in the input's order, from 0 */
    bool is_last;

    /* The pipeline's, under its lock. */
    enum {
        CHUNK_FREE,
        CHUNK_BUSY,
        CHUNK_READY
    } state;
};

enum step {
    STEP_DONE,
    STEP_WAIT,  /* to be called again when what it needs is there */
    STEP_FAILED /* recorded in the chunk's, or the given, failure */
};

/* For a step that finds no memory: records it and returns STEP_FAILED. */
static inline enum step chunk_no_memory(struct chunk *chunk)
{
    failure_set(&chunk->failure, CINCH_E_NO_MEMORY, FAILURE_OF_NOTHING, NULL, 0);
    return STEP_FAILED;
}

/* What a step waits for. */
struct step_need {
    int fd;           /* -1: only time */
    short events;     /* POLLIN or POLLOUT */
    int milliseconds; /* -1: for ever */
};

/* For a step that can only go on when the descriptor is ready: says so and returns STEP_WAIT. */
static inline enum step step_wait_for(int fd, short events, struct step_need *need)
{
    *need = (struct step_need){.fd = fd, .events = events, .milliseconds = -1};
    return STEP_WAIT;
}

struct pipeline_ops {
    /* Whether there is room for one more chunk, beyond that in the ring: called with the
     * pipeline's lock held. NULL: always. Must be true while no chunk is claimed. */
    bool (*has_room)(void *owner);
    /* NULL, or the step; sets chunk->is_last on the last chunk (which may be empty). */
    enum step (*take)(void *owner, struct chunk *chunk, struct worker *worker,
                      struct step_need *need);
    /* Returns STEP_DONE or STEP_FAILED. */
    enum step (*work)(void *owner, struct chunk *chunk, struct worker *worker);
    enum step (*put)(void *owner, struct chunk *chunk, struct worker *worker,
                     struct step_need *need);
    /* The chunk is done with, put or not: its input goes. An output that is left in it is for the
     * chunks to come. */
    void (*recycle)(void *owner, struct chunk *chunk, struct worker *worker);
    /* A chunk has failed, and none before it: calls pipeline_stop(). */
    void (*fail)(void *owner, const struct failure *failure);
};

struct pipeline {
    /* Constant from pipeline_start() on. */
    const struct pipeline_ops *ops;
    void *owner;
    cinch_pool *pool;
    struct pool_task *task;      /* whose tokens bring workers to pipeline_run() */
    struct pool_wait *take_wait; /* leads to pipeline_resume_take() */
    struct pool_wait *put_wait;  /* leads to pipeline_resume_put() */
    uint64_t count;              /* of chunks; at least 1, or PIPELINE_COUNT_UNKNOWN */
    uint32_t workers_max;
    uint32_t slots_count;
    struct chunk *slots; /* the ring: chunk n is in slots[n % slots_count] */

    _Atomic bool is_stopped; /* written by anyone, once */

    pthread_mutex_t lock;
    /* Under the lock. */
    uint64_t next_take;    /* the first chunk that was not claimed */
    uint64_t next_put;     /* the oldest chunk that was not put */
    uint32_t active;       /* workers in the pipeline, tokens on their way, and waits */
    bool take_is_held;     /* a worker, or a wait, is in the take step */
    bool put_is_held;      /* likewise */
    bool is_ended;         /* the last chunk was claimed, or take has failed */
    struct buffer *spares; /* outputs of chunks that were put, for chunks that will be claimed... */
    uint32_t spares_count; /* ...and how many: with the chunks in the ring, at most slots_count */
};

/* How the ring's size follows from the number of workers: enough that a slow chunk holds nobody
 * up until its successors have filled it. */
static inline uint32_t pipeline_slots(uint32_t workers)
{
    return workers == 1 ? 1 : workers + workers / 4 + 2;
}

/*
 * For the take or work step: a buffer of at least `size` bytes for the chunk's output; `data` is
 * NULL where memory is short. It is one that a chunk before had, if that is large enough: workers
 * that work would otherwise have to allocate what gathers at those that put.
 */
struct buffer chunk_take_output(struct chunk *chunk, struct worker *worker, size_t size);

/* Prepares a zeroed pipeline. Returns CINCH_OK or CINCH_E_NO_MEMORY; pipeline_free() is allowed
 * after both. */
int32_t pipeline_init(struct pipeline *pipeline);

/*
 * Sets the constant fields `count`, `workers_max` and the ring's; the others are the caller's.
 * The calling worker counts as the first active one, and must call pipeline_run() next.
 */
int32_t pipeline_start(struct pipeline *pipeline, uint64_t count, uint32_t workers_max);

enum pipeline_result {
    PIPELINE_LEFT, /* others are active, or the token was given back: touch the job no more */
    PIPELINE_LAST  /* nothing is left to do, and nobody else is here */
};

/* With a token of `task`: works on chunks. */
enum pipeline_result pipeline_run(struct pipeline *pipeline, struct worker *worker);

/* With the token that `take_wait` or `put_wait` got: goes on where the wait began. */
enum pipeline_result pipeline_resume_take(struct pipeline *pipeline, struct worker *worker);
enum pipeline_result pipeline_resume_put(struct pipeline *pipeline, struct worker *worker);

/*
 * No more chunks are claimed, and none is put: those under way are dropped, waits end, tokens
 * come at once. Any thread, while the owner is a member of the pool.
 */
void pipeline_stop(struct pipeline *pipeline);

static inline bool pipeline_is_stopped(const struct pipeline *pipeline)
{
    return atomic_load_explicit(&pipeline->is_stopped, memory_order_acquire);
}

void pipeline_free(struct pipeline *pipeline);

#endif
