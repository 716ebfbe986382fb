/*
 * Gate and counter: how a test holds a callback where it wants it, and hears of it.
 *
 * Both are semaphores, so a race is decided by the test and not by the clock.
 */
#ifndef CINCH_TESTS_SUPPORT_GATE_H
#define CINCH_TESTS_SUPPORT_GATE_H

#include <semaphore.h>

/* A gate is shut until somebody opens it, then stays open. */
struct gate {
    sem_t opened;
};

void gate_init(struct gate *gate);
void gate_open(struct gate *gate);
void gate_pass(struct gate *gate); /* blocks while the gate is shut */
void gate_destroy(struct gate *gate);

/* A counter that can be waited for. One thread waits. */
struct counter {
    sem_t units;
};

void counter_init(struct counter *counter);
void counter_add(struct counter *counter);
void counter_destroy(struct counter *counter);

/* Takes `count` units, waiting for those that have not come yet; fails the test when one does not
 * come within TEST_SECONDS / 2. For the thread that runs the test. */
void counter_wait(struct counter *counter, unsigned int count);

/* How many units are there to be taken. */
int counter_value(struct counter *counter);

#endif
