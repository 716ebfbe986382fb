/*
 * Allocations: counts what the whole process allocates, in the library, its codecs and here.
 *
 * malloc() and its kin are replaced by functions that count and call the C library's own. Where
 * that is not possible (a sanitizer has replaced them) nothing is counted.
 */
#ifndef CINCH_BENCH_ALLOCATIONS_H
#define CINCH_BENCH_ALLOCATIONS_H

#include <stdint.h>

struct allocations {
    uint64_t calls; /* of malloc, calloc, realloc and the like */
    uint64_t bytes; /* that they asked for */
    int64_t peak;   /* bytes at most alive at once, of those allocated while counting */
};

/* Counts from now on, from zero. */
void allocations_start(void);

/* Ends the counting. */
struct allocations allocations_stop(void);

#endif
