#include "samples.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void samples_add(struct samples *samples, double value)
{
    if (samples->count == samples->capacity) {
        size_t capacity = samples->capacity == 0 ? 64 : 2 * samples->capacity;
        double *values = realloc(samples->values, capacity * sizeof *values);
        if (values == NULL) {
            fprintf(stderr, "out of memory\n");
            exit(1);
        }
        samples->values = values;
        samples->capacity = capacity;
    }
    samples->values[samples->count++] = value;
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

double samples_quantile(struct samples *samples, double part)
{
    if (samples->count == 0)
        return 0;
    qsort(samples->values, samples->count, sizeof samples->values[0], compare);
    size_t rank = (size_t)ceil(part * (double)samples->count);
    return samples->values[rank == 0 ? 0 : rank - 1];
}

void samples_free(struct samples *samples)
{
    free(samples->values);
    memset(samples, 0, sizeof *samples);
}
