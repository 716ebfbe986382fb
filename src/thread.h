/*
 * Locks and conditions: the one seam between the library and pthreads.
 *
 * Every lock is taken and every condition waited for through these functions, so that a build
 * for testing can put a scheduler of its own between them.
 *
 * Conditions are always broadcast, and always with their lock held: glibc 2.36 can lose a
 * pthread_cond_signal (glibc bug 25847).
 */
#ifndef CINCH_SRC_THREAD_H
#define CINCH_SRC_THREAD_H

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

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
    pthread_cond_wait(condition, lock);
}

static inline void thread_broadcast(pthread_cond_t *condition)
{
    pthread_cond_broadcast(condition);
}

/* Nanoseconds on the monotonic clock. */
static inline uint64_t thread_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Waits at most until `deadline`, a time of thread_now(); false when it has passed. The condition
 * must have been made by thread_condition_init(). */
static inline bool thread_wait_until(pthread_cond_t *condition, pthread_mutex_t *lock,
                                     uint64_t deadline)
{
    struct timespec time = {.tv_sec = (time_t)(deadline / 1000000000u),
                            .tv_nsec = (long)(deadline % 1000000000u)};
    return pthread_cond_timedwait(condition, lock, &time) != ETIMEDOUT;
}

/* Makes a condition whose timed waits follow the monotonic clock. Returns an errno value. */
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

#endif
