/*
 * The four-argument form, made of the full one: its callbacks carry no user pointer, so each call
 * brings a small record of its own.
 */
#include <cinch/compress_async.h>

#include <stdlib.h>

#include "api.h"
#include "callback.h"
#include "job.h"
#include "thread.h"

/* --- With two callbacks ----------------------------------------------------------------- */

/* One call; owned by its job, freed by its completion. */
struct async_call {
    ProgressFn on_progress;
    CompletionFn on_complete;
};

static void async_progress(void *user, uint64_t percent, uint64_t hundred)
{
    (void)hundred;
    const struct async_call *call = user;
    call->on_progress((int32_t)percent);
}

static void async_complete(void *user, int32_t error_code)
{
    struct async_call *call = user;
    CompletionFn on_complete = call->on_complete;
    free(call);
    if (on_complete != NULL)
        on_complete(error_code);
}

/* No job could be made, not even one that says what is wrong: says so here and now. */
static void complete_at_once(CompletionFn on_complete, int32_t error_code)
{
    if (on_complete == NULL)
        return;
    cinch_job *outer = callback_enter(NULL);
    on_complete(error_code);
    callback_leave(outer);
}

static void run_async(enum operation operation, const char *input, const char *output,
                      ProgressFn on_progress, CompletionFn on_complete)
{
    struct async_call *call = malloc(sizeof *call);
    if (call == NULL) {
        complete_at_once(on_complete, CINCH_E_NO_MEMORY);
        return;
    }
    *call = (struct async_call){on_progress, on_complete};
    cinch_options options = CINCH_OPTIONS_INIT;
    options.on_progress = on_progress != NULL ? async_progress : NULL;
    options.on_complete = async_complete;
    options.user = call;
    int32_t code = submit_paths(NULL, operation, input, output, &options, PROGRESS_PERCENT, NULL);
    if (code == CINCH_E_INVALID)
        code = submit_refusal(code, &options);
    if (code != CINCH_OK) {
        free(call);
        complete_at_once(on_complete, code);
    }
}

void compress_async(const char *input, const char *output, ProgressFn on_progress,
                    CompletionFn on_complete)
{
    run_async(OPERATION_COMPRESS, input, output, on_progress, on_complete);
}

void decompress_async(const char *input, const char *output, ProgressFn on_progress,
                      CompletionFn on_complete)
{
    run_async(OPERATION_DECOMPRESS, input, output, on_progress, on_complete);
}

/* --- And waiting ------------------------------------------------------------------------ */

/* What the workers leave for the thread that waits, which owns it. */
struct mailbox {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* Under the lock. */
    int32_t percent; /* the latest; -1 before the first */
    bool is_complete;
};

static void mailbox_progress(void *user, uint64_t percent, uint64_t hundred)
{
    (void)hundred;
    struct mailbox *mailbox = user;
    thread_lock(&mailbox->lock);
    mailbox->percent = (int32_t)percent;
    thread_broadcast(&mailbox->changed);
    thread_unlock(&mailbox->lock);
}

static void mailbox_complete(void *user, int32_t error_code)
{
    (void)error_code;
    struct mailbox *mailbox = user;
    thread_lock(&mailbox->lock);
    mailbox->is_complete = true;
    thread_broadcast(&mailbox->changed);
    thread_unlock(&mailbox->lock);
}

/* Reports what comes in until the job completes. */
static void read_mailbox(struct mailbox *mailbox, ProgressFn on_progress)
{
    int32_t reported = -1;
    thread_lock(&mailbox->lock);
    for (;;) {
        int32_t percent = mailbox->percent;
        if (percent > reported) {
            if (reported < 0)
                percent = 0; /* the first, whatever the workers have done meanwhile */
            thread_unlock(&mailbox->lock);
            cinch_job *outer = callback_enter(NULL);
            on_progress(percent);
            callback_leave(outer);
            reported = percent;
            thread_lock(&mailbox->lock);
        } else if (mailbox->is_complete) {
            break;
        } else {
            thread_wait(&mailbox->changed, &mailbox->lock);
        }
    }
    thread_unlock(&mailbox->lock);
}

static int32_t run_and_wait(enum operation operation, const char *input, const char *output,
                            ProgressFn on_progress)
{
    if (callback_is_running())
        return CINCH_E_DEADLOCK;
    int32_t code = CINCH_E_NO_MEMORY;
    struct mailbox mailbox = {.percent = -1};
    if (thread_lock_init(&mailbox.lock) != 0)
        return code;
    if (thread_condition_init(&mailbox.changed) != 0)
        goto changed_failed;

    cinch_options options = CINCH_OPTIONS_INIT;
    if (on_progress != NULL) {
        options.on_progress = mailbox_progress;
        options.on_complete = mailbox_complete;
        options.user = &mailbox;
    }
    cinch_job *job;
    code = submit_paths(NULL, operation, input, output, &options, PROGRESS_PERCENT, &job);
    if (code == CINCH_OK) {
        if (on_progress != NULL)
            read_mailbox(&mailbox, on_progress);
        /* The completion callback has said its last word, but only this says that it is gone
         * from the mailbox. */
        code = job_wait(job);
        job_release(job);
    }

    thread_condition_destroy(&mailbox.changed);
changed_failed:
    thread_lock_destroy(&mailbox.lock);
    return code;
}

int32_t compress_file(const char *input, const char *output, ProgressFn on_progress)
{
    return run_and_wait(OPERATION_COMPRESS, input, output, on_progress);
}

int32_t decompress_file(const char *input, const char *output, ProgressFn on_progress)
{
    return run_and_wait(OPERATION_DECOMPRESS, input, output, on_progress);
}
