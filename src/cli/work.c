#include "cli/work.h"

#include "cli/magic.h"
#include "cli/memory.h"
#include "cli/message.h"
#include "cli/part.h"
#include "cli/personality.h"
#include "cli/result.h"
#include "cli/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What is held in memory until its turn comes is no larger than this when decompressed. */
static const uint64_t HELD_OUTPUT_MOST = 16 << 20;

static void complete(void *user, int32_t error_code)
{
    struct item *item = user;
    item->result = error_code;
    mailbox_put(item->mailbox, item);
}

/* --- Starting --------------------------------------------------------------------------- */

static bool end_with_error(struct item *item, const char *name, const char *reason)
{
    message_say(&item->report, SEVERITY_ERROR, name, "%s", reason);
    item->state = ITEM_ENDED;
    return false;
}

/* Gives the item a descriptor of its own to read from. */
static bool open_input(struct item *item)
{
    if (item->is_stdin) {
        item->input_fd = STDIN_FILENO;
        return true;
    }
    /* Without O_NONBLOCK a FIFO nobody writes to would hold up all the other files. */
    item->input_fd = open(item->input, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    return item->input_fd >= 0;
}

/* Flags that hold for one job alone. */
static uint32_t find_flags(const struct settings *settings, const struct item *item,
                           struct work_manner manner)
{
    uint32_t flags = 0;
    if (!item->replace && item->destination == DESTINATION_FILE)
        flags |= CINCH_FLAG_NO_REPLACE;
    if (manner.durable)
        flags |= CINCH_FLAG_DURABLE;
    if (item->destination == DESTINATION_NOWHERE)
        flags |= CINCH_FLAG_NO_METADATA;
    if (item->is_stdin)
        flags |= CINCH_FLAG_INPUT_FD;
    if (settings->action == ACTION_LIST)
        flags |= CINCH_FLAG_INSPECT;
    if (settings->action != ACTION_COMPRESS && settings_like_gzip(settings))
        flags |= CINCH_FLAG_IGNORE_TRAILING;
    /* gzip's own default is to keep names and times, and not to use them. */
    if (settings->naming == NAMING_ALWAYS ||
        (settings->naming == NAMING_AUTO && settings_like_gzip(settings) &&
         settings->action == ACTION_COMPRESS))
        flags |= CINCH_FLAG_NAME;
    return flags;
}

static cinch_options make_options(const struct settings *settings, struct item *item,
                                  struct work_manner manner)
{
    cinch_options options = CINCH_OPTIONS_INIT;
    options.format = settings->format;
    options.level = settings->level;
    options.flags = settings->flags | find_flags(settings, item, manner);
    options.chunk_size = settings->chunk_size;
    options.window_log = settings->window_log;
    options.memory_limit = settings->memory_limit;
    options.output_limit = settings->output_limit;
    if (manner.held && settings->action == ACTION_DECOMPRESS &&
        (options.output_limit == 0 || options.output_limit > HELD_OUTPUT_MOST))
        options.output_limit = HELD_OUTPUT_MOST;
    if (settings->part.count > 0) {
        options.flags |= CINCH_FLAG_RANGE;
        /* A seek table after one part would not be true of the whole. An index in a gzip
         * header is about its own member. */
        if (settings->format == CINCH_FORMAT_ZSTD)
            options.flags |= CINCH_FLAG_NO_INDEX;
        part_range(&settings->part, (uint64_t)item->status.st_size, &options.input_offset,
                   &options.input_length);
    }
    options.input_fd = STDIN_FILENO;
    options.on_complete = complete;
    options.user = item;
    return options;
}

/* A job from path, or standard input, to path. */
static int32_t submit_paths(const struct work *work, struct item *item,
                            const cinch_options *options)
{
    const char *output = item->destination == DESTINATION_FILE ? item->output : "/dev/null";
    if (work->settings->action == ACTION_COMPRESS)
        return cinch_compress(work->pool, item_name(item), output, options, &item->job);
    return cinch_decompress(work->pool, item_name(item), output, options, &item->job);
}

/* A job to standard output, or to memory. */
static int32_t submit_descriptors(const struct work *work, struct item *item,
                                  const cinch_options *given)
{
    const int output = item->held >= 0 ? item->held : STDOUT_FILENO;
    cinch_options options = *given;
    options.flags &= ~(uint32_t)(CINCH_FLAG_INPUT_FD | CINCH_FLAG_NAME);
    if (work->settings->action == ACTION_COMPRESS)
        return cinch_compress_fd(work->pool, item->input_fd, output, &options, &item->job);
    return cinch_decompress_fd(work->pool, item->input_fd, output, &options, &item->job);
}

/* Whether -cdf copies the item's data as it is. */
static bool passes_through(const struct settings *settings, const struct item *item)
{
    unsigned char bytes[MAGIC_SIZE];
    if (settings->action != ACTION_DECOMPRESS || !settings->force)
        return false;
    const size_t size = magic_peek(item->input_fd, bytes);
    /* zlib's two bytes begin some texts, too; gzip's own manners know no zlib. */
    const int32_t format = magic_format(bytes, size);
    return format == CINCH_FORMAT_AUTO ||
           (format == CINCH_FORMAT_ZLIB && settings->family == FAMILY_GZIP);
}

static const char *describe_refusal(const struct settings *settings, int32_t error)
{
    if (error != CINCH_E_INVALID)
        return cinch_strerror(error);
    if (settings->format != CINCH_FORMAT_ZSTD && settings->level > 9)
        return "this build compresses gzip and zlib at levels 0 to 9";
    return "the options do not fit together, or not this build of the library";
}

bool work_start(const struct work *work, struct item *item, struct work_manner manner)
{
    const struct settings *settings = work->settings;
    cinch_options options = make_options(settings, item, manner);
    item->mailbox = work->mailbox;
    int32_t error;
    if (item->destination == DESTINATION_STDOUT) {
        if (item->input_fd < 0 && !open_input(item))
            return end_with_error(item, item->input, strerror(errno));
        if (passes_through(settings, item)) {
            item->passes_through = true;
            item->state = ITEM_ENDED;
            return false;
        }
        if (manner.held)
            item->held = memfd_create("cinch", MFD_CLOEXEC);
        if (manner.held && item->held < 0)
            return end_with_error(item, item->input, strerror(errno));
        error = submit_descriptors(work, item, &options);
    } else {
        error = submit_paths(work, item, &options);
    }
    if (error != CINCH_OK)
        return end_with_error(item, item_name(item), describe_refusal(settings, error));
    item->state = ITEM_RUNNING;
    return true;
}

/* --- Finishing -------------------------------------------------------------------------- */

/* Whether a message quotes a path. */
static bool mentions(const char *message, const char *path)
{
    if (!path)
        return false;
    char *quoted = memory_format("'%s'", path);
    const bool found = strstr(message, quoted) != NULL;
    free(quoted);
    return found;
}

/* Says why a job failed. Its message names the file it is about, unless it had none to name. */
static void report_failure(const struct settings *settings, struct item *item)
{
    char message[2 * PATH_MAX + 256] = "";
    cinch_job_message(item->job, message, sizeof(message));
    const char *reason = message[0] ? message : cinch_strerror(item->result);
    const bool named = mentions(reason, item->input) || mentions(reason, item->output);
    enum severity severity = SEVERITY_ERROR;
    if (item->result == CINCH_E_EXISTS)
        severity = personality_severity(settings->family, REFUSAL_EXISTS);
    message_say(&item->report, severity, named ? NULL : item_name(item), "%s", reason);
}

/* Takes a held item back: it will be done again when it may write directly. */
static void restart_directly(struct item *item)
{
    close(item->held);
    item->held = -1;
    cinch_job_release(item->job);
    item->job = NULL;
    lseek(item->input_fd, 0, SEEK_SET);
    item->must_be_direct = true;
    item->state = ITEM_WAITING;
}

/* gzip's manners: what follows the end is worth a warning, pigz's: not even that. */
static void report_trailing(const struct settings *settings, struct item *item)
{
    if (item->stats.trailing > 0)
        message_say(&item->report, personality_severity(settings->family, REFUSAL_TRAILING),
                    item_name(item), "decompressed; the bytes after its end were ignored");
}

void work_finish(const struct work *work, struct item *item)
{
    const struct settings *settings = work->settings;
    cinch_job_stats(item->job, &item->stats);
    item->state = ITEM_ENDED;
    item->succeeded = item->result == CINCH_OK;
    if (item->succeeded) {
        report_trailing(settings, item);
        result_report(item, settings);
        return;
    }
    if (item->result == CINCH_E_CANCELLED)
        return;
    if (item->result == CINCH_E_OUTPUT_LIMIT && item->held >= 0 &&
        (settings->output_limit == 0 || settings->output_limit > HELD_OUTPUT_MOST)) {
        restart_directly(item);
        return;
    }
    /* A reader that has seen enough (| head) is no error: the program ends as others do then,
     * by SIGPIPE, unless it was told to ignore that. */
    if (item->result == CINCH_E_BROKEN_PIPE && item->destination == DESTINATION_STDOUT &&
        !signals_was_ignored(SIGPIPE)) {
        raise(SIGPIPE);
        return;
    }
    report_failure(settings, item);
}
