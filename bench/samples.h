/*
 * Samples: numbers that were measured, and what can be said of them all.
 */
#ifndef CINCH_BENCH_SAMPLES_H
#define CINCH_BENCH_SAMPLES_H

#include <stddef.h>

/* All zero is "none". Ends the program where memory is short. */
struct samples {
    double *values;
    size_t count;
    size_t capacity;
};

void samples_add(struct samples *samples, double value);

/* The smallest value that at least `part` (0 to 1) of the samples do not pass; 0 of none. Sorts
 * them. */
double samples_quantile(struct samples *samples, double part);

static inline double samples_median(struct samples *samples)
{
    return samples_quantile(samples, 0.5);
}

/* The bare count 0 again, and the memory freed. */
void samples_free(struct samples *samples);

#endif
