#include "io/metadata.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/descriptor.h"

enum {
    SET_ID_BITS = S_ISUID | S_ISGID,
    ALL_BITS = SET_ID_BITS | S_ISVTX | S_IRWXU | S_IRWXG | S_IRWXO
};

/* Errors that say "not here" or "not you" rather than "it went wrong": EINVAL is an owner whom
 * our user namespace has no number for, or a time that the file system cannot hold. */
static bool is_refusal(int system_error)
{
    return system_error == EPERM || system_error == EACCES || system_error == EOPNOTSUPP ||
           system_error == ENOSYS || system_error == EINVAL;
}

static int32_t metadata_failure(struct failure *failure, const char *action, int system_error)
{
    return failure_set_system(failure, FAILURE_OF_OUTPUT, action, system_error);
}

/* Returns what fchown() gave, except that a refusal is no error: 0, or errno. */
static int try_owner(int fd, uid_t owner, gid_t group)
{
    return fchown(fd, owner, group) == 0 || is_refusal(errno) ? 0 : errno;
}

/* Sets owner and group as far as permitted and puts the file's state after that into `status`.
 * Returns 0 or errno. */
static int copy_owner(int fd, const struct stat *source, struct stat *status)
{
    if (fstat(fd, status) != 0) {
        return errno;
    }
    if (status->st_uid == source->st_uid && status->st_gid == source->st_gid) {
        return 0;
    }
    int error = try_owner(fd, source->st_uid, source->st_gid);
    if (error == 0 && fstat(fd, status) != 0) {
        error = errno;
    }
    if (error != 0 || status->st_gid == source->st_gid) {
        return error;
    }
    /* Giving a file away is for root; giving it to another of one's own groups is for all. */
    error = try_owner(fd, (uid_t)-1, source->st_gid);
    if (error == 0 && fstat(fd, status) != 0) {
        error = errno;
    }
    return error;
}

int32_t metadata_copy(int fd, const struct stat *source, struct failure *failure)
{
    struct stat status;
    int error = copy_owner(fd, source, &status);
    if (error != 0) {
        return metadata_failure(failure, "cannot set the owner of", error);
    }
    bool owner_is_copied = status.st_uid == source->st_uid;
    bool group_is_copied = status.st_gid == source->st_gid;

    mode_t mode = source->st_mode & ALL_BITS;
    if (!owner_is_copied || !group_is_copied) {
        mode &= ~(mode_t)SET_ID_BITS;
    }
    if (!group_is_copied) {
        mode &= ~(mode_t)S_IRWXG | (mode & S_IRWXO) << 3;
    }

    const struct timespec times[2] = {source->st_atim, source->st_mtim};
    if (futimens(fd, times) != 0 && !is_refusal(errno)) {
        return metadata_failure(failure, "cannot set the times of", errno);
    }
    /* Last: changing the owner clears set-id bits. */
    if (fchmod(fd, mode) != 0 && !is_refusal(errno)) {
        return metadata_failure(failure, "cannot set the mode of", errno);
    }
    return CINCH_OK;
}

/*
 * The umask, which umask() itself could only tell by changing it for the whole process. Where
 * /proc does not tell (before Linux 4.7, or not mounted) it is taken as 077: a file that too
 * few can read is mended sooner than one that too many could.
 */
static mode_t current_umask(void)
{
    const mode_t unknown = S_IRWXG | S_IRWXO;
    int fd = descriptor_open(AT_FDCWD, "/proc/self/status", O_RDONLY, 0);
    if (fd < 0) {
        return unknown;
    }
    /* The line is the second; the name in the first is short and has its newlines escaped. */
    char text[512];
    ssize_t length = read(fd, text, sizeof text - 1);
    (void)close(fd);
    if (length <= 0) {
        return unknown;
    }
    text[length] = '\0';
    static const char label[] = "\nUmask:";
    const char *line = strstr(text, label);
    if (line == NULL) {
        return unknown;
    }
    const char *digits = line + strlen(label);
    char *end;
    unsigned long mask = strtoul(digits, &end, 8);
    return end != digits && *end == '\n' ? (mode_t)mask : unknown;
}

int32_t metadata_set_default(int fd, struct failure *failure)
{
    const mode_t everybody = S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH;
    if (fchmod(fd, everybody & ~current_umask()) != 0 && !is_refusal(errno)) {
        return metadata_failure(failure, "cannot set the mode of", errno);
    }
    return CINCH_OK;
}
