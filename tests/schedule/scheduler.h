/*
 * Scheduler: runs the threads of a test one at a time, and a seed decides which.
 *
 * The library is compiled once more for it, with CINCH_SCHEDULED: thread.h's functions are then
 * defined here, and atomics.h puts a point before every atomic operation. A *point* is where
 * another thread may be given the processor: before a lock is taken and after it was released,
 * around waits, starts and joins, before atomic operations, and wherever a test says so. Between
 * two points a thread is alone, so the same seed gives the same run, to the last step.
 *
 * Who runs. Half of the seeds follow PCT ("A Randomized Scheduler with Probabilistic Guarantees of
 * Finding Bugs", ASPLOS 2010): threads get priorities at random, the highest that can run does,
 * and at d steps, chosen beforehand among the first k, whoever runs falls below all others. A bug
 * that takes d such changes is found with a probability of at least 1 / (n k^(d-1)) a seed. The
 * other half walk: whoever runs gets a new priority now and then.
 *
 * Time is counted in steps, and leaps now and then, so that what waits for a time is tried early
 * and late. If nobody can run, it leaps to the first deadline; where there is none, that is a
 * deadlock, and reported. Condition waits end now and then without a broadcast, as they may.
 *
 * What is also reported: a lock or condition that is used before it was made or after it is gone,
 * destroyed while in use, left behind; a lock that is taken twice, released by another, or not
 * held at a broadcast; a thread that ends with a lock or was never joined; a run without end.
 */
#ifndef CINCH_TESTS_SCHEDULE_SCHEDULER_H
#define CINCH_TESTS_SCHEDULE_SCHEDULER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Starts a run with the calling thread as its first. `is_traced` prints every step to stdout. */
void schedule_begin(uint64_t seed, bool is_traced);

/* What a run was like. */
struct schedule_summary {
    uint64_t steps;
    uint64_t switches;    /* how often another thread went on */
    uint64_t fingerprint; /* of who did what in which order */
};

/* Ends it; every other thread was joined. */
struct schedule_summary schedule_end(void);

/* Lets another thread run, perhaps. `what` is a static name, for the trace. */
void schedule_point(const char *what);

/* Waits until it is true; it is asked by any thread, and changes nothing. */
void schedule_wait_for(bool (*is_true)(void *argument), void *argument, const char *what);

/* From now on `percent` of all thread_start() calls fail. */
void schedule_refuse_threads(unsigned percent);

/* How many locks the calling thread holds. */
unsigned schedule_locks_held(void);

/* Starts a thread of the test's own, which is not refused; thread_join() is owed. */
void schedule_start(pthread_t *thread, void *(*run)(void *argument), void *argument);

/* Whether the calling thread is the first one or came from schedule_start(). */
bool schedule_is_test_thread(void);

/* How many others have not returned. */
unsigned schedule_library_threads(void);

/* Says what is wrong, with the seed and where every thread stands, and ends the program. */
_Noreturn void schedule_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line of the trace, if there is one. */
void schedule_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
