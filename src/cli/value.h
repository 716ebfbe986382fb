/*
 * value.h - numbers and sizes as people write them on a command line
 */
#ifndef CLI_VALUE_H
#define CLI_VALUE_H

#include <stdbool.h>
#include <stdint.h>

/* Reads a decimal number, all of `string`, between `least` and `most`. Returns whether it is
 * one; only then `number` is written. */
bool value_number(const char *string, int64_t least, int64_t most, int64_t *number);

/* Reads a number of bytes: digits, then optionally K, M, G or T (powers of 1024), which "B",
 * "iB" may follow. Returns whether it is one that fits; only then `size` is written. */
bool value_size(const char *string, uint64_t *size);

#endif
