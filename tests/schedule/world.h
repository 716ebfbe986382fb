/*
 * World: what the actors of one scenario share, and the jobs that they make in it.
 */
#ifndef CINCH_TESTS_SCHEDULE_WORLD_H
#define CINCH_TESTS_SCHEDULE_WORLD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "schedule/contract.h"
#include "schedule/inputs.h"

enum {
    JOBS_MAX = 24
};

/* The other ends of a job's pipes, and the thread at them. */
struct pump {
    bool is_there;
    pthread_t thread;
    uint64_t random;
    int feed[2]; /* the job reads [0] */
    int take[2]; /* and writes [1] */
    const struct input *input;
    bool breaks_feed; /* ends the input too early */
    bool breaks_take; /* stops reading */
    struct bytes taken;
};

struct job {
    struct job_contract contract;
    struct world *world;
    uint64_t random; /* for what its callbacks do */
    bool acts;       /* they do something */
    bool is_last;    /* the one that destroy finds: its completion waits for the submits */
    char *output;
    int32_t format;
    struct pump pump;
};

struct world {
    const char *folder;
    struct pool_contract pool;
    bool is_closed;      /* to submits from clients */
    unsigned submitting; /* clients in a submit */
    struct job jobs[JOBS_MAX];
    unsigned jobs_count;
};

/* Submits a job as `random` says, and keeps account of it; NULL if there are too many. */
struct job *world_submit(struct world *world, uint64_t *random, bool may_have_pipes);

/* The last job of the pool; see scenario.h. */
struct job *world_submit_last(struct world *world, uint64_t *random);

/* A job with a handle that may be used, or dropped; NULL if there is none. */
struct job *world_find(struct world *world, uint64_t *random, bool to_drop);

/* Drops the handle in one of the ways that there are. Inside a callback only those that do not
 * block. */
void job_drop_somehow(struct job *job, uint64_t *random, bool in_callback);

/* Starts the thread at the other ends of a job's pipes, if it has any; ends it. */
void pump_make(struct pump *pump, const struct input *input, uint64_t random);
void pump_start(struct job *job);
void pump_finish(struct job *job);

#endif
