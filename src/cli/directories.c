#include "cli/directories.h"

#include "cli/durable.h"
#include "cli/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

/* Makes one directory, if it is not there. What is there but no directory shows when the output
 * is made. */
static bool make_one(const char *directory, bool durable)
{
    if (mkdir(directory, 0777) != 0)
        return errno == EEXIST;
    if (!durable)
        return true;
    char *inside = memory_format("%s/", directory);
    const int error = durable_name(directory, inside);
    free(inside);
    errno = error;
    return error == 0;
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
