/*
 * Job: one transfer on its way through a pool, its handle, its callbacks and its end.
 *
 * Everything that cinch.h says of jobs is done here; api.c checks arguments and delegates.
 */
#ifndef CINCH_SRC_JOB_H
#define CINCH_SRC_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "progress.h"
#include "transfer.h"

/*
 * Submits a job.
 *
 * request  Its paths are copied; its options are resolved (options.h).
 * unit     What `options.on_progress` receives: bytes, or (percent, 100).
 * job      Receives a handle; NULL = none is wanted.
 *
 * Returns as cinch_compress() does.
 */
int32_t job_submit(cinch_pool *pool, const struct request *request, enum progress_unit unit,
                   cinch_job **job);

int32_t job_cancel(cinch_job *job);
int32_t job_wait(cinch_job *job);
int32_t job_stats(const cinch_job *job, cinch_stats *stats);
int32_t job_message(const cinch_job *job, char *buffer, size_t size);
void job_release(cinch_job *job);
void job_detach(cinch_job *job);
void job_close(cinch_job *job);

/* A blocking call that cannot return a code was made inside a callback: the job whose callback
 * it is ends with CINCH_E_DEADLOCK, if its end is still open. */
void job_record_deadlock(void);

#endif
