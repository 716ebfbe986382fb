/*
 * copy.h - bytes to standard output, as they are
 */
#ifndef CLI_COPY_H
#define CLI_COPY_H

#include <stddef.h>

/*
 * Each returns 0 when all was written; EINTR when a signal wants the program to end; else the
 * errno value of what failed. Standard output may be non-blocking.
 */

/* Writes a buffer. */
int copy_bytes(const char *bytes, size_t size);

/* Writes all that a descriptor gives, from its current offset where it has one. */
int copy_descriptor(int descriptor);

#endif
