/*
 * Pipeline: the rules of the ring, with made-up steps. line_finish() checks after each test what
 * holds for all of them: one last worker, order, exclusive steps, the ring's bound.
 */
#include "pipeline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "actor.h"
#include "line.h"
#include "support/scratch.h"
#include "support/test.h"

/* --- A system that refuses -------------------------------------------------------------- */

static atomic_bool refuses_eventfd;

int __real_eventfd(unsigned count, int flags);
int __wrap_eventfd(unsigned count, int flags);

int __wrap_eventfd(unsigned count, int flags)
{
    if (!atomic_load(&refuses_eventfd))
        return __real_eventfd(count, flags);
    errno = EMFILE;
    return -1;
}

/* A run of gates. */
enum {
    GATES = 8
};
static struct gate gates[GATES];

static int gates_setup(void **state)
{
    for (int i = 0; i < GATES; i++)
        gate_init(&gates[i]);
    return scratch_setup(state);
}

static int gates_teardown(void **state)
{
    for (int i = 0; i < GATES; i++)
        gate_destroy(&gates[i]);
    return scratch_teardown(state);
}

#define line_test(function) cmocka_unit_test_setup_teardown(function, gates_setup, gates_teardown)

/* --- The ring --------------------------------------------------------------------------- */

static void the_ring_has_room_for_successors(void **state)
{
    (void)state;
    assert_int_equal(pipeline_slots(1), 1);
    assert_int_equal(pipeline_slots(2), 4);
    assert_int_equal(pipeline_slots(3), 5);
    assert_int_equal(pipeline_slots(4), 7);
    assert_int_equal(pipeline_slots(8), 12);
    assert_int_equal(pipeline_slots(1024), 1282);
}

static void chunks_are_put_in_order_whichever_is_done_first(void **state)
{
    cinch_pool *pool = pool_with_threads(3);
    struct line *line = line_new(pool);

    (void)state;
    line->ops.take = NULL;
    for (int i = 0; i < 3; i++)
        line->plan[i].work_gate = &gates[i];
    line_start(line, 3, 3);
    counter_wait(&line->worked, 3);
    gate_open(&gates[2]);
    counter_wait(&line->done, 1);
    gate_open(&gates[1]);
    counter_wait(&line->done, 1);
    line_await_active(line, 1);
    assert_int_equal(counter_value(&line->put), 0);
    gate_open(&gates[0]);
    line_finish(line, 3, CINCH_OK);
    pool_destroy(pool, false);
}

static void the_ring_holds_no_more_than_its_slots(void **state)
{
    cinch_pool *pool = pool_with_threads(3);
    struct line *line = line_new(pool);

    (void)state;
    line->ops.take = NULL;
    line->plan[0].work_gate = &gates[0];
    line_start(line, 40, 3);
    /* Everybody but who has the first chunk leaves when the ring is full. */
    counter_wait(&line->worked, 5);
    counter_wait(&line->done, 4);
    line_await_active(line, 1);
    assert_int_equal(line->pipeline.slots_count, 5);
    assert_int_equal(atomic_load(&line->begun), 5);
    assert_int_equal(counter_value(&line->put), 0);
    gate_open(&gates[0]);
    counter_wait(&line->put, 40);
    assert_int_equal(atomic_load(&line->in_ring_most), 5);
    line_finish(line, 40, CINCH_OK);
    pool_destroy(pool, false);
}

/* However the steps fall to the workers, no more are made than can be in use at once. */
static void outputs_go_from_chunk_to_chunk(void **state)
{
    cinch_pool *pool = pool_with_threads(3);
    struct line *line = line_new(pool);

    (void)state;
    line->ops.take = NULL;
    line->output = (size_t)1 << 16;
    line_start(line, 40, 3);
    counter_wait(&line->put, 40);
    assert_in_range(atomic_load(&line->fresh), 1, pipeline_slots(3));
    line_finish(line, 40, CINCH_OK);
    pool_destroy(pool, false);
}

/* Those of a line that was stopped, or failed, are not lost either. */
static void outputs_of_dropped_chunks_are_kept_or_freed(void **state)
{
    cinch_pool *pool = pool_with_threads(3);
    struct line *line = line_new(pool);

    (void)state;
    line->ops.take = NULL;
    line->output = (size_t)1 << 16;
    line->plan[20].work_code = CINCH_E_CORRUPT;
    line_start(line, 40, 3);
    line_finish(line, 20, CINCH_E_CORRUPT);
    pool_destroy(pool, false);
}

/* Room for one more chunk brings one more worker, again and again. */
static void who_left_a_full_ring_comes_back(void **state)
{
    cinch_pool *pool = pool_with_threads(2);
    struct line *line = line_new(pool);

    (void)state;
    line->ops.take = NULL;
    line->plan[0].work_gate = &gates[0];
    line->plan[4].work_gate = &gates[1];
    line->plan[5].work_gate = &gates[2];
    line_start(line, 6, 2);
    counter_wait(&line->worked, 4);
    line_await_active(line, 1);
    gate_open(&gates[0]);
    /* Both are in the middle of a chunk at the same time. */
    counter_wait(&line->worked, 2);
    gate_open(&gates[1]);
    gate_open(&gates[2]);
    line_finish(line, 6, CINCH_OK);
    pool_destroy(pool, false);
}

static void so_many_workers_as_are_allowed(void **state)
{
    cinch_pool *pool = pool_with_threads(4);
    struct line *line = line_new(pool);

    (void)state;
    line->ops.take = NULL;
    for (int i = 0; i < 4; i++)
        line->plan[i].work_gate = &gates[0];
    line_start(line, 12, 3);
    counter_wait(&line->worked, 3);
    line_await_active(line, 3);
    assert_int_equal(counter_value(&line->worked), 0);
    gate_open(&gates[0]);
    counter_wait(&line->put, 12);
    assert_int_equal(atomic_load(&line->in_work_most), 3);
    line_finish(line, 12, CINCH_OK);
    pool_destroy(pool, false);
}

static void fewer_chunks_than_workers_need_fewer(void **state)
{
    cinch_pool *pool = pool_with_threads(4);
    struct line *line = line_new(pool);
    struct line *two = line_new(pool);

    (void)state;
    line->ops.take = two->ops.take = NULL;
    line_start(line, 1, 4);
    assert_int_equal(line->pipeline.workers_max, 1);
    assert_int_equal(line->pipeline.slots_count, 1);
    line_finish(line, 1, CINCH_OK);
    line_start(two, 2, 1024);
    assert_int_equal(two->pipeline.workers_max, 2);
    assert_int_equal(two->pipeline.slots_count, 4);
    line_finish(two, 2, CINCH_OK);
    pool_destroy(pool, false);
}

static void one_worker_needs_one_slot(void **state)
{
    cinch_pool *pool = pool_with_threads(1);
    struct line *line = line_new(pool);

    (void)state;
    line_start(line, 30, 1);
    counter_wait(&line->put, 30);
    /* Nobody else wanted it, so it kept its worker. */
    assert_int_equal(atomic_load(&line->runs), 1);
    assert_int_equal(atomic_load(&line->in_ring_most), 1);
    line_finish(line, 30, CINCH_OK);
    pool_destroy(pool, false);
}

static void a_chunk_and_it_is_somebody_else_s_turn(void **state)
{
    cinch_pool *pool = pool_with_threads(1);
    struct line *a = line_new(pool), *b = line_new(pool);
    struct actor blocker;

    (void)state;
    log_clear();
    a->name = 'a';
    b->name = 'b';
    actor_init(&blocker, pool, '#', actor_hold, NULL);
    pool_push(pool, &blocker.task, 1);
    counter_wait(&blocker.entered, 1);
    line_start(a, 6, 1);
    line_start(b, 3, 1);
    gate_open(&blocker.gate);
    line_finish(b, 3, CINCH_OK);
    line_finish(a, 6, CINCH_OK);
    assert_string_equal(log_text(), "abababaaa");
    pool_destroy(pool, false);
    actor_destroy(&blocker);
}

/* --- Take ------------------------------------------------------------------------------- */

static void one_worker_takes_at_a_time(void **state)
{
    cinch_pool *pool = pool_with_threads(3);
    struct line *line = line_new(pool);

    (void)state;
    line->plan[1].take_gate = &gates[0];
    line_start(line, 20, 3);
    counter_wait(&line->took, 2);
    line_await_active(line, 1);
    assert_int_equal(atomic_load(&line->begun), 2);
    gate_open(&gates[0]);
    line_finish(line, 20, CINCH_OK);
    pool_destroy(pool, false);
}

/* The next take begins while the chunk before is worked on. */
static void taking_goes_on_while_others_work(void **state)
{
    cinch_pool *pool = pool_with_threads(3);
    struct line *line = line_new(pool);

    (void)state;
    line->plan[0].work_gate = line->plan[1].work_gate = &gates[0];
    line->plan[2].take_gate = &gates[0];
    line_start(line, 9, 3);
    counter_wait(&line->worked, 2);
    counter_wait(&line->took, 3);
    gate_open(&gates[0]);
    line_finish(line, 9, CINCH_OK);
    pool_destroy(pool, false);
}

static void take_tells_which_chunk_is_the_last(void **state)
{
    static const unsigned lasts[] = {0, 1, 2, 3, 10, 33};
    cinch_pool *pool = pool_with_threads(3);

    (void)state;
    for (size_t i = 0; i < sizeof lasts / sizeof lasts[0]; i++) {
        struct line *line = line_new(pool);
        line->plan[lasts[i]].ends = true;
        line_start(line, PIPELINE_COUNT_UNKNOWN, 3);
        counter_wait(&line->put, lasts[i] + 1);
        assert_int_equal(atomic_load(&line->begun), lasts[i] + 1);
        line_finish(line, lasts[i] + 1, CINCH_OK);
    }
    pool_destroy(pool, false);
}

static void a_pipeline_may_have_no_work(void **state)
{
    cinch_pool *pool = pool_with_threads(2);
    struct line *line = line_new(pool);

    (void)state;
    line->ops.work = NULL;
    line->plan[1].put_waits = 1;
    line->plan[20].ends = true;
    line_start(line, PIPELINE_COUNT_UNKNOWN, 2);
    line_feed_put(line);
    line_finish(line, 21, CINCH_OK);
    pool_destroy(pool, false);
}

/* --- Waits ------------------------------------------------------------------------------ */

/* On a pool of one thread: runs a task, before which the worker looks at the waits, and another
 * one, which stands behind what it found. So there is a worker to be had, and whatever could go on
 * has gone on. */
static void settle(cinch_pool *pool)
{
    struct actor task;

    actor_init(&task, pool, '.', NULL, NULL);
    for (int i = 0; i < 2; i++) {
        pool_push(pool, &task.task, 1);
        counter_wait(&task.ran, 1);
    }
    actor_destroy(&task);
}

static void take_waits_without_a_worker(void **state)
{
    cinch_pool *pool = pool_with_threads(1);
    struct line *line = line_new(pool);

    (void)state;
    line->plan[0].take_waits = 2;
    line->plan[2].take_waits = 1;
    line_start(line, 4, 1);
    counter_wait(&line->took, 1);
    settle(pool);
    assert_int_equal(counter_value(&line->put), 0);
    line_feed_take(line);
    settle(pool);
    line_feed_take(line);
    counter_wait(&line->put, 2);
    counter_wait(&line->took, 2);
    settle(pool);
    assert_int_equal(counter_value(&line->put), 0);
    assert_int_equal(atomic_load(&line->takes[0]), 3);
    assert_int_equal(atomic_load(&line->takes[1]), 1);
    line_feed_take(line);
    line_finish(line, 4, CINCH_OK);
    pool_destroy(pool, false);
}

static void put_waits_without_a_worker(void **state)
{
    cinch_pool *pool = pool_with_threads(1);
    struct line *line = line_new(pool);

    (void)state;
    line->ops.take = NULL;
    line->plan[0].put_waits = 2;
    line->plan[3].put_waits = 1;
    line_start(line, 4, 1);
    counter_wait(&line->done, 1);
    settle(pool);
    assert_int_equal(counter_value(&line->put), 0);
    line_feed_put(line);
    settle(pool);
    assert_int_equal(atomic_load(&line->begun), 1);
    line_feed_put(line);
    counter_wait(&line->put, 3);
    settle(pool);
    assert_int_equal(counter_value(&line->put), 0);
    line_feed_put(line);
    line_finish(line, 4, CINCH_OK);
    pool_destroy(pool, false);
}

/* A slow reader: the others fill the ring, then leave. */
static void others_work_while_put_waits(void **state)
{
    cinch_pool *pool = pool_with_threads(3);
    struct line *line = line_new(pool);

    (void)state;
    line->plan[0].put_waits = 1;
    line->plan[1].work_gate = &gates[0];
    line_start(line, 20, 3);
    counter_wait(&line->worked, 2);
    gate_open(&gates[0]);
    counter_wait(&line->done, 5);
    line_await_active(line, 1); /* the wait */
    assert_int_equal(atomic_load(&line->begun), 5);
    assert_int_equal(counter_value(&line->put), 0);
    line_feed_put(line);
    line_finish(line, 20, CINCH_OK);
    pool_destroy(pool, false);
}

static void both_ends_may_wait_at_once(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        cinch_pool *pool = pool_with_threads(1);
        struct line *line = line_new(pool);
        line->plan[0].put_waits = 1;
        line->plan[1].take_waits = 1;
        line_start(line, 6, 2);
        counter_wait(&line->took, 2);
        counter_wait(&line->done, 1);
        line_await_active(line, 2);
        settle(pool);
        assert_int_equal(counter_value(&line->put), 0);
        if (order == 0) {
            line_feed_take(line);
            counter_wait(&line->done, 1);
            assert_int_equal(counter_value(&line->put), 0);
            line_feed_put(line);
        } else {
            line_feed_put(line);
            counter_wait(&line->put, 1);
            assert_int_equal(counter_value(&line->done), 0);
            line_feed_take(line);
        }
        line_finish(line, 6, CINCH_OK);
        pool_destroy(pool, false);
    }
}

/* --- Failures --------------------------------------------------------------------------- */

static void the_first_failure_in_input_order_wins(void **state)
{
    cinch_pool *pool = pool_with_threads(3);
    struct line *line = line_new(pool);

    (void)state;
    line->ops.take = NULL;
    line->plan[0].work_gate = &gates[0];
    line->plan[1].work_gate = &gates[1];
    line->plan[1].work_code = CINCH_E_CORRUPT;
    line->plan[3].work_code = CINCH_E_NO_MEMORY;
    line_start(line, 40, 3);
    counter_wait(&line->worked, 4);
    /* Chunks 2 and 3 are done, the latter has failed; the others are still under way. */
    counter_wait(&line->done, 2);
    line_await_active(line, 2);
    assert_int_equal(atomic_load(&line->fails), 0);
    /* A failure ends the claims, although the ring has room. */
    assert_int_equal(atomic_load(&line->begun), 4);
    gate_open(&gates[1]);
    counter_wait(&line->done, 1);
    line_await_active(line, 1);
    assert_int_equal(atomic_load(&line->fails), 0);
    gate_open(&gates[0]);
    line_finish(line, 1, CINCH_E_CORRUPT);
    pool_destroy(pool, false);
}

static void a_failure_lets_its_predecessors_be_put(void **state)
{
    cinch_pool *pool = pool_with_threads(3);
    struct line *line = line_new(pool);

    (void)state;
    line->plan[0].work_gate = line->plan[1].work_gate = &gates[0];
    line->plan[2].work_code = CINCH_E_CORRUPT;
    line_start(line, 40, 3);
    counter_wait(&line->worked, 3);
    counter_wait(&line->done, 1);
    line_await_active(line, 2);
    gate_open(&gates[0]);
    line_finish(line, 2, CINCH_E_CORRUPT);
    pool_destroy(pool, false);
}

static void take_and_put_may_fail(void **state)
{
    (void)state;
    for (unsigned at = 0; at < 5; at++) {
        for (uint32_t workers = 1; workers <= 3; workers += 2) {
            cinch_pool *pool = pool_with_threads(workers);
            struct line *taking = line_new(pool), *putting = line_new(pool);
            taking->plan[at].take_code = CINCH_E_IO;
            taking->plan[at + 1].take_code = CINCH_E_INTERNAL;
            line_start(taking, 40, workers);
            counter_wait(&taking->ended, 1);
            assert_int_equal(atomic_load(&taking->begun), at + 1);
            assert_int_equal(atomic_load(&taking->works[at]), 0);
            counter_add(&taking->ended);
            line_finish(taking, at, CINCH_E_IO);

            putting->plan[at].put_code = CINCH_E_NO_SPACE;
            putting->plan[at + 1].put_code = CINCH_E_INTERNAL;
            line_start(putting, 40, workers);
            line_finish(putting, at, CINCH_E_NO_SPACE);
            pool_destroy(pool, false);
        }
    }
}

static void take_and_put_may_fail_after_a_wait(void **state)
{
    cinch_pool *pool = pool_with_threads(2);
    struct line *taking = line_new(pool), *putting = line_new(pool);

    (void)state;
    taking->plan[3].take_waits = 1;
    taking->plan[3].take_code = CINCH_E_IO;
    line_start(taking, PIPELINE_COUNT_UNKNOWN, 2);
    counter_wait(&taking->put, 3);
    line_feed_take(taking);
    line_finish(taking, 3, CINCH_E_IO);
    putting->plan[3].put_waits = 1;
    putting->plan[3].put_code = CINCH_E_BROKEN_PIPE;
    line_start(putting, 20, 2);
    counter_wait(&putting->put, 3);
    line_feed_put(putting);
    line_finish(putting, 3, CINCH_E_BROKEN_PIPE);
    pool_destroy(pool, false);
}

static void a_pool_that_cannot_wait_is_a_failure(void **state)
{
    cinch_pool *pool = pool_with_threads(1);
    struct line *taking = line_new(pool), *putting = line_new(pool);

    (void)state;
    atomic_store(&refuses_eventfd, true);
    taking->plan[2].take_waits = 1;
    line_start(taking, 4, 1);
    counter_wait(&taking->ended, 1);
    assert_int_equal(taking->failure.subject, FAILURE_OF_NOTHING);
    assert_string_equal(taking->failure.action, "cannot wait for a descriptor");
    counter_add(&taking->ended);
    line_finish(taking, 2, CINCH_E_IO);
    putting->plan[2].put_waits = 1;
    line_start(putting, 4, 1);
    line_finish(putting, 2, CINCH_E_IO);
    atomic_store(&refuses_eventfd, false);
    pool_destroy(pool, false);
}

/* --- Stopping --------------------------------------------------------------------------- */

static void a_stop_drops_what_is_under_way(void **state)
{
    cinch_pool *pool = pool_with_threads(3);
    struct line *line = line_new(pool);

    (void)state;
    line->ops.take = NULL;
    line->plan[2].work_gate = &gates[0];
    line_start(line, 40, 3);
    counter_wait(&line->put, 2);
    counter_wait(&line->done, 6); /* all but the one that is held, up to the ring's end */
    line_await_active(line, 1);
    assert_false(pipeline_is_stopped(&line->pipeline));
    pipeline_stop(&line->pipeline);
    pipeline_stop(&line->pipeline);
    assert_true(pipeline_is_stopped(&line->pipeline));
    gate_open(&gates[0]);
    line_finish(line, 2, CINCH_OK);
    pool_destroy(pool, false);
}

static void a_stop_while_one_takes(void **state)
{
    cinch_pool *pool = pool_with_threads(2);
    struct line *line = line_new(pool);

    (void)state;
    line->plan[2].take_gate = &gates[0];
    line_start(line, 40, 2);
    counter_wait(&line->took, 3);
    counter_wait(&line->put, 2);
    pipeline_stop(&line->pipeline);
    gate_open(&gates[0]);
    counter_wait(&line->ended, 1);
    assert_int_equal(atomic_load(&line->works[2]), 0);
    counter_add(&line->ended);
    line_finish(line, 2, CINCH_OK);
    pool_destroy(pool, false);
}

static void a_stop_while_one_puts(void **state)
{
    cinch_pool *pool = pool_with_threads(2);
    struct line *line = line_new(pool);

    (void)state;
    line->ops.take = NULL;
    line->plan[1].put_gate = &gates[0];
    line_start(line, 40, 2);
    counter_wait(&line->putting, 2);
    counter_wait(&line->done, 5);
    pipeline_stop(&line->pipeline);
    gate_open(&gates[0]);
    /* The put that was under way is made; those that are ready are not. */
    line_finish(line, 2, CINCH_OK);
    pool_destroy(pool, false);
}

static void a_stop_ends_waits(void **state)
{
    (void)state;
    for (int which = 1; which <= 3; which++) {
        cinch_pool *pool = pool_with_threads(1);
        struct line *line = line_new(pool);
        line->plan[1].put_waits = which & 1;
        line->plan[2].take_waits = which & 2;
        line_start(line, which & 2 ? 40 : 2, 2);
        counter_wait(&line->put, 1);
        counter_wait(&line->took, which & 2 ? 3 : 2);
        line_await_active(line, which == 3 ? 2 : 1);
        settle(pool);
        pipeline_stop(&line->pipeline);
        line_finish(line, which == 2 ? 2 : 1, CINCH_OK);
        pool_destroy(pool, false);
    }
}

static void a_stop_before_the_first_worker(void **state)
{
    cinch_pool *pool = pool_with_threads(1);
    struct line *line = line_new(pool);
    struct actor blocker;

    (void)state;
    actor_init(&blocker, pool, '#', actor_hold, NULL);
    pool_push(pool, &blocker.task, 1);
    counter_wait(&blocker.entered, 1);
    line_start(line, 40, 1);
    pipeline_stop(&line->pipeline);
    gate_open(&blocker.gate);
    counter_wait(&line->ended, 1);
    assert_int_equal(atomic_load(&line->begun), 0);
    counter_add(&line->ended);
    line_finish(line, 0, CINCH_OK);
    pool_destroy(pool, false);
    actor_destroy(&blocker);
}

/* A stopped line whose worker is in the middle of a chunk does not stand in line to end. */
static void a_stopped_line_ends_before_others_go_on(void **state)
{
    cinch_pool *pool = pool_with_threads(1);
    struct line *line = line_new(pool);
    struct actor other;

    (void)state;
    line->plan[0].work_gate = &gates[0];
    line_start(line, 40, 1);
    counter_wait(&line->worked, 1);
    actor_init(&other, pool, 'o', actor_hold, NULL);
    pool_push(pool, &other.task, 2);
    pipeline_stop(&line->pipeline);
    gate_open(&gates[0]);
    counter_wait(&line->ended, 1); /* the other would keep the worker */
    counter_add(&line->ended);
    line_finish(line, 0, CINCH_OK);
    gate_open(&other.gate);
    counter_wait(&other.ran, 2);
    pool_destroy(pool, false);
    actor_destroy(&other);
}

/* --- All together ----------------------------------------------------------------------- */

/* xorshift, so that a round that fails can be had again. */
static unsigned next_random(unsigned *seed, unsigned below)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed % below;
}

enum {
    CROWD = 12
};

static void many_lines_share_a_pool(void **state)
{
    unsigned rounds = TEST_UNDER_TSAN ? 10 : 40;

    (void)state;
    for (unsigned round = 1; round <= rounds; round++) {
        unsigned seed = round * 2654435761u;
        cinch_pool *pool = pool_with_threads(1 + round % 4);
        struct line *lines[CROWD];
        unsigned put[CROWD];
        int32_t code[CROWD];
        for (int i = 0; i < CROWD; i++) {
            struct line *line = lines[i] = line_new(pool);
            unsigned count = put[i] = 1 + next_random(&seed, 30);
            bool takes = next_random(&seed, 2) == 0;
            code[i] = CINCH_OK;
            if (!takes)
                line->ops.take = NULL;
            line->plan[count - 1].ends = true;
            for (unsigned chunk = 0; chunk < count; chunk++) {
                line->plan[chunk].take_waits = takes && next_random(&seed, 4) == 0;
                line->plan[chunk].put_waits = next_random(&seed, 4) == 0;
                for (unsigned byte = 0; byte < line->plan[chunk].take_waits; byte++)
                    line_feed_take(line);
                for (unsigned byte = 0; byte < line->plan[chunk].put_waits; byte++)
                    line_feed_put(line);
            }
            if (next_random(&seed, 3) == 0) {
                put[i] = next_random(&seed, count);
                code[i] = CINCH_E_CORRUPT;
                line->plan[put[i]].work_code = code[i];
                line->plan[put[i] + 2].work_code = CINCH_E_NO_MEMORY;
            }
            line_start(line, takes && next_random(&seed, 2) == 0 ? PIPELINE_COUNT_UNKNOWN : count,
                       1 + next_random(&seed, 4));
        }
        for (int i = 0; i < CROWD; i++)
            line_finish(lines[i], put[i], code[i]);
        pool_destroy(pool, false);
    }
}

static void a_cancelled_pool_ends_all_lines(void **state)
{
    cinch_pool *pool = pool_with_threads(2);
    struct line *lines[CROWD];

    (void)state;
    for (int i = 0; i < CROWD; i++) {
        lines[i] = line_new(pool);
        lines[i]->plan[i % 3].take_waits = 1;
        lines[i]->plan[i % 2].put_waits = 1;
        line_start(lines[i], PIPELINE_COUNT_UNKNOWN, 2);
    }
    pool_destroy(pool, true);
    for (int i = 0; i < CROWD; i++) {
        assert_int_equal(counter_value(&lines[i]->ended), 1);
        assert_true(pipeline_is_stopped(&lines[i]->pipeline));
        line_finish(lines[i], atomic_load(&lines[i]->put_count), CINCH_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        line_test(the_ring_has_room_for_successors),
        line_test(chunks_are_put_in_order_whichever_is_done_first),
        line_test(the_ring_holds_no_more_than_its_slots),
        line_test(outputs_go_from_chunk_to_chunk),
        line_test(outputs_of_dropped_chunks_are_kept_or_freed),
        line_test(who_left_a_full_ring_comes_back),
        line_test(so_many_workers_as_are_allowed),
        line_test(fewer_chunks_than_workers_need_fewer),
        line_test(one_worker_needs_one_slot),
        line_test(a_chunk_and_it_is_somebody_else_s_turn),
        line_test(one_worker_takes_at_a_time),
        line_test(taking_goes_on_while_others_work),
        line_test(take_tells_which_chunk_is_the_last),
        line_test(a_pipeline_may_have_no_work),
        line_test(take_waits_without_a_worker),
        line_test(put_waits_without_a_worker),
        line_test(others_work_while_put_waits),
        line_test(both_ends_may_wait_at_once),
        line_test(the_first_failure_in_input_order_wins),
        line_test(a_failure_lets_its_predecessors_be_put),
        line_test(take_and_put_may_fail),
        line_test(take_and_put_may_fail_after_a_wait),
        line_test(a_pool_that_cannot_wait_is_a_failure),
        line_test(a_stop_drops_what_is_under_way),
        line_test(a_stop_while_one_takes),
        line_test(a_stop_while_one_puts),
        line_test(a_stop_ends_waits),
        line_test(a_stop_before_the_first_worker),
        line_test(a_stopped_line_ends_before_others_go_on),
        line_test(many_lines_share_a_pool),
        line_test(a_cancelled_pool_ends_all_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
