/*
 * How the pool works.
 *
 * Workers start when there is work for them, up to the pool's number. A worker takes the first
 * task of the run queue; if the task has tokens left it goes to the queue's end, so that tasks
 * take turns whatever number of workers each would like. Urgent tasks, those of members that
 * were cancelled, come first and in a queue of their own, which workers in the middle of a long
 * chunk look at, too (pool_help).
 *
 * Idle workers wait each on a condition of its own, in a stack: the one called is the one whose
 * caches are warmest, and nobody else wakes up. While there are waits, one idle worker sits in
 * poll() for all of them instead; it is called through an eventfd. When it leaves to run a task
 * it calls another idle worker into its place, and when all workers are busy, each glances at
 * the waits before it takes a task. So a thousand stalled pipes cost no worker, and a ready one
 * is found at the latest when a task ends.
 *
 * Admission. A member that was admitted may hold open files, so at most POOL_ACTIVE_MAX (and one
 * per worker) are active at once; the rest stand in the backlog in the order they came. A member
 * with a wait under way is not counted, so stalled ones keep nobody out.
 *
 * Locks. One, `lock`; nothing else of the library is taken while it is held. Each field below
 * names its owner. Life of the workers: the array is made with the pool, and threads are joined
 * only by pool_destroy(), which first waits for the last member to leave.
 */
#include "pool.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "thread.h"
#include "waits.h"

/* Enough that a huge file keeps no small one waiting until scores of them are under way; few
 * enough that, at three descriptors each, a limit of 1024 descriptors is not reached. */
#define POOL_ACTIVE_MAX 64

/* Callbacks run on this stack, so it is at least what a careful program would ask for. */
#define POOL_STACK_MIN ((size_t)1 << 20)

/* How long a worker is idle before it frees what it need not keep. */
#define POOL_IDLE_TRIM_NS UINT64_C(1000000000)

struct worker {
    cinch_pool *pool;           /* constant */
    pthread_t thread;           /* set before the thread is counted in threads_started */
    pthread_cond_t called;      /* with the pool's lock */
    bool is_called;             /* under the pool's lock */
    struct worker *next_idle;   /* under the pool's lock */
    struct workspace workspace; /* the worker's own */
};

TAILQ_HEAD(task_queue, pool_task);
TAILQ_HEAD(member_queue, pool_member);

struct cinch_pool {
    uint32_t threads_max;     /* constant */
    uint32_t fork_generation; /* constant */

    _Atomic uint32_t queued; /* written under the lock, read anywhere: tasks in the run queue */
    _Atomic uint32_t urgent; /* likewise: tasks in the urgent queue */

    pthread_mutex_t lock;
    pthread_cond_t empty; /* broadcast when the last member of a stopping pool has left */

    /* Under the lock, all of the following. */
    struct task_queue run_queue;
    struct task_queue urgent_queue;
    struct member_queue members; /* all; those whose cancel was called are at the end */
    struct member_queue backlog; /* not yet admitted */
    struct waits waits;          /* what tasks wait for, and who asks */
    uint32_t members_count;
    uint32_t active; /* members admitted and without a wait under way */
    uint32_t threads_started;
    struct worker *idle; /* top of the stack */
    bool is_stopping;    /* no new members */
    bool is_ending;      /* no members either: workers return */

    struct worker workers[];
};

/* --- Workers ---------------------------------------------------------------------------- */

static bool pool_is_foreign(const cinch_pool *pool)
{
    return pool->fork_generation != pool_fork_generation();
}

static void *worker_main(void *argument);

struct workspace *worker_workspace(struct worker *worker)
{
    return &worker->workspace;
}

/* Lock held. Starts one more thread; false where the system refuses. */
static bool pool_start_worker(cinch_pool *pool)
{
    struct worker *worker = &pool->workers[pool->threads_started];
    worker->pool = pool;
    if (thread_condition_init(&worker->called) != 0)
        return false;

    if (thread_start(&worker->thread, POOL_STACK_MIN, worker_main, worker) != 0) {
        thread_condition_destroy(&worker->called);
        return false;
    }
    pool->threads_started++;
    return true;
}

/* Lock held. Gets one more worker to look at the queues, if there is one to be had. */
static void pool_call_worker(cinch_pool *pool)
{
    struct worker *worker = pool->idle;
    if (worker != NULL) {
        pool->idle = worker->next_idle;
        worker->is_called = true;
        thread_broadcast(&worker->called);
    } else if (pool->waits.is_polling && !pool->waits.is_poked) {
        waits_poke(&pool->waits);
    } else if (pool->threads_started < pool->threads_max) {
        pool_start_worker(pool);
    }
}

/* Lock held, and held again on return. Waits until the worker is called. */
static void worker_idle(struct worker *worker)
{
    cinch_pool *pool = worker->pool;
    worker->is_called = false;
    worker->next_idle = pool->idle;
    pool->idle = worker;
    uint64_t trim_time = thread_now() + POOL_IDLE_TRIM_NS;
    while (!worker->is_called) {
        if (thread_wait_until(&worker->called, &pool->lock, trim_time))
            continue;
        thread_unlock(&pool->lock);
        workspace_trim(&worker->workspace);
        thread_lock(&pool->lock);
        while (!worker->is_called)
            thread_wait(&worker->called, &pool->lock);
    }
}

/* --- Queues ----------------------------------------------------------------------------- */

/* Lock held. */
static void queue_insert(cinch_pool *pool, struct pool_task *task)
{
    task->is_urgent = task->is_expedited;
    if (task->is_urgent) {
        TAILQ_INSERT_TAIL(&pool->urgent_queue, task, queue_entry);
        atomic_fetch_add(&pool->urgent, 1);
    } else {
        TAILQ_INSERT_TAIL(&pool->run_queue, task, queue_entry);
        atomic_fetch_add(&pool->queued, 1);
    }
}

/* Lock held. */
static void queue_remove(cinch_pool *pool, struct pool_task *task)
{
    if (task->is_urgent) {
        TAILQ_REMOVE(&pool->urgent_queue, task, queue_entry);
        atomic_fetch_sub(&pool->urgent, 1);
    } else {
        TAILQ_REMOVE(&pool->run_queue, task, queue_entry);
        atomic_fetch_sub(&pool->queued, 1);
    }
}

/* Lock held. Takes a token of the task whose turn it is; NULL where there is none. */
static struct pool_task *queue_next(cinch_pool *pool, bool urgent_only)
{
    struct pool_task *task = TAILQ_FIRST(&pool->urgent_queue);
    if (task == NULL && !urgent_only)
        task = TAILQ_FIRST(&pool->run_queue);
    if (task == NULL)
        return NULL;
    queue_remove(pool, task);
    if (--task->tokens > 0)
        queue_insert(pool, task);
    return task;
}

/* Lock held. */
static void push_tokens(cinch_pool *pool, struct pool_task *task, uint32_t tokens)
{
    if (task->tokens == 0)
        queue_insert(pool, task);
    task->tokens += tokens;
    while (tokens-- > 0)
        pool_call_worker(pool);
}

/* Lock held. Admits as many members of the backlog as there is room for. */
static void admit_members(cinch_pool *pool)
{
    while (pool->active < POOL_ACTIVE_MAX + pool->threads_max) {
        struct pool_member *member = TAILQ_FIRST(&pool->backlog);
        if (member == NULL)
            return;
        TAILQ_REMOVE(&pool->backlog, member, backlog_entry);
        member->is_admitted = true;
        pool->active++;
        push_tokens(pool, member->task, 1);
    }
}

void pool_push(cinch_pool *pool, struct pool_task *task, uint32_t tokens)
{
    thread_lock(&pool->lock);
    push_tokens(pool, task, tokens);
    thread_unlock(&pool->lock);
}

bool pool_is_crowded(cinch_pool *pool)
{
    return atomic_load_explicit(&pool->queued, memory_order_relaxed) > 0 ||
           atomic_load_explicit(&pool->urgent, memory_order_relaxed) > 0;
}

/* --- Waits ------------------------------------------------------------------------------ */

/* Lock held. The wait is over: its task gets its token. */
static void finish_wait(void *owner, struct pool_wait *wait)
{
    cinch_pool *pool = owner;
    waits_remove(&pool->waits, wait);
    if (--wait->member->waits == 0)
        pool->active++;
    push_tokens(pool, &wait->task, 1);
}

int32_t pool_wait_begin(cinch_pool *pool, struct pool_wait *wait, int fd, short events,
                        int milliseconds)
{
    thread_lock(&pool->lock);
    int32_t code = waits_prepare(&pool->waits);
    if (code == CINCH_OK && wait->is_woken) {
        push_tokens(pool, &wait->task, 1);
    } else if (code == CINCH_OK) {
        waits_add(&pool->waits, wait, fd, events, milliseconds);
        if (wait->member->waits++ == 0) {
            pool->active--;
            admit_members(pool);
        }
        /* A worker already in poll() does not know of this wait; without one, somebody must go. */
        if (pool->waits.is_polling)
            waits_poke(&pool->waits);
        else
            pool_call_worker(pool);
    }
    thread_unlock(&pool->lock);
    return code;
}

/* --- The worker's life ------------------------------------------------------------------ */

static void *worker_main(void *argument)
{
    struct worker *worker = argument;
    cinch_pool *pool = worker->pool;
    pthread_setname_np(pthread_self(), "cinch");

    thread_lock(&pool->lock);
    for (;;) {
        bool has_task = !TAILQ_EMPTY(&pool->run_queue) || !TAILQ_EMPTY(&pool->urgent_queue);
        if (has_task && waits_need_worker(&pool->waits))
            waits_poll(&pool->waits, &pool->lock, false, finish_wait, pool);
        struct pool_task *task = queue_next(pool, false);
        if (task != NULL) {
            if (waits_need_worker(&pool->waits))
                pool_call_worker(pool);
            thread_unlock(&pool->lock);
            task->run(task, worker);
            thread_lock(&pool->lock);
        } else if (pool->is_ending) {
            break;
        } else if (waits_need_worker(&pool->waits)) {
            waits_poll(&pool->waits, &pool->lock, true, finish_wait, pool);
        } else {
            worker_idle(worker);
        }
    }
    thread_unlock(&pool->lock);
    workspace_free(&worker->workspace);
    return NULL;
}

void pool_help(cinch_pool *pool, struct worker *worker)
{
    while (atomic_load_explicit(&pool->urgent, memory_order_relaxed) > 0) {
        thread_lock(&pool->lock);
        struct pool_task *task = queue_next(pool, true);
        thread_unlock(&pool->lock);
        if (task == NULL)
            return;
        task->run(task, worker);
    }
}

/* --- Members ---------------------------------------------------------------------------- */

int32_t pool_join(cinch_pool *pool, struct pool_member *member)
{
    if (pool_is_foreign(pool))
        return CINCH_E_SHUTDOWN;
    int32_t code = CINCH_OK;
    thread_lock(&pool->lock);
    if (pool->is_stopping) {
        code = CINCH_E_SHUTDOWN;
    } else {
        pool->members_count++;
        TAILQ_INSERT_HEAD(&pool->members, member, members_entry);
        TAILQ_INSERT_TAIL(&pool->backlog, member, backlog_entry);
        admit_members(pool);
    }
    thread_unlock(&pool->lock);
    return code;
}

void pool_leave(cinch_pool *pool, struct pool_member *member)
{
    thread_lock(&pool->lock);
    TAILQ_REMOVE(&pool->members, member, members_entry);
    pool->members_count--;
    pool->active--;
    admit_members(pool);
    if (pool->members_count == 0 && pool->is_stopping)
        thread_broadcast(&pool->empty);
    thread_unlock(&pool->lock);
}

/* Lock held. From now on the task goes before all others: where it stands already, and whenever
 * it gets tokens again. */
static void task_expedite(cinch_pool *pool, struct pool_task *task)
{
    task->is_expedited = true;
    if (task->tokens > 0 && !task->is_urgent) {
        queue_remove(pool, task);
        queue_insert(pool, task);
    }
}

void pool_expedite(cinch_pool *pool, struct pool_member *member, struct pool_wait *const *waits,
                   uint32_t count)
{
    thread_lock(&pool->lock);
    for (uint32_t i = 0; i < count; i++) {
        struct pool_wait *wait = waits[i];
        wait->is_woken = true;
        task_expedite(pool, &wait->task);
        if (wait->is_waiting)
            finish_wait(pool, wait);
    }
    task_expedite(pool, member->task);
    if (!member->is_admitted) {
        TAILQ_REMOVE(&pool->backlog, member, backlog_entry);
        member->is_admitted = true;
        pool->active++;
        push_tokens(pool, member->task, 1);
    }
    thread_unlock(&pool->lock);
}

uint32_t pool_threads(const cinch_pool *pool)
{
    return pool->threads_max;
}

/* --- Making and ending ------------------------------------------------------------------ */

int32_t pool_create(uint32_t threads, cinch_pool **result)
{
    *result = NULL;
    int32_t code = pool_watch_forks();
    if (code != CINCH_OK)
        return code;
    code = CINCH_E_NO_MEMORY;
    cinch_pool *pool = calloc(1, sizeof *pool + threads * sizeof pool->workers[0]);
    if (pool == NULL)
        return CINCH_E_NO_MEMORY;
    pool->threads_max = threads;
    pool->fork_generation = pool_fork_generation();
    TAILQ_INIT(&pool->run_queue);
    TAILQ_INIT(&pool->urgent_queue);
    TAILQ_INIT(&pool->members);
    TAILQ_INIT(&pool->backlog);
    waits_init(&pool->waits);
    if (thread_lock_init(&pool->lock) != 0)
        goto lock_failed;
    if (thread_condition_init(&pool->empty) != 0)
        goto empty_failed;
    thread_lock(&pool->lock);
    bool started = pool_start_worker(pool);
    thread_unlock(&pool->lock);
    if (!started) {
        code = CINCH_E_NO_THREAD;
        goto worker_failed;
    }
    *result = pool;
    return CINCH_OK;

worker_failed:
    thread_condition_destroy(&pool->empty);
empty_failed:
    thread_lock_destroy(&pool->lock);
lock_failed:
    free(pool);
    return code;
}

/* Calls every member's cancel once. New members are refused by now; old ones may leave at any
 * time, so each is kept for the length of its call. */
static void cancel_members(cinch_pool *pool)
{
    thread_lock(&pool->lock);
    for (;;) {
        struct pool_member *member = TAILQ_FIRST(&pool->members);
        if (member == NULL || member->was_notified)
            break;
        member->was_notified = true;
        TAILQ_REMOVE(&pool->members, member, members_entry);
        TAILQ_INSERT_TAIL(&pool->members, member, members_entry);
        member->retain(member);
        thread_unlock(&pool->lock);
        member->cancel(member);
        member->release(member);
        thread_lock(&pool->lock);
    }
    thread_unlock(&pool->lock);
}

void pool_destroy(cinch_pool *pool, bool cancel)
{
    if (pool_is_foreign(pool))
        return;
    thread_lock(&pool->lock);
    pool->is_stopping = true;
    thread_unlock(&pool->lock);
    if (cancel)
        cancel_members(pool);

    thread_lock(&pool->lock);
    while (pool->members_count > 0)
        thread_wait(&pool->empty, &pool->lock);
    pool->is_ending = true;
    while (pool->idle != NULL)
        pool_call_worker(pool);
    waits_poke(&pool->waits);
    uint32_t started = pool->threads_started;
    thread_unlock(&pool->lock);

    for (uint32_t i = 0; i < started; i++) {
        thread_join(pool->workers[i].thread);
        thread_condition_destroy(&pool->workers[i].called);
    }
    waits_free(&pool->waits);
    thread_condition_destroy(&pool->empty);
    thread_lock_destroy(&pool->lock);
    free(pool);
}
