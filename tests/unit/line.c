#include "line.h"

#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actor.h"
#include "support/stream.h"
#include "support/test.h"
#include "thread.h"

#define LINE_OF(pointer, field)                                                                    \
    ((struct line *)(void *)((char *)(pointer)-offsetof(struct line, field)))

/* --- Notes ------------------------------------------------------------------------------ */

static void enter(atomic_uint *inside, atomic_uint *most)
{
    unsigned now = atomic_fetch_add(inside, 1) + 1;
    unsigned before = atomic_load(most);

    while (now > before && !atomic_compare_exchange_weak(most, &before, now)) {
    }
}

static void leave(atomic_uint *inside)
{
    atomic_fetch_sub(inside, 1);
}

/* A chunk is seen for the first time: with a take step they are seen in order. */
static void begin_chunk(struct line *line, const struct chunk *chunk)
{
    unsigned before = atomic_fetch_add(&line->begun, 1);
    bool is_last = chunk->number + 1 == line->pipeline.count;

    atomic_store(&line->seen[chunk->number], true);
    enter(&line->in_ring, &line->in_ring_most);
    if ((line->ops.take != NULL && before != chunk->number) || chunk->input_size != 0 ||
        chunk->output_size != 0 || chunk->written != 0 || chunk->check != 0 ||
        chunk->is_committed || chunk->failure.code != CINCH_OK || chunk->is_last != is_last) {
        atomic_fetch_add(&line->dirty, 1);
    }
}

/* Leaves in the chunk what the next one in its slot must not find. */
static void soil_chunk(struct chunk *chunk)
{
    chunk->input_size = chunk->output_size = chunk->written = 77;
    chunk->check = 77;
    chunk->is_committed = true;
}

static enum step chunk_fail(struct chunk *chunk, int32_t code)
{
    failure_set(&chunk->failure, code, FAILURE_OF_NOTHING, NULL, 0);
    return STEP_FAILED;
}

/* --- Steps ------------------------------------------------------------------------------ */

/* Takes a byte out of the pipe, if there is one; `*left` is how many the step still wants. */
static bool wants_byte(int fd, size_t *left, struct step_need *need)
{
    struct pollfd question = {.fd = fd, .events = POLLIN};
    char byte;

    while (*left > 0 && poll(&question, 1, 0) == 1 && read(fd, &byte, 1) == 1) {
        --*left;
    }
    *need = (struct step_need){.fd = fd, .events = POLLIN, .milliseconds = -1};
    return *left > 0;
}

static enum step take(void *owner, struct chunk *chunk, struct worker *worker,
                      struct step_need *need)
{
    struct line *line = owner;
    const struct line_plan *plan = &line->plan[chunk->number];
    bool is_first = atomic_fetch_add(&line->takes[chunk->number], 1) == 0;
    enum step step = STEP_DONE;

    (void)worker;
    enter(&line->in_take, &line->in_take_most);
    if (is_first) {
        begin_chunk(line, chunk);
        chunk->input_size = plan->take_waits;
        counter_add(&line->took);
        if (plan->take_gate != NULL) {
            gate_pass(plan->take_gate);
        }
    }
    /* The chunk keeps between two calls how far it has come. */
    if (wants_byte(line->take_pipe[0], &chunk->input_size, need)) {
        step = STEP_WAIT;
    } else if (plan->take_code != CINCH_OK) {
        step = chunk_fail(chunk, plan->take_code);
    } else if (plan->ends) {
        chunk->is_last = true;
    }
    leave(&line->in_take);
    return step;
}

static enum step work(void *owner, struct chunk *chunk, struct worker *worker)
{
    struct line *line = owner;
    const struct line_plan *plan = &line->plan[chunk->number];

    enter(&line->in_work, &line->in_work_most);
    if (line->ops.take == NULL) {
        begin_chunk(line, chunk);
    }
    if (line->output > 0) {
        atomic_fetch_add(&line->fresh, chunk->spare.data == NULL);
        chunk->output = chunk_take_output(chunk, worker, line->output);
        memset(chunk->output.data, 'o', line->output);
    }
    atomic_fetch_add(&line->works[chunk->number], 1);
    if (line->name != '\0') {
        log_note(line->name);
    }
    counter_add(&line->worked);
    if (plan->work_gate != NULL) {
        gate_pass(plan->work_gate);
    }
    leave(&line->in_work);
    counter_add(&line->done);
    return plan->work_code != CINCH_OK ? chunk_fail(chunk, plan->work_code) : STEP_DONE;
}

static enum step put(void *owner, struct chunk *chunk, struct worker *worker,
                     struct step_need *need)
{
    struct line *line = owner;
    const struct line_plan *plan = &line->plan[chunk->number];
    enum step step = STEP_DONE;

    (void)worker;
    enter(&line->in_put, &line->in_put_most);
    if (!chunk->is_committed) {
        chunk->is_committed = true;
        chunk->output_size = plan->put_waits;
        counter_add(&line->putting);
        if (plan->put_gate != NULL) {
            gate_pass(plan->put_gate);
        }
    }
    if (wants_byte(line->put_pipe[0], &chunk->output_size, need)) {
        step = STEP_WAIT;
    } else if (plan->put_code != CINCH_OK) {
        step = chunk_fail(chunk, plan->put_code);
    } else {
        atomic_fetch_add(&line->puts[chunk->number], 1);
        if (atomic_fetch_add(&line->put_count, 1) != chunk->number) {
            atomic_fetch_add(&line->dirty, 1);
        }
        counter_add(&line->put);
    }
    leave(&line->in_put);
    return step;
}

static void recycle(void *owner, struct chunk *chunk, struct worker *worker)
{
    struct line *line = owner;

    (void)worker;
    atomic_fetch_add(&line->recycles[chunk->number], 1);
    if (atomic_load(&line->seen[chunk->number])) {
        leave(&line->in_ring);
    }
    soil_chunk(chunk);
}

static void fail_line(void *owner, const struct failure *failure)
{
    struct line *line = owner;

    atomic_fetch_add(&line->fails, 1);
    line->failure = *failure;
    pipeline_stop(&line->pipeline);
}

/* --- Workers ---------------------------------------------------------------------------- */

static void end_line(struct line *line, enum pipeline_result result)
{
    if (result == PIPELINE_LAST) {
        atomic_fetch_add(&line->lasts, 1);
        pool_leave(line->pipeline.pool, &line->member);
        counter_add(&line->ended);
    }
}

static void run(struct pool_task *task, struct worker *worker)
{
    struct line *line = LINE_OF(task, task);

    atomic_fetch_add(&line->runs, 1);
    end_line(line, pipeline_run(&line->pipeline, worker));
}

static void resume_take(struct pool_task *task, struct worker *worker)
{
    struct line *line = LINE_OF(task, take_wait.task);

    end_line(line, pipeline_resume_take(&line->pipeline, worker));
}

static void resume_put(struct pool_task *task, struct worker *worker)
{
    struct line *line = LINE_OF(task, put_wait.task);

    end_line(line, pipeline_resume_put(&line->pipeline, worker));
}

static void cancel(struct pool_member *member)
{
    pipeline_stop(&LINE_OF(member, member)->pipeline);
}

static void keep(struct pool_member *member)
{
    (void)member;
}

/* --- The line --------------------------------------------------------------------------- */

struct line *line_new(cinch_pool *pool)
{
    struct line *line = calloc(1, sizeof *line);

    assert_non_null(line);
    line->ops = (struct pipeline_ops){
        .take = take,
        .work = work,
        .put = put,
        .recycle = recycle,
        .fail = fail_line,
    };
    line->task.run = run;
    line->take_wait.task.run = resume_take;
    line->put_wait.task.run = resume_put;
    line->take_wait.member = line->put_wait.member = &line->member;
    line->member.task = &line->task;
    line->member.cancel = cancel;
    line->member.retain = line->member.release = keep;
    assert_code(CINCH_OK, pipeline_init(&line->pipeline));
    line->pipeline.ops = &line->ops;
    line->pipeline.owner = line;
    line->pipeline.pool = pool;
    line->pipeline.task = &line->task;
    line->pipeline.take_wait = &line->take_wait;
    line->pipeline.put_wait = &line->put_wait;
    pipe_make(line->take_pipe);
    pipe_make(line->put_pipe);
    counter_init(&line->took);
    counter_init(&line->worked);
    counter_init(&line->done);
    counter_init(&line->putting);
    counter_init(&line->put);
    counter_init(&line->ended);
    return line;
}

void line_start(struct line *line, uint64_t count, uint32_t workers_max)
{
    assert_true(count <= LINE_CHUNKS_MAX || count == PIPELINE_COUNT_UNKNOWN);
    assert_code(CINCH_OK, pipeline_start(&line->pipeline, count, workers_max));
    assert_code(CINCH_OK, pool_join(line->pipeline.pool, &line->member));
}

void line_await_active(struct line *line, uint32_t active)
{
    for (;;) {
        thread_lock(&line->pipeline.lock);
        uint32_t now = line->pipeline.active;
        thread_unlock(&line->pipeline.lock);
        if (now == active) {
            return;
        }
        sched_yield();
    }
}

void line_feed_take(struct line *line)
{
    assert_int_equal(write(line->take_pipe[1], "x", 1), 1);
}

void line_feed_put(struct line *line)
{
    assert_int_equal(write(line->put_pipe[1], "x", 1), 1);
}

static void check_chunks(const struct line *line, unsigned put)
{
    assert_int_equal(atomic_load(&line->put_count), put);
    for (unsigned i = 0; i < LINE_CHUNKS_MAX; i++) {
        assert_int_equal(atomic_load(&line->puts[i]), i < put);
        assert_in_range(atomic_load(&line->works[i]), 0, 1);
        assert_int_equal(atomic_load(&line->recycles[i]), i < line->pipeline.next_take);
    }
}

void line_finish_at(struct line *line, unsigned put_chunks, int32_t code, const char *file,
                    int at_line)
{
    counter_wait(&line->ended, 1);
    assert_int_equal(atomic_load(&line->lasts), 1);
    assert_int_equal(line->pipeline.active, 0);
    assert_int_equal(atomic_load(&line->dirty), 0);
    assert_in_range(atomic_load(&line->in_take_most), 0, 1);
    assert_in_range(atomic_load(&line->in_put_most), 0, 1);
    assert_in_range(atomic_load(&line->in_work_most), 0, line->pipeline.workers_max);
    assert_in_range(atomic_load(&line->in_ring_most), 0, line->pipeline.slots_count);
    check_chunks(line, put_chunks);
    assert_int_equal(atomic_load(&line->fails), code != CINCH_OK ? 1 : 0);
    assert_code_at(code, line->failure.code, "the pipeline's failure", file, at_line);
    pipeline_free(&line->pipeline);
    counter_destroy(&line->ended);
    counter_destroy(&line->put);
    counter_destroy(&line->putting);
    counter_destroy(&line->done);
    counter_destroy(&line->worked);
    counter_destroy(&line->took);
    for (int i = 0; i < 2; i++) {
        close(line->take_pipe[i]);
        close(line->put_pipe[i]);
    }
    free(line);
}
