/*
 * Heap: how much memory the process has allocated, counted call by call.
 *
 * heap.c puts itself in front of the C library's malloc() and its relatives, for the whole program
 * it is linked into. Not with a sanitizer, which has an allocator of its own.
 */
#ifndef CINCH_TESTS_CONTRACT_HEAP_H
#define CINCH_TESTS_CONTRACT_HEAP_H

#include <stdbool.h>
#include <stddef.h>

/* Whether anything is counted. */
bool heap_is_counted(void);

/* Bytes that are allocated now. */
size_t heap_size(void);

/* The most that heap_size() has been since heap_peak_reset(). Any thread. */
size_t heap_peak(void);
void heap_peak_reset(void);

#endif
