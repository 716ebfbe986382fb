#include "io/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/descriptor.h"

enum {
    MODE_PRIVATE = S_IRUSR | S_IWUSR
};

static const struct temporary temporary_none = {.fd = -1};

static int32_t temporary_failure(struct failure *failure, const char *action, int system_error)
{
    return failure_set_system(failure, FAILURE_OF_OUTPUT, action, system_error);
}

/*
 * Makes the file without a name. Returns 0 or errno; EOPNOTSUPP stands for every way to say
 * that it cannot be had here: file systems and kernels without it answer so, or take the flag
 * for a request to write to the folder (EISDIR), or do not know it (ENOENT, EINVAL); and
 * without /proc there would be no way to give it a name later.
 */
static int create_nameless(struct temporary *temporary, int directory)
{
    temporary->fd = descriptor_open(directory, ".", O_TMPFILE | O_RDWR, MODE_PRIVATE);
    if (temporary->fd < 0) {
        bool unknown = errno == EISDIR || errno == ENOENT || errno == EINVAL;
        return unknown ? EOPNOTSUPP : errno;
    }
    char path[DESCRIPTOR_PATH_SIZE];
    descriptor_path(temporary->fd, path);
    if (faccessat(AT_FDCWD, path, F_OK, 0) != 0) {
        temporary_discard(temporary);
        return EOPNOTSUPP;
    }
    return 0;
}

int32_t temporary_create(struct temporary *temporary, const struct place *place,
                         struct failure *failure)
{
    *temporary = temporary_none;
    int error = create_nameless(temporary, place->directory);
    if (error == EOPNOTSUPP) {
        temporary->hidden = hidden_name_create(place->directory, place->name, &temporary->fd);
        error = temporary->hidden != NULL ? 0 : errno;
    }
    if (error != 0) {
        *temporary = temporary_none;
        return temporary_failure(failure, "cannot create", error);
    }

    /* The umask may have taken the owner's own bits; a server that checks them at each write
     * would then refuse ours. */
    struct stat status;
    if (fstat(temporary->fd, &status) == 0 && (status.st_mode & MODE_PRIVATE) != MODE_PRIVATE) {
        (void)fchmod(temporary->fd, MODE_PRIVATE);
    }
    return CINCH_OK;
}

/* Renames a hidden name to one that must be free. Returns 0, or -1 with errno. */
static int rename_to_free(int directory, const char *from, const char *to)
{
    if (renameat2(directory, from, directory, to, RENAME_NOREPLACE) == 0) {
        return 0;
    }
    if (errno != EINVAL && errno != ENOSYS) {
        return -1;
    }
    /* A file system or kernel that knows no such renaming: a second link does not replace
     * either, and the first may go then. */
    if (linkat(directory, from, directory, to, 0) != 0) {
        return -1;
    }
    (void)unlinkat(directory, from, 0);
    return 0;
}

int32_t temporary_take_place(struct temporary *temporary, const struct place *place, bool replace,
                             struct failure *failure)
{
    if (temporary->hidden == NULL) {
        char path[DESCRIPTOR_PATH_SIZE];
        descriptor_path(temporary->fd, path);
        if (linkat(AT_FDCWD, path, place->directory, place->name, AT_SYMLINK_FOLLOW) == 0) {
            return CINCH_OK;
        }
        if (errno != EEXIST || !replace) {
            return temporary_failure(failure, "cannot create", errno);
        }
    }
    if (replace) {
        int32_t code = place_check_replaceable(place, failure);
        if (code != CINCH_OK) {
            return code;
        }
    }
    if (temporary->hidden == NULL) {
        temporary->hidden = hidden_name_link(place->directory, place->name, temporary->fd);
        if (temporary->hidden == NULL) {
            return temporary_failure(failure, "cannot replace", errno);
        }
    }

    const char *hidden = hidden_name_text(temporary->hidden);
    int result = replace ? renameat(place->directory, hidden, place->directory, place->name)
                         : rename_to_free(place->directory, hidden, place->name);
    if (result != 0) {
        return temporary_failure(failure, replace ? "cannot replace" : "cannot create", errno);
    }
    hidden_name_forget(temporary->hidden);
    temporary->hidden = NULL;
    return CINCH_OK;
}

void temporary_discard(struct temporary *temporary)
{
    hidden_name_remove(temporary->hidden);
    if (temporary->fd >= 0) {
        (void)close(temporary->fd);
    }
    *temporary = temporary_none;
}
