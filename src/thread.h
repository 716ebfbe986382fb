/*
 * Threads, locks and conditions: the one seam between the library's parts and pthreads.
 *
 * Every thread is started and joined, every lock taken and every condition waited for through
 * these functions, and so is the time told that waits depend on. A build for testing, with
 * CINCH_SCHEDULED, takes them from a scheduler of its own (tests/schedule), which then decides who
 * runs; every other build has them inline.
 *
 * Conditions are always broadcast, and always with their lock held: glibc 2.36 can lose a
 * pthread_cond_signal (glibc bug 25847).
 */
#ifndef CINCH_SRC_THREAD_H
#define CINCH_SRC_THREAD_H

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#ifdef CINCH_SCHEDULED
#define THREAD_SEAM
#else
#define THREAD_SEAM static inline
#endif

/* Starts a thread that has all signals blocked and a stack of at least `stack` bytes. Returns an
 * errno value; 0: thread_join() is owed. */
int thread_start(pthread_t *thread, size_t stack, void *(*run)(void *argument), void *argument);

/* Waits until the thread has returned. */
THREAD_SEAM void thread_join(pthread_t thread);

/* A lock's value before its first use. In a build with assertions locks know who holds them, so
 * that these find whoever unlocks what is not his. */
#ifdef NDEBUG
#define THREAD_LOCK_INITIALIZER PTHREAD_MUTEX_INITIALIZER
#else
#define THREAD_LOCK_INITIALIZER PTHREAD_ERRORCHECK_MUTEX_INITIALIZER_NP
#endif

/* Both return an errno value. A condition's timed waits follow the monotonic clock. */
THREAD_SEAM int thread_lock_init(pthread_mutex_t *lock);
THREAD_SEAM int thread_condition_init(pthread_cond_t *condition);

THREAD_SEAM void thread_lock_destroy(pthread_mutex_t *lock);
THREAD_SEAM void thread_condition_destroy(pthread_cond_t *condition);

THREAD_SEAM void thread_lock(pthread_mutex_t *lock);
THREAD_SEAM void thread_unlock(pthread_mutex_t *lock);

/* May return without a broadcast. */
THREAD_SEAM void thread_wait(pthread_cond_t *condition, pthread_mutex_t *lock);

/* Waits at most until `deadline`, a time of thread_now(); false when it has passed. */
THREAD_SEAM bool thread_wait_until(pthread_cond_t *condition, pthread_mutex_t *lock,
                                   uint64_t deadline);

THREAD_SEAM void thread_broadcast(pthread_cond_t *condition);

/* Nanoseconds on the monotonic clock. */
THREAD_SEAM uint64_t thread_now(void);

/* poll(). */
THREAD_SEAM int thread_poll(struct pollfd *set, nfds_t count, int milliseconds);

#ifndef CINCH_SCHEDULED

static inline void thread_join(pthread_t thread)
{
    int error = pthread_join(thread, NULL);
    assert(error == 0);
    (void)error;
}

static inline int thread_lock_init(pthread_mutex_t *lock)
{
#ifdef NDEBUG
    return pthread_mutex_init(lock, NULL);
#else
    pthread_mutexattr_t attributes;
    int error = pthread_mutexattr_init(&attributes);
    if (error != 0)
        return error;
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
    error = pthread_mutex_init(lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
    return error;
#endif
}

static inline int thread_condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    int error = pthread_condattr_init(&attributes);
    if (error != 0)
        return error;
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    error = pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
    return error;
}

static inline void thread_lock_destroy(pthread_mutex_t *lock)
{
    pthread_mutex_destroy(lock);
}

static inline void thread_condition_destroy(pthread_cond_t *condition)
{
    pthread_cond_destroy(condition);
}

static inline void thread_lock(pthread_mutex_t *lock)
{
    int error = pthread_mutex_lock(lock);
    assert(error == 0);
    (void)error;
}

static inline void thread_unlock(pthread_mutex_t *lock)
{
    int error = pthread_mutex_unlock(lock);
    assert(error == 0);
    (void)error;
}

static inline void thread_wait(pthread_cond_t *condition, pthread_mutex_t *lock)
{
    int error = pthread_cond_wait(condition, lock);
    assert(error == 0);
    (void)error;
}

static inline bool thread_wait_until(pthread_cond_t *condition, pthread_mutex_t *lock,
                                     uint64_t deadline)
{
    struct timespec time = {.tv_sec = (time_t)(deadline / 1000000000u),
                            .tv_nsec = (long)(deadline % 1000000000u)};
    int error = pthread_cond_timedwait(condition, lock, &time);
    assert(error == 0 || error == ETIMEDOUT);
    return error != ETIMEDOUT;
}

static inline void thread_broadcast(pthread_cond_t *condition)
{
    pthread_cond_broadcast(condition);
}

static inline uint64_t thread_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline int thread_poll(struct pollfd *set, nfds_t count, int milliseconds)
{
    return poll(set, count, milliseconds);
}

#endif

#endif
