/*
 * memory.h - allocation for the program, which ends when there is none
 *
 * Running out of memory is the one error that no file can be blamed for. These functions
 * return memory or end the program: message, live lines removed, exit 1. That is safe at any
 * instant, since outputs take their names only when complete. Main thread only.
 */
#ifndef CLI_MEMORY_H
#define CLI_MEMORY_H

#include <stddef.h>

/* Zeroed memory for `count` things of `size` bytes; the caller frees it. Never NULL. */
void *memory_allocate(size_t count, size_t size);

/* realloc() for `count` things of `size` bytes; what is new is not zeroed. Never NULL. */
void *memory_resize(void *block, size_t count, size_t size);

/* A copy of a string; the caller frees it. */
char *memory_copy(const char *string);

/* A string made as by printf; the caller frees it. */
char *memory_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
