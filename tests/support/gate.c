#include "support/gate.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "support/test.h"

void gate_init(struct gate *gate)
{
    sem_init(&gate->opened, 0, 0);
}

void gate_open(struct gate *gate)
{
    sem_post(&gate->opened);
}

void gate_pass(struct gate *gate)
{
    while (sem_wait(&gate->opened) != 0) {
    }
    sem_post(&gate->opened);
}

void gate_destroy(struct gate *gate)
{
    sem_destroy(&gate->opened);
}

void counter_init(struct counter *counter)
{
    sem_init(&counter->units, 0, 0);
}

void counter_add(struct counter *counter)
{
    sem_post(&counter->units);
}

void counter_destroy(struct counter *counter)
{
    sem_destroy(&counter->units);
}

void counter_wait(struct counter *counter, unsigned int count)
{
    struct timespec deadline;

    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += TEST_SECONDS / 2;
    for (unsigned int taken = 0; taken < count; taken++) {
        while (sem_timedwait(&counter->units, &deadline) != 0) {
            if (errno != EINTR) {
                fail_msg("only %u of %u events have come: %s", taken, count, strerror(errno));
            }
        }
    }
}

int counter_value(struct counter *counter)
{
    int value = 0;

    sem_getvalue(&counter->units, &value);
    return value;
}
