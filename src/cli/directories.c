#include "cli/directories.h"

#include "cli/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct directories {
    char *last; /* the directory made last, as files of one directory come together */
};

struct directories *directories_create(void)
{
    return memory_allocate(1, sizeof(struct directories));
}

void directories_free(struct directories *directories)
{
    free(directories->last);
    free(directories);
}

/* Syncs the directory in which the directory `path` was made. Returns whether that was done. */
static bool sync_parent(const char *path)
{
    const char *slash = strrchr(path, '/');
    const size_t length = slash ? (size_t)(slash - path) + 1 : 0;
    char *parent = length > 0 ? memory_format("%.*s", (int)length, path) : memory_copy(".");
    const int descriptor = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = descriptor >= 0 && fsync(descriptor) == 0;
    const int error = errno;
    if (descriptor >= 0)
        close(descriptor);
    free(parent);
    errno = error;
    return synced;
}

/* Makes one directory, if it is not there. What is there but no directory shows when the output
 * is made. */
static bool make_one(const char *directory, bool durable)
{
    if (mkdir(directory, 0777) != 0)
        return errno == EEXIST;
    return !durable || sync_parent(directory);
}

bool directories_make(struct directories *directories, const char *path, bool durable)
{
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path)
        return true;
    const size_t length = (size_t)(slash - path);
    if (directories->last && strncmp(directories->last, path, length) == 0 &&
        !directories->last[length])
        return true;

    char *directory = memory_format("%.*s", (int)length, path);
    for (char *end = directory + 1;; end++) {
        if (*end != '/' && *end != '\0')
            continue;
        const char kept = *end;
        *end = '\0';
        if (!make_one(directory, durable)) {
            const int error = errno;
            free(directory);
            errno = error;
            return false;
        }
        *end = kept;
        if (kept == '\0')
            break;
    }
    free(directories->last);
    directories->last = directory;
    return true;
}
