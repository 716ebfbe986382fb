/*
 * Death: a process is killed at a boundary of its system calls, or at some time.
 *
 * The process is traced, so every system call of every thread stops it twice, before and after;
 * those stops are numbered from 1 on over all threads. SIGKILL at the stop before a call means
 * that the call is not made.
 */
#ifndef CINCH_TESTS_FAULT_DEATH_H
#define CINCH_TESTS_FAULT_DEATH_H

#include <stdbool.h>
#include <stdint.h>

enum {
    DEATH_NEVER = 0 /* as a stop's number: the process comes to its own end */
};

/* What is to be killed. */
struct mortal {
    void (*run)(void *context); /* in a child; returns when it is done */
    void *context;
};

/* Whether processes can be traced here. */
bool death_can_trace(void);

/* Runs it up to the stop of this number. Returns the number of stops there were; fewer than `at`
 * if it has ended before that. */
uint32_t death_at_stop(const struct mortal *mortal, uint32_t at);

/* Runs it and kills it after so many nanoseconds. Returns how long it ran. */
uint64_t death_after(const struct mortal *mortal, uint64_t nanoseconds);

#endif
