#include "cli/plan.h"

#include "cli/memory.h"
#include "cli/message.h"
#include "cli/names.h"
#include "cli/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

bool plan_is_sensible(const struct settings *settings)
{
    const bool reads_stdin = settings->source_count == 1 && strcmp(settings->sources[0], "-") == 0;
    const bool writes_stdout = settings->to_stdout || (reads_stdin && !settings->output);
    if (writes_stdout && !settings->force && isatty(STDOUT_FILENO)) {
        message_say(NULL, SEVERITY_ERROR, NULL,
                    "compressed data is not written to a terminal without -f; see --help");
        return false;
    }
    return true;
}

/* Looks at the source itself. Returns whether it can be read as it is wanted. */
static bool examine_input(const struct settings *settings, struct item *item)
{
    /* Where the output is named, or is no file, a link is as good as what it points to. */
    const bool follow = settings->force || settings->to_stdout || settings->output;
    if (item->input[0] == '\0') {
        message_say(&item->report, SEVERITY_ERROR, item->input, "an empty name is no file's");
        return false;
    }
    if (fstatat(AT_FDCWD, item->input, &item->status, follow ? 0 : AT_SYMLINK_NOFOLLOW) != 0) {
        message_say(&item->report, SEVERITY_ERROR, item->input, "%s", strerror(errno));
        return false;
    }
    const mode_t mode = item->status.st_mode;
    if (S_ISDIR(mode)) {
        message_say(&item->report, SEVERITY_WARNING, item->input, "is a directory: skipped");
        return false;
    }
    if (S_ISLNK(mode)) {
        message_say(&item->report, SEVERITY_WARNING, item->input,
                    "is a symbolic link: skipped without -f");
        return false;
    }
    if (!S_ISREG(mode) && !follow) {
        message_say(&item->report, SEVERITY_WARNING, item->input,
                    "is not a regular file: skipped without -f");
        return false;
    }
    if (S_ISREG(mode))
        item->size = (uint64_t)item->status.st_size;
    return true;
}

/* Decides where the output goes and whether it may go there. */
static bool examine_output(const struct settings *settings, struct item *item)
{
    struct stat status;
    if (settings->to_stdout || (item_is_stdin(item) && !settings->output))
        return true;
    item->output = settings->output ? memory_copy(settings->output)
                                    : names_compressed(item->input, settings->suffix);
    item->replace = settings->force;
    if (settings->force || lstat(item->output, &status) != 0)
        return true;
    /* Devices and FIFOs are written to: nothing is replaced. */
    if (stat(item->output, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) {
        item->replace = true;
        return true;
    }
    if (prompt_is_possible()) {
        item->replace = prompt_overwrite(item->output);
        if (item->replace)
            return true;
        message_say(&item->report, SEVERITY_WARNING, item->output, "not overwritten");
        return false;
    }
    message_say(&item->report, SEVERITY_WARNING, item->output,
                "already exists: not overwritten without -f");
    return false;
}

struct item *plan_source(const struct settings *settings, const char *source)
{
    struct item *item = item_create(source);
    bool wanted = item_is_stdin(item) || examine_input(settings, item);
    if (!wanted || !examine_output(settings, item))
        item->state = ITEM_ENDED;
    return item;
}
