#include "progress.h"

#include <stddef.h>

#include "thread.h"

/*
 * The token. A worker with news takes it FREE -> HELD; one that finds it held marks it
 * HELD -> HELD_WITH_NEWS and goes. The holder may free it only while there is no news:
 *
 *   FREE --take--> HELD --free--> FREE
 *                   | ^
 *             news  v |  the holder looks again
 *              HELD_WITH_NEWS
 */
enum progress_token {
    TOKEN_FREE,
    TOKEN_HELD,
    TOKEN_HELD_WITH_NEWS
};

/* Whole percent, 99 at most: 100 is for progress_finish() alone. */
static uint64_t percent_of(uint64_t done, uint64_t total)
{
    if (total == 0)
        return 0;
    uint64_t percent = done <= UINT64_MAX / 100 ? done * 100 / total : done / (total / 100);
    return percent < 99 ? percent : 99;
}

/* Whether a report is due, and what `reported` becomes with it. */
static bool report_is_due(struct progress *progress, uint64_t done, uint64_t *mark)
{
    uint64_t reported = atomic_load_explicit(&progress->reported, memory_order_relaxed);
    if (progress->unit == PROGRESS_PERCENT) {
        uint64_t total = atomic_load_explicit(&progress->total, memory_order_relaxed);
        *mark = percent_of(done, total);
        return *mark > reported;
    }
    *mark = thread_now();
    return *mark >= reported + PROGRESS_INTERVAL_NS;
}

/* Token held. */
static void report(struct progress *progress, uint64_t done, uint64_t mark)
{
    atomic_store_explicit(&progress->reported, mark, memory_order_relaxed);
    if (progress->unit == PROGRESS_PERCENT)
        progress->report(progress->owner, mark, 100);
    else
        progress->report(progress->owner, done, atomic_load(&progress->total));
}

void progress_begin(struct progress *progress, uint64_t total)
{
    atomic_store(&progress->total, total);
    if (progress->report == NULL)
        return;
    report(progress, 0, progress->unit == PROGRESS_PERCENT ? 0 : thread_now());
}

static bool take_token(struct progress *progress)
{
    int found = TOKEN_FREE;
    while (!atomic_compare_exchange_weak(&progress->token, &found,
                                         found == TOKEN_FREE ? TOKEN_HELD : TOKEN_HELD_WITH_NEWS))
        ;
    return found == TOKEN_FREE;
}

/* False: there is news, the token is still held. */
static bool free_token(struct progress *progress)
{
    int held = TOKEN_HELD;
    if (atomic_compare_exchange_strong(&progress->token, &held, TOKEN_FREE))
        return true;
    atomic_store(&progress->token, TOKEN_HELD);
    return false;
}

void progress_add(struct progress *progress, uint64_t bytes)
{
    uint64_t done = atomic_fetch_add(&progress->done, bytes) + bytes;
    uint64_t mark;
    if (progress->report == NULL || !report_is_due(progress, done, &mark))
        return;
    if (!take_token(progress))
        return;
    do {
        done = atomic_load(&progress->done);
        if (report_is_due(progress, done, &mark))
            report(progress, done, mark);
    } while (!free_token(progress));
}

void progress_finish(struct progress *progress)
{
    uint64_t done = atomic_load(&progress->done);
    atomic_store(&progress->total, done);
    if (progress->report != NULL)
        report(progress, done, 100);
}
