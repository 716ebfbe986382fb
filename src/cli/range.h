/*
 * range.h - --range: some decompressed bytes out of the middle of a file
 */
#ifndef CLI_RANGE_H
#define CLI_RANGE_H

#include "cli/settings.h"

/* Reads "OFFSET:LENGTH", both as value_size() does; without LENGTH the range ends with the
 * file. Returns whether it is that; only then `range` is written. */
bool range_parse(const char *string, struct range *range);

/*
 * Writes the bytes of `settings->range` of each source to standard output, decoding only the
 * chunks they lie in. What was said is the exit code.
 */
void range_run(const struct settings *settings);

#endif
