#include "cli/removal.h"

#include "cli/display.h"
#include "cli/durable.h"
#include "cli/memory.h"
#include "cli/message.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Outputs on more file systems than this are made durable one by one. */
enum {
    VOLUME_LIMIT = 8
};

/* Nobody should have to wait longer for a source to go, seconds. */
static const double DELAY_MOST = 2;

struct volume {
    dev_t device;
    int descriptor; /* a directory on it */
    bool synced;    /* in the flush at hand */
};

struct removal {
    const struct settings *settings;
    bool together; /* syncfs() for many, rather than fsync() for each */
    struct volume volumes[VOLUME_LIMIT];
    size_t volume_count;
    struct item *queue[REMOVAL_LIMIT];
    size_t queued;
    double first_queued; /* when, on display_elapsed()'s clock */
};

/* Whether syncfs() reports failed writes. */
static bool syncfs_is_reliable(void)
{
    struct utsname name;
    unsigned major = 0;
    unsigned minor = 0;
    if (uname(&name) != 0 || sscanf(name.release, "%u.%u", &major, &minor) != 2)
        return false;
    return major > 5 || (major == 5 && minor >= 8);
}

/* Takes over an open directory, or -1, as a volume. */
static void add_volume(struct removal *removal, int descriptor)
{
    struct stat status;
    if (descriptor < 0)
        return;
    if (removal->volume_count < VOLUME_LIMIT && fstat(descriptor, &status) == 0)
        removal->volumes[removal->volume_count++] =
            (struct volume){.device = status.st_dev, .descriptor = descriptor};
    else
        close(descriptor);
}

struct removal *removal_create(const struct settings *settings)
{
    struct removal *removal = memory_allocate(1, sizeof(*removal));
    removal->settings = settings;
    removal->together = !settings->keep && settings_are_many(settings) && syncfs_is_reliable();
    return removal;
}

void removal_free(struct removal *removal)
{
    for (size_t i = 0; i < removal->volume_count; i++)
        close(removal->volumes[i].descriptor);
    free(removal);
}

static struct volume *find_volume(struct removal *removal, dev_t device)
{
    for (size_t i = 0; i < removal->volume_count; i++) {
        if (removal->volumes[i].device == device)
            return &removal->volumes[i];
    }
    return NULL;
}

/* The directory that outputs are put into, where it is not their sources'; NULL else. */
static const char *other_directory(const struct settings *settings)
{
    return settings->flat_directory ? settings->flat_directory : settings->mirror_directory;
}

bool removal_prepare(struct removal *removal, const struct item *item)
{
    const struct settings *settings = removal->settings;
    if (settings->keep || item->destination != DESTINATION_FILE)
        return false;
    if (!removal->together)
        return true;
    /* Beside its source an output is on the source's file system; what is not is found out
     * when it is there, and made durable by itself. */
    const char *directory = other_directory(settings);
    if (directory && removal->volume_count == 0)
        add_volume(removal, open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory && !find_volume(removal, item->status.st_dev))
        add_volume(removal, durable_open_directory(item->output));
    return false;
}

bool removal_add(struct removal *removal, struct item *item)
{
    if (removal->queued == 0)
        removal->first_queued = display_elapsed();
    item->removal_is_queued = true;
    removal->queue[removal->queued++] = item;
    return removal->queued == REMOVAL_LIMIT;
}

int removal_delay(const struct removal *removal)
{
    if (removal->queued == 0)
        return -1;
    const double delay = removal->first_queued + DELAY_MOST - display_elapsed();
    return delay <= 0 ? 0 : (int)(delay * 1000) + 1;
}

/* --- Flushing --------------------------------------------------------------------------- */

/* fsync() for an output and its directory. Returns 0 or an errno value. */
static int sync_alone(const char *output)
{
    int error = 0;
    int file = open(output, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fsync(file) != 0)
        error = errno;
    if (file >= 0)
        close(file);
    return error != 0 ? error : durable_sync_directory(output, fsync);
}

/*
 * Makes the directories above an output's own durable, as they may have been made for it: a name
 * in a directory that has no name itself leads nowhere. Returns 0 or an errno value.
 */
static int sync_above(const char *output)
{
    char *path = memory_copy(output);
    int error = 0;
    for (char *slash; error == 0 && (slash = strrchr(path, '/')) != NULL && slash != path;) {
        *slash = '\0';
        error = durable_name(path, output);
    }
    free(path);
    return error;
}

/* Makes an item's output durable. Returns 0 or an errno value. */
static int sync_output(struct removal *removal, const struct item *item, dev_t device)
{
    struct volume *volume = removal->together ? find_volume(removal, device) : NULL;
    if (!volume) {
        /* Without others its job has done it, but for directories that were made. */
        const int error = removal->together ? sync_alone(item->output) : 0;
        return error == 0 && removal->settings->mirror_directory ? sync_above(item->output) : error;
    }
    if (!volume->synced && syncfs(volume->descriptor) != 0)
        return errno; /* and the next item tries again */
    volume->synced = true;
    return 0;
}

/* Whether a name still means what was read. */
static bool is_unchanged(const struct settings *settings, const struct item *item)
{
    struct stat now;
    const struct stat *then = &item->status;
    const int flags = settings_follow_links(settings) ? 0 : AT_SYMLINK_NOFOLLOW;
    return fstatat(AT_FDCWD, item->input, &now, flags) == 0 && now.st_dev == then->st_dev &&
           now.st_ino == then->st_ino && now.st_size == then->st_size &&
           now.st_mtim.tv_sec == then->st_mtim.tv_sec &&
           now.st_mtim.tv_nsec == then->st_mtim.tv_nsec;
}

static void remove_source(struct removal *removal, struct item *item)
{
    struct stat output;
    item->removal_is_queued = false;
    if (stat(item->output, &output) != 0) {
        message_say(&item->report, SEVERITY_ERROR, item->input,
                    "kept, because its output is gone: %s", strerror(errno));
        return;
    }
    if (!S_ISREG(output.st_mode)) {
        message_say(&item->report, SEVERITY_WARNING, item->input,
                    "kept, because its output is not a regular file");
        return;
    }
    const int error = sync_output(removal, item, output.st_dev);
    if (error) {
        message_say(&item->report, SEVERITY_ERROR, item->input,
                    "kept, because its output cannot be made durable: %s", strerror(error));
        return;
    }
    if (!is_unchanged(removal->settings, item)) {
        message_say(&item->report, SEVERITY_WARNING, item->input,
                    "kept, because it has changed since it was read");
        return;
    }
    if (unlink(item->input) != 0)
        message_say(&item->report, SEVERITY_WARNING, item->input, "cannot be removed: %s",
                    strerror(errno));
}

void removal_abandon(struct removal *removal)
{
    for (size_t i = 0; i < removal->queued; i++)
        removal->queue[i]->removal_is_queued = false;
    removal->queued = 0;
}

void removal_flush(struct removal *removal)
{
    for (size_t i = 0; i < removal->volume_count; i++)
        removal->volumes[i].synced = false;
    for (size_t i = 0; i < removal->queued; i++)
        remove_source(removal, removal->queue[i]);
    removal->queued = 0;
}
