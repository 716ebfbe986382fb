/*
 * Actor: a member of a pool with one task and one wait, whose steps a test supplies.
 *
 * The steps run on workers, so they must not use cmocka's assertions: they note what they see, in
 * the log, and the test asserts it afterwards.
 */
#ifndef CINCH_TESTS_UNIT_ACTOR_H
#define CINCH_TESTS_UNIT_ACTOR_H

#include <stdatomic.h>
#include <stddef.h>

#include "pool.h"
#include "support/gate.h"

struct actor;

typedef void (*actor_step)(struct actor *actor, struct worker *worker);

struct actor {
    struct pool_task task;
    struct pool_wait wait;
    struct pool_member member;
    cinch_pool *pool;
    char name;            /* what the log calls it */
    actor_step on_run;    /* for each token of its task; NULL: nothing */
    actor_step on_resume; /* when its wait is over; NULL: nothing */
    void *context;        /* for the steps */

    struct gate gate;       /* for steps that hold their worker */
    struct counter entered; /* a unit when on_run begins */
    struct counter ran;     /* a unit when on_run has returned */
    struct counter woken;   /* a unit when on_resume begins */
    struct counter resumed; /* a unit when on_resume has returned */

    atomic_uint cancels; /* calls of the member's functions */
    atomic_uint retains;
    atomic_uint releases;
};

/* Makes an actor of `pool`, which has not joined it. Joining, pushing and waiting are the test's.
 */
void actor_init(struct actor *actor, cinch_pool *pool, char name, actor_step on_run,
                actor_step on_resume);

/* After the actor has left the pool. */
void actor_destroy(struct actor *actor);

void actor_expedite(struct actor *actor);

/* Steps: waits at the actor's gate; writes the name into the log; both; leaves the pool. */
void actor_hold(struct actor *actor, struct worker *worker);
void actor_note(struct actor *actor, struct worker *worker);
void actor_note_and_leave(struct actor *actor, struct worker *worker);

/* The log: names in the order they were noted. There is one; any thread notes. */
enum {
    LOG_SIZE = 512
};
void log_clear(void);
void log_note(char name);

/* What was noted so far, LOG_SIZE names at most. For the thread that runs the test; the next call
 * overwrites it. */
const char *log_text(void);

#endif
