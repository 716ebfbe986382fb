/*
 * magic.h - whether data is compressed, to judge by its first bytes
 *
 * The library recognises formats by itself; the program must know before it hands data over
 * in two cases only: -cdf, which passes through what is not compressed, and -l.
 */
#ifndef CLI_MAGIC_H
#define CLI_MAGIC_H

#include <stddef.h>
#include <stdint.h>

enum {
    MAGIC_SIZE = 4
};

/* The CINCH_FORMAT_* whose data begins so, or CINCH_FORMAT_AUTO for none. */
int32_t magic_format(const unsigned char *bytes, size_t size);

/*
 * Reads the first bytes that a descriptor will give, at most MAGIC_SIZE, without taking them
 * away: of regular files and pipes. Waits for a pipe's writer. Returns how many there are;
 * 0 also for other kinds of files, which cannot be looked into.
 */
size_t magic_peek(int descriptor, unsigned char bytes[MAGIC_SIZE]);

#endif
