/*
 * Waits: what the tasks of a pool wait for, and the worker that asks the system about it.
 *
 * Everything here is used under the pool's lock, which waits_poll() releases while it asks. At
 * most one worker is in there at a time (`is_polling`); it is called back by waits_poke().
 */
#ifndef CINCH_SRC_WAITS_H
#define CINCH_SRC_WAITS_H

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "pool.h"

TAILQ_HEAD(wait_queue, pool_wait);

struct waits {
    struct wait_queue queue;
    uint32_t count;   /* length of the queue */
    uint32_t removed; /* counts removals: what poll() said of a queue before one is stale */
    bool is_polling;  /* a worker is in poll(); it owns the two arrays */
    bool is_poked;    /* the eventfd was written since it began */
    int wake_fd;      /* eventfd, made for the first wait; else -1 */
    struct pollfd *set;
    struct pool_wait **waits; /* of each entry of `set` but the first, which is the eventfd */
    uint32_t capacity;        /* entries of each */
    uint32_t most;            /* waits that poll() takes at a time, as far as is known */
};

/* Prepares zeroed waits. */
void waits_init(struct waits *waits);

/* Closes and frees everything; nothing waits any more. */
void waits_free(struct waits *waits);

/* Makes sure that one wait can be added and asked about. CINCH_OK, CINCH_E_IO (no descriptor) or
 * CINCH_E_NO_MEMORY. */
int32_t waits_prepare(struct waits *waits);

/* Adds a wait, after waits_prepare(). `milliseconds` -1: for ever. */
void waits_add(struct waits *waits, struct pool_wait *wait, int fd, short events, int milliseconds);

void waits_remove(struct waits *waits, struct pool_wait *wait);

/* Whether there is something to wait for, and nobody does. */
static inline bool waits_need_worker(const struct waits *waits)
{
    return waits->count > 0 && !waits->is_polling;
}

/* Makes the worker in waits_poll(), if there is one, come back. */
void waits_poke(struct waits *waits);

/*
 * Nobody is polling, and something waits. Asks which waits are over, and if `block`, until one is
 * or the worker is poked. Releases `lock` meanwhile. Calls `over` for each, with the lock held;
 * it has to remove the wait. Where poll() fails it is asked about fewer at a time; a wait that it
 * will not take even alone is over, with its `error` set.
 */
void waits_poll(struct waits *waits, pthread_mutex_t *lock, bool block,
                void (*over)(void *owner, struct pool_wait *wait), void *owner);

#endif
