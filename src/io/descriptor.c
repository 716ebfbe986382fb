#include "io/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

int descriptor_above_standard(int fd)
{
    if (fd < 0 || fd > STDERR_FILENO) {
        return fd;
    }
    int above = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    /* Where even 3 lies above the limit, the kernel calls the wish invalid. */
    int error = errno == EINVAL ? EMFILE : errno;
    (void)close(fd);
    errno = error;
    return above;
}

int descriptor_open(int directory, const char *path, int flags, mode_t mode)
{
    int fd;
    do {
        fd = openat(directory, path, flags | O_CLOEXEC, mode);
    } while (fd < 0 && errno == EINTR);
    return descriptor_above_standard(fd);
}

void descriptor_path(int fd, char path[DESCRIPTOR_PATH_SIZE])
{
    (void)snprintf(path, DESCRIPTOR_PATH_SIZE, "/proc/self/fd/%d", fd);
}

int descriptor_reopen(int fd, int flags)
{
    char path[DESCRIPTOR_PATH_SIZE];
    descriptor_path(fd, path);
    return descriptor_open(AT_FDCWD, path, flags, 0);
}

short descriptor_poll(int fd, short events)
{
    struct pollfd question = {.fd = fd, .events = events};
    int answers;
    do {
        answers = poll(&question, 1, 0);
    } while (answers < 0 && errno == EINTR);
    return answers < 0 ? events : question.revents;
}
