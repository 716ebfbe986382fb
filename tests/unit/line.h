/*
 * Line: a pipeline with made-up steps, on a real pool.
 *
 * A test says for each chunk which steps are held at a gate, wait for a byte in a pipe, or fail.
 * The line notes what happens: how often each step was made, in what order, by how many at once,
 * and that claimed chunks come clean. line_finish() checks what holds for every pipeline.
 */
#ifndef CINCH_TESTS_UNIT_LINE_H
#define CINCH_TESTS_UNIT_LINE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "pipeline.h"
#include "support/gate.h"

enum {
    LINE_CHUNKS_MAX = 64 /* a test has no more */
};

/* What a test wants of one chunk. */
struct line_plan {
    struct gate *take_gate; /* NULL: goes on at once */
    struct gate *work_gate;
    struct gate *put_gate;
    unsigned take_waits; /* bytes of take_pipe that the step waits for, one after the other */
    unsigned put_waits;  /* of put_pipe */
    int32_t take_code;   /* how the step fails; CINCH_OK: it does not */
    int32_t work_code;
    int32_t put_code;
    bool ends; /* take sets is_last */
};

struct line {
    struct pipeline pipeline;
    struct pipeline_ops ops;
    struct pool_task task;
    struct pool_wait take_wait;
    struct pool_wait put_wait;
    struct pool_member member;

    /* The test's, before line_start(). */
    struct line_plan plan[LINE_CHUNKS_MAX];
    char name;        /* noted in the log for each chunk's work; '\0': not noted */
    size_t output;    /* bytes of output that work asks for; 0: none */
    int take_pipe[2]; /* made by line_new() */
    int put_pipe[2];

    struct counter took;    /* units: take has begun with a chunk, ... */
    struct counter worked;  /* ... work has begun ... */
    struct counter done;    /* ... work is done (its gate passed) ... */
    struct counter putting; /* ... put has begun ... */
    struct counter put;     /* ... put is done ... */
    struct counter ended;   /* the last worker has left; one unit */

    atomic_uint takes[LINE_CHUNKS_MAX]; /* calls, those after a wait included */
    atomic_uint works[LINE_CHUNKS_MAX];
    atomic_uint puts[LINE_CHUNKS_MAX]; /* successful ones only */
    atomic_uint recycles[LINE_CHUNKS_MAX];
    atomic_bool seen[LINE_CHUNKS_MAX]; /* by a step */
    atomic_uint begun;                 /* how many those are */
    atomic_uint put_count;
    atomic_uint runs; /* tokens of its task that brought a worker */

    /* How many were inside at once. */
    atomic_uint in_take, in_work, in_put, in_ring;
    atomic_uint in_take_most, in_work_most, in_put_most, in_ring_most;

    atomic_uint fresh; /* outputs that no chunk had before */

    atomic_uint fails;      /* calls of fail ... */
    struct failure failure; /* ... and what the last was given */
    atomic_uint lasts;      /* workers that were told they are the last */
    atomic_uint dirty;      /* chunks that did not come clean, or out of order */
};

/* A line on `pool` with all of its steps; the test may take some out of `ops`. */
struct line *line_new(cinch_pool *pool);

/* Starts the pipeline and joins the pool: the first worker comes. */
void line_start(struct line *line, uint64_t count, uint32_t workers_max);

/* Returns when so many are active: workers inside, tokens on their way, and waits. */
void line_await_active(struct line *line, uint32_t active);

/* Lets one wait for the pipe end. */
void line_feed_take(struct line *line);
void line_feed_put(struct line *line);

/*
 * Waits for the end and frees the line, checking: one worker was the last; `put` chunks were put,
 * each once and in order; every chunk that was claimed was recycled once; no step that has to be
 * alone was made twice at once; it failed once with `code`, or with CINCH_OK never.
 */
#define line_finish(line, put, code) line_finish_at((line), (put), (code), __FILE__, __LINE__)
void line_finish_at(struct line *line, unsigned put, int32_t code, const char *file, int at_line);

#endif
