#include "cli/durable.h"

#include "cli/memory.h"
#include "cli/names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int durable_open_directory(const char *path)
{
    const char *base = names_base(path);
    char *directory =
        base == path ? memory_copy(".") : memory_format("%.*s", (int)(base - path), path);
    int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(directory);
    return descriptor;
}

int durable_sync_directory(const char *path, int (*sync)(int descriptor))
{
    const int directory = durable_open_directory(path);
    if (directory < 0)
        return errno;
    const int error = sync(directory) != 0 ? errno : 0;
    close(directory);
    return error;
}

int durable_name(const char *path, const char *inside)
{
    const int error = durable_sync_directory(path, fsync);
    return error == EACCES ? durable_sync_directory(inside, syncfs) : error;
}
