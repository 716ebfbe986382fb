/*
 * What time it is: passing, and spent by the processors on this process.
 */
#ifndef CINCH_BENCH_CLOCK_H
#define CINCH_BENCH_CLOCK_H

#include <time.h>

static inline double clock_read(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Seconds of both. */
struct spent {
    double wall;
    double processor;
};

static inline struct spent spent_now(void)
{
    return (struct spent){clock_read(CLOCK_MONOTONIC), clock_read(CLOCK_PROCESS_CPUTIME_ID)};
}

static inline struct spent spent_since(struct spent start)
{
    struct spent now = spent_now();
    return (struct spent){now.wall - start.wall, now.processor - start.processor};
}

#endif
