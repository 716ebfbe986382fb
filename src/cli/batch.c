/*
 * The main thread finds sources, plans and submits them, and sleeps until a worker has left a
 * finished item in the mailbox, a signal has come, a list has new names, or the live lines are
 * due.
 *
 *  sources ─► plan ─► round (smallest first) ─► running ─► mailbox ─► report, in order
 *
 * What is bounded, and by what:
 *   a round       ROUND_LIMIT items are planned, sorted by size and started before the next
 *                 ones are looked at, so a large file waits for small ones of its round only.
 *   running jobs  RUNNING_LIMIT, and RUNNING_BYTES of input between them: a job's memory grows
 *                 with its input up to its ring. RUNNING_LEAST run whatever their size, so that
 *                 one file's last chunks do not leave processors idle. Where the process may
 *                 open few files, as many run as DESCRIPTORS_EACH of them leave room for.
 *   unreported    UNREPORTED_LIMIT items. Those that ended without a word are dropped at once,
 *                 so only messages behind one slow file count.
 *   held          HELD_LIMIT items whose output for standard output waits in memory for the
 *                 ones before, each of at most HELD_SIZE bytes of input.
 */
#include "cli/batch.h"

#include "cli/copy.h"
#include "cli/display.h"
#include "cli/item.h"
#include "cli/json.h"
#include "cli/list.h"
#include "cli/mailbox.h"
#include "cli/memory.h"
#include "cli/message.h"
#include "cli/plan.h"
#include "cli/queue.h"
#include "cli/removal.h"
#include "cli/result.h"
#include "cli/screen.h"
#include "cli/signals.h"
#include "cli/sources.h"
#include "cli/work.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    ROUND_LIMIT = 256,
    RUNNING_LIMIT = 128,
    RUNNING_LEAST = 2,
    UNREPORTED_LIMIT = 16384,
    HELD_LIMIT = 64
};

/* Files open at once: by a job, its input, its output, one to be woken by, and one on the way to
 * either; beside jobs, standard ones, those of walk, removal, signals and the pool. */
enum {
    DESCRIPTORS_EACH = 4,
    DESCRIPTORS_BESIDE = 24
};

static const uint64_t RUNNING_BYTES = 64 << 20;
static const uint64_t HELD_SIZE = 1 << 20;

struct batch {
    const struct settings *settings;
    struct work work;
    struct sources *sources;
    struct plan *plan;
    struct removal *removal;

    bool sources_ended;
    bool sources_wait; /* for a list; poll its descriptor */
    bool stopped;      /* by a signal, or because standard output is gone */

    struct queue queue;              /* all unreported items */
    struct item *round[ROUND_LIMIT]; /* waiting items, smallest first */
    size_t round_next;               /* the first one not started */
    size_t round_end;
    size_t running;
    size_t running_most; /* RUNNING_LIMIT, or fewer */
    uint64_t running_bytes;
    size_t held;

    uint64_t files_found;
    uint64_t files_ended;
    uint64_t bytes_found;
    bool size_unknown; /* of some source */
    struct display_progress ended;
    struct result_totals totals;
    struct list_totals list_totals;
};

/* Nothing further is started; what runs is cancelled. */
static void stop(struct batch *batch)
{
    batch->stopped = true;
    batch->round_next = batch->round_end;
    for (struct item *item = batch->queue.first; item; item = item->next) {
        if (item->state == ITEM_RUNNING)
            cinch_job_cancel(item->job);
        else if (item->state == ITEM_WAITING)
            item->state = ITEM_ENDED;
    }
    removal_abandon(batch->removal); /* sources stay when a run is cut short */
}

/* --- Reporting -------------------------------------------------------------------------- */

/* Writes what an item has for standard output, now that its turn has come. */
static void write_item(struct batch *batch, const struct item *item)
{
    int error = 0;
    if (item->passes_through) {
        error = copy_descriptor(item->input_fd);
    } else if (item->held >= 0) {
        error = lseek(item->held, 0, SEEK_SET) < 0 ? errno : copy_descriptor(item->held);
    }
    if (error == 0 || error == EINTR)
        return;
    if (error == EPIPE && !signals_was_ignored(SIGPIPE))
        raise(SIGPIPE);
    else
        message_say(NULL, SEVERITY_ERROR, NULL, "cannot write to standard output: %s",
                    strerror(error));
    stop(batch);
}

/* Reports the items whose turn has come. */
static void report_ended(struct batch *batch)
{
    for (;;) {
        struct item *item = batch->queue.first;
        if (!item || item->state != ITEM_ENDED || item->removal_is_queued)
            return;
        if (!batch->stopped)
            write_item(batch, item);
        if (item->held >= 0)
            batch->held--;
        if (item->report.length > 0)
            screen_print(item->report.bytes, item->report.length);
        if (item->succeeded && batch->settings->action == ACTION_LIST)
            list_print(item, batch->settings, &batch->list_totals);
        queue_drop(&batch->queue, item);
    }
}

/* An item has ended: counts it, and drops it if there is nothing left to do with it. */
static void settle(struct batch *batch, struct item *item)
{
    plan_forget(batch->plan, item);
    batch->files_ended++;
    batch->ended.bytes_done += item->size ? item->size : item->stats.bytes_in;
    batch->ended.bytes_out += item->stats.bytes_out;
    if (item->succeeded) {
        batch->totals.files++;
        batch->totals.bytes_in += item->stats.bytes_in;
        batch->totals.bytes_out += item->stats.bytes_out;
        if (!batch->settings->keep && item->destination == DESTINATION_FILE && !item->is_stdin &&
            !batch->stopped && removal_add(batch->removal, item))
            removal_flush(batch->removal);
    }
    if (!item_has_report(item) && !item->removal_is_queued &&
        batch->settings->action != ACTION_LIST)
        queue_drop(&batch->queue, item);
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

static void plan_one(struct batch *batch, const struct entry *entry)
{
    struct item *item = plan_entry(batch->plan, entry);
    if (!item)
        return;
    item->number = batch->files_found++;
    batch->bytes_found += item->size;
    batch->size_unknown |= item->size == 0 && !S_ISREG(item->status.st_mode);
    queue_append(&batch->queue, item);
    if (item->state == ITEM_WAITING)
        batch->round[batch->round_end++] = item;
    else
        settle(batch, item);
}

/* Whether an item of the round is for standard output, be it the only one, as with "a -". */
static bool round_is_ordered(const struct batch *batch)
{
    for (size_t i = 0; i < batch->round_end; i++) {
        if (batch->round[i]->destination == DESTINATION_STDOUT)
            return true;
    }
    return false;
}

/* Plans the next round, once the last one has been started. */
static void plan_round(struct batch *batch)
{
    struct entry entry;
    batch->round_next = 0;
    batch->round_end = 0;
    batch->sources_wait = false;
    while (!batch->sources_ended && !batch->sources_wait && batch->round_end < ROUND_LIMIT &&
           batch->queue.length < UNREPORTED_LIMIT && !signals_ending()) {
        switch (sources_next(batch->sources, &entry)) {
        case SOURCES_FOUND:
            plan_one(batch, &entry);
            break;
        case SOURCES_WAIT:
            batch->sources_wait = true;
            break;
        case SOURCES_END:
            batch->sources_ended = true;
            break;
        }
    }
    /* Standard output takes one file after another, and its turn comes when all before are done:
     * none of these may wait behind it. */
    if (!round_is_ordered(batch))
        qsort(batch->round, batch->round_end, sizeof(batch->round[0]), compare_sizes);
}

static uint64_t weight(const struct item *item)
{
    return item->size < RUNNING_BYTES ? item->size : RUNNING_BYTES;
}

/* Whether a job for the item may run beside the others, and how. */
static bool has_room(const struct batch *batch, const struct item *item, struct work_manner *manner)
{
    if (batch->running >= batch->running_most)
        return false;
    if (item->destination == DESTINATION_STDOUT) {
        if (item == batch->queue.first)
            return true;
        manner->held = true;
        return !item->must_be_direct && S_ISREG(item->status.st_mode) && item->size > 0 &&
               item->size <= HELD_SIZE && batch->held < HELD_LIMIT;
    }
    return batch->running < RUNNING_LEAST || batch->running_bytes + weight(item) <= RUNNING_BYTES;
}

/* Starts an item if there is room for it. Returns whether there was. */
static bool start_item(struct batch *batch, struct item *item)
{
    struct work_manner manner = {0};
    if (!has_room(batch, item, &manner))
        return false;
    manner.durable = removal_prepare(batch->removal, item);
    if (!work_start(&batch->work, item, manner)) {
        settle(batch, item);
        return true;
    }
    batch->running++;
    batch->running_bytes += weight(item);
    batch->held += item->held >= 0;
    if (batch->settings->progress == PROGRESS_JSON)
        json_start(item);
    return true;
}

/* Starts what there is room for, planning on as rounds are used up. */
static void start_items(struct batch *batch)
{
    struct item *first = batch->queue.first;
    if (first && first->state == ITEM_WAITING && first->must_be_direct)
        start_item(batch, first);
    while (!batch->stopped) {
        if (batch->round_next == batch->round_end) {
            plan_round(batch);
            if (batch->round_end == 0)
                return;
        }
        if (!start_item(batch, batch->round[batch->round_next]))
            return;
        batch->round_next++;
    }
}

/* --- The loop --------------------------------------------------------------------------- */

static void collect_ended(struct batch *batch)
{
    struct item *item = mailbox_take(batch->work.mailbox);
    while (item) {
        struct item *next = item->next_ended;
        const bool was_held = item->held >= 0;
        batch->running--;
        batch->running_bytes -= weight(item);
        work_finish(&batch->work, item);
        if (item->state == ITEM_ENDED)
            settle(batch, item);
        else if (was_held)
            batch->held--;
        item = next;
    }
}

static struct display_state view(const struct batch *batch)
{
    struct display_state state = {.all = batch->ended};
    for (const struct item *item = batch->queue.first; item; item = item->next) {
        cinch_stats stats = CINCH_STATS_INIT;
        if (item->state != ITEM_RUNNING || cinch_job_stats(item->job, &stats) != CINCH_OK)
            continue;
        if (stats.bytes_total == 0)
            stats.bytes_total = item->size; /* not opened yet, or --size-hint */
        state.all.bytes_done += stats.bytes_in;
        state.all.bytes_out += stats.bytes_out;
        if (batch->settings->progress == PROGRESS_JSON)
            json_progress(item, &stats);
        if (!state.file) {
            state.file = item_name(item);
            state.file_number = item->number;
            state.current.bytes_done = stats.bytes_in;
            state.current.bytes_total = stats.bytes_total;
            state.current.bytes_out = stats.bytes_out;
            state.current.seconds = (double)stats.elapsed_ns / 1e9;
        }
    }
    /* While more are being found, what there is in all is unknown: a percent of what was found so
     * far would go back and forth. */
    if (batch->sources_ended && !batch->size_unknown)
        state.all.bytes_total = batch->bytes_found;
    state.files_done = batch->files_ended;
    state.files = batch->files_found;
    state.files_known = batch->sources_ended;
    state.several = settings_are_many(batch->settings);
    return state;
}

/* The shorter of two delays in milliseconds, -1 being endless. */
static int sooner(int one, int other)
{
    if (one < 0 || other < 0)
        return one < 0 ? other : one;
    return one < other ? one : other;
}

static void wait_for_events(struct batch *batch)
{
    struct pollfd events[] = {
        {.fd = mailbox_descriptor(batch->work.mailbox), .events = POLLIN},
        {.fd = signals_descriptor(), .events = POLLIN},
        {.fd = batch->sources_wait ? sources_descriptor(batch->sources) : -1, .events = POLLIN},
    };
    const int delay = sooner(display_delay(), removal_delay(batch->removal));
    const int ready = poll(events, sizeof(events) / sizeof(events[0]), delay);
    if (ready < 0 && errno != EINTR)
        message_fatal("cannot wait for work to be done: %s", strerror(errno));
    if (ready > 0 && events[1].revents)
        signals_acknowledge();
}

/* Does what is due by the clock or was asked for by a signal. */
static void attend(struct batch *batch)
{
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
    if (removal_delay(batch->removal) == 0)
        removal_flush(batch->removal);
}

static void loop(struct batch *batch)
{
    for (;;) {
        if (signals_ending() && !batch->stopped)
            stop(batch);
        report_ended(batch);
        start_items(batch);
        report_ended(batch);
        const bool started = batch->round_next == batch->round_end;
        if (batch->running == 0 && started && (batch->sources_ended || batch->stopped)) {
            if (!batch->stopped)
                removal_flush(batch->removal);
            if (batch->queue.length == 0 || batch->stopped)
                return;
            continue;
        }
        /* With nothing running, planning had stopped for reports, printed by now. */
        if (batch->running > 0 || batch->sources_wait)
            wait_for_events(batch);
        collect_ended(batch);
        attend(batch);
    }
}

/* How many jobs may run, by the number of files that the process may open. That number's soft
 * limit is there for programs that use select(); it is raised as far as the hard one. */
static size_t find_running_most(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return RUNNING_LEAST;
    const rlim_t wanted = DESCRIPTORS_BESIDE + DESCRIPTORS_EACH * RUNNING_LIMIT;
    if (limit.rlim_cur < wanted && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur <= DESCRIPTORS_BESIDE + DESCRIPTORS_EACH)
        return 1;
    const rlim_t room = (limit.rlim_cur - DESCRIPTORS_BESIDE) / DESCRIPTORS_EACH;
    return room < RUNNING_LIMIT ? (size_t)room : RUNNING_LIMIT;
}

void batch_run(const struct settings *settings)
{
    struct batch batch = {.settings = settings, .running_most = find_running_most()};
    cinch_pool_options pool_options = CINCH_POOL_OPTIONS_INIT;
    pool_options.threads = settings->threads;
    int32_t error = cinch_pool_create(&pool_options, &batch.work.pool);
    if (error != CINCH_OK)
        message_fatal("cannot start: %s", cinch_strerror(error));
    batch.work.settings = settings;
    batch.work.mailbox = mailbox_create();
    batch.sources = sources_open(settings);
    batch.plan = plan_create(settings);
    batch.removal = removal_create(settings);
    display_setup(settings);

    loop(&batch);

    /* The workers' last callbacks have returned once the pool is gone. */
    cinch_pool_destroy(batch.work.pool, CINCH_CANCEL);
    report_ended(&batch);
    screen_clear();
    removal_free(batch.removal);
    plan_free(batch.plan);
    sources_close(batch.sources);
    mailbox_free(batch.work.mailbox);
    if (signals_ending())
        signals_raise(signals_ending());
    if (settings->action == ACTION_LIST)
        list_end(settings, &batch.list_totals);
    const char *only = settings->source_count > 0 ? settings->sources[0] : "";
    result_summarise(&batch.totals, settings, strcmp(only, "-") == 0 ? "standard input" : only);
}
