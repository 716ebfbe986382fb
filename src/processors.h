/*
 * Processors: how many this process may use.
 */
#ifndef CINCH_SRC_PROCESSORS_H
#define CINCH_SRC_PROCESSORS_H

#include <stdint.h>

/*
 * The number of processors this process may run on: those of its affinity mask, and not more
 * than its cgroup's CPU quota (version 1 or 2, its own group and every one above it) rounded up.
 * At least 1. Reads files in /proc and /sys.
 */
uint32_t processors_usable(void);

/*
 * The cgroup part alone, for tests: `root` is put before /proc and /sys. Returns the quota
 * rounded up to whole processors, or UINT32_MAX where there is none.
 */
uint32_t processors_quota(const char *root);

#endif
