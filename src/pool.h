/*
 * Pool: worker threads and a fair run queue.
 *
 * The pool knows nothing of files or codecs. Its words:
 *
 *   task      something that workers run, embedded in its owner. It stands in the run queue
 *             with a number of *tokens*: each token brings one worker to `run` once, so a task
 *             that wants four workers pushes four tokens. Tasks take turns, one token each.
 *   member    an owner of tasks that the pool keeps account of, from pool_join() to
 *             pool_leave(): a job. The pool's end waits for its members.
 *   wait      a task that wants to run when a descriptor is ready or a time has come. Waiting
 *             costs no worker.
 *
 * Any thread may call any function here, with no lock of the pool held; the pool calls `run`
 * and the member's functions with no lock held.
 */
#ifndef CINCH_SRC_POOL_H
#define CINCH_SRC_POOL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <cinch/cinch.h>

#include "workspace.h"

#define POOL_THREADS_MAX 1024

struct worker;

struct pool_task {
    /* Runs on a worker, once per token; several workers may be in it at once. The task may be
     * gone when it returns. */
    void (*run)(struct pool_task *task, struct worker *worker);

    /* The pool's, under its lock. */
    TAILQ_ENTRY(pool_task) queue_entry;
    uint32_t tokens;   /* more than 0: it stands in a queue */
    bool is_urgent;    /* which queue */
    bool is_expedited; /* for good: its next place is in the urgent queue */
};

struct pool_member {
    struct pool_task *task; /* gets its first token when the member is admitted */
    void (*cancel)(struct pool_member *member);  /* the pool ends: hurry up; never blocks */
    void (*retain)(struct pool_member *member);  /* keeps the owner's memory; takes no lock */
    void (*release)(struct pool_member *member); /* drops what retain kept */

    /* The pool's, under its lock. */
    TAILQ_ENTRY(pool_member) members_entry;
    TAILQ_ENTRY(pool_member) backlog_entry;
    uint32_t waits;    /* of its waits, how many are under way */
    bool is_admitted;  /* its task has had its first token; else it stands in the backlog */
    bool was_notified; /* `cancel` has been called */
};

struct pool_wait {
    struct pool_task task;      /* gets a token when the wait is over */
    struct pool_member *member; /* whose it is */

    /* The pool's, under its lock. */
    TAILQ_ENTRY(pool_wait) waits_entry;
    int fd;            /* -1: waits for its time alone */
    short events;      /* POLLIN or POLLOUT */
    uint64_t deadline; /* of thread_now(); UINT64_MAX: none */
    int error;         /* errno, where the system cannot wait for it; the task looks at it */
    bool is_waiting;
    bool is_woken; /* for good: further waits end at once */
};

/* Makes a pool with its first worker. `threads` from 1 to POOL_THREADS_MAX. Returns CINCH_OK,
 * CINCH_E_NO_MEMORY or CINCH_E_NO_THREAD; the caller owns `*pool`. */
int32_t pool_create(uint32_t threads, cinch_pool **pool);

/* Refuses new members, cancels those there are if asked to, waits for them to leave, joins the
 * workers and frees the pool. Must not be called on one of its workers. Does nothing in a forked
 * child. */
void pool_destroy(cinch_pool *pool, bool cancel);

/* The pool that NULL stands for, made on first use and never destroyed; in a forked child a new
 * one. Returns CINCH_OK, CINCH_E_NO_MEMORY or CINCH_E_NO_THREAD. */
int32_t pool_default(cinch_pool **pool);

/* The largest number of workers the pool will have. Constant. */
uint32_t pool_threads(const cinch_pool *pool);

/*
 * Takes a member in and gives its task one token, at once or, when many members are active,
 * when it is its turn. Returns CINCH_OK, or CINCH_E_SHUTDOWN, and then knows nothing of it.
 */
int32_t pool_join(cinch_pool *pool, struct pool_member *member);

/* Lets a member go. Its tasks have no tokens and no waits left. */
void pool_leave(cinch_pool *pool, struct pool_member *member);

/* Adds tokens to a task. */
void pool_push(cinch_pool *pool, struct pool_task *task, uint32_t tokens);

/* Whether others wait for a worker: a task that has had one for a while should then push a token
 * and return. A hint, without a lock. */
bool pool_is_crowded(cinch_pool *pool);

/*
 * Waits, without a worker, until `fd` is ready for `events` or `milliseconds` (-1: for ever)
 * have passed; then gives the wait's task a token, with the wait's `error` set if the system
 * would not wait any longer. At most one wait at a time on each
 * `struct pool_wait`. Returns CINCH_OK; CINCH_E_NO_MEMORY or CINCH_E_IO where the pool cannot
 * wait, and then no token comes.
 */
int32_t pool_wait_begin(cinch_pool *pool, struct pool_wait *wait, int fd, short events,
                        int milliseconds);

/*
 * A member wants to end early: ends its waits, now and in future, admits it if it was not yet,
 * and puts its tasks before all others, now and in future. `waits` lists the member's waits.
 */
void pool_expedite(cinch_pool *pool, struct pool_member *member, struct pool_wait *const *waits,
                   uint32_t count);

/*
 * For a worker in the middle of something long: runs tasks of expedited members, if there are
 * any, so that a cancelled job need not wait until a worker is free.
 */
void pool_help(cinch_pool *pool, struct worker *worker);

/* What the worker keeps between chunks; for use on this worker only. */
struct workspace *worker_workspace(struct worker *worker);

/* Counts the forks between the process that loaded the library and this one: who finds another
 * number than the one it remembers is in a child. */
uint32_t pool_fork_generation(void);

/* Before anything is made that a child must not use: sees to it that forks are counted. Returns
 * CINCH_OK, or CINCH_E_NO_MEMORY where the system cannot tell of them. */
int32_t pool_watch_forks(void);

#endif
