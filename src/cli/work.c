#include "cli/work.h"

#include "cli/magic.h"
#include "cli/memory.h"
#include "cli/message.h"
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

/* For the completion callback, which gets the item alone. */
static struct mailbox *completion_mailbox;

static void complete(void *user, int32_t error_code)
{
    struct item *item = user;
    item->result = error_code;
    mailbox_put(completion_mailbox, item);
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

static cinch_options make_options(const struct settings *settings, struct item *item,
                                  struct work_manner manner)
{
    cinch_options options = CINCH_OPTIONS_INIT;
    options.format = settings->format;
    options.level = settings->level;
    options.flags = settings->flags;
    options.chunk_size = settings->chunk_size;
    options.memory_limit = settings->memory_limit;
    options.output_limit = settings->output_limit;
    if (manner.held && settings->action == ACTION_DECOMPRESS &&
        (options.output_limit == 0 || options.output_limit > HELD_OUTPUT_MOST))
        options.output_limit = HELD_OUTPUT_MOST;
    if (!item->replace && item->destination == DESTINATION_FILE)
        options.flags |= CINCH_FLAG_NO_REPLACE;
    if (manner.durable)
        options.flags |= CINCH_FLAG_DURABLE;
    if (item->is_stdin || item->destination == DESTINATION_NOWHERE)
        options.flags |= CINCH_FLAG_NO_METADATA;
    options.on_complete = complete;
    options.user = item;
    return options;
}

/* A job from path to path. */
static int32_t submit_paths(const struct work *work, struct item *item,
                            const cinch_options *options)
{
    const char *input = item->is_stdin ? "/dev/stdin" : item->input;
    const char *output = item->destination == DESTINATION_FILE ? item->output : "/dev/null";
    if (work->settings->action == ACTION_COMPRESS)
        return cinch_compress(work->pool, input, output, options, &item->job);
    return cinch_decompress(work->pool, input, output, options, &item->job);
}

/* A job to standard output, or to memory. */
static int32_t submit_descriptors(const struct work *work, struct item *item,
                                  const cinch_options *options)
{
    const int output = item->held >= 0 ? item->held : STDOUT_FILENO;
    if (work->settings->action == ACTION_COMPRESS)
        return cinch_compress_fd(work->pool, item->input_fd, output, options, &item->job);
    return cinch_decompress_fd(work->pool, item->input_fd, output, options, &item->job);
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
        return "this build compresses gzip and zlib at levels 1 to 9";
    return "the options do not fit together, or not this build of the library";
}

/* What an item to be listed is. */
static int32_t find_format(const struct item *item)
{
    unsigned char bytes[MAGIC_SIZE];
    int descriptor = STDIN_FILENO;
    if (!item->is_stdin)
        descriptor = open(item->input, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    const int32_t format = magic_format(bytes, magic_peek(descriptor, bytes));
    if (!item->is_stdin && descriptor >= 0)
        close(descriptor);
    return format;
}

bool work_start(const struct work *work, struct item *item, struct work_manner manner)
{
    const struct settings *settings = work->settings;
    cinch_options options = make_options(settings, item, manner);
    completion_mailbox = work->mailbox;
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
        if (settings->action == ACTION_LIST)
            item->format = find_format(item);
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

/* Gives the output the time that the header gave, as gzip -N does. */
static void set_time(const struct item *item)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = item->name_time}};
    if (item->name_time >= 0 && item->output)
        utimensat(AT_FDCWD, item->output, times, AT_SYMLINK_NOFOLLOW);
}

void work_finish(const struct work *work, struct item *item)
{
    const struct settings *settings = work->settings;
    cinch_job_stats(item->job, &item->stats);
    item->state = ITEM_ENDED;
    item->succeeded = item->result == CINCH_OK;
    if (item->succeeded) {
        set_time(item);
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
