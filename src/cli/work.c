#include "cli/work.h"

#include "cli/message.h"
#include "cli/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What a completion callback needs to know; one for all items, as there is one mailbox. */
static struct mailbox *completion_mailbox;

static void complete(void *user, int32_t error_code)
{
    struct item *item = user;
    item->result = error_code;
    mailbox_put(completion_mailbox, item);
}

static bool end_with_error(struct item *item, const char *name, const char *reason)
{
    message_say(&item->report, SEVERITY_ERROR, name, "%s", reason);
    item->state = ITEM_ENDED;
    return false;
}

/* Gives the item a descriptor of its own to read from. */
static bool open_input(struct item *item)
{
    if (item_is_stdin(item)) {
        item->input_fd = STDIN_FILENO;
        return true;
    }
    /* Without O_NONBLOCK a FIFO nobody writes to would hold up all the other files. */
    item->input_fd = open(item->input, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    return item->input_fd >= 0;
}

static cinch_options make_options(const struct item *item, const struct settings *settings)
{
    cinch_options options = CINCH_OPTIONS_INIT;
    options.format = settings->format;
    options.level = settings->level;
    if (!item->replace)
        options.flags |= CINCH_FLAG_NO_REPLACE;
    if (!settings->keep)
        options.flags |= CINCH_FLAG_DURABLE;
    if (item_is_stdin(item))
        options.flags |= CINCH_FLAG_NO_METADATA;
    options.on_complete = complete;
    return options;
}

bool work_start(struct item *item, const struct settings *settings, cinch_pool *pool,
                struct mailbox *mailbox)
{
    cinch_options options = make_options(item, settings);
    options.user = item;
    completion_mailbox = mailbox;
    int32_t error;
    if (item->output) {
        const char *input = item_is_stdin(item) ? "/dev/stdin" : item->input;
        error = cinch_compress(pool, input, item->output, &options, &item->job);
    } else {
        if (!open_input(item))
            return end_with_error(item, item->input, strerror(errno));
        error = cinch_compress_fd(pool, item->input_fd, STDOUT_FILENO, &options, &item->job);
    }
    if (error != CINCH_OK)
        return end_with_error(item, item_name(item), cinch_strerror(error));
    item->state = ITEM_RUNNING;
    return true;
}

/* Says why a job failed. Its message names the file it is about, unless it had none to name. */
static void report_failure(struct item *item, int32_t error)
{
    char message[8192] = "";
    cinch_job_message(item->job, message, sizeof(message));
    const char *reason = message[0] ? message : cinch_strerror(error);
    const bool named =
        strstr(reason, item->input) || (item->output && strstr(reason, item->output));
    const enum severity severity = error == CINCH_E_EXISTS ? SEVERITY_WARNING : SEVERITY_ERROR;
    message_say(&item->report, severity, named ? NULL : item_name(item), "%s", reason);
}

void work_finish(struct item *item, const struct settings *settings)
{
    (void)settings;
    const int32_t error = item->result;
    cinch_job_stats(item->job, &item->stats);
    item->state = ITEM_ENDED;
    item->succeeded = error == CINCH_OK;
    if (error == CINCH_OK || error == CINCH_E_CANCELLED)
        return;
    /* A reader that has seen enough (| head) is no error: the program ends as others do then,
     * by SIGPIPE, unless it was told to ignore that. */
    if (error == CINCH_E_BROKEN_PIPE && !item->output && !signals_was_ignored(SIGPIPE)) {
        raise(SIGPIPE);
        return;
    }
    report_failure(item, error);
}
