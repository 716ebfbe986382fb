/*
 * Pool: waiting for descriptors and times without a worker.
 */
#include "pool.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "actor.h"
#include "support/scratch.h"
#include "support/stream.h"
#include "support/test.h"
#include "thread.h"

#define ACTIVE_MAX(threads) (64 + (threads))

/* --- A system that refuses -------------------------------------------------------------- */

static atomic_int eventfd_error; /* 0: it is not refused */
static atomic_bool refuses_realloc;

int __real_eventfd(unsigned count, int flags);
int __wrap_eventfd(unsigned count, int flags);
void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);

int __wrap_eventfd(unsigned count, int flags)
{
    int error = atomic_load(&eventfd_error);
    if (error == 0)
        return __real_eventfd(count, flags);
    errno = error;
    return -1;
}

/* Polls that may block, as they begin; and how many of them ended because the poller was poked. */
static struct counter polls;
static atomic_uint pokes;

/* How many descriptors poll() takes at once, as where their number is limited; and the most that it
 * took. */
static atomic_ulong poll_limit = ULONG_MAX;
static atomic_ulong polled_most;

static void forget_polls(void)
{
    while (counter_value(&polls) > 0)
        counter_wait(&polls, 1);
}

int __real_poll(struct pollfd *set, nfds_t count, int timeout);
int __wrap_poll(struct pollfd *set, nfds_t count, int timeout);

int __wrap_poll(struct pollfd *set, nfds_t count, int timeout)
{
    bool is_refused = count > atomic_load(&poll_limit);
    if (!is_refused && count > atomic_load(&polled_most))
        atomic_store(&polled_most, count);
    if (timeout != 0)
        counter_add(&polls);
    if (is_refused) {
        errno = EINVAL;
        return -1;
    }
    int ready = __real_poll(set, count, timeout);
    if (timeout != 0 && ready > 0 && set[0].revents != 0)
        atomic_fetch_add(&pokes, 1);
    return ready;
}

/* pthread_create() as the library calls it: refuses all but so many threads. */
static atomic_int threads_allowed = -1; /* -1: any number */

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument)
{
    if (atomic_load(&threads_allowed) == 0)
        return EAGAIN;
    if (atomic_load(&threads_allowed) > 0)
        atomic_fetch_sub(&threads_allowed, 1);
    return __real_pthread_create(thread, attributes, start, argument);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return atomic_load(&refuses_realloc) ? NULL : __real_realloc(memory, size);
}

/* --- Actors with pipes ------------------------------------------------------------------ */

/* An actor that waits for a pipe of its own. */
struct waiter {
    struct actor actor; /* first, so that one is the other */
    int ends[2];
    short events;     /* for ends[0] or, POLLOUT, ends[1] */
    int milliseconds; /* -1: for ever */
    uint64_t began;   /* times of thread_now() */
    uint64_t ended;
    int32_t code; /* of pool_wait_begin() */
};

static void begin_wait(struct actor *actor, struct worker *worker)
{
    struct waiter *waiter = (struct waiter *)(void *)actor;
    int fd = waiter->events == POLLOUT ? waiter->ends[1] : waiter->ends[0];

    (void)worker;
    waiter->began = thread_now();
    waiter->code =
        pool_wait_begin(actor->pool, &actor->wait, fd, waiter->events, waiter->milliseconds);
}

static void note_end(struct actor *actor, struct worker *worker)
{
    struct waiter *waiter = (struct waiter *)(void *)actor;

    waiter->ended = thread_now();
    actor_note(actor, worker);
}

/* A waiter that is a member; its wait begins when its task runs. */
static void waiter_join(struct waiter *waiter, cinch_pool *pool, char name, actor_step on_resume)
{
    actor_init(&waiter->actor, pool, name, begin_wait, on_resume);
    pipe_make(waiter->ends);
    waiter->events = POLLIN;
    waiter->milliseconds = -1;
    assert_code(CINCH_OK, pool_join(pool, &waiter->actor.member));
}

static void waiter_wake(const struct waiter *waiter)
{
    assert_int_equal(write(waiter->ends[1], "x", 1), 1);
}

static void waiter_free(struct waiter *waiter)
{
    assert_code(CINCH_OK, waiter->code);
    actor_destroy(&waiter->actor);
    if (waiter->ends[0] >= 0)
        close(waiter->ends[0]);
    if (waiter->ends[1] >= 0)
        close(waiter->ends[1]);
}

static void waiter_leave(struct waiter *waiter)
{
    pool_leave(waiter->actor.pool, &waiter->actor.member);
    waiter_free(waiter);
}

/* Runs one task from its beginning to its end: there is a worker to be had. */
static void run_task(cinch_pool *pool)
{
    struct actor task;

    actor_init(&task, pool, '.', NULL, NULL);
    pool_push(pool, &task.task, 1);
    counter_wait(&task.ran, 1);
    actor_destroy(&task);
}

/* --- Descriptors ------------------------------------------------------------------------ */

static void a_hundred_stalled_pipes_cost_no_worker(void **state)
{
    enum {
        COUNT = 100
    };
    cinch_pool *pool = pool_with_threads(1);
    struct waiter *waiters = calloc(COUNT, sizeof *waiters);

    (void)state;
    assert_non_null(waiters);
    log_clear();
    /* More than are admitted at once: who waits keeps nobody out. */
    for (int i = 0; i < COUNT; i++)
        waiter_join(&waiters[i], pool, (char)(' ' + 1 + i % 90), note_end);
    for (int i = 0; i < COUNT; i++)
        counter_wait(&waiters[i].actor.ran, 1);
    assert_string_equal(log_text(), "");
    run_task(pool);
    for (int i = 0; i < COUNT; i++) {
        struct waiter *waiter = &waiters[i * 37 % COUNT];
        waiter_wake(waiter);
        counter_wait(&waiter->actor.resumed, 1);
        assert_int_equal(strlen(log_text()), i + 1);
        assert_int_equal(log_text()[i], waiter->actor.name);
        run_task(pool);
    }
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(counter_value(&waiters[i].actor.resumed), 0);
        waiter_leave(&waiters[i]);
    }
    pool_destroy(pool, false);
    free(waiters);
}

static void all_that_are_ready_at_once_are_served(void **state)
{
    enum {
        COUNT = 40
    };
    cinch_pool *pool = pool_with_threads(2);
    struct waiter waiters[COUNT];
    struct actor blocker;

    (void)state;
    for (int i = 0; i < COUNT; i++)
        waiter_join(&waiters[i], pool, 'w', note_end);
    for (int i = 0; i < COUNT; i++)
        counter_wait(&waiters[i].actor.ran, 1);
    actor_init(&blocker, pool, '#', actor_hold, NULL);
    pool_push(pool, &blocker.task, 2);
    counter_wait(&blocker.entered, 2);
    for (int i = 0; i < COUNT; i++)
        waiter_wake(&waiters[i]);
    gate_open(&blocker.gate);
    for (int i = 0; i < COUNT; i++)
        counter_wait(&waiters[i].actor.resumed, 1);
    for (int i = 0; i < COUNT; i++)
        waiter_leave(&waiters[i]);
    pool_destroy(pool, false);
    actor_destroy(&blocker);
}

static void a_writer_waits_until_there_is_room(void **state)
{
    cinch_pool *pool = pool_with_threads(1);
    struct waiter waiter;
    char bytes[4096];

    (void)state;
    actor_init(&waiter.actor, pool, 'w', begin_wait, note_end);
    pipe_make(waiter.ends);
    size_t filled = pipe_fill(waiter.ends[1]);
    waiter.events = POLLOUT;
    waiter.milliseconds = -1;
    assert_code(CINCH_OK, pool_join(pool, &waiter.actor.member));
    counter_wait(&waiter.actor.ran, 1);
    run_task(pool);
    assert_int_equal(counter_value(&waiter.actor.resumed), 0);
    for (size_t left = filled; left > 0;) {
        ssize_t count = read(waiter.ends[0], bytes, sizeof bytes);
        assert_true(count > 0);
        left -= (size_t)count;
    }
    counter_wait(&waiter.actor.resumed, 1);
    waiter_leave(&waiter);
    pool_destroy(pool, false);
}

/* What the next read or write will say is not for the pool to tell. */
static void an_end_or_an_error_is_ready_too(void **state)
{
    cinch_pool *pool = pool_with_threads(1);
    struct waiter hung_up, reader_gone, closed;

    (void)state;
    waiter_join(&hung_up, pool, 'h', note_end);
    counter_wait(&hung_up.actor.ran, 1);
    close(hung_up.ends[1]);
    hung_up.ends[1] = -1;
    counter_wait(&hung_up.actor.resumed, 1);

    actor_init(&reader_gone.actor, pool, 'r', begin_wait, note_end);
    pipe_make(reader_gone.ends);
    pipe_fill(reader_gone.ends[1]);
    reader_gone.events = POLLOUT;
    reader_gone.milliseconds = -1;
    assert_code(CINCH_OK, pool_join(pool, &reader_gone.actor.member));
    counter_wait(&reader_gone.actor.ran, 1);
    close(reader_gone.ends[0]);
    reader_gone.ends[0] = -1;
    counter_wait(&reader_gone.actor.resumed, 1);

    actor_init(&closed.actor, pool, 'c', begin_wait, note_end);
    pipe_make(closed.ends);
    close(closed.ends[0]); /* POLLNVAL */
    closed.events = POLLIN;
    closed.milliseconds = -1;
    assert_code(CINCH_OK, pool_join(pool, &closed.actor.member));
    counter_wait(&closed.actor.resumed, 1);
    closed.ends[0] = -1;

    waiter_leave(&hung_up);
    waiter_leave(&reader_gone);
    waiter_leave(&closed);
    pool_destroy(pool, false);
}

/* A wait can begin again and again, from its own end too. */
static void wait_again(struct actor *actor, struct worker *worker)
{
    struct waiter *waiter = (struct waiter *)(void *)actor;
    char byte;

    note_end(actor, worker);
    if (read(waiter->ends[0], &byte, 1) == 1 && byte == 'x')
        begin_wait(actor, worker);
}

static void waits_follow_each_other(void **state)
{
    cinch_pool *pool = pool_with_threads(1);
    struct waiter waiter;

    (void)state;
    log_clear();
    waiter_join(&waiter, pool, 'w', wait_again);
    for (int i = 0; i < 20; i++) {
        waiter_wake(&waiter);
        counter_wait(&waiter.actor.resumed, 1);
    }
    assert_int_equal(write(waiter.ends[1], ".", 1), 1);
    counter_wait(&waiter.actor.resumed, 1);
    assert_int_equal(strlen(log_text()), 21);
    waiter_leave(&waiter);
    pool_destroy(pool, false);
}

/* --- Workers ---------------------------------------------------------------------------- */

/* Yields to others for ever, until its context says that it is enough. */
struct endless {
    atomic_bool enough;
    unsigned turns;
};

static void run_endlessly(struct actor *actor, struct worker *worker)
{
    struct endless *endless = actor->context;

    (void)worker;
    endless->turns++;
    if (!atomic_load(&endless->enough))
        pool_push(actor->pool, &actor->task, 1);
}

static void end_the_endless(struct actor *actor, struct worker *worker)
{
    struct endless *endless = actor->context;

    note_end(actor, worker);
    atomic_store(&endless->enough, true);
}

static void busy_workers_look_at_the_waits(void **state)
{
    cinch_pool *pool = pool_with_threads(1);
    struct endless endless = {.turns = 0};
    struct actor busy, blocker;
    struct waiter waiter;

    (void)state;
    waiter_join(&waiter, pool, 'w', end_the_endless);
    waiter.actor.context = &endless;
    counter_wait(&waiter.actor.ran, 1);
    actor_init(&blocker, pool, '#', actor_hold, NULL);
    pool_push(pool, &blocker.task, 1);
    counter_wait(&blocker.entered, 1);
    actor_init(&busy, pool, 'b', run_endlessly, NULL);
    busy.context = &endless;
    pool_push(pool, &busy.task, 1);
    waiter_wake(&waiter);
    gate_open(&blocker.gate);
    counter_wait(&waiter.actor.resumed, 1);
    run_task(pool);
    assert_in_range(endless.turns, 1, 3);
    waiter_leave(&waiter);
    pool_destroy(pool, false);
    actor_destroy(&busy);
    actor_destroy(&blocker);
}

/* Whether the thread of this number is a worker that sleeps. */
static bool is_sleeping_worker(const char *number)
{
    char path[PATH_MAX], text[64] = "";

    snprintf(path, sizeof path, "/proc/self/task/%s/stat", number);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[size] = '\0';
    return strstr(text, "(cinch) S") != NULL;
}

/* Returns when so many workers sleep: idle, in poll(), or held. */
static void await_sleep(unsigned workers)
{
    unsigned asleep;

    do {
        DIR *folder = opendir("/proc/self/task");
        struct dirent *entry;
        assert_non_null(folder);
        asleep = 0;
        while ((entry = readdir(folder)) != NULL)
            asleep += is_sleeping_worker(entry->d_name);
        closedir(folder);
        sched_yield();
    } while (asleep < workers);
}

/* Has two workers started, and no more. */
static void start_two_workers(cinch_pool *pool)
{
    struct actor both;

    atomic_store(&threads_allowed, 1);
    actor_init(&both, pool, 'b', actor_hold, NULL);
    pool_push(pool, &both.task, 2);
    counter_wait(&both.entered, 2);
    atomic_store(&threads_allowed, -1);
    gate_open(&both.gate);
    counter_wait(&both.ran, 2);
    actor_destroy(&both);
}

/* A waiter that one of two workers polls for, while the other is idle. */
static void waiter_join_at_rest(struct waiter *waiter, cinch_pool *pool, actor_step on_resume)
{
    start_two_workers(pool);
    atomic_store(&threads_allowed, 0);
    forget_polls();
    waiter_join(waiter, pool, 'w', on_resume);
    counter_wait(&waiter->actor.ran, 1);
    counter_wait(&polls, 1);
    await_sleep(2);
    atomic_store(&threads_allowed, -1);
}

/* The worker that polls leaves to run a task: another one takes its place, be it idle ... */
static void an_idle_worker_takes_the_poller_s_place(void **state)
{
    cinch_pool *pool = pool_with_threads(2);
    struct waiter first, second;

    (void)state;
    start_two_workers(pool);
    waiter_join(&first, pool, '1', actor_hold);
    waiter_join(&second, pool, '2', actor_hold);
    counter_wait(&first.actor.ran, 1);
    counter_wait(&second.actor.ran, 1);
    waiter_wake(&first);
    counter_wait(&first.actor.woken, 1);
    waiter_wake(&second);
    counter_wait(&second.actor.woken, 1);
    gate_open(&first.actor.gate);
    gate_open(&second.actor.gate);
    counter_wait(&first.actor.resumed, 1);
    counter_wait(&second.actor.resumed, 1);
    waiter_leave(&first);
    waiter_leave(&second);
    pool_destroy(pool, false);
}

/* ... or not even started. */
static void a_new_worker_takes_the_poller_s_place(void **state)
{
    cinch_pool *pool = pool_with_threads(2);
    struct actor held;
    struct waiter waiter;

    (void)state;
    atomic_store(&threads_allowed, 0);
    forget_polls();
    waiter_join(&waiter, pool, 'w', note_end);
    counter_wait(&waiter.actor.ran, 1);
    counter_wait(&polls, 1);
    atomic_store(&threads_allowed, -1);
    actor_init(&held, pool, 'h', actor_hold, NULL);
    pool_push(pool, &held.task, 1);
    counter_wait(&held.entered, 1);
    waiter_wake(&waiter);
    counter_wait(&waiter.actor.resumed, 1);
    gate_open(&held.gate);
    counter_wait(&held.ran, 1);
    waiter_leave(&waiter);
    pool_destroy(pool, false);
    actor_destroy(&held);
}

/* An idle worker is called for the end of an expedited wait, and the poller stays where it is,
 * asking for what is gone. */
static void a_poller_forgets_waits_that_have_ended(void **state)
{
    cinch_pool *pool = pool_with_threads(2);
    struct waiter waiter;

    (void)state;
    waiter_join_at_rest(&waiter, pool, note_end);
    actor_expedite(&waiter.actor);
    counter_wait(&waiter.actor.resumed, 1);
    waiter_wake(&waiter);
    start_two_workers(pool); /* both have come back meanwhile */
    assert_int_equal(counter_value(&waiter.actor.resumed), 0);
    waiter_leave(&waiter);
    pool_destroy(pool, false);
}

/* The same; the pool ends while the poller waits for nothing any more. */
static void a_poller_without_waits_is_called_to_the_end(void **state)
{
    cinch_pool *pool = pool_with_threads(2);
    struct waiter waiter;

    (void)state;
    waiter_join_at_rest(&waiter, pool, note_end);
    actor_expedite(&waiter.actor);
    counter_wait(&waiter.actor.resumed, 1);
    pool_leave(pool, &waiter.actor.member);
    pool_destroy(pool, false);
    waiter_free(&waiter); /* only now, as closing the pipe would wake the poller */
}

/* And again: two tokens at once, for which one poke wakes one poller. */
static void a_poked_poller_is_not_counted_on_twice(void **state)
{
    cinch_pool *pool = pool_with_threads(3);
    struct waiter waiter;
    struct actor both;

    (void)state;
    waiter_join_at_rest(&waiter, pool, actor_hold);
    actor_expedite(&waiter.actor);
    counter_wait(&waiter.actor.woken, 1);
    actor_init(&both, pool, 'b', actor_hold, NULL);
    pool_push(pool, &both.task, 2);
    counter_wait(&both.entered, 2);
    gate_open(&both.gate);
    gate_open(&waiter.actor.gate);
    counter_wait(&both.ran, 2);
    counter_wait(&waiter.actor.resumed, 1);
    waiter_leave(&waiter);
    pool_destroy(pool, false);
    actor_destroy(&both);
}

static void a_poke_wakes_the_poller_once(void **state)
{
    enum {
        TASKS = 100
    };
    cinch_pool *pool = pool_with_threads(1);
    struct waiter waiter;

    (void)state;
    waiter_join(&waiter, pool, 'w', note_end);
    counter_wait(&waiter.actor.ran, 1);
    atomic_store(&pokes, 0);
    for (int i = 0; i < TASKS; i++)
        run_task(pool);
    assert_in_range(atomic_load(&pokes), 0, TASKS);
    waiter_wake(&waiter);
    counter_wait(&waiter.actor.resumed, 1);
    waiter_leave(&waiter);
    pool_destroy(pool, false);
}

/* The poller sleeps for ever, as far as it knows. */
static void a_wait_that_begins_later_is_seen(void **state)
{
    cinch_pool *pool = pool_with_threads(1);
    struct waiter stalled, ready, timed;

    (void)state;
    waiter_join(&stalled, pool, 's', note_end);
    counter_wait(&stalled.actor.ran, 1);
    actor_init(&ready.actor, pool, 'r', NULL, note_end);
    pipe_make(ready.ends);
    waiter_wake(&ready);
    assert_code(CINCH_OK, pool_join(pool, &ready.actor.member));
    counter_wait(&ready.actor.ran, 1);
    ready.code = pool_wait_begin(pool, &ready.actor.wait, ready.ends[0], POLLIN, -1);
    counter_wait(&ready.actor.resumed, 1);

    actor_init(&timed.actor, pool, 't', NULL, note_end);
    timed.ends[0] = timed.ends[1] = -1;
    assert_code(CINCH_OK, pool_join(pool, &timed.actor.member));
    counter_wait(&timed.actor.ran, 1);
    timed.code = pool_wait_begin(pool, &timed.actor.wait, -1, 0, 1);
    counter_wait(&timed.actor.resumed, 1);

    assert_int_equal(counter_value(&stalled.actor.resumed), 0);
    waiter_wake(&stalled);
    counter_wait(&stalled.actor.resumed, 1);
    waiter_leave(&timed);
    waiter_leave(&ready);
    waiter_leave(&stalled);
    pool_destroy(pool, false);
}

/* --- Times ------------------------------------------------------------------------------ */

static void a_wait_ends_at_its_time_and_not_before(void **state)
{
    static const int times[] = {0, 1, 20, 5};
    enum {
        COUNT = sizeof times / sizeof times[0]
    };
    cinch_pool *pool = pool_with_threads(1);
    struct waiter waiters[COUNT], patient;

    (void)state;
    log_clear();
    waiter_join(&patient, pool, 'p', note_end);
    for (int i = 0; i < COUNT; i++) {
        actor_init(&waiters[i].actor, pool, 't', begin_wait, note_end);
        waiters[i].ends[0] = waiters[i].ends[1] = -1;
        waiters[i].events = 0;
        waiters[i].milliseconds = times[i];
        assert_code(CINCH_OK, pool_join(pool, &waiters[i].actor.member));
    }
    for (int i = 0; i < COUNT; i++)
        counter_wait(&waiters[i].actor.resumed, 1);
    for (int i = 0; i < COUNT; i++) {
        uint64_t lasted = waiters[i].ended - waiters[i].began;
        if (lasted < (uint64_t)times[i] * 1000000u)
            fail_msg("a wait of %d ms ended after %llu ns", times[i], (unsigned long long)lasted);
    }
    assert_string_equal(log_text(), "tttt");
    waiter_wake(&patient);
    counter_wait(&patient.actor.resumed, 1);
    for (int i = 0; i < COUNT; i++)
        waiter_leave(&waiters[i]);
    waiter_leave(&patient);
    pool_destroy(pool, false);
}

static void a_stalled_pipe_is_given_up_in_time(void **state)
{
    cinch_pool *pool = pool_with_threads(1);
    struct waiter waiter;

    (void)state;
    actor_init(&waiter.actor, pool, 'w', begin_wait, note_end);
    pipe_make(waiter.ends);
    waiter.events = POLLIN;
    waiter.milliseconds = 10;
    assert_code(CINCH_OK, pool_join(pool, &waiter.actor.member));
    counter_wait(&waiter.actor.resumed, 1);
    assert_true(waiter.ended - waiter.began >= 10000000u);
    waiter_leave(&waiter);
    pool_destroy(pool, false);
}

/* --- Members ---------------------------------------------------------------------------- */

/* A member of two waits: it is stalled as long as either is under way. */
static void who_waits_makes_room_for_one_more(void **state)
{
    const unsigned count = ACTIVE_MAX(1) + 3;
    cinch_pool *pool = pool_with_threads(1);
    struct actor *members = calloc(count, sizeof *members);
    struct waiter stalled, other;

    (void)state;
    assert_non_null(members);
    waiter_join(&stalled, pool, 's', note_end);
    counter_wait(&stalled.actor.ran, 1);
    actor_init(&other.actor, pool, 'o', NULL, note_end);
    pipe_make(other.ends);
    other.actor.wait.member = &stalled.actor.member;
    other.code = pool_wait_begin(pool, &other.actor.wait, other.ends[0], POLLIN, -1);
    assert_code(CINCH_OK, other.code);

    for (unsigned i = 0; i < count; i++) {
        actor_init(&members[i], pool, 'm', NULL, NULL);
        assert_code(CINCH_OK, pool_join(pool, &members[i].member));
    }
    for (unsigned i = 0; i < ACTIVE_MAX(1); i++)
        counter_wait(&members[i].ran, 1);
    run_task(pool);
    assert_int_equal(counter_value(&members[ACTIVE_MAX(1)].ran), 0);

    /* Back from one wait: still stalled. */
    waiter_wake(&other);
    counter_wait(&other.actor.resumed, 1);
    pool_leave(pool, &members[0].member);
    counter_wait(&members[ACTIVE_MAX(1)].ran, 1);
    /* Back from both, they are one too many: the next to leave makes no room, one more does. */
    waiter_wake(&stalled);
    counter_wait(&stalled.actor.resumed, 1);
    pool_leave(pool, &members[1].member);
    run_task(pool);
    assert_int_equal(counter_value(&members[ACTIVE_MAX(1) + 1].ran), 0);
    pool_leave(pool, &members[2].member);
    counter_wait(&members[ACTIVE_MAX(1) + 1].ran, 1);
    /* A wait that begins makes room at once. */
    stalled.code = pool_wait_begin(pool, &stalled.actor.wait, -1, 0, -1);
    counter_wait(&members[ACTIVE_MAX(1) + 2].ran, 1);

    actor_expedite(&stalled.actor);
    counter_wait(&stalled.actor.resumed, 1);
    waiter_leave(&stalled);
    for (unsigned i = 3; i < count; i++)
        pool_leave(pool, &members[i].member);
    pool_destroy(pool, false);
    for (unsigned i = 0; i < count; i++)
        actor_destroy(&members[i]);
    free(members);
    actor_destroy(&other.actor);
    close(other.ends[0]);
    close(other.ends[1]);
}

static void expediting_ends_waits_for_good(void **state)
{
    cinch_pool *pool = pool_with_threads(1);
    struct waiter waiter, other;

    (void)state;
    waiter_join(&waiter, pool, 'w', note_end);
    waiter_join(&other, pool, 'o', note_end);
    counter_wait(&waiter.actor.ran, 1);
    counter_wait(&other.actor.ran, 1);
    actor_expedite(&waiter.actor);
    counter_wait(&waiter.actor.resumed, 1);
    /* Now and in future, again and again. */
    for (int i = 0; i < 3; i++) {
        assert_code(CINCH_OK,
                    pool_wait_begin(pool, &waiter.actor.wait, waiter.ends[0], POLLIN, -1));
        counter_wait(&waiter.actor.resumed, 1);
    }
    assert_int_equal(counter_value(&other.actor.resumed), 0);
    waiter_wake(&other);
    counter_wait(&other.actor.resumed, 1);
    waiter_leave(&waiter);
    waiter_leave(&other);
    pool_destroy(pool, false);
}

/* Ends of waits, urgent or not, stand in the queues as other tokens do. */
static void an_expedited_wait_goes_before_all_others(void **state)
{
    cinch_pool *pool = pool_with_threads(1);
    struct actor blocker, second, a;
    struct waiter waiting, over;

    (void)state;
    log_clear();
    waiter_join(&waiting, pool, 'w', note_end);
    waiter_join(&over, pool, 'o', note_end);
    counter_wait(&waiting.actor.ran, 1);
    counter_wait(&over.actor.ran, 1);
    actor_init(&blocker, pool, '#', actor_hold, NULL);
    actor_init(&second, pool, '#', actor_hold, NULL);
    actor_init(&a, pool, 'a', actor_note, NULL);
    pool_push(pool, &blocker.task, 1);
    counter_wait(&blocker.entered, 1);
    pool_push(pool, &second.task, 1);
    pool_push(pool, &a.task, 1);
    /* The worker sees this before its next task: then the wait is over, its end queued. */
    waiter_wake(&over);
    gate_open(&blocker.gate);
    counter_wait(&second.entered, 1);
    actor_expedite(&waiting.actor);
    actor_expedite(&over.actor);
    gate_open(&second.gate);
    counter_wait(&a.ran, 1);
    assert_string_equal(log_text(), "woa");
    waiter_leave(&waiting);
    waiter_leave(&over);
    pool_destroy(pool, false);
    actor_destroy(&blocker);
    actor_destroy(&second);
    actor_destroy(&a);
}

static void leave_when_resumed(struct actor *actor, struct worker *worker)
{
    note_end(actor, worker);
    pool_leave(actor->pool, &actor->member);
}

static void cancelling_ends_all_waits(void **state)
{
    enum {
        COUNT = 80
    };
    cinch_pool *pool = pool_with_threads(2);
    struct waiter waiters[COUNT];

    (void)state;
    for (int i = 0; i < COUNT; i++)
        waiter_join(&waiters[i], pool, 'w', leave_when_resumed);
    for (int i = 0; i < COUNT; i++)
        counter_wait(&waiters[i].actor.ran, 1);
    pool_destroy(pool, true);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(counter_value(&waiters[i].actor.resumed), 1);
        assert_int_equal(atomic_load(&waiters[i].actor.cancels), 1);
        actor_destroy(&waiters[i].actor);
        close(waiters[i].ends[0]);
        close(waiters[i].ends[1]);
    }
}

/* --- Where the system refuses ----------------------------------------------------------- */

static void without_a_descriptor_or_memory_there_is_no_wait(void **state)
{
    static const struct {
        int error;
        int32_t code;
    } refusals[] = {{EMFILE, CINCH_E_IO}, {ENOMEM, CINCH_E_NO_MEMORY}};
    cinch_pool *pool = pool_with_threads(1);
    struct waiter waiter;

    (void)state;
    actor_init(&waiter.actor, pool, 'w', NULL, note_end);
    pipe_make(waiter.ends);
    waiter_wake(&waiter);
    assert_code(CINCH_OK, pool_join(pool, &waiter.actor.member));
    counter_wait(&waiter.actor.ran, 1);

    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        atomic_store(&eventfd_error, refusals[i].error);
        int32_t code = pool_wait_begin(pool, &waiter.actor.wait, waiter.ends[0], POLLIN, -1);
        atomic_store(&eventfd_error, 0);
        assert_code(refusals[i].code, code);
    }
    atomic_store(&refuses_realloc, true);
    int32_t code = pool_wait_begin(pool, &waiter.actor.wait, waiter.ends[0], POLLIN, -1);
    atomic_store(&refuses_realloc, false);
    assert_code(CINCH_E_NO_MEMORY, code);
    run_task(pool);
    assert_int_equal(counter_value(&waiter.actor.resumed), 0);

    waiter.code = pool_wait_begin(pool, &waiter.actor.wait, waiter.ends[0], POLLIN, -1);
    assert_code(CINCH_OK, waiter.code);
    counter_wait(&waiter.actor.resumed, 1);
    waiter_leave(&waiter);
    pool_destroy(pool, false);
}

/* There is memory to poll for two or three; all of them are heard in turn. */
static void with_little_memory_waits_take_turns(void **state)
{
    enum {
        COUNT = 20
    };
    cinch_pool *pool = pool_with_threads(1);
    struct waiter waiters[COUNT];

    (void)state;
    waiter_join(&waiters[0], pool, 'w', note_end);
    counter_wait(&waiters[0].actor.ran, 1);
    atomic_store(&refuses_realloc, true);
    for (int i = 1; i < COUNT; i++)
        waiter_join(&waiters[i], pool, 'w', note_end);
    for (int i = 1; i < COUNT; i++)
        counter_wait(&waiters[i].actor.ran, 1);
    for (int i = COUNT - 1; i >= 0; i--) {
        waiter_wake(&waiters[i]);
        counter_wait(&waiters[i].actor.resumed, 1);
    }
    atomic_store(&refuses_realloc, false);
    for (int i = 0; i < COUNT; i++)
        waiter_leave(&waiters[i]);
    pool_destroy(pool, false);
}

/* The kernel polls for a few descriptors at a time, less than there are: all are heard in turn
 * nevertheless, and together again once it polls for more. */
static void too_many_for_one_poll_take_turns(void **state)
{
    enum {
        COUNT = 20,
        LIMIT = 6
    };
    cinch_pool *pool = pool_with_threads(1);
    struct waiter waiters[COUNT];

    (void)state;
    atomic_store(&poll_limit, LIMIT);
    atomic_store(&polled_most, 0);
    for (int i = 0; i < COUNT; i++)
        waiter_join(&waiters[i], pool, 'w', note_end);
    for (int i = 0; i < COUNT; i++)
        counter_wait(&waiters[i].actor.ran, 1);
    for (int i = COUNT - 1; i >= COUNT / 2; i--) {
        waiter_wake(&waiters[i]);
        counter_wait(&waiters[i].actor.resumed, 1);
    }
    assert_true(atomic_load(&polled_most) <= LIMIT);
    atomic_store(&poll_limit, ULONG_MAX);
    while (atomic_load(&polled_most) < COUNT / 2 + 1)
        counter_wait(&polls, 1);
    for (int i = 0; i < COUNT; i++) {
        if (i < COUNT / 2) {
            waiter_wake(&waiters[i]);
            counter_wait(&waiters[i].actor.resumed, 1);
        }
        waiter_leave(&waiters[i]);
    }
    pool_destroy(pool, false);
    forget_polls();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_hundred_stalled_pipes_cost_no_worker),
        scratch_test(all_that_are_ready_at_once_are_served),
        scratch_test(a_writer_waits_until_there_is_room),
        scratch_test(an_end_or_an_error_is_ready_too),
        scratch_test(waits_follow_each_other),
        scratch_test(busy_workers_look_at_the_waits),
        scratch_test(an_idle_worker_takes_the_poller_s_place),
        scratch_test(a_new_worker_takes_the_poller_s_place),
        scratch_test(a_poller_forgets_waits_that_have_ended),
        scratch_test(a_poller_without_waits_is_called_to_the_end),
        scratch_test(a_poked_poller_is_not_counted_on_twice),
        scratch_test(a_poke_wakes_the_poller_once),
        scratch_test(a_wait_that_begins_later_is_seen),
        scratch_test(a_wait_ends_at_its_time_and_not_before),
        scratch_test(a_stalled_pipe_is_given_up_in_time),
        scratch_test(who_waits_makes_room_for_one_more),
        scratch_test(expediting_ends_waits_for_good),
        scratch_test(an_expedited_wait_goes_before_all_others),
        scratch_test(cancelling_ends_all_waits),
        scratch_test(without_a_descriptor_or_memory_there_is_no_wait),
        scratch_test(with_little_memory_waits_take_turns),
        scratch_test(too_many_for_one_poll_take_turns),
    };

    counter_init(&polls);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
