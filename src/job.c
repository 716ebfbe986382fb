/*
 * The life of a job.
 *
 *            cancel                    +--------------------------------+
 *   QUEUED ---------+                  |  a failure, or a cancel        v
 *     |             +--> (the same, with a failure) -> ... ---------> ENDING --> DONE
 *     | a worker comes                                                  ^
 *     v                  everything is put and sealed, nobody cancelled |
 *   RUNNING ------------------------------------------> PUBLISHING -----+
 *
 * The state changes, and cancel is recorded, under the job's lock, so cancel and publish have an
 * order: cancel succeeds in QUEUED and RUNNING, and in ENDING and DONE if the job never was
 * PUBLISHING; publishing begins only if there was no cancel. A cancel is a failure like any other:
 * the first one is the result, and whatever fails after a cancel that has returned is not.
 *
 * Workers come to a job with tokens of its task (job_run) or of one of its waits. Whoever finds
 * itself the last one in the pipeline ends the job: job_end() is the only place where a job
 * completes, and runs once.
 *
 * Memory. A job has one reference for its handle and one for its way through the pool, dropped at
 * the very end. Callbacks are made with no lock held; callback.h tells blocking calls on their
 * thread that they are inside one.
 *
 * Locks. A job's lock is taken with no other lock held; the pool's may be taken while it is held.
 */
#include "job.h"

#include <stdlib.h>
#include <string.h>

#include "callback.h"
#include "thread.h"

enum job_state {
    JOB_QUEUED,
    JOB_RUNNING,
    JOB_PUBLISHING,
    JOB_ENDING, /* the result stands; the completion callback is next, or under way */
    JOB_DONE
};

struct cinch_job {
    /* Constant once a worker has it. */
    cinch_completion_fn on_complete;
    void *user;
    uint32_t fork_generation;
    uint64_t submitted; /* a time of thread_now() */

    _Atomic uint32_t references;
    _Atomic bool is_silenced; /* by detach: no further callback begins */
    _Atomic uint64_t ended;   /* a time; 0 until the result stands */

    struct pool_member member; /* the pool's */
    struct pool_task task;
    struct pool_wait take_wait;
    struct pool_wait put_wait;

    struct transfer transfer; /* guards itself */

    /* Set by the one worker that opens the transfer. */
    bool is_open;

    pthread_mutex_t lock;
    pthread_cond_t done; /* broadcast when state becomes JOB_DONE */
    /* Under the lock. */
    enum job_state state;
    bool was_publishing;
    int32_t result; /* from JOB_ENDING on */
};

#define OWNER_OF(pointer, member_name)                                                             \
    ((cinch_job *)(void *)((char *)(pointer)-offsetof(cinch_job, member_name)))

/* --- References ------------------------------------------------------------------------- */

static void job_retain(cinch_job *job)
{
    atomic_fetch_add_explicit(&job->references, 1, memory_order_relaxed);
}

static void job_free(cinch_job *job)
{
    transfer_free(&job->transfer);
    thread_condition_destroy(&job->done);
    thread_lock_destroy(&job->lock);
    free(job->transfer.request.input_path);
    free(job->transfer.request.output_path);
    free(job);
}

static void job_drop(cinch_job *job)
{
    if (atomic_fetch_sub_explicit(&job->references, 1, memory_order_acq_rel) == 1)
        job_free(job);
}

static bool job_is_foreign(const cinch_job *job)
{
    return job->fork_generation != pool_fork_generation();
}

/* --- Callbacks -------------------------------------------------------------------------- */

void job_record_deadlock(void)
{
    cinch_job *job = callback_job();
    if (job == NULL)
        return;
    struct failure failure = {.code = CINCH_E_DEADLOCK};
    thread_lock(&job->lock);
    if (job->state < JOB_PUBLISHING)
        transfer_fail(&job->transfer, &failure);
    thread_unlock(&job->lock);
}

static void report_progress(void *owner, uint64_t done, uint64_t total)
{
    cinch_job *job = owner;
    if (atomic_load(&job->is_silenced))
        return;
    cinch_job *outer = callback_enter(job);
    job->transfer.request.options.on_progress(job->user, done, total);
    callback_leave(outer);
}

static void report_completion(cinch_job *job, int32_t result)
{
    if (job->on_complete == NULL || atomic_load(&job->is_silenced))
        return;
    cinch_job *outer = callback_enter(job);
    job->on_complete(job->user, result);
    callback_leave(outer);
}

/* --- The end ---------------------------------------------------------------------------- */

/* The result as it stands: the first failure, a cancel being one. Lock held. */
static int32_t job_result(const cinch_job *job)
{
    return failure_latch_get(&job->transfer.failure).code;
}

/* From RUNNING to PUBLISHING, if nothing speaks against it. */
static bool job_may_publish(cinch_job *job)
{
    thread_lock(&job->lock);
    bool may = job_result(job) == CINCH_OK;
    if (may) {
        job->state = JOB_PUBLISHING;
        job->was_publishing = true;
    }
    thread_unlock(&job->lock);
    return may;
}

/*
 * Completes the job: the only place where that happens. The calling worker is the last one on it.
 */
static void job_end(cinch_job *job)
{
    cinch_pool *pool = job->transfer.pipeline.pool;
    if (job_may_publish(job))
        transfer_publish(&job->transfer);
    transfer_close(&job->transfer);

    thread_lock(&job->lock);
    int32_t result = job_result(job);
    thread_unlock(&job->lock);
    if (result == CINCH_OK)
        progress_finish(&job->transfer.progress);

    thread_lock(&job->lock);
    assert(job->state != JOB_ENDING && job->state != JOB_DONE);
    job->state = JOB_ENDING;
    job->result = result;
    atomic_store(&job->ended, thread_now());
    thread_unlock(&job->lock);

    report_completion(job, result);

    thread_lock(&job->lock);
    job->state = JOB_DONE;
    thread_broadcast(&job->done);
    thread_unlock(&job->lock);
    transfer_dispose(&job->transfer);
    pool_leave(pool, &job->member);
    job_drop(job);
}

/* The pipeline has nothing left to do, and nobody else is in it. */
static void job_finish(cinch_job *job)
{
    if (!pipeline_is_stopped(&job->transfer.pipeline))
        transfer_seal(&job->transfer);
    job_end(job);
}

/* --- The way there ---------------------------------------------------------------------- */

/* Opens the transfer, or goes on with it. False: it is not open, and the job not ours any more. */
static bool job_open(cinch_job *job, struct worker *worker)
{
    struct step_need need;
    enum step step = STEP_FAILED;
    struct failure failure = {.code = CINCH_OK};
    if (job->take_wait.error != 0) {
        failure_set_system(&failure, FAILURE_OF_NOTHING, "cannot wait for a descriptor",
                           job->take_wait.error);
        transfer_fail(&job->transfer, &failure);
    }
    if (!pipeline_is_stopped(&job->transfer.pipeline))
        step = transfer_open(&job->transfer, worker, &need);
    if (step == STEP_WAIT) {
        int32_t code = pool_wait_begin(job->transfer.pipeline.pool, &job->take_wait, need.fd,
                                       need.events, need.milliseconds);
        if (code == CINCH_OK)
            return false;
        failure_set(&failure, code, FAILURE_OF_NOTHING, "cannot wait for a descriptor", 0);
        transfer_fail(&job->transfer, &failure);
    }
    if (step == STEP_DONE)
        job->is_open = true;
    else
        job_end(job);
    return step == STEP_DONE;
}

static void job_run(struct pool_task *task, struct worker *worker)
{
    cinch_job *job = OWNER_OF(task, task);
    if (!job->is_open) {
        /* The first token: nobody else is here. */
        thread_lock(&job->lock);
        job->state = JOB_RUNNING;
        thread_unlock(&job->lock);
        if (!job_open(job, worker))
            return;
    }
    if (pipeline_run(&job->transfer.pipeline, worker) == PIPELINE_LAST)
        job_finish(job);
}

static void job_resume_take(struct pool_task *task, struct worker *worker)
{
    cinch_job *job = OWNER_OF(task, take_wait.task);
    enum pipeline_result result;
    if (job->is_open) {
        result = pipeline_resume_take(&job->transfer.pipeline, worker);
    } else {
        if (!job_open(job, worker))
            return;
        result = pipeline_run(&job->transfer.pipeline, worker);
    }
    if (result == PIPELINE_LAST)
        job_finish(job);
}

static void job_resume_put(struct pool_task *task, struct worker *worker)
{
    cinch_job *job = OWNER_OF(task, put_wait.task);
    if (pipeline_resume_put(&job->transfer.pipeline, worker) == PIPELINE_LAST)
        job_finish(job);
}

/* --- Submitting ------------------------------------------------------------------------- */

static void member_cancel(struct pool_member *member)
{
    job_cancel(OWNER_OF(member, member));
}

static void member_retain(struct pool_member *member)
{
    job_retain(OWNER_OF(member, member));
}

static void member_release(struct pool_member *member)
{
    job_drop(OWNER_OF(member, member));
}

/* Sets what is constant. */
static void job_wire(cinch_job *job, cinch_pool *pool, enum progress_unit unit)
{
    const cinch_options *options = &job->transfer.request.options;
    job->on_complete = options->on_complete;
    job->user = options->user;
    job->fork_generation = pool_fork_generation();
    job->submitted = thread_now();
    job->transfer.progress.report = options->on_progress != NULL ? report_progress : NULL;
    job->transfer.progress.owner = job;
    job->transfer.progress.unit = unit;
    job->transfer.pipeline.pool = pool;
    job->transfer.pipeline.task = &job->task;
    job->transfer.pipeline.take_wait = &job->take_wait;
    job->transfer.pipeline.put_wait = &job->put_wait;
    job->task.run = job_run;
    job->take_wait.task.run = job_resume_take;
    job->take_wait.member = &job->member;
    job->put_wait.task.run = job_resume_put;
    job->put_wait.member = &job->member;
    job->member.task = &job->task;
    job->member.cancel = member_cancel;
    job->member.retain = member_retain;
    job->member.release = member_release;
}

static char *copy_path(const char *path, bool *failed)
{
    if (path == NULL)
        return NULL;
    char *copy = strdup(path);
    *failed = *failed || copy == NULL;
    return copy;
}

int32_t job_submit(cinch_pool *pool, const struct request *request, enum progress_unit unit,
                   cinch_job **handle)
{
    int32_t code = CINCH_E_NO_MEMORY;
    bool copy_failed = false;
    cinch_job *job = calloc(1, sizeof *job);
    if (job == NULL)
        return code;
    job->transfer.request = *request;
    job->transfer.request.input_path = copy_path(request->input_path, &copy_failed);
    job->transfer.request.output_path = copy_path(request->output_path, &copy_failed);
    if (copy_failed)
        goto paths_failed;
    if (thread_lock_init(&job->lock) != 0)
        goto lock_failed;
    if (thread_condition_init(&job->done) != 0)
        goto done_failed;
    code = transfer_init(&job->transfer);
    if (code != CINCH_OK)
        goto transfer_failed;
    job_wire(job, pool, unit);

    /* The job may be over before pool_join() returns, so the handle is written first. */
    atomic_store(&job->references, handle != NULL ? 2 : 1);
    if (handle != NULL)
        *handle = job;
    code = pool_join(pool, &job->member);
    if (code == CINCH_OK)
        return CINCH_OK;

    if (handle != NULL)
        *handle = NULL;
    transfer_free(&job->transfer);
transfer_failed:
    thread_condition_destroy(&job->done);
done_failed:
    thread_lock_destroy(&job->lock);
lock_failed:
paths_failed:
    free(job->transfer.request.input_path);
    free(job->transfer.request.output_path);
    free(job);
    return code;
}

/* --- The handle ------------------------------------------------------------------------- */

int32_t job_cancel(cinch_job *job)
{
    if (job_is_foreign(job))
        return CINCH_E_SHUTDOWN;
    thread_lock(&job->lock);
    bool is_late = job->was_publishing;
    if (!is_late && job->state < JOB_ENDING) {
        /* Under the lock, so that the pool is still there. */
        struct failure failure = {.code = CINCH_E_CANCELLED};
        transfer_fail(&job->transfer, &failure);
    }
    thread_unlock(&job->lock);
    return is_late ? CINCH_E_TOO_LATE : CINCH_OK;
}

int32_t job_wait(cinch_job *job)
{
    if (job_is_foreign(job))
        return CINCH_E_SHUTDOWN;
    if (callback_is_running())
        return CINCH_E_DEADLOCK;
    thread_lock(&job->lock);
    while (job->state != JOB_DONE)
        thread_wait(&job->done, &job->lock);
    int32_t result = job->result;
    thread_unlock(&job->lock);
    return result;
}

int32_t job_stats(const cinch_job *job, cinch_stats *stats)
{
    if (job_is_foreign(job))
        return CINCH_E_SHUTDOWN;
    const struct transfer *transfer = &job->transfer;
    uint64_t ended = atomic_load(&job->ended);
    cinch_stats now = {
        .struct_size = stats->struct_size < sizeof now ? stats->struct_size : sizeof now,
        .bytes_in = atomic_load(&transfer->progress.done),
        .bytes_out = atomic_load(&transfer->bytes_out),
        .bytes_total = atomic_load(&transfer->progress.total),
        .elapsed_ns = (ended != 0 ? ended : thread_now()) - job->submitted,
        .format = atomic_load(&transfer->found.format),
        .check = atomic_load(&transfer->found.check),
        .frames = atomic_load(&transfer->found.frames),
        .chunks = atomic_load(&transfer->found.chunks),
        .trailing = atomic_load(&transfer->found.trailing),
    };
    memcpy(stats, &now, now.struct_size);
    return CINCH_OK;
}

int32_t job_message(const cinch_job *job, char *buffer, size_t size)
{
    if (job_is_foreign(job))
        return CINCH_E_SHUTDOWN;
    struct failure failure = failure_latch_get(&job->transfer.failure);
    failure_describe(&failure, job->transfer.request.input_path, job->transfer.request.output_path,
                     buffer, size);
    return CINCH_OK;
}

void job_release(cinch_job *job)
{
    if (!job_is_foreign(job))
        job_drop(job);
}

void job_detach(cinch_job *job)
{
    if (job_is_foreign(job))
        return;
    atomic_store(&job->is_silenced, true);
    job_cancel(job);
    job_drop(job);
}

void job_close(cinch_job *job)
{
    if (job_is_foreign(job))
        return;
    if (callback_is_running()) {
        job_record_deadlock();
        return;
    }
    job_cancel(job);
    job_wait(job);
    job_drop(job);
}
