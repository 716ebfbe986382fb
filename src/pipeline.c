/*
 * The rules of the ring.
 *
 * 1. A chunk is claimed only into a free slot, so memory is bounded by the ring, and a worker
 *    that finds the ring full leaves instead of waiting. next_put <= next_take <= next_put +
 *    slots_count.
 * 2. The oldest chunk that was not put is in the hands of an active worker (or of a wait), or it
 *    is ready and the put token is held. So whoever left comes back: when a slot becomes free, or
 *    the take token, and a chunk can be claimed, a token is pushed for one more worker.
 * 3. `active` counts every worker that is in here, every token on its way here and both waits. It
 *    falls to 0 exactly once, and then every claimed chunk was put and none can be claimed: that
 *    worker is the last, and the job is its own.
 * 4. Failures go through the ring as chunks do, so the first one in input order wins. Workers
 *    behind it finish their chunks, which are then dropped.
 *
 *   slot:  FREE --claim--> BUSY --work done--> READY --put--> FREE
 */
#include "pipeline.h"

#include <stdlib.h>

#include "thread.h"

int32_t pipeline_init(struct pipeline *pipeline)
{
    return thread_lock_init(&pipeline->lock) == 0 ? CINCH_OK : CINCH_E_NO_MEMORY;
}

int32_t pipeline_start(struct pipeline *pipeline, uint64_t count, uint32_t workers_max)
{
    if (workers_max > count)
        workers_max = (uint32_t)count;
    uint32_t slots_count = pipeline_slots(workers_max);
    pipeline->slots = calloc(slots_count, sizeof *pipeline->slots);
    pipeline->spares = calloc(slots_count, sizeof *pipeline->spares);
    if (pipeline->slots == NULL || pipeline->spares == NULL)
        return CINCH_E_NO_MEMORY; /* pipeline_free() follows */
    pipeline->slots_count = slots_count;
    pipeline->workers_max = workers_max;
    pipeline->count = count;
    pipeline->active = 1;
    return CINCH_OK;
}

void pipeline_free(struct pipeline *pipeline)
{
    free(pipeline->slots);
    free(pipeline->spares);
    thread_lock_destroy(&pipeline->lock);
}

void pipeline_stop(struct pipeline *pipeline)
{
    atomic_store_explicit(&pipeline->is_stopped, true, memory_order_release);
    struct pool_wait *const waits[] = {pipeline->take_wait, pipeline->put_wait};
    pool_expedite(pipeline->pool, pipeline->take_wait->member, waits, 2);
}

/* Lock held. */
static bool can_claim(const struct pipeline *pipeline)
{
    return !pipeline->is_ended && !pipeline_is_stopped(pipeline) &&
           pipeline->next_take - pipeline->next_put < pipeline->slots_count &&
           !(pipeline->ops->take != NULL && pipeline->take_is_held) &&
           (pipeline->ops->has_room == NULL || pipeline->ops->has_room(pipeline->owner));
}

/* --- Outputs, from chunk to chunk ------------------------------------------------------- */

/* Lock held. The one that was given last, and so is the warmest; none if there is none. */
static struct buffer take_spare(struct pipeline *pipeline)
{
    if (pipeline->spares_count == 0)
        return (struct buffer){NULL, 0};
    return pipeline->spares[--pipeline->spares_count];
}

/* Lock held. The chunk was put: another may have what its output was in, or what it did not
 * need. Both are there where put made an output for a chunk that had none, as for a trailer. */
static void give_spare(struct pipeline *pipeline, struct chunk *chunk)
{
    if (chunk->output.data == NULL)
        chunk->output = chunk->spare;
    else
        buffer_free(&chunk->spare);
    chunk->spare = (struct buffer){NULL, 0};
    if (chunk->output.data == NULL)
        return;
    pipeline->spares[pipeline->spares_count++] = chunk->output;
    chunk->output = (struct buffer){NULL, 0};
}

struct buffer chunk_take_output(struct chunk *chunk, struct worker *worker, size_t size)
{
    struct buffer spare = chunk->spare;
    chunk->spare = (struct buffer){NULL, 0};
    if (spare.data != NULL && spare.capacity >= size)
        return spare;
    workspace_give(worker_workspace(worker), &spare);
    return workspace_take(worker_workspace(worker), size);
}

/* --- Steps ------------------------------------------------------------------------------ */

/* Lock held. Claims the next chunk; the caller has checked that it can. */
static struct chunk *claim(struct pipeline *pipeline)
{
    struct chunk *chunk = &pipeline->slots[pipeline->next_take % pipeline->slots_count];
    chunk->number = pipeline->next_take++;
    chunk->is_last = pipeline->next_take == pipeline->count;
    chunk->input_size = chunk->output_size = chunk->written = 0;
    chunk->sums_count = 0;
    chunk->check = 0;
    chunk->is_committed = false;
    chunk->segment = (struct segment){.kind = SEGMENT_NOTHING};
    chunk->failure = (struct failure){.code = CINCH_OK};
    chunk->spare = take_spare(pipeline);
    chunk->state = CHUNK_BUSY;
    pipeline->is_ended = chunk->is_last;
    pipeline->take_is_held = pipeline->ops->take != NULL;
    return chunk;
}

/* Lock held. Whether one more worker would find something to do; it then counts as active, and
 * the caller pushes its token when it has let go of the lock. */
static bool wants_worker(struct pipeline *pipeline)
{
    if (pipeline->active >= pipeline->workers_max || !can_claim(pipeline))
        return false;
    pipeline->active++;
    return true;
}

/* Lock held; releases it. */
static enum pipeline_result leave(struct pipeline *pipeline, struct worker *worker)
{
    bool is_last = --pipeline->active == 0;
    /* When no chunk will be claimed, whoever leaves takes a buffer along for its next job. */
    bool is_over = is_last || pipeline->is_ended || pipeline_is_stopped(pipeline);
    struct buffer spare = is_over ? take_spare(pipeline) : (struct buffer){NULL, 0};
    thread_unlock(&pipeline->lock);
    for (; spare.data != NULL; spare = is_last ? take_spare(pipeline) : (struct buffer){NULL, 0})
        workspace_give(worker_workspace(worker), &spare);
    return is_last ? PIPELINE_LAST : PIPELINE_LEFT;
}

/* The step needs something: parks it. False where the pool cannot wait, which is recorded. */
static bool park(struct pipeline *pipeline, struct pool_wait *wait, const struct step_need *need,
                 struct failure *failure)
{
    int32_t code =
        pool_wait_begin(pipeline->pool, wait, need->fd, need->events, need->milliseconds);
    if (code != CINCH_OK)
        failure_set(failure, code, FAILURE_OF_NOTHING, "cannot wait for a descriptor", 0);
    return code == CINCH_OK;
}

/* The wait that was for this chunk's step has failed: so has the step. */
static bool wait_failed(const struct pool_wait *wait, struct failure *failure)
{
    if (wait->error != 0)
        failure_set_system(failure, FAILURE_OF_NOTHING, "cannot wait for a descriptor",
                           wait->error);
    return wait->error != 0;
}

/* The take step, or its continuation. STEP_WAIT: it was parked, and the pipeline is not ours any
 * more. */
static enum step take_chunk(struct pipeline *pipeline, struct chunk *chunk, struct worker *worker)
{
    struct step_need need;
    enum step step = STEP_FAILED;
    if (!pipeline_is_stopped(pipeline) && !wait_failed(pipeline->take_wait, &chunk->failure))
        step = pipeline->ops->take(pipeline->owner, chunk, worker, &need);
    if (step == STEP_WAIT) {
        if (park(pipeline, pipeline->take_wait, &need, &chunk->failure))
            return STEP_WAIT;
        step = STEP_FAILED;
    }
    thread_lock(&pipeline->lock);
    pipeline->take_is_held = false;
    if (step == STEP_FAILED || chunk->is_last)
        pipeline->is_ended = true;
    bool push = wants_worker(pipeline);
    thread_unlock(&pipeline->lock);
    if (push)
        pool_push(pipeline->pool, pipeline->task, 1);
    return step;
}

/* Put token held: puts one chunk. STEP_WAIT as above. */
static enum step put_chunk(struct pipeline *pipeline, struct chunk *chunk, struct worker *worker)
{
    if (!pipeline_is_stopped(pipeline)) {
        struct step_need need;
        enum step step = STEP_FAILED;
        if (chunk->failure.code == CINCH_OK && !wait_failed(pipeline->put_wait, &chunk->failure))
            step = pipeline->ops->put(pipeline->owner, chunk, worker, &need);
        if (step == STEP_WAIT) {
            if (park(pipeline, pipeline->put_wait, &need, &chunk->failure))
                return STEP_WAIT;
            step = STEP_FAILED;
        }
        if (step == STEP_FAILED)
            pipeline->ops->fail(pipeline->owner, &chunk->failure);
    }
    pipeline->ops->recycle(pipeline->owner, chunk, worker);
    return STEP_DONE;
}

/* Lock and put token held; releases both, but on STEP_WAIT leaves the token to the wait. */
static enum step put_ready_chunks(struct pipeline *pipeline, struct worker *worker)
{
    for (;;) {
        struct chunk *chunk = &pipeline->slots[pipeline->next_put % pipeline->slots_count];
        if (pipeline->next_put == pipeline->next_take || chunk->state != CHUNK_READY)
            break;
        thread_unlock(&pipeline->lock);
        if (put_chunk(pipeline, chunk, worker) == STEP_WAIT)
            return STEP_WAIT;
        thread_lock(&pipeline->lock);
        chunk->state = CHUNK_FREE;
        give_spare(pipeline, chunk);
        pipeline->next_put++;
        if (wants_worker(pipeline)) {
            thread_unlock(&pipeline->lock);
            pool_push(pipeline->pool, pipeline->task, 1);
            thread_lock(&pipeline->lock);
        }
    }
    pipeline->put_is_held = false;
    thread_unlock(&pipeline->lock);
    return STEP_DONE;
}

/* A chunk that was taken, or failed to be: works on it and puts what is ready. */
static enum step finish_chunk(struct pipeline *pipeline, struct chunk *chunk, struct worker *worker,
                              enum step taken)
{
    if (taken == STEP_DONE && !pipeline_is_stopped(pipeline) && pipeline->ops->work != NULL)
        pipeline->ops->work(pipeline->owner, chunk, worker);

    thread_lock(&pipeline->lock);
    chunk->state = CHUNK_READY;
    if (chunk->failure.code != CINCH_OK)
        pipeline->is_ended = true;
    if (pipeline->put_is_held || chunk->number != pipeline->next_put) {
        thread_unlock(&pipeline->lock);
        return STEP_DONE;
    }
    pipeline->put_is_held = true;
    return put_ready_chunks(pipeline, worker);
}

enum pipeline_result pipeline_run(struct pipeline *pipeline, struct worker *worker)
{
    for (;;) {
        thread_lock(&pipeline->lock);
        if (!can_claim(pipeline))
            return leave(pipeline, worker);
        struct chunk *chunk = claim(pipeline);
        bool push = wants_worker(pipeline);
        thread_unlock(&pipeline->lock);
        if (push)
            pool_push(pipeline->pool, pipeline->task, 1);

        enum step step = STEP_DONE;
        if (pipeline->ops->take != NULL)
            step = take_chunk(pipeline, chunk, worker);
        if (step == STEP_WAIT || finish_chunk(pipeline, chunk, worker, step) == STEP_WAIT)
            return PIPELINE_LEFT;

        /* One chunk, and then it is somebody else's turn, if there is somebody. */
        if (pool_is_crowded(pipeline->pool)) {
            pool_push(pipeline->pool, pipeline->task, 1);
            return PIPELINE_LEFT;
        }
    }
}

enum pipeline_result pipeline_resume_take(struct pipeline *pipeline, struct worker *worker)
{
    /* The chunk being taken is the last that was claimed. */
    thread_lock(&pipeline->lock);
    struct chunk *chunk = &pipeline->slots[(pipeline->next_take - 1) % pipeline->slots_count];
    thread_unlock(&pipeline->lock);
    enum step step = take_chunk(pipeline, chunk, worker);
    if (step == STEP_WAIT || finish_chunk(pipeline, chunk, worker, step) == STEP_WAIT)
        return PIPELINE_LEFT;
    return pipeline_run(pipeline, worker);
}

enum pipeline_result pipeline_resume_put(struct pipeline *pipeline, struct worker *worker)
{
    thread_lock(&pipeline->lock);
    if (put_ready_chunks(pipeline, worker) == STEP_WAIT)
        return PIPELINE_LEFT;
    return pipeline_run(pipeline, worker);
}
