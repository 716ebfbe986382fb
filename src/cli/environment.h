/*
 * environment.h - settings that the environment makes, before the command line does
 *
 *     ZSTD_CLEVEL      level, under cinch's and zstd's names, where zstd is written
 *     ZSTD_NBTHREADS   threads, likewise
 *     GZIP             options -1 to -9, -n, -N, -q, -v, under gzip's name
 */
#ifndef CLI_ENVIRONMENT_H
#define CLI_ENVIRONMENT_H

#include "cli/option_apply.h"

/* Applies the variables of the settings' family. Returns false after saying what is wrong with
 * GZIP; a bad number in the others is a warning, and ignored. */
bool environment_apply(struct option_reading *reading);

#endif
