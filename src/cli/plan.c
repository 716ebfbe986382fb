#include "cli/plan.h"

#include "cli/directories.h"
#include "cli/made.h"
#include "cli/memory.h"
#include "cli/message.h"
#include "cli/names.h"
#include "cli/original.h"
#include "cli/part.h"
#include "cli/personality.h"
#include "cli/prompt.h"
#include "cli/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

struct plan {
    const struct settings *settings;
    struct made *made;
    bool made_is_kept;               /* else it holds what is not there yet, no more */
    struct directories *directories; /* made below --output-dir-mirror */
};

struct plan *plan_create(const struct settings *settings)
{
    struct plan *plan = memory_allocate(1, sizeof(*plan));
    plan->settings = settings;
    plan->directories = directories_create();
    plan->made = made_create();
    /* Names beside their sources differ as those do, when a suffix is added; a source named twice
     * finds its output there, unless both are under way at once. A walk by cinch or gzip passes
     * over what has their suffix, so it cannot come upon this run's outputs. */
    plan->made_is_kept = settings->action == ACTION_DECOMPRESS || settings->flat_directory ||
                         (settings->family == FAMILY_ZSTD && settings->recursive);
    return plan;
}

void plan_free(struct plan *plan)
{
    made_free(plan->made);
    directories_free(plan->directories);
    free(plan);
}

/* --- Refusing --------------------------------------------------------------------------- */

/* Says why a source is left alone; always returns false. */
static bool refuse(const struct plan *plan, struct item *item, enum refusal refusal,
                   const char *reason)
{
    enum severity severity = personality_severity(plan->settings->family, refusal);
    message_say(&item->report, severity, item->input, "%s", reason);
    return false;
}

/*
 * Whether a file found by zstd's walk is an output of this run, or will be replaced by one: it
 * has the suffix, and what it was made from stands beside it, or did when that was planned.
 */
static bool is_own_output(const struct plan *plan, const char *path)
{
    struct stat status;
    const size_t length = strlen(path);
    const size_t end = strlen(plan->settings->suffix);
    if (length <= end || strcmp(path + length - end, plan->settings->suffix) != 0)
        return false;
    char *source = memory_format("%.*s", (int)(length - end), path);
    const bool found = lstat(source, &status) == 0 && S_ISREG(status.st_mode);
    free(source);
    return found;
}

/* Whether a walk passes over an entry without a word. */
static bool is_passed_over(const struct plan *plan, const struct entry *entry)
{
    const struct settings *settings = plan->settings;
    if (entry->is_stdin)
        return false;
    if (settings->exclude_compressed && settings->action == ACTION_COMPRESS &&
        names_is_compressed(entry->path))
        return true;
    if (entry->named || entry->error || entry->loop)
        return false;
    if (made_contains(plan->made, entry->path))
        return true;
    /* Trees have links and sockets; the stock programs complain of each. */
    if (settings->family == FAMILY_CINCH && !S_ISREG(entry->status.st_mode))
        return true;
    if (settings->family == FAMILY_ZSTD && settings->action == ACTION_COMPRESS)
        return is_own_output(plan, entry->path);
    if (settings->action == ACTION_COMPRESS)
        return names_known_suffix(settings, entry->path) != NULL;
    return !settings->force && settings->family != FAMILY_ZSTD &&
           names_known_suffix(settings, entry->path) == NULL;
}

/* --- The source ------------------------------------------------------------------------- */

/* What gzip does not take, set-id files not even with -f, because the output, or the removal of the
 * source, would lose something. */
static bool examine_for_gzip(const struct plan *plan, struct item *item)
{
    const struct settings *settings = plan->settings;
    if (settings->family != FAMILY_GZIP || !settings_write_beside(settings))
        return true;
    const mode_t special = S_ISUID | S_ISGID | (settings->force ? 0 : S_ISVTX);
    if (item->status.st_mode & special)
        return refuse(plan, item, REFUSAL_SPECIAL_BITS,
                      item->status.st_mode & S_ISUID   ? "is set-user-ID on execution: skipped"
                      : item->status.st_mode & S_ISGID ? "is set-group-ID on execution: skipped"
                                                       : "has the sticky bit set: skipped");
    if (item->status.st_nlink > 1 && !settings->force)
        return refuse(plan, item, REFUSAL_HARD_LINKS, "has other hard links: skipped without -f");
    return true;
}

/* Looks at the source itself. Returns whether it can be read as it is wanted. */
static bool examine_input(const struct plan *plan, const struct entry *entry, struct item *item)
{
    const struct settings *settings = plan->settings;
    const mode_t mode = entry->status.st_mode;
    if (item->input[0] == '\0') {
        message_say(&item->report, SEVERITY_ERROR, item->input, "an empty name is no file's");
        return false;
    }
    if (entry->error) {
        message_say(&item->report, SEVERITY_ERROR, item->input, "%s", strerror(entry->error));
        return false;
    }
    if (entry->loop)
        return refuse(plan, item, REFUSAL_LINK, "a link leads back to this directory: not entered");
    if (S_ISDIR(mode))
        return refuse(plan, item, REFUSAL_DIRECTORY, "is a directory: skipped without -r");
    if (S_ISLNK(mode))
        return refuse(plan, item, REFUSAL_LINK, "is a symbolic link: skipped without -f");
    /* zstd reads FIFOs, which shells make for <(...). */
    const bool fifo_is_fine = settings->family == FAMILY_ZSTD && S_ISFIFO(mode);
    if (!S_ISREG(mode) && !settings_follow_links(settings) && !fifo_is_fine)
        return refuse(plan, item, REFUSAL_FILE_TYPE, "is not a regular file: skipped without -f");
    if (settings->action == ACTION_COMPRESS && settings_like_gzip(settings) && !settings->force &&
        settings_write_beside(settings) && names_known_suffix(settings, item->input))
        return refuse(plan, item, REFUSAL_HAS_SUFFIX, "has a compressed file's suffix: unchanged");
    if (settings->part.count > 0 && !S_ISREG(mode)) {
        message_say(&item->report, SEVERITY_ERROR, item->input,
                    "--part takes parts of regular files only");
        return false;
    }
    if (S_ISREG(mode)) {
        uint64_t offset;
        item->size = (uint64_t)entry->status.st_size;
        if (settings->part.count > 0)
            part_range(&settings->part, item->size, &offset, &item->size);
    }
    return examine_for_gzip(plan, item);
}

/* --- The output ------------------------------------------------------------------------- */

/* Puts `path` where the output directory options want it. Takes `path`; NULL after a refusal. */
static char *place(struct plan *plan, struct item *item, char *path)
{
    const struct settings *settings = plan->settings;
    char *placed = path;
    if (settings->flat_directory) {
        placed = names_flat(settings->flat_directory, path);
        free(path);
    } else if (settings->mirror_directory) {
        placed = names_mirrored(settings->mirror_directory, path);
        free(path);
        if (!placed) {
            message_say(&item->report, SEVERITY_ERROR, item->input,
                        "'..' leads out of the output directory: skipped");
        } else if (!directories_make(plan->directories, placed,
                                     (settings->flags & CINCH_FLAG_DURABLE) != 0)) {
            message_say(&item->report, SEVERITY_ERROR, placed,
                        "cannot make the directories for this output: %s", strerror(errno));
            free(placed);
            placed = NULL;
        }
    }
    return placed;
}

/* Notes the output. Returns whether no other source has it. */
static bool note_output(struct plan *plan, struct item *item)
{
    const struct settings *settings = plan->settings;
    item->output_is_noted = made_add(plan->made, item->output);
    if (item->output_is_noted)
        return true;
    if (plan->made_is_kept) {
        message_say(&item->report, SEVERITY_ERROR, item->input,
                    "the output would be '%s', as that of another source: skipped", item->output);
        return false;
    }
    /* With -f the stock programs do it again, to the same end, where it is still there. */
    const enum severity severity = settings->force && settings->keep
                                       ? SEVERITY_NOTE
                                       : personality_severity(settings->family, REFUSAL_EXISTS);
    message_say(&item->report, severity, item->input, "was named before: not compressed again");
    return false;
}

/* Names the output after the source. Returns whether it has a name. */
static bool name_output(struct plan *plan, struct item *item)
{
    const struct settings *settings = plan->settings;
    char *path;
    if (settings->action == ACTION_COMPRESS) {
        path = names_compressed(settings, item->input);
    } else {
        path = names_decompressed(settings, item->input);
        if (settings->naming == NAMING_ALWAYS)
            path = original_restore(item->input, path);
        if (!path)
            return refuse(plan, item, REFUSAL_UNKNOWN_SUFFIX,
                          "the suffix is none of a compressed file; -o or -c says where to");
    }
    item->output = place(plan, item, path);
    return item->output && note_output(plan, item);
}

/* Decides what happens to a file that is there under the output's name. */
static bool examine_existing(const struct plan *plan, struct item *item)
{
    struct stat status;
    if (lstat(item->output, &status) != 0) {
        if (errno != ENAMETOOLONG)
            return true;
        message_say(&item->report, SEVERITY_ERROR, item->output, "cannot make this output: %s",
                    strerror(errno));
        return false;
    }
    /* Devices and FIFOs are written to: nothing is replaced. */
    if (stat(item->output, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) {
        item->replace = true;
        return true;
    }
    if (item->replace)
        return true;
    if (prompt_is_possible()) {
        item->replace = prompt_overwrite(item->output);
        if (!item->replace && !signals_ending())
            message_say(&item->report, personality_severity(plan->settings->family, REFUSAL_EXISTS),
                        item->output, "not overwritten");
        return item->replace;
    }
    message_say(&item->report, personality_severity(plan->settings->family, REFUSAL_EXISTS),
                item->output, "exists already: not overwritten without -f");
    return false;
}

/* Decides where the output goes and whether it may go there. */
static bool examine_output(struct plan *plan, struct item *item)
{
    const struct settings *settings = plan->settings;
    if (settings->action == ACTION_TEST || settings->action == ACTION_LIST) {
        item->destination = DESTINATION_NOWHERE;
        return true;
    }
    if (settings->to_stdout || (item->is_stdin && !settings->output)) {
        item->destination = DESTINATION_STDOUT;
        return true;
    }
    item->destination = DESTINATION_FILE;
    item->replace = settings->force;
    if (settings->output)
        item->output = memory_copy(settings->output);
    else if (!name_output(plan, item))
        return false;
    return examine_existing(plan, item);
}

struct item *plan_entry(struct plan *plan, const struct entry *entry)
{
    if (is_passed_over(plan, entry))
        return NULL;
    struct item *item = item_create(entry->path);
    item->is_stdin = entry->is_stdin;
    item->status = entry->status;
    if (!S_ISREG(item->status.st_mode))
        item->size = plan->settings->size_hint;
    const bool wanted = item->is_stdin || examine_input(plan, entry, item);
    if (!wanted || !examine_output(plan, item))
        item->state = ITEM_ENDED;
    return item;
}

void plan_forget(struct plan *plan, struct item *item)
{
    if (item->output_is_noted && !plan->made_is_kept)
        made_forget(plan->made, item->output);
    item->output_is_noted = false;
}
