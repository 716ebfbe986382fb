#include "schedule/scheduler.h"

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "schedule/scheduler_objects.h"
#include "support/bytes.h"
#include "thread.h"

/* How the threads of a run are kept apart, step by step. */
enum {
    THREADS_MAX = 64,
    CHANGES_MAX = 6,
    STEPS_FAIR = 200000,   /* after so many, everybody gets a turn */
    STEPS_MAX = 4000000,   /* and after these, a run has no end */
    WALK_EVERY = 12,       /* steps between two new priorities, where a seed walks */
    SPURIOUS_EVERY = 200,  /* steps between two waits that end for no reason */
    SHORT_LEAP_EVERY = 96, /* steps between two leaps of the clock, of a progress interval */
    LONG_LEAP_EVERY = 1024 /* and of what an idle worker waits until it trims its workspace */
};

enum state {
    CAN_RUN,
    WANTS_LOCK,
    WAITS_CONDITION,
    JOINS,
    POLLS,
    WAITS_FOR, /* schedule_wait_for() */
    RETURNED,
    JOINED
};

struct thread {
    unsigned number;
    bool is_of_test;
    pthread_t pthread;
    sem_t go; /* a unit: it is this thread's turn */
    void *(*run)(void *argument);
    void *argument;
    uint64_t priority;
    enum state state;
    const char *where; /* the latest point's name */
    unsigned locks_held;
    struct object *lock;      /* WANTS_LOCK, WAITS_CONDITION */
    struct object *condition; /* WAITS_CONDITION */
    uint64_t deadline;        /* WAITS_CONDITION, POLLS; UINT64_MAX: none */
    struct thread *target;    /* JOINS */
    struct pollfd *set;       /* POLLS */
    nfds_t set_count;
    bool (*is_true)(void *argument); /* WAITS_FOR */
    void *is_true_argument;
};

/* Everything here belongs to the thread whose turn it is. */
static struct {
    uint64_t seed;
    uint64_t random;
    bool is_running;
    bool is_traced;
    bool walks;
    unsigned refused_percent;
    uint64_t now;
    struct schedule_summary summary;
    uint64_t changes[CHANGES_MAX]; /* at which steps */
    unsigned changes_count;
    struct thread threads[THREADS_MAX];
    unsigned threads_count;
} run;

static _Thread_local struct thread *self;

static bool one_in(unsigned count)
{
    return random_next(&run.random) % count == 0;
}

/* --- Reports ---------------------------------------------------------------------------- */

static const char *state_name(enum state state)
{
    static const char *const names[] = {
        "can run",           "wants a lock", "waits for a condition", "joins", "polls",
        "waits in the test", "is over",      "is over and joined"};
    return names[state];
}

void schedule_note(const char *format, ...)
{
    if (!run.is_traced)
        return;
    va_list arguments;
    printf("%8llu  thread %-2u  ", (unsigned long long)run.summary.steps, self->number);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

void schedule_fail(const char *format, ...)
{
    va_list arguments;
    fflush(stdout);
    fprintf(stderr, "\nseed %llu, step %llu, thread %u: ", (unsigned long long)run.seed,
            (unsigned long long)run.summary.steps, self->number);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\n");
    for (unsigned i = 0; i < run.threads_count; i++) {
        const struct thread *thread = &run.threads[i];
        if (thread->state != JOINED)
            fprintf(stderr, "    thread %-2u  %-22s  last at: %s\n", thread->number,
                    state_name(thread->state), thread->where);
    }
    fprintf(stderr, "To see every step: schedule --seed %llu --trace\n",
            (unsigned long long)run.seed);
    _exit(1);
}

/* --- Whose turn it is ------------------------------------------------------------------- */

static bool can_run(const struct thread *thread)
{
    switch (thread->state) {
    case CAN_RUN:
        return true;
    case WANTS_LOCK:
        return thread->lock->holder == NULL;
    case WAITS_CONDITION:
        return thread->deadline <= run.now && thread->lock->holder == NULL;
    case JOINS:
        return thread->target->state == RETURNED;
    case POLLS:
        return thread->deadline <= run.now || poll(thread->set, thread->set_count, 0) != 0;
    case WAITS_FOR:
        return thread->is_true(thread->is_true_argument);
    case RETURNED:
    case JOINED:
        break;
    }
    return false;
}

/* NULL: nobody can run. */
static struct thread *choose(void)
{
    struct thread *best = NULL;
    for (unsigned i = 0; i < run.threads_count; i++) {
        struct thread *thread = &run.threads[i];
        if ((best == NULL || thread->priority > best->priority) && can_run(thread))
            best = thread;
    }
    return best;
}

/* Nobody can run now: goes on to the first deadline. */
static void leap_to_deadline(void)
{
    uint64_t first = UINT64_MAX;
    for (unsigned i = 0; i < run.threads_count; i++) {
        const struct thread *thread = &run.threads[i];
        if ((thread->state == WAITS_CONDITION || thread->state == POLLS) &&
            thread->deadline > run.now && thread->deadline < first)
            first = thread->deadline;
    }
    if (first == UINT64_MAX)
        schedule_fail("deadlock: nobody can run");
    run.now = first;
}

/* Gives the turn to whoever is next, and returns when it is the calling thread's again; a thread
 * that is over does not come back. */
static void take_turns(void)
{
    struct thread *next;
    while ((next = choose()) == NULL)
        leap_to_deadline();
    if (next == self)
        return;
    run.summary.switches++;
    bool is_over = self->state == RETURNED;
    struct thread *me = self;
    sem_post(&next->go);
    while (!is_over && sem_wait(&me->go) != 0)
        ;
}

/* Waits until `state`, which is set up, can go on. */
static void block(enum state state)
{
    self->state = state;
    take_turns();
    self->state = CAN_RUN;
}

static uint64_t new_priority(void)
{
    /* Above all that changes give, and no two alike. */
    return (random_next(&run.random) & ~(uint64_t)0xff) | UINT64_C(1) << 32 | self->number;
}

static void end_a_wait(void)
{
    struct thread *thread = &run.threads[random_next(&run.random) % run.threads_count];
    if (thread->state == WAITS_CONDITION)
        thread->state = WANTS_LOCK;
}

/* One step. */
static void step(const char *what)
{
    uint64_t number = ++run.summary.steps;
    self->where = what;
    schedule_note("%s", what);
    run.summary.fingerprint =
        (run.summary.fingerprint ^ (self->number * 131 + strlen(what))) * UINT64_C(1099511628211);
    if (number > STEPS_MAX)
        schedule_fail("the run has no end");
    run.now += 1000;
    if (one_in(SHORT_LEAP_EVERY))
        run.now += 30000000 + random_next(&run.random) % 50000000;
    if (one_in(LONG_LEAP_EVERY))
        run.now += 1100000000;
    if (one_in(SPURIOUS_EVERY))
        end_a_wait();
    if ((run.walks && one_in(WALK_EVERY)) || number > STEPS_FAIR)
        self->priority = new_priority();
    for (unsigned i = 0; i < run.changes_count; i++) {
        if (run.changes[i] == number)
            self->priority = run.changes_count - i;
    }
}

void schedule_point(const char *what)
{
    if (!run.is_running)
        return;
    step(what);
    take_turns();
}

void schedule_wait_for(bool (*is_true)(void *argument), void *argument, const char *what)
{
    step(what);
    self->is_true = is_true;
    self->is_true_argument = argument;
    block(WAITS_FOR);
}

/* --- Runs ------------------------------------------------------------------------------- */

static struct thread *new_thread(void)
{
    if (run.threads_count == THREADS_MAX)
        schedule_fail("more than %d threads in one run", THREADS_MAX);
    struct thread *thread = &run.threads[run.threads_count];
    *thread = (struct thread){.number = run.threads_count, .where = "its start"};
    sem_init(&thread->go, 0, 0);
    run.threads_count++;
    return thread;
}

void schedule_begin(uint64_t seed, bool is_traced)
{
    memset(&run, 0, sizeof run);
    run.seed = run.random = seed;
    run.is_traced = is_traced;
    run.now = 1000000000;
    self = new_thread();
    self->is_of_test = true;
    self->priority = new_priority();
    run.walks = one_in(2);
    run.changes_count = run.walks ? 0 : (unsigned)(random_next(&run.random) % CHANGES_MAX);
    uint64_t among = UINT64_C(64) << random_next(&run.random) % 8;
    for (unsigned i = 0; i < run.changes_count; i++)
        run.changes[i] = 1 + random_next(&run.random) % among;
    run.is_running = true;
}

struct schedule_summary schedule_end(void)
{
    for (unsigned i = 1; i < run.threads_count; i++) {
        if (run.threads[i].state != JOINED)
            schedule_fail("thread %u was not joined", i);
        sem_destroy(&run.threads[i].go);
    }
    unsigned left = objects_count();
    if (left != 0)
        schedule_fail("%u locks and conditions were left behind", left);
    run.is_running = false;
    sem_destroy(&self->go);
    return run.summary;
}

void schedule_refuse_threads(unsigned percent)
{
    run.refused_percent = percent;
}

unsigned schedule_locks_held(void)
{
    return self->locks_held;
}

bool schedule_is_test_thread(void)
{
    return self->is_of_test;
}

unsigned schedule_library_threads(void)
{
    unsigned alive = 0;
    for (unsigned i = 0; i < run.threads_count; i++)
        alive += run.threads[i].state < RETURNED && !run.threads[i].is_of_test;
    return alive;
}

/* --- What thread.h promises: threads ---------------------------------------------------- */

static void *thread_main(void *argument)
{
    self = argument;
    while (sem_wait(&self->go) != 0)
        ;
    self->run(self->argument);
    step("return");
    if (self->locks_held != 0)
        schedule_fail("a thread returned with a lock in its hands");
    self->state = RETURNED;
    take_turns();
    return NULL;
}

static struct thread *start(pthread_t *thread, void *(*body)(void *argument), void *argument)
{
    struct thread *started = new_thread();
    started->run = body;
    started->argument = argument;
    started->priority = (new_priority() & ~(uint64_t)0xff) | started->number;
    /* As thread_start() promises, but for what tells of a crash. */
    sigset_t signals, before;
    sigfillset(&signals);
    sigdelset(&signals, SIGABRT);
    sigdelset(&signals, SIGBUS);
    sigdelset(&signals, SIGSEGV);
    pthread_sigmask(SIG_SETMASK, &signals, &before);
    int error = pthread_create(&started->pthread, NULL, thread_main, started);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0)
        schedule_fail("the system refuses a thread: %s", strerror(error));
    *thread = started->pthread;
    return started;
}

int thread_start(pthread_t *thread, size_t stack, void *(*body)(void *argument), void *argument)
{
    (void)stack;
    schedule_point("start a thread");
    if (random_next(&run.random) % 100 < run.refused_percent)
        return EAGAIN;
    start(thread, body, argument);
    return 0;
}

void schedule_start(pthread_t *thread, void *(*body)(void *argument), void *argument)
{
    start(thread, body, argument)->is_of_test = true;
    schedule_point("start a thread of the test");
}

void thread_join(pthread_t thread)
{
    step("join");
    self->target = NULL;
    for (unsigned i = 1; i < run.threads_count; i++) {
        struct thread *candidate = &run.threads[i];
        if (candidate->state != JOINED && pthread_equal(candidate->pthread, thread))
            self->target = candidate;
    }
    if (self->target == NULL || self->target == self)
        schedule_fail("joins a thread that is none, was joined, or is itself");
    block(JOINS);
    pthread_join(thread, NULL);
    self->target->state = JOINED;
}

uint64_t thread_now(void)
{
    return run.now;
}

int thread_poll(struct pollfd *set, nfds_t count, int milliseconds)
{
    step("poll");
    self->set = set;
    self->set_count = count;
    self->deadline = milliseconds < 0 ? UINT64_MAX : run.now + (uint64_t)milliseconds * 1000000u;
    block(POLLS);
    return poll(set, count, 0);
}

/* --- Locks ------------------------------------------------------------------------------ */

int thread_lock_init(pthread_mutex_t *lock)
{
    if (!object_add(lock))
        schedule_fail("a lock is made twice");
    return 0;
}

static struct object *object_of(const void *address, const char *what)
{
    struct object *object = object_find(address);
    if (object == NULL)
        schedule_fail("a %s is used that was never made or is gone", what);
    return object;
}

/* Takes it, when it is free. */
static void take_lock(struct object *lock)
{
    if (lock->holder == self)
        schedule_fail("a lock is taken twice by one thread");
    lock->users++;
    self->lock = lock;
    block(WANTS_LOCK);
    lock->users--;
    lock->holder = self;
    self->locks_held++;
}

static void release_lock(struct object *lock)
{
    if (lock->holder != self)
        schedule_fail("a lock is released by a thread that does not hold it");
    lock->holder = NULL;
    self->locks_held--;
}

void thread_lock(pthread_mutex_t *lock)
{
    step("lock");
    take_lock(object_of(lock, "lock"));
}

void thread_unlock(pthread_mutex_t *lock)
{
    release_lock(object_of(lock, "lock"));
    schedule_point("unlock");
}

void thread_lock_destroy(pthread_mutex_t *lock)
{
    struct object *object = object_of(lock, "lock");
    if (object->holder != NULL || object->users != 0)
        schedule_fail("a lock is destroyed while it is in use");
    object_remove(object);
}

/* --- Conditions ------------------------------------------------------------------------- */

int thread_condition_init(pthread_cond_t *condition)
{
    if (!object_add(condition))
        schedule_fail("a condition is made twice");
    return 0;
}

void thread_condition_destroy(pthread_cond_t *condition)
{
    struct object *object = object_of(condition, "condition");
    if (object->users != 0)
        schedule_fail("a condition is destroyed while somebody waits for it");
    object_remove(object);
}

bool thread_wait_until(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t deadline)
{
    struct object *waited = object_of(condition, "condition");
    struct object *mutex = object_of(lock, "lock");
    step(deadline == UINT64_MAX ? "wait" : "wait until");
    release_lock(mutex);
    waited->users++;
    mutex->users++;
    self->condition = waited;
    self->lock = mutex;
    self->deadline = deadline;
    self->state = WAITS_CONDITION;
    take_turns();
    bool has_passed = self->state == WAITS_CONDITION; /* nobody has called it */
    self->state = CAN_RUN;
    waited->users--;
    mutex->users--;
    mutex->holder = self;
    self->locks_held++;
    return !has_passed;
}

void thread_wait(pthread_cond_t *condition, pthread_mutex_t *lock)
{
    thread_wait_until(condition, lock, UINT64_MAX);
}

void thread_broadcast(pthread_cond_t *condition)
{
    const struct object *object = object_of(condition, "condition");
    for (unsigned i = 0; i < run.threads_count; i++) {
        struct thread *thread = &run.threads[i];
        if (thread->state != WAITS_CONDITION || thread->condition != object)
            continue;
        if (thread->lock->holder != self)
            schedule_fail("a condition is broadcast without its lock");
        thread->state = WANTS_LOCK;
    }
}
