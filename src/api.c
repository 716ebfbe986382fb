/*
 * The public functions on pools and jobs: they check arguments and delegate.
 */
#include <cinch/cinch.h>

#include <stdbool.h>
#include <stdlib.h>

#include "api.h"
#include "callback.h"
#include "job.h"
#include "options.h"
#include "pool.h"

/* --- Pools ------------------------------------------------------------------------------ */

int32_t cinch_pool_create(const cinch_pool_options *options, cinch_pool **pool)
{
    uint32_t threads;
    if (pool == NULL)
        return CINCH_E_INVALID;
    *pool = NULL;
    int32_t code = pool_options_threads(options, &threads);
    return code == CINCH_OK ? pool_create(threads, pool) : code;
}

void cinch_pool_destroy(cinch_pool *pool, int32_t mode)
{
    if (pool == NULL)
        return;
    if (callback_is_running())
        job_record_deadlock();
    else
        pool_destroy(pool, mode != CINCH_DRAIN);
}

/* --- Submitting ------------------------------------------------------------------------- */

/* Whether an output is missing: where there are paths, each job but an inspection has two. */
static bool lacks_output(const struct request *request)
{
    return request->input_path != NULL && request->operation != OPERATION_INSPECT &&
           (request->output_path == NULL || request->output_path[0] == '\0');
}

static int32_t submit(cinch_pool *pool, struct request *request, const cinch_options *options,
                      enum progress_unit unit, cinch_job **job)
{
    if (job != NULL)
        *job = NULL;
    int32_t code = options_read(&request->options, options);
    if (code != CINCH_OK)
        return code;
    if (request->operation == OPERATION_DECOMPRESS &&
        (request->options.flags & CINCH_FLAG_INSPECT) != 0)
        request->operation = OPERATION_INSPECT;
    if (lacks_output(request))
        return CINCH_E_INVALID;
    if (request->operation == OPERATION_COMPRESS)
        code = options_resolve(&request->options, request->output_path);
    if (code == CINCH_OK && pool == NULL)
        code = pool_default(&pool);
    return code == CINCH_OK ? job_submit(pool, request, unit, job) : code;
}

int32_t submit_paths(cinch_pool *pool, enum operation operation, const char *input,
                     const char *output, const cinch_options *options, enum progress_unit unit,
                     cinch_job **job)
{
    if (job != NULL)
        *job = NULL;
    if (input == NULL || input[0] == '\0')
        return CINCH_E_INVALID;
    /* The paths are only read, and copied, by job_submit(). */
    struct request request = {
        .operation = operation,
        .input_path = (char *)input,
        .output_path = (char *)output,
        .input_fd = -1,
        .output_fd = -1,
    };
    return submit(pool, &request, options, unit, job);
}

int32_t submit_refusal(int32_t code, const cinch_options *options)
{
    struct request request = {
        .operation = OPERATION_COMPRESS, .input_fd = -1, .output_fd = -1, .refusal = code};
    return submit(NULL, &request, options, PROGRESS_PERCENT, NULL);
}

static int32_t submit_fds(cinch_pool *pool, enum operation operation, int input_fd, int output_fd,
                          const cinch_options *options, cinch_job **job)
{
    struct request request = {.operation = operation, .input_fd = input_fd, .output_fd = output_fd};
    return submit(pool, &request, options, PROGRESS_BYTES, job);
}

int32_t cinch_compress(cinch_pool *pool, const char *input, const char *output,
                       const cinch_options *options, cinch_job **job)
{
    return submit_paths(pool, OPERATION_COMPRESS, input, output, options, PROGRESS_BYTES, job);
}

int32_t cinch_decompress(cinch_pool *pool, const char *input, const char *output,
                         const cinch_options *options, cinch_job **job)
{
    return submit_paths(pool, OPERATION_DECOMPRESS, input, output, options, PROGRESS_BYTES, job);
}

int32_t cinch_compress_fd(cinch_pool *pool, int input_fd, int output_fd,
                          const cinch_options *options, cinch_job **job)
{
    return submit_fds(pool, OPERATION_COMPRESS, input_fd, output_fd, options, job);
}

int32_t cinch_decompress_fd(cinch_pool *pool, int input_fd, int output_fd,
                            const cinch_options *options, cinch_job **job)
{
    return submit_fds(pool, OPERATION_DECOMPRESS, input_fd, output_fd, options, job);
}

/* --- Jobs ------------------------------------------------------------------------------- */

int32_t cinch_job_cancel(cinch_job *job)
{
    return job != NULL ? job_cancel(job) : CINCH_E_INVALID;
}

int32_t cinch_job_wait(cinch_job *job)
{
    return job != NULL ? job_wait(job) : CINCH_E_INVALID;
}

int32_t cinch_job_stats(const cinch_job *job, cinch_stats *stats)
{
    if (job == NULL || stats == NULL || stats->struct_size < sizeof stats->struct_size)
        return CINCH_E_INVALID;
    return job_stats(job, stats);
}

int32_t cinch_job_message(const cinch_job *job, char *buffer, size_t size)
{
    if (job == NULL || buffer == NULL || size == 0)
        return CINCH_E_INVALID;
    return job_message(job, buffer, size);
}

void cinch_job_release(cinch_job *job)
{
    if (job != NULL)
        job_release(job);
}

void cinch_job_detach(cinch_job *job)
{
    if (job != NULL)
        job_detach(job);
}

void cinch_job_close(cinch_job *job)
{
    if (job != NULL)
        job_close(job);
}
