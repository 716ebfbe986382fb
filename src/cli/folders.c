#include "cli/folders.h"

#include "cli/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct folders {
    char *last; /* the folder made last, as files of one folder come together */
};

struct folders *folders_create(void)
{
    return memory_allocate(1, sizeof(struct folders));
}

void folders_free(struct folders *folders)
{
    free(folders->last);
    free(folders);
}

bool folders_make(struct folders *folders, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path)
        return true;
    const size_t length = (size_t)(slash - path);
    if (folders->last && strncmp(folders->last, path, length) == 0 && !folders->last[length])
        return true;

    char *folder = memory_format("%.*s", (int)length, path);
    for (char *end = folder + 1;; end++) {
        if (*end != '/' && *end != '\0')
            continue;
        const char kept = *end;
        *end = '\0';
        /* What is there but no folder shows when the output is made. */
        if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
            const int error = errno;
            free(folder);
            errno = error;
            return false;
        }
        *end = kept;
        if (kept == '\0')
            break;
    }
    free(folders->last);
    folders->last = folder;
    return true;
}
