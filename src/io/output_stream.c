#include "io/output_stream.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/major.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "io/descriptor.h"

static enum output_result stream_error(struct failure *failure, const char *action, int error)
{
    /* What a pipe says in one way, sockets say in three. */
    if (error == ECONNRESET || error == ECONNREFUSED) {
        (void)failure_set(failure, CINCH_E_BROKEN_PIPE, FAILURE_OF_OUTPUT, action, error);
    } else {
        (void)failure_set_system(failure, FAILURE_OF_OUTPUT, action, error);
    }
    return OUTPUT_ERROR;
}

static enum output_result file_type_error(struct failure *failure, const char *action)
{
    (void)failure_set(failure, CINCH_E_FILE_TYPE, FAILURE_OF_OUTPUT, action, 0);
    return OUTPUT_ERROR;
}

/*
 * Connects to the socket at `path`. A socket's address has room for 108 bytes of path; a longer
 * one is told as the descriptor of the socket's place in the file system.
 */
static enum output_result stream_connect(struct output *output, const char *path,
                                         struct failure *failure)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    static_assert(sizeof address.sun_path > DESCRIPTOR_PATH_SIZE, "room for a path in /proc");
    int place = -1;
    if (strlen(path) < sizeof address.sun_path) {
        memcpy(address.sun_path, path, strlen(path));
    } else {
        place = descriptor_open(AT_FDCWD, path, O_PATH, 0);
        if (place < 0) {
            return stream_error(failure, "cannot open", errno);
        }
        char place_path[DESCRIPTOR_PATH_SIZE];
        descriptor_path(place, place_path);
        memcpy(address.sun_path, place_path, strlen(place_path));
    }

    enum output_result result = OUTPUT_DONE;
    int fd =
        descriptor_above_standard(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (fd < 0) {
        result = stream_error(failure, "cannot open", errno);
    } else if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        int error = errno;
        (void)close(fd);
        if (error == EAGAIN) {
            result = OUTPUT_WAIT; /* the listener's queue is full */
        } else if (error == EPROTOTYPE) {
            result = file_type_error(failure, "cannot open"); /* a socket of datagrams */
        } else {
            result = stream_error(failure, "cannot open", error);
        }
    } else {
        output->kind = OUTPUT_STREAM;
        output->fd = fd;
        output->owned = true;
        output->is_socket = true;
        output->never_blocks = true;
    }
    if (place >= 0) {
        (void)close(place);
    }
    return result;
}

enum output_result output_stream_open(struct output *output, const char *path,
                                      const struct stat *status, struct failure *failure)
{
    if (S_ISSOCK(status->st_mode)) {
        return stream_connect(output, path, failure);
    }
    int fd = descriptor_open(AT_FDCWD, path, O_WRONLY | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0) {
        if (errno == ENXIO && S_ISFIFO(status->st_mode)) {
            return OUTPUT_WAIT;
        }
        return stream_error(failure, "cannot open", errno);
    }
    /* The path may lead elsewhere by now. A regular file that came there was not touched. */
    struct stat opened;
    if (fstat(fd, &opened) != 0) {
        int error = errno;
        (void)close(fd);
        return stream_error(failure, "cannot examine", error);
    }
    if (opened.st_dev != status->st_dev || opened.st_ino != status->st_ino) {
        (void)close(fd);
        return file_type_error(failure, "cannot write");
    }
    output->kind = OUTPUT_STREAM;
    output->fd = fd;
    output->owned = true;
    output->never_blocks = true;
    return OUTPUT_DONE;
}

/* Whether opening the file behind `fd` again gives the same pipe or terminal. Other devices may
 * give anything, and so does the master's side of a pseudo-terminal: a new one. */
static bool may_be_reopened(int fd, const struct stat *status)
{
    if (S_ISFIFO(status->st_mode)) {
        return true;
    }
    unsigned int number;
    return isatty(fd) && ioctl(fd, TIOCGPTN, &number) != 0;
}

void output_stream_adopt(struct output *output, int fd, const struct stat *status)
{
    output->kind = OUTPUT_STREAM;
    output->fd = fd;
    output->is_socket = S_ISSOCK(status->st_mode);
    /* /dev/null and its kin never wait for anything. */
    output->never_blocks = S_ISCHR(status->st_mode) && major(status->st_rdev) == MEM_MAJOR;
    if (output->is_socket || output->never_blocks || !may_be_reopened(fd, status)) {
        return;
    }
    int reopened = descriptor_reopen(fd, O_WRONLY | O_NONBLOCK | O_NOCTTY);
    if (reopened >= 0) {
        output->fd = reopened;
        output->owned = true;
        output->never_blocks = true;
    }
}

enum output_result output_stream_write(struct output *output, const void *buffer, size_t size,
                                       size_t *written, struct failure *failure)
{
    const char *next = buffer;
    while (size > 0) {
        size_t count = size;
        if (!output->never_blocks && !output->is_socket) {
            /* poll() promises room for this much and no more. Whatever else it has to tell
             * (a hang-up) is found out by writing. */
            if (descriptor_poll(output->fd, POLLOUT) == 0) {
                return OUTPUT_WAIT;
            }
            count = size < PIPE_BUF ? size : PIPE_BUF;
        }
        ssize_t result = output->is_socket
                             ? send(output->fd, next, count, MSG_DONTWAIT | MSG_NOSIGNAL)
                             : write(output->fd, next, count);
        if (result > 0) {
            next += result;
            size -= (size_t)result;
            *written += (size_t)result;
        } else if (result == 0) {
            /* No device should; trying again and again would never end. */
            return stream_error(failure, "cannot write", EIO);
        } else if (errno == EAGAIN) {
            return OUTPUT_WAIT;
        } else if (errno != EINTR) {
            return stream_error(failure, "cannot write", errno);
        }
    }
    return OUTPUT_DONE;
}
