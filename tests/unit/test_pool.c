/*
 * Pool: whose turn it is, who is admitted, who goes first, how it begins and ends. What waits for
 * descriptors and times is in test_pool_wait.c.
 *
 * A pool of one thread whose worker is held at a gate makes every order certain: what is pushed
 * meanwhile stands in the queue, and runs one after the other once the gate is open.
 */
#include "pool.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "actor.h"
#include "support/process.h"
#include "support/scratch.h"
#include "support/test.h"

/* The pool's POOL_ACTIVE_MAX, and one more for each worker. */
#define ACTIVE_MAX(threads) (64 + (threads))

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

/* A pool whose only worker is held by `blocker`, which is no member. */
static cinch_pool *held_pool(struct actor *blocker)
{
    cinch_pool *pool = pool_with_threads(1);

    log_clear();
    actor_init(blocker, pool, '#', actor_hold, NULL);
    pool_push(pool, &blocker->task, 1);
    counter_wait(&blocker->entered, 1);
    return pool;
}

/* Lets everything run that was pushed, and is not urgent, before this. */
static void run_queue(cinch_pool *pool, struct actor *blocker)
{
    struct actor last;

    actor_init(&last, pool, '.', NULL, NULL);
    pool_push(pool, &last.task, 1);
    gate_open(&blocker->gate);
    counter_wait(&last.ran, 1);
    actor_destroy(&last);
}

/* --- Turns ------------------------------------------------------------------------------ */

static void tasks_with_many_tokens_take_turns(void **state)
{
    struct actor blocker, a, b, c;
    cinch_pool *pool = held_pool(&blocker);

    (void)state;
    actor_init(&a, pool, 'a', actor_note, NULL);
    actor_init(&b, pool, 'b', actor_note, NULL);
    actor_init(&c, pool, 'c', actor_note, NULL);
    pool_push(pool, &a.task, 3);
    pool_push(pool, &b.task, 4);
    pool_push(pool, &a.task, 2); /* no second place in the queue */
    pool_push(pool, &c.task, 1);
    gate_open(&blocker.gate);
    counter_wait(&a.ran, 5);
    counter_wait(&b.ran, 4);
    counter_wait(&c.ran, 1);
    assert_string_equal(log_text(), "abcababab"
                                    "a");
    pool_destroy(pool, false);
    actor_destroy(&a);
    actor_destroy(&b);
    actor_destroy(&c);
    actor_destroy(&blocker);
}

/* Runs as often as its context says, giving its worker back after each time. */
static void note_and_yield(struct actor *actor, struct worker *worker)
{
    unsigned *times = actor->context;

    actor_note(actor, worker);
    if (--*times > 0)
        pool_push(actor->pool, &actor->task, 1);
}

static void a_task_that_yields_goes_to_the_end(void **state)
{
    struct actor blocker, a, b;
    unsigned times_a = 4, times_b = 2;
    cinch_pool *pool = held_pool(&blocker);

    (void)state;
    actor_init(&a, pool, 'a', note_and_yield, NULL);
    actor_init(&b, pool, 'b', note_and_yield, NULL);
    a.context = &times_a;
    b.context = &times_b;
    pool_push(pool, &a.task, 1);
    pool_push(pool, &b.task, 1);
    gate_open(&blocker.gate);
    counter_wait(&a.ran, 4);
    counter_wait(&b.ran, 2);
    assert_string_equal(log_text(), "ababaa");
    pool_destroy(pool, false);
    actor_destroy(&a);
    actor_destroy(&b);
    actor_destroy(&blocker);
}

static void tokens_bring_as_many_workers_as_there_are(void **state)
{
    struct actor task;
    cinch_pool *pool = pool_with_threads(3);

    (void)state;
    actor_init(&task, pool, 'a', actor_hold, NULL);
    pool_push(pool, &task.task, 5);
    counter_wait(&task.entered, 3);
    assert_int_equal(counter_value(&task.ran), 0);
    assert_true(pool_is_crowded(pool)); /* two tokens are left over */
    assert_int_equal(counter_value(&task.entered), 0);
    gate_open(&task.gate);
    counter_wait(&task.ran, 5);
    pool_destroy(pool, false);
    actor_destroy(&task);
}

static void crowded_means_that_a_task_waits_for_a_worker(void **state)
{
    struct actor blocker, a;
    cinch_pool *pool = held_pool(&blocker);

    (void)state;
    assert_false(pool_is_crowded(pool));
    actor_init(&a, pool, 'a', actor_note, NULL);
    pool_push(pool, &a.task, 2);
    assert_true(pool_is_crowded(pool));
    gate_open(&blocker.gate);
    counter_wait(&a.ran, 2);
    assert_false(pool_is_crowded(pool));
    /* An urgent one does, too. */
    struct actor again, member;
    actor_init(&again, pool, '#', actor_hold, NULL);
    pool_push(pool, &again.task, 1);
    counter_wait(&again.entered, 1);
    actor_init(&member, pool, 'm', actor_note, NULL);
    assert_code(CINCH_OK, pool_join(pool, &member.member));
    actor_expedite(&member);
    assert_true(pool_is_crowded(pool));
    gate_open(&again.gate);
    counter_wait(&member.ran, 1);
    assert_false(pool_is_crowded(pool));
    pool_leave(pool, &member.member);
    pool_destroy(pool, false);
    actor_destroy(&again);
    actor_destroy(&member);
    actor_destroy(&a);
    actor_destroy(&blocker);
}

/* --- Threads ---------------------------------------------------------------------------- */

static void threads_start_when_there_is_work_for_them(void **state)
{
    const unsigned threads = 4;
    size_t before = process_thread_count();
    cinch_pool *pool = pool_with_threads(threads);
    struct actor tasks[6];

    (void)state;
    assert_int_equal(pool_threads(pool), threads);
    assert_int_equal(process_thread_count(), before + 1);
    for (unsigned i = 0; i < 6; i++) {
        actor_init(&tasks[i], pool, 'a', actor_hold, NULL);
        pool_push(pool, &tasks[i].task, 1);
        /* Each is held, and so is its worker; one that came to see may be there as well. */
        if (i < threads) {
            counter_wait(&tasks[i].entered, 1);
            assert_in_range(process_thread_count(), before + i + 1, before + i + 2);
        }
    }
    assert_int_equal(process_thread_count(), before + threads);
    for (unsigned i = 0; i < 6; i++)
        gate_open(&tasks[i].gate);
    pool_destroy(pool, false);
    for (unsigned i = 0; i < 6; i++)
        actor_destroy(&tasks[i]);
}

/* What a worker sees of its own thread. */
struct thread_facts {
    char name[16];
    int unblocked; /* a signal that is not blocked; 0: none */
    size_t stack;
};

static void note_thread(struct actor *actor, struct worker *worker)
{
    struct thread_facts *facts = actor->context;
    pthread_attr_t attributes;
    sigset_t mask;

    (void)worker;
    pthread_getname_np(pthread_self(), facts->name, sizeof facts->name);
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    for (int number = 1; number <= SIGRTMAX; number++) {
        /* Those between belong to the C library, which does not let them be blocked. */
        bool ours = number < 32 || number >= SIGRTMIN;
        if (ours && number != SIGKILL && number != SIGSTOP && sigismember(&mask, number) == 0)
            facts->unblocked = number;
    }
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        pthread_attr_getstacksize(&attributes, &facts->stack);
        pthread_attr_destroy(&attributes);
    }
    gate_pass(&actor->gate);
}

static void threads_have_a_name_a_mask_and_a_stack(void **state)
{
    struct actor tasks[2];
    struct thread_facts facts[2] = {{.unblocked = 0}};
    pthread_attr_t before, small, large;
    sigset_t mask_before, mask, mask_after;
    cinch_pool *pool;

    (void)state;
    /* What a program gives its own threads is too little for callbacks ... */
    assert_int_equal(pthread_getattr_default_np(&before), 0);
    assert_int_equal(pthread_attr_init(&small), 0);
    assert_int_equal(pthread_attr_setstacksize(&small, 256u << 10), 0);
    assert_int_equal(pthread_setattr_default_np(&small), 0);
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR2);
    pthread_sigmask(SIG_SETMASK, &mask, &mask_before);
    atomic_store(&threads_allowed, 1);
    pool = pool_with_threads(2);
    actor_init(&tasks[0], pool, 'a', note_thread, NULL);
    tasks[0].context = &facts[0];
    pool_push(pool, &tasks[0].task, 1);
    counter_wait(&tasks[0].entered, 1);

    /* ... or more than they need. */
    assert_int_equal(pthread_attr_init(&large), 0);
    assert_int_equal(pthread_attr_setstacksize(&large, 16u << 20), 0);
    assert_int_equal(pthread_setattr_default_np(&large), 0);
    atomic_store(&threads_allowed, -1);
    actor_init(&tasks[1], pool, 'b', note_thread, NULL);
    tasks[1].context = &facts[1];
    pool_push(pool, &tasks[1].task, 1);
    counter_wait(&tasks[1].entered, 1);
    assert_int_equal(pthread_setattr_default_np(&before), 0);
    pthread_attr_destroy(&large);
    pthread_attr_destroy(&small);
    pthread_attr_destroy(&before);

    gate_open(&tasks[0].gate);
    gate_open(&tasks[1].gate);
    pool_destroy(pool, false);
    pthread_sigmask(SIG_SETMASK, &mask_before, &mask_after);
    for (int number = 1; number <= SIGRTMAX; number++)
        assert_int_equal(sigismember(&mask_after, number), number == SIGUSR2);
    for (int i = 0; i < 2; i++) {
        assert_string_equal(facts[i].name, "cinch");
        assert_int_equal(facts[i].unblocked, 0);
        assert_true(facts[i].stack >= (i == 0 ? 1u << 20 : 16u << 20));
        actor_destroy(&tasks[i]);
    }
}

static void without_a_thread_there_is_no_pool(void **state)
{
    cinch_pool *pool = (cinch_pool *)(void *)&pool;

    (void)state;
    atomic_store(&threads_allowed, 0);
    int32_t code = pool_create(2, &pool);
    atomic_store(&threads_allowed, -1);
    assert_code(CINCH_E_NO_THREAD, code);
    assert_null(pool);
}

/* Further workers are a help, not a need. */
static void one_thread_does_the_work_of_those_refused(void **state)
{
    struct actor blocker, a, b;

    (void)state;
    atomic_store(&threads_allowed, 1);
    cinch_pool *pool = pool_with_threads(4);
    log_clear();
    actor_init(&blocker, pool, '#', actor_hold, NULL);
    actor_init(&a, pool, 'a', actor_note, NULL);
    actor_init(&b, pool, 'b', actor_note, NULL);
    pool_push(pool, &blocker.task, 1);
    counter_wait(&blocker.entered, 1);
    pool_push(pool, &a.task, 2);
    pool_push(pool, &b.task, 2);
    gate_open(&blocker.gate);
    counter_wait(&a.ran, 2);
    counter_wait(&b.ran, 2);
    assert_string_equal(log_text(), "abab");

    /* The system has threads again: so has the pool. */
    atomic_store(&threads_allowed, -1);
    struct actor held[3];
    for (int i = 0; i < 3; i++) {
        actor_init(&held[i], pool, 'h', actor_hold, NULL);
        pool_push(pool, &held[i].task, 1);
    }
    for (int i = 0; i < 3; i++)
        counter_wait(&held[i].entered, 1);
    for (int i = 0; i < 3; i++)
        gate_open(&held[i].gate);
    pool_destroy(pool, false);
    for (int i = 0; i < 3; i++)
        actor_destroy(&held[i]);
    actor_destroy(&a);
    actor_destroy(&b);
    actor_destroy(&blocker);
}

/* The same as the system does it: a user who has as many processes as he may. */
static int create_pool_at_the_limit(void *context)
{
    struct rlimit limit = {0, 0};
    cinch_pool *pool = NULL;

    (void)context;
    if (geteuid() == 0 && setresuid(65533, 65533, 65533) != 0)
        return 126;
    if (setrlimit(RLIMIT_NPROC, &limit) != 0)
        return 125;
    int32_t code = pool_create(2, &pool);
    return pool == NULL ? code : 124;
}

static void the_system_may_refuse_threads(void **state)
{
    (void)state;
    assert_int_equal(child_run(create_pool_at_the_limit, NULL), CINCH_E_NO_THREAD);
}

/* A context that is too large for an idle worker to keep. */
static struct counter contexts_destroyed;

static void *large_create(void)
{
    static int context;
    return &context;
}

static void large_destroy(void *context)
{
    (void)context;
    counter_add(&contexts_destroyed);
}

static size_t large_size(const void *context)
{
    (void)context;
    return (size_t)1 << 30;
}

static const struct context_kind large_kind = {large_create, large_destroy, large_size};

static void use_large_context(struct actor *actor, struct worker *worker)
{
    actor->context = workspace_context(worker_workspace(worker), &large_kind);
}

static void an_idle_worker_frees_what_is_large(void **state)
{
    cinch_pool *pool = pool_with_threads(1);
    struct actor a;

    (void)state;
    counter_init(&contexts_destroyed);
    actor_init(&a, pool, 'a', use_large_context, NULL);
    pool_push(pool, &a.task, 1);
    counter_wait(&a.ran, 1);
    assert_non_null(a.context);
    counter_wait(&contexts_destroyed, 1);
    /* It works as before. */
    pool_push(pool, &a.task, 1);
    counter_wait(&a.ran, 1);
    pool_destroy(pool, false);
    assert_int_equal(counter_value(&contexts_destroyed), 1);
    counter_destroy(&contexts_destroyed);
    actor_destroy(&a);
}

/* --- Members ---------------------------------------------------------------------------- */

/* Joins members '0', '1', ... whose tasks only note their names. */
static struct actor *join_members(cinch_pool *pool, unsigned count)
{
    struct actor *members = calloc(count, sizeof *members);

    assert_non_null(members);
    for (unsigned i = 0; i < count; i++) {
        actor_init(&members[i], pool, (char)('0' + i), actor_note, NULL);
        assert_code(CINCH_OK, pool_join(pool, &members[i].member));
    }
    return members;
}

static void members_destroy(struct actor *members, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        actor_destroy(&members[i]);
    free(members);
}

static void assert_log_is_first(unsigned count)
{
    const char *text = log_text();

    assert_int_equal(strlen(text), count);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(text[i], (char)('0' + i));
}

static void members_are_admitted_in_the_order_they_came(void **state)
{
    const unsigned count = ACTIVE_MAX(1) + 10;
    struct actor blocker;
    cinch_pool *pool = held_pool(&blocker);
    struct actor *members = join_members(pool, count);

    (void)state;
    run_queue(pool, &blocker);
    assert_log_is_first(ACTIVE_MAX(1));
    /* Each that leaves makes room for the next, whichever it is. */
    for (unsigned i = 0; i < 10; i++) {
        pool_leave(pool, &members[(i * 7) % ACTIVE_MAX(1)].member);
        counter_wait(&members[ACTIVE_MAX(1) + i].ran, 1);
        assert_log_is_first(ACTIVE_MAX(1) + i + 1);
    }
    for (unsigned i = 0; i < ACTIVE_MAX(1); i++)
        if (i % 7 != 0 || i >= 70)
            pool_leave(pool, &members[i].member);
    for (unsigned i = ACTIVE_MAX(1); i < count; i++)
        pool_leave(pool, &members[i].member);
    pool_destroy(pool, false);
    assert_log_is_first(count);
    members_destroy(members, count);
    actor_destroy(&blocker);
}

static void a_pool_of_more_threads_admits_more(void **state)
{
    const unsigned count = ACTIVE_MAX(3) + 1;
    cinch_pool *pool = pool_with_threads(3);
    struct actor *members = join_members(pool, count);

    (void)state;
    for (unsigned i = 0; i < ACTIVE_MAX(3); i++)
        counter_wait(&members[i].ran, 1);
    /* Every worker comes by, and the last member has no token for it. */
    struct actor all;
    actor_init(&all, pool, 'a', actor_hold, NULL);
    pool_push(pool, &all.task, 3);
    counter_wait(&all.entered, 3);
    assert_int_equal(counter_value(&members[count - 1].ran), 0);
    gate_open(&all.gate);
    counter_wait(&all.ran, 3);
    for (unsigned i = 0; i < ACTIVE_MAX(3); i++)
        pool_leave(pool, &members[i].member);
    counter_wait(&members[count - 1].ran, 1);
    pool_leave(pool, &members[count - 1].member);
    pool_destroy(pool, false);
    members_destroy(members, count);
    actor_destroy(&all);
}

/* --- Expedite --------------------------------------------------------------------------- */

static void an_expedited_task_goes_before_all_others(void **state)
{
    struct actor blocker;
    cinch_pool *pool = held_pool(&blocker);
    struct actor *members = join_members(pool, 4);

    (void)state;
    actor_expedite(&members[2]);
    actor_expedite(&members[3]); /* behind other urgent ones */
    actor_expedite(&members[2]); /* harmless again */
    run_queue(pool, &blocker);
    assert_string_equal(log_text(), "2301");
    for (int i = 0; i < 4; i++)
        pool_leave(pool, &members[i].member);
    pool_destroy(pool, false);
    members_destroy(members, 4);
    actor_destroy(&blocker);
}

/* A worker that was in the middle of a chunk gives its token back after the cancel: the job must
 * not stand in the line behind all others to end. */
static void tokens_of_an_expedited_member_stay_urgent(void **state)
{
    struct actor blocker;
    cinch_pool *pool = held_pool(&blocker);
    struct actor *members = join_members(pool, 3);
    unsigned times = 3;

    (void)state;
    members[2].on_run = note_and_yield;
    members[2].context = &times;
    actor_expedite(&members[2]);
    run_queue(pool, &blocker);
    assert_string_equal(log_text(), "22201");
    for (int i = 0; i < 3; i++)
        pool_leave(pool, &members[i].member);
    pool_destroy(pool, false);
    members_destroy(members, 3);
    actor_destroy(&blocker);
}

static void an_expedited_member_skips_the_backlog(void **state)
{
    const unsigned count = ACTIVE_MAX(1) + 3;
    struct actor blocker;
    cinch_pool *pool = held_pool(&blocker);
    struct actor *members = join_members(pool, count);

    (void)state;
    actor_expedite(&members[count - 2]);
    actor_expedite(&members[count - 2]); /* harmless again */
    run_queue(pool, &blocker);
    assert_int_equal(log_text()[0], members[count - 2].name);
    assert_int_equal(log_text()[1], '0');
    assert_int_equal(strlen(log_text()), ACTIVE_MAX(1) + 1);
    /* It is one more than are admitted: the first to leave makes no room. */
    pool_leave(pool, &members[count - 2].member);
    struct actor next;
    actor_init(&next, pool, '.', NULL, NULL);
    pool_push(pool, &next.task, 1);
    counter_wait(&next.ran, 1);
    assert_int_equal(strlen(log_text()), ACTIVE_MAX(1) + 1);
    pool_leave(pool, &members[0].member);
    counter_wait(&members[count - 3].ran, 1);
    for (unsigned i = 1; i < count; i++)
        if (i != count - 2)
            pool_leave(pool, &members[i].member);
    pool_destroy(pool, false);
    assert_int_equal(counter_value(&members[count - 1].ran), 1);
    actor_destroy(&next);
    members_destroy(members, count);
    actor_destroy(&blocker);
}

/* --- Help ------------------------------------------------------------------------------- */

/* In the middle of something long: lets the test go on, and looks whether somebody needs help. */
static void work_and_help(struct actor *actor, struct worker *worker)
{
    log_note('(');
    gate_pass(&actor->gate);
    pool_help(actor->pool, worker);
    log_note(')');
}

static void help_runs_urgent_tasks_inside_of_a_long_one(void **state)
{
    cinch_pool *pool = pool_with_threads(1);
    struct actor busy;

    (void)state;
    log_clear();
    actor_init(&busy, pool, '#', work_and_help, NULL);
    pool_push(pool, &busy.task, 1);
    counter_wait(&busy.entered, 1);
    struct actor *members = join_members(pool, 4);
    unsigned times = 2;
    members[3].on_run = note_and_yield;
    members[3].context = &times;
    actor_expedite(&members[1]);
    actor_expedite(&members[3]);
    gate_open(&busy.gate);
    counter_wait(&members[2].ran, 1);
    assert_string_equal(log_text(), "(133)02");
    /* Nobody needs help: back at once, and no other task is begun. */
    struct actor idle;
    actor_init(&idle, pool, '#', work_and_help, NULL);
    pool_push(pool, &idle.task, 1);
    counter_wait(&idle.entered, 1);
    pool_push(pool, &members[0].task, 1);
    gate_open(&idle.gate);
    counter_wait(&members[0].ran, 2);
    assert_string_equal(log_text(), "(133)02()0");
    for (int i = 0; i < 4; i++)
        pool_leave(pool, &members[i].member);
    pool_destroy(pool, false);
    members_destroy(members, 4);
    actor_destroy(&idle);
    actor_destroy(&busy);
}

/* --- The end ---------------------------------------------------------------------------- */

/* Joins and leaves at once; false when the pool takes no members any more. */
static bool visit(cinch_pool *pool)
{
    struct actor visitor;

    actor_init(&visitor, pool, 'v', actor_note_and_leave, NULL);
    int32_t code = pool_join(pool, &visitor.member);
    if (code == CINCH_OK)
        counter_wait(&visitor.ran, 1);
    else
        assert_code(CINCH_E_SHUTDOWN, code);
    actor_destroy(&visitor);
    return code == CINCH_OK;
}

struct destruction {
    cinch_pool *pool;
    bool cancel;
    pthread_t thread;
};

static void *destroy_pool(void *argument)
{
    struct destruction *destruction = argument;

    pool_destroy(destruction->pool, destruction->cancel);
    return NULL;
}

/* Begins to destroy the pool, on a thread of its own. */
static void destruction_begin(struct destruction *destruction, cinch_pool *pool, bool cancel)
{
    *destruction = (struct destruction){.pool = pool, .cancel = cancel};
    assert_int_equal(pthread_create(&destruction->thread, NULL, destroy_pool, destruction), 0);
}

static void destruction_end(struct destruction *destruction)
{
    assert_int_equal(pthread_join(destruction->thread, NULL), 0);
}

static void wait_for_pipe(struct actor *actor, struct worker *worker)
{
    const int *pipe_ends = actor->context;

    (void)worker;
    if (pool_wait_begin(actor->pool, &actor->wait, pipe_ends[0], POLLIN, -1) != CINCH_OK)
        log_note('!');
}

static void draining_lets_members_end_by_themselves(void **state)
{
    const unsigned count = ACTIVE_MAX(2) + 20;
    cinch_pool *pool = pool_with_threads(2);
    struct destruction destruction;
    struct actor held, stalled, *members = calloc(count, sizeof *members);
    int ends[2];

    (void)state;
    assert_non_null(members);
    log_clear();
    assert_int_equal(pipe(ends), 0);
    actor_init(&stalled, pool, 's', wait_for_pipe, actor_note_and_leave);
    stalled.context = ends;
    assert_code(CINCH_OK, pool_join(pool, &stalled.member));
    counter_wait(&stalled.ran, 1);
    actor_init(&held, pool, 'h', actor_hold, NULL);
    assert_code(CINCH_OK, pool_join(pool, &held.member));
    counter_wait(&held.entered, 1);
    /* Queued and in the backlog. */
    for (unsigned i = 0; i < count; i++) {
        actor_init(&members[i], pool, 'm', actor_hold, NULL);
        assert_code(CINCH_OK, pool_join(pool, &members[i].member));
    }
    destruction_begin(&destruction, pool, false);

    /* One after the other is let go, and every one gets its turn. */
    for (unsigned i = 0; i < count; i++) {
        gate_open(&members[i].gate);
        counter_wait(&members[i].ran, 1);
        pool_leave(pool, &members[i].member);
    }
    gate_open(&held.gate);
    counter_wait(&held.ran, 1);
    pool_leave(pool, &held.member);
    while (visit(pool))
        sched_yield();
    assert_int_equal(write(ends[1], "x", 1), 1);
    counter_wait(&stalled.resumed, 1);
    destruction_end(&destruction);
    assert_null(strchr(log_text(), '!'));
    assert_int_equal(atomic_load(&held.cancels) + atomic_load(&stalled.cancels), 0);
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(atomic_load(&members[i].cancels), 0);
    close(ends[0]);
    close(ends[1]);
    members_destroy(members, count);
    actor_destroy(&held);
    actor_destroy(&stalled);
}

static void cancelling_tells_each_member_once(void **state)
{
    const unsigned count = ACTIVE_MAX(1) + 20;
    struct destruction destruction;
    struct actor blocker, stalled;
    cinch_pool *pool = held_pool(&blocker);
    struct actor *members = join_members(pool, count);
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    for (unsigned i = 0; i < count; i++)
        members[i].on_run = actor_note_and_leave;
    actor_init(&stalled, pool, 's', NULL, actor_note_and_leave);
    assert_code(CINCH_OK, pool_join(pool, &stalled.member));
    destruction_begin(&destruction, pool, true);
    for (unsigned i = 0; i < count; i++)
        while (atomic_load(&members[i].cancels) == 0)
            sched_yield();
    while (atomic_load(&stalled.cancels) == 0)
        sched_yield();
    gate_open(&blocker.gate);
    for (unsigned i = 0; i < count; i++)
        counter_wait(&members[i].ran, 1);
    counter_wait(&stalled.ran, 1);
    /* It was cancelled before its wait began, so that it ends at once. */
    assert_code(CINCH_OK, pool_wait_begin(pool, &stalled.wait, ends[0], POLLIN, -1));
    counter_wait(&stalled.resumed, 1);
    destruction_end(&destruction);
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(atomic_load(&members[i].cancels), 1);
        assert_int_equal(atomic_load(&members[i].retains), 1);
        assert_int_equal(atomic_load(&members[i].releases), 1);
    }
    assert_int_equal(atomic_load(&stalled.cancels), 1);
    close(ends[0]);
    close(ends[1]);
    members_destroy(members, count);
    actor_destroy(&stalled);
    actor_destroy(&blocker);
}

/* --- Forks ------------------------------------------------------------------------------ */

struct fork_case {
    cinch_pool *pool;
    cinch_pool *default_pool;
    uint32_t generation;
};

static int look_from_the_child(void *context)
{
    const struct fork_case *parent = context;
    cinch_pool *pool = NULL;
    struct actor member;

    if (pool_fork_generation() != parent->generation + 1)
        return 1;
    actor_init(&member, parent->pool, 'm', actor_note, NULL);
    if (pool_join(parent->pool, &member.member) != CINCH_E_SHUTDOWN)
        return 2;
    pool_destroy(parent->pool, true);
    if (pool_default(&pool) != CINCH_OK || pool == parent->default_pool)
        return 3;
    member.pool = pool;
    if (pool_join(pool, &member.member) != CINCH_OK)
        return 4;
    while (sem_wait(&member.ran.units) != 0) {
    }
    pool_leave(pool, &member.member);
    return 0;
}

/* In a process of its own, as the default pool is never destroyed. */
static int look_from_the_parent(void *context)
{
    struct fork_case parent;
    cinch_pool *again = NULL;

    (void)context;
    if (pool_create(1, &parent.pool) != CINCH_OK || pool_default(&parent.default_pool) != CINCH_OK)
        return 11;
    if (pool_default(&again) != CINCH_OK || again != parent.default_pool)
        return 12;
    parent.generation = pool_fork_generation();
    int seen = child_run(look_from_the_child, &parent);
    if (seen != 0)
        return seen;
    if (pool_fork_generation() != parent.generation)
        return 13;
    if (!visit(parent.pool))
        return 14;
    pool_destroy(parent.pool, false);
    return 0;
}

static void a_forked_child_has_pools_of_its_own(void **state)
{
    (void)state;
    if (TEST_UNDER_TSAN)
        skip(); /* it cannot start threads in the child of a process that had some */
    assert_int_equal(child_run(look_from_the_parent, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(tasks_with_many_tokens_take_turns),
        scratch_test(a_task_that_yields_goes_to_the_end),
        scratch_test(tokens_bring_as_many_workers_as_there_are),
        scratch_test(crowded_means_that_a_task_waits_for_a_worker),
        scratch_test(threads_start_when_there_is_work_for_them),
        scratch_test(threads_have_a_name_a_mask_and_a_stack),
        scratch_test(without_a_thread_there_is_no_pool),
        scratch_test(one_thread_does_the_work_of_those_refused),
        scratch_test(the_system_may_refuse_threads),
        scratch_test(an_idle_worker_frees_what_is_large),
        scratch_test(members_are_admitted_in_the_order_they_came),
        scratch_test(a_pool_of_more_threads_admits_more),
        scratch_test(an_expedited_task_goes_before_all_others),
        scratch_test(tokens_of_an_expedited_member_stay_urgent),
        scratch_test(an_expedited_member_skips_the_backlog),
        scratch_test(help_runs_urgent_tasks_inside_of_a_long_one),
        scratch_test(draining_lets_members_end_by_themselves),
        scratch_test(cancelling_tells_each_member_once),
        scratch_test(a_forked_child_has_pools_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
