#include "schedule/contract.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include "schedule/scheduler.h"

#define DIGEST_BASIS UINT64_C(14695981039346656037)

static uint64_t digest_more(uint64_t digest, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        digest = (digest ^ data[i]) * UINT64_C(1099511628211);
    return digest;
}

uint64_t digest_bytes(const void *data, size_t size)
{
    return digest_more(DIGEST_BASIS, data, size) | 1;
}

uint64_t digest_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    uint8_t buffer[16384];
    uint64_t digest = DIGEST_BASIS;
    ssize_t got;
    while ((got = read(fd, buffer, sizeof buffer)) > 0)
        digest = digest_more(digest, buffer, (size_t)got);
    close(fd);
    return digest | 1;
}

#define FAIL(job, format, ...)  schedule_fail("job %u: " format, (job)->number, __VA_ARGS__)
#define FAIL_PLAINLY(job, text) schedule_fail("job %u: %s", (job)->number, text)

/* --- Submit ----------------------------------------------------------------------------- */

void contract_submitted(struct job_contract *job, int32_t code, bool was_refused_before)
{
    job->is_accepted = code == CINCH_OK;
    job->is_refused = !job->is_accepted;
    schedule_note("job %u: submit returns %d", job->number, (int)code);
    if (code == CINCH_E_SHUTDOWN) {
        if (!job->pool->is_ending)
            FAIL_PLAINLY(job, "SHUTDOWN from a pool that nobody ends");
        job->pool->has_refused = true;
    } else if (code != CINCH_OK) {
        FAIL(job, "a good submit was refused with %d", (int)code);
    } else if (was_refused_before) {
        FAIL_PLAINLY(job, "a submit was accepted after the pool had refused one");
    }
    if (job->is_refused && (job->progress_calls != 0 || job->completion_began))
        FAIL_PLAINLY(job, "a refused submit had callbacks");
    if (job->is_refused && job->job != NULL)
        FAIL_PLAINLY(job, "a refused submit left a handle");
    /* A callback may have dropped it already. */
    if (job->is_accepted && job->wants_handle && job->job == NULL)
        FAIL_PLAINLY(job, "an accepted submit gave no handle");
    if (job->is_accepted && job->wants_handle && job->handle == HANDLE_NONE)
        job->handle = HANDLE_LIVE;
}

/* --- Callbacks -------------------------------------------------------------------------- */

static void enter(struct job_contract *job, const char *what)
{
    schedule_note("job %u: %s", job->number, what);
    if (job->is_inside)
        FAIL_PLAINLY(job, "two callbacks overlap");
    if (job->is_refused)
        FAIL_PLAINLY(job, "a callback of a job that was refused");
    if (job->completion_began)
        FAIL_PLAINLY(job, "a callback after completion");
    if (job->is_silent)
        FAIL_PLAINLY(job, "a callback began after close or detach had returned");
    if (job->pool->is_gone)
        FAIL_PLAINLY(job, "a callback after the pool's end");
    if (schedule_locks_held() != 0)
        FAIL_PLAINLY(job, "a callback is entered with a lock held");
    if (schedule_is_test_thread())
        FAIL_PLAINLY(job, "a callback runs on a thread of the test");
    if (job->wants_handle && job->job == NULL)
        FAIL_PLAINLY(job, "a callback came before the handle was written");
    if (job->wants_handle && job->handle == HANDLE_NONE)
        job->handle = HANDLE_LIVE;
    job->is_inside = true;
}

void contract_leave(struct job_contract *job)
{
    if (!job->is_inside)
        FAIL_PLAINLY(job, "two callbacks overlap");
    if (job->completion_began)
        job->completion_returned = true;
    job->is_inside = false;
}

void contract_progress(struct job_contract *job, uint64_t done, uint64_t total)
{
    enter(job, "progress");
    schedule_note("job %u: %llu of %llu", job->number, (unsigned long long)done,
                  (unsigned long long)total);
    if (job->progress_calls == 0 && done != 0)
        FAIL_PLAINLY(job, "the first progress call does not say 0");
    if (done < job->last_done)
        FAIL_PLAINLY(job, "bytes_done has decreased");
    if (total != 0 && done > total)
        FAIL_PLAINLY(job, "bytes_done has passed bytes_total");
    if (job->progress_calls > 0 && job->last_total != 0 && total != job->last_total)
        FAIL_PLAINLY(job, "bytes_total has changed");
    job->progress_calls++;
    job->last_done = done;
    job->last_total = total;
}

/* Whether the rules allow this result, by what was asked of the job until now. */
static void check_result(const struct job_contract *job, int32_t code)
{
    if (job->has_result && code != job->result)
        FAIL(job, "the result was %d and is %d now", (int)job->result, (int)code);
    if (code == CINCH_OK) {
        if (job->cancel_ok)
            FAIL_PLAINLY(job, "cancel said OK, and the job succeeded");
        if (job->made_deadlock_early)
            FAIL_PLAINLY(job, "a blocking call in a callback was not recorded");
        if (job->expected != CINCH_OK)
            FAIL_PLAINLY(job, "success where an error was due");
    } else if (code == CINCH_E_CANCELLED) {
        if (!job->was_asked_to_end && !(job->pool->is_ending && job->pool->is_cancelled))
            FAIL_PLAINLY(job, "cancelled, and nobody has asked for it");
        if (job->cancel_late)
            FAIL_PLAINLY(job, "cancel came too late, and the job is cancelled");
    } else if (code == CINCH_E_DEADLOCK) {
        if (!job->made_deadlock)
            FAIL_PLAINLY(job, "DEADLOCK, and no callback has blocked");
        if (job->cancel_ok_first)
            FAIL_PLAINLY(job, "cancel said OK, and an error that came later is the result");
    } else if (code != job->expected && code != job->or_expected) {
        FAIL(job, "ended with %d", (int)code);
    }
}

/* What is at the output's place, when the result is known. */
static void check_output(const struct job_contract *job)
{
    if (job->output == NULL)
        return;
    uint64_t found = digest_file(job->output);
    if (job->result == CINCH_OK) {
        if (job->output_after != 0 && found != job->output_after)
            FAIL_PLAINLY(job, "success, and the output is not what it should be");
    } else if (found != job->output_before) {
        FAIL(job, "ended with %d, and the output has changed", (int)job->result);
    }
}

static void set_result(struct job_contract *job, int32_t code)
{
    check_result(job, code);
    job->result = code;
    job->has_result = true;
    check_output(job);
}

void contract_completion(struct job_contract *job, int32_t code)
{
    enter(job, "completion");
    job->completion_began = true;
    set_result(job, code);
    if (code == CINCH_OK && job->hears_progress) {
        if (job->progress_calls < 2)
            FAIL_PLAINLY(job, "success without a last progress call");
        if (job->last_done != job->last_total)
            FAIL_PLAINLY(job, "success, and the last progress call was not the end");
    }
}

/* --- Calls ------------------------------------------------------------------------------ */

void contract_cancel(struct job_contract *job)
{
    job->was_asked_to_end = true;
    job->uses++;
    bool deadlock_before = job->made_deadlock;
    int32_t code = cinch_job_cancel(job->job);
    job->uses--;
    schedule_note("job %u: cancel returns %d", job->number, (int)code);
    if (code == CINCH_OK) {
        if (job->cancel_late)
            FAIL_PLAINLY(job, "cancel said TOO_LATE and then OK");
        job->cancel_ok = true;
        job->cancel_ok_first |= !deadlock_before && !job->made_deadlock;
        if (job->output != NULL && digest_file(job->output) != job->output_before)
            FAIL_PLAINLY(job, "cancel said OK, and the output is there");
    } else if (code == CINCH_E_TOO_LATE) {
        if (job->cancel_ok)
            FAIL_PLAINLY(job, "cancel said OK and then TOO_LATE");
        job->cancel_late = true;
    } else {
        FAIL(job, "cancel returned %d", (int)code);
    }
    if (job->has_result)
        check_result(job, job->result);
}

/* What holds as soon as somebody has waited for the job. */
static void check_waited(struct job_contract *job)
{
    if (job->is_inside)
        FAIL_PLAINLY(job, "a callback runs when it was waited for");
    if (job->hears_completion && !job->is_silenced && !job->completion_returned)
        FAIL_PLAINLY(job, "waited for, and completion has not come");
}

void contract_wait(struct job_contract *job)
{
    job->uses++;
    int32_t code = cinch_job_wait(job->job);
    job->uses--;
    schedule_note("job %u: wait returns %d", job->number, (int)code);
    check_waited(job);
    set_result(job, code);
}

void contract_close(struct job_contract *job)
{
    job->was_asked_to_end = true;
    job->handle = HANDLE_DROPPED;
    cinch_job_close(job->job);
    schedule_note("job %u: close returns", job->number);
    check_waited(job);
    job->is_silent = true;
}

void contract_detach(struct job_contract *job)
{
    job->was_asked_to_end = true;
    job->is_silenced = true;
    job->handle = HANDLE_DROPPED;
    cinch_job_detach(job->job);
    schedule_note("job %u: detach returns", job->number);
    job->is_silent = true;
}

void contract_release(struct job_contract *job)
{
    job->handle = HANDLE_DROPPED;
    cinch_job_release(job->job);
    schedule_note("job %u: release returns", job->number);
}

void contract_look(struct job_contract *job)
{
    cinch_stats stats = CINCH_STATS_INIT;
    char message[200];
    job->uses++;
    if (cinch_job_stats(job->job, &stats) != CINCH_OK ||
        cinch_job_message(job->job, message, sizeof message) != CINCH_OK)
        FAIL_PLAINLY(job, "stats or message were refused");
    job->uses--;
    if (stats.bytes_total != 0 && stats.bytes_in > stats.bytes_total)
        FAIL_PLAINLY(job, "bytes_in has passed bytes_total");
    if (job->has_result && job->result != CINCH_OK && message[0] == '\0')
        FAIL_PLAINLY(job, "an error without a message");
}

void contract_call_in_callback(struct job_contract *inside, struct job_contract *job,
                               unsigned choice)
{
    if (choice == 0) {
        job->uses++;
        if (cinch_job_wait(job->job) != CINCH_E_DEADLOCK)
            FAIL_PLAINLY(job, "wait inside a callback was not refused");
        job->uses--;
        return;
    }
    inside->made_deadlock = true;
    if (!inside->completion_began && inside->last_total != 0 &&
        inside->last_done < inside->last_total)
        inside->made_deadlock_early = true;
    if (choice == 1) {
        job->uses++;
        cinch_job_close(job->job); /* refused, and the handle stays */
        job->uses--;
    } else {
        cinch_pool_destroy(inside->pool->pool, CINCH_CANCEL);
    }
}

void contract_destroy(struct pool_contract *pool, int32_t mode)
{
    pool->is_cancelled = mode != CINCH_DRAIN;
    pool->is_ending = true;
    cinch_pool_destroy(pool->pool, mode);
    pool->is_gone = true;
    schedule_note("destroy returns");
    if (schedule_library_threads() != 0)
        schedule_fail("threads are left after the pool's end");
}

void contract_pool_is_gone(const struct job_contract *job)
{
    if (job->is_inside)
        FAIL_PLAINLY(job, "a callback runs after the pool's end");
    if (job->is_accepted && job->hears_completion && !job->is_silenced && !job->completion_returned)
        FAIL_PLAINLY(job, "the pool is gone, and completion has not come");
}

void contract_check_end(const struct job_contract *job)
{
    if (job->is_inside)
        FAIL_PLAINLY(job, "a callback has not returned");
    if (job->is_refused)
        return;
    if (job->hears_completion && !job->is_silenced && !job->completion_returned)
        FAIL_PLAINLY(job, "completion has not come");
    if (job->has_result) {
        check_result(job, job->result);
        check_output(job);
    } else if (job->output != NULL) {
        uint64_t found = digest_file(job->output);
        bool is_whole = job->output_after == 0 || found == job->output_after;
        if (found != job->output_before && (!is_whole || job->cancel_ok))
            FAIL_PLAINLY(job, "the output is neither what was there nor complete");
    }
}
