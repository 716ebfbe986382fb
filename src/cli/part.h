/*
 * part.h - the I-th of N parts of a file
 */
#ifndef CLI_PART_H
#define CLI_PART_H

#include "cli/settings.h"

/* Reads "I/N" with 1 <= I <= N. Returns whether it is that; only then `part` is written. */
bool part_parse(const char *string, struct part *part);

/*
 * The bytes of a file of `size` bytes that belong to a part. The N parts of a file, in order,
 * are the file: none overlaps, none is missing. Each begins at a multiple of PART_ALIGNMENT, so
 * parts of small files may be empty.
 */
void part_range(const struct part *part, uint64_t size, uint64_t *offset, uint64_t *length);

/* Reads stay aligned to pages and file-system blocks, stripes of parallel ones included. */
#define PART_ALIGNMENT ((uint64_t)1 << 20)

#endif
