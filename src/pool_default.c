/*
 * What the process has one of: the default pool, and how often it has forked.
 */
#include "pool.h"

#include <stdatomic.h>

#include "processors.h"
#include "thread.h"

static pthread_mutex_t default_lock = THREAD_LOCK_INITIALIZER;
static cinch_pool *default_pool; /* under default_lock */
static _Atomic uint32_t fork_generation;
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;
static int fork_error; /* why forks are not noticed, an errno value; constant after fork_once */

/* In the child only the forking thread exists: whoever held default_lock does not. The parent's
 * pool stays allocated, as its state may be half changed. */
static void after_fork_in_child(void)
{
    atomic_fetch_add(&fork_generation, 1);
    default_lock = (pthread_mutex_t)THREAD_LOCK_INITIALIZER;
    default_pool = NULL;
}

static void watch_forks(void)
{
    fork_error = pthread_atfork(NULL, NULL, after_fork_in_child);
}

int32_t pool_watch_forks(void)
{
    pthread_once(&fork_once, watch_forks);
    return fork_error == 0 ? CINCH_OK : CINCH_E_NO_MEMORY;
}

uint32_t pool_fork_generation(void)
{
    pthread_once(&fork_once, watch_forks);
    return atomic_load_explicit(&fork_generation, memory_order_relaxed);
}

int32_t pool_default(cinch_pool **pool)
{
    int32_t code = pool_watch_forks();
    if (code != CINCH_OK)
        return code;
    thread_lock(&default_lock);
    if (default_pool == NULL)
        code = pool_create(processors_usable(), &default_pool);
    *pool = default_pool;
    thread_unlock(&default_lock);
    return code;
}
