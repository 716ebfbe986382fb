/*
 * What the two forms of the public interface share.
 */
#ifndef CINCH_SRC_API_H
#define CINCH_SRC_API_H

#include <stdint.h>

#include <cinch/cinch.h>

#include "progress.h"
#include "transfer.h"

/* As cinch_compress() and cinch_decompress(), with `unit` as job_submit() takes it. */
int32_t submit_paths(cinch_pool *pool, enum operation operation, const char *input,
                     const char *output, const cinch_options *options, enum progress_unit unit,
                     cinch_job **job);

/* Submits to the default pool a job that does nothing but complete with `code`. */
int32_t submit_refusal(int32_t code, const cinch_options *options);

#endif
