/*
 * The main thread plans sources, submits them, and sleeps until a worker has left a finished
 * item in the mailbox, a signal has come, or the live lines are due.
 *
 *  sources ─► plan ─► waiting (a round, smallest first) ─► running ─► mailbox ─► report, in order
 *
 * What is bounded, and by what:
 *   a round       ROUND_LIMIT items are planned, sorted by size and started before the next
 *                 ones are looked at, so a large file waits for small ones of its round only.
 *   running jobs  RUNNING_LIMIT, and RUNNING_BYTES of input between them: a job's memory grows
 *                 with its input up to its ring. RUNNING_LEAST run whatever their size, so that
 *                 one file's last chunks do not leave processors idle.
 *   unreported    UNREPORTED_LIMIT items. Those that ended without a word are dropped at once,
 *                 so only messages behind one slow file count.
 */
#include "cli/batch.h"

#include "cli/display.h"
#include "cli/figures.h"
#include "cli/item.h"
#include "cli/mailbox.h"
#include "cli/message.h"
#include "cli/plan.h"
#include "cli/screen.h"
#include "cli/signals.h"
#include "cli/work.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

enum {
    ROUND_LIMIT = 256,
    RUNNING_LIMIT = 128,
    RUNNING_LEAST = 2,
    UNREPORTED_LIMIT = 16384
};

static const uint64_t RUNNING_BYTES = 64 << 20;

struct batch {
    const struct settings *settings;
    cinch_pool *pool;
    struct mailbox *mailbox;
    size_t next_source; /* the first one not planned */

    struct item *first; /* all unreported items, in the order of the arguments */
    struct item *last;
    size_t unreported;

    struct item *round[ROUND_LIMIT]; /* waiting items, smallest first */
    size_t round_next;               /* the first one not started */
    size_t round_end;

    size_t running;
    uint64_t running_bytes;
    bool cancelled;

    uint64_t files_found;
    uint64_t files_ended;
    uint64_t files_done;                /* of those, the ones that succeeded */
    bool size_unknown;                  /* of some source */
    struct display_progress ended;      /* of all ended items; bytes_total of all found */
    struct display_progress successful; /* of those that succeeded: for the summary */
};

/* --- The list of unreported items ------------------------------------------------------- */

static void list_append(struct batch *batch, struct item *item)
{
    item->previous = batch->last;
    if (batch->last)
        batch->last->next = item;
    else
        batch->first = item;
    batch->last = item;
    batch->unreported++;
}

static void list_remove(struct batch *batch, struct item *item)
{
    if (item->previous)
        item->previous->next = item->next;
    else
        batch->first = item->next;
    if (item->next)
        item->next->previous = item->previous;
    else
        batch->last = item->previous;
    batch->unreported--;
}

/* Prints the reports whose turn has come. */
static void report_ended(struct batch *batch)
{
    while (batch->first && batch->first->state == ITEM_ENDED) {
        struct item *item = batch->first;
        if (item->report.length > 0)
            screen_print(item->report.bytes, item->report.length);
        list_remove(batch, item);
        item_free(item);
    }
}

/* An item has ended: counts it, and drops it if it has nothing to say. */
static void settle(struct batch *batch, struct item *item)
{
    batch->files_ended++;
    batch->ended.bytes_done += item->size ? item->size : item->stats.bytes_in;
    batch->ended.bytes_out += item->stats.bytes_out;
    if (item->succeeded) {
        batch->files_done++;
        batch->successful.bytes_done += item->stats.bytes_in;
        batch->successful.bytes_out += item->stats.bytes_out;
    }
    if (item->report.length == 0) {
        list_remove(batch, item);
        item_free(item);
    }
}

/* --- Planning and starting -------------------------------------------------------------- */

static int compare_sizes(const void *one, const void *other)
{
    const struct item *first = *(struct item *const *)one;
    const struct item *second = *(struct item *const *)other;
    if (first->size != second->size)
        return first->size < second->size ? -1 : 1;
    return first->number < second->number ? -1 : first->number > second->number;
}

static bool sources_left(const struct batch *batch)
{
    return batch->next_source < batch->settings->source_count && !batch->cancelled;
}

/* Plans the next round, once the last one has been started. */
static void plan_round(struct batch *batch)
{
    batch->round_next = 0;
    batch->round_end = 0;
    while (sources_left(batch) && batch->round_end < ROUND_LIMIT &&
           batch->unreported < UNREPORTED_LIMIT && !signals_ending()) {
        const char *source = batch->settings->sources[batch->next_source++];
        struct item *item = plan_source(batch->settings, source);
        item->number = batch->files_found++;
        batch->ended.bytes_total += item->size;
        batch->size_unknown |= item->size == 0 && item_is_stdin(item);
        list_append(batch, item);
        if (item->state == ITEM_WAITING)
            batch->round[batch->round_end++] = item;
        else
            settle(batch, item);
    }
    /* Standard output takes one file after another. */
    if (!batch->settings->to_stdout)
        qsort(batch->round, batch->round_end, sizeof(batch->round[0]), compare_sizes);
}

static uint64_t weight(const struct item *item)
{
    return item->size < RUNNING_BYTES ? item->size : RUNNING_BYTES;
}

static bool has_room(const struct batch *batch, const struct item *item)
{
    if (!item->output)
        return batch->running == 0;
    if (batch->running < RUNNING_LEAST)
        return true;
    return batch->running < RUNNING_LIMIT && batch->running_bytes + weight(item) <= RUNNING_BYTES;
}

/* Starts what there is room for, planning on as rounds are used up. */
static void start_items(struct batch *batch)
{
    while (!batch->cancelled) {
        if (batch->round_next == batch->round_end) {
            plan_round(batch);
            if (batch->round_end == 0)
                return;
        }
        struct item *item = batch->round[batch->round_next];
        if (!has_room(batch, item))
            return;
        batch->round_next++;
        if (work_start(item, batch->settings, batch->pool, batch->mailbox)) {
            batch->running++;
            batch->running_bytes += weight(item);
        } else {
            settle(batch, item);
        }
    }
}

/* --- The loop --------------------------------------------------------------------------- */

static void collect_ended(struct batch *batch)
{
    struct item *item = mailbox_take(batch->mailbox);
    while (item) {
        struct item *next = item->next_ended;
        batch->running--;
        batch->running_bytes -= weight(item);
        work_finish(item, batch->settings);
        settle(batch, item);
        item = next;
    }
}

/* A signal asks for the end: nothing further is started, what runs is cancelled. */
static void cancel(struct batch *batch)
{
    batch->cancelled = true;
    for (struct item *item = batch->first; item; item = item->next) {
        if (item->state == ITEM_RUNNING)
            cinch_job_cancel(item->job);
        else if (item->state == ITEM_WAITING)
            item->state = ITEM_ENDED;
    }
}

static struct display_state view(const struct batch *batch)
{
    struct display_state state = {.all = batch->ended};
    for (const struct item *item = batch->first; item; item = item->next) {
        cinch_stats stats = CINCH_STATS_INIT;
        if (item->state != ITEM_RUNNING || cinch_job_stats(item->job, &stats) != CINCH_OK)
            continue;
        state.all.bytes_done += stats.bytes_in;
        state.all.bytes_out += stats.bytes_out;
        if (!state.file) {
            state.file = item_name(item);
            state.current =
                (struct display_progress){stats.bytes_in, stats.bytes_total, stats.bytes_out};
        }
    }
    state.files_done = batch->files_ended;
    state.files = batch->files_found;
    state.several = batch->settings->source_count > 1;
    if (batch->size_unknown)
        state.all.bytes_total = 0;
    return state;
}

static void wait_for_events(struct batch *batch)
{
    struct pollfd events[] = {
        {.fd = mailbox_descriptor(batch->mailbox), .events = POLLIN},
        {.fd = signals_descriptor(), .events = POLLIN},
    };
    int ready = poll(events, 2, display_delay());
    if (ready < 0 && errno != EINTR)
        message_fatal("cannot wait for work to be done");
    if (ready > 0 && events[1].revents)
        signals_acknowledge();
}

static void loop(struct batch *batch)
{
    for (;;) {
        if (signals_ending() && !batch->cancelled)
            cancel(batch);
        start_items(batch);
        report_ended(batch);
        if (batch->running == 0) {
            if (batch->cancelled || (batch->round_end == 0 && !sources_left(batch)))
                return;
            continue; /* planning had stopped for reports that have been printed by now */
        }
        wait_for_events(batch);
        collect_ended(batch);
        if (signals_take_resize())
            screen_resize();
        if (display_delay() == 0) {
            struct display_state state = view(batch);
            display_draw(&state);
        }
        if (signals_take_status()) {
            struct display_state state = view(batch);
            display_status(&state);
        }
    }
}

/* The last line of all, on a terminal or with -v. */
static void summarise(const struct batch *batch, const char *only_source)
{
    const int least = screen_is_terminal() ? VERBOSITY_DEFAULT : VERBOSITY_DEFAULT + 1;
    if (message_verbosity() < least || batch->files_done == 0)
        return;
    struct text line = {0};
    if (batch->settings->source_count > 1) {
        figures_add_count(&line, batch->files_done);
        text_add(&line, batch->files_done == 1 ? " file: " : " files: ");
    } else {
        text_add_printable(&line, only_source);
        text_add(&line, ": ");
    }
    display_add_result(&line, batch->successful.bytes_done, batch->successful.bytes_out,
                       display_elapsed());
    text_add(&line, "\n");
    screen_print(line.bytes, line.length);
    text_free(&line);
}

void batch_run(const struct settings *settings)
{
    struct batch batch = {.settings = settings};
    cinch_pool_options pool_options = CINCH_POOL_OPTIONS_INIT;
    pool_options.threads = settings->threads;
    int32_t error = cinch_pool_create(&pool_options, &batch.pool);
    if (error != CINCH_OK)
        message_fatal("cannot start: %s", cinch_strerror(error));
    batch.mailbox = mailbox_create();
    display_setup(settings->progress == PROGRESS_AUTO && settings->verbosity > 0);

    loop(&batch);

    /* The workers' last callbacks have returned once the pool is gone. */
    cinch_pool_destroy(batch.pool, CINCH_CANCEL);
    report_ended(&batch);
    screen_clear();
    mailbox_free(batch.mailbox);
    if (signals_ending())
        signals_raise(signals_ending());
    const char *source = settings->sources[0];
    summarise(&batch, source[0] == '-' && source[1] == '\0' ? "standard input" : source);
}
