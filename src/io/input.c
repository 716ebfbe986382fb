#include "io/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "io/descriptor.h"

static const struct input input_closed = INPUT_CLOSED;

/* The other half of opening: what kind of thing is this, and where do its bytes lie? */
static int32_t input_classify(struct input *input, struct failure *failure)
{
    struct stat *status = &input->status;
    if (fstat(input->fd, status) != 0) {
        return failure_set_system(failure, FAILURE_OF_INPUT, "cannot examine", errno);
    }
    if (S_ISDIR(status->st_mode)) {
        return failure_set_system(failure, FAILURE_OF_INPUT, "cannot read", EISDIR);
    }
    if (S_ISBLK(status->st_mode)) {
        return failure_set(failure, CINCH_E_FILE_TYPE, FAILURE_OF_INPUT, "cannot read", 0);
    }
    if (!S_ISREG(status->st_mode)) {
        input->is_socket = S_ISSOCK(status->st_mode);
        input->never_blocks = input->owned;
        return CINCH_OK;
    }

    input->never_blocks = true;
    off_t start = input->owned ? 0 : lseek(input->fd, 0, SEEK_CUR);
    if (start < 0) {
        return failure_set_system(failure, FAILURE_OF_INPUT, "cannot read", errno);
    }
    if (status->st_size <= start) {
        return CINCH_OK;
    }
    /* A file in /sys says that it has a page of bytes, whatever it has. Files without a block
     * are rare enough (those, and holes from end to end) that each can be asked for its last
     * byte. */
    char last;
    if (status->st_blocks == 0 && pread(input->fd, &last, 1, status->st_size - 1) == 0) {
        return CINCH_OK;
    }
    input->is_file = true;
    input->start = (uint64_t)start;
    input->size = (uint64_t)(status->st_size - start);
    return CINCH_OK;
}

/*
 * A file that another program holds a lease on (a file server, say) cannot be opened with
 * O_NONBLOCK; without it the kernel gives the holder a while to let go. Only regular files have
 * leases, and that is made sure of through a descriptor, so that no FIFO can take the path
 * meanwhile and block us for good.
 */
static int open_leased(const char *path)
{
    int place = descriptor_open(AT_FDCWD, path, O_PATH, 0);
    if (place < 0) {
        return -1;
    }
    struct stat status;
    int fd = -1;
    int error = EWOULDBLOCK;
    if (fstat(place, &status) == 0 && S_ISREG(status.st_mode)) {
        fd = descriptor_reopen(place, O_RDONLY | O_NOCTTY);
        error = errno;
    }
    (void)close(place);
    errno = error;
    return fd;
}

int32_t input_open_path(struct input *input, const char *path, struct failure *failure)
{
    *input = input_closed;
    int fd = descriptor_open(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0 && errno == EWOULDBLOCK) {
        fd = open_leased(path);
    }
    if (fd < 0) {
        int error = errno;
        struct stat status;
        /* What the system calls "no such device or address" may be a kind of file that would not
         * do even if it were there. */
        if (error == ENXIO && stat(path, &status) == 0 &&
            (S_ISSOCK(status.st_mode) || S_ISBLK(status.st_mode))) {
            return failure_set(failure, CINCH_E_FILE_TYPE, FAILURE_OF_INPUT, "cannot open", 0);
        }
        return failure_set_system(failure, FAILURE_OF_INPUT, "cannot open", error);
    }

    input->fd = fd;
    input->owned = true;
    int32_t code = input_classify(input, failure);
    if (code != CINCH_OK) {
        input_close(input);
        return code;
    }
    if (input->is_file) {
        /* Advice only: it doubles how far the kernel reads ahead. */
        (void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    }
    return CINCH_OK;
}

int32_t input_open_fd(struct input *input, int fd, struct failure *failure)
{
    *input = input_closed;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || (flags & O_ACCMODE) == O_WRONLY || (flags & O_PATH) != 0) {
        return failure_set_system(failure, FAILURE_OF_INPUT, "cannot read", EBADF);
    }
    input->fd = fd;
    int32_t code = input_classify(input, failure);
    if (code != CINCH_OK) {
        *input = input_closed;
    }
    return code;
}

int32_t input_read_at(const struct input *input, uint64_t offset, void *buffer, size_t size,
                      struct failure *failure)
{
    char *next = buffer;
    uint64_t position = input->start + offset;
    while (size > 0) {
        ssize_t count = pread(input->fd, next, size, (off_t)position);
        if (count < 0) {
            if (errno == EINTR) {
                continue;
            }
            return failure_set_system(failure, FAILURE_OF_INPUT, "cannot read", errno);
        }
        if (count == 0) {
            return failure_set(failure, CINCH_E_INPUT_CHANGED, FAILURE_OF_INPUT, "cannot read", 0);
        }
        next += count;
        position += (uint64_t)count;
        size -= (size_t)count;
    }
    return CINCH_OK;
}

/*
 * One read that does not block. For a descriptor of the caller's O_NONBLOCK is not ours to set,
 * and though poll() saw bytes another process that shares the pipe may have taken them: so the
 * kernel is asked for a read that does not wait, where it knows of such for this kind of file.
 */
static ssize_t read_now(const struct input *input, void *buffer, size_t size)
{
    if (input->is_socket) {
        return recv(input->fd, buffer, size, MSG_DONTWAIT);
    }
    if (!input->never_blocks) {
        struct iovec vector = {.iov_base = buffer, .iov_len = size};
        ssize_t count = preadv2(input->fd, &vector, 1, -1, RWF_NOWAIT);
        if (count >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL)) {
            return count;
        }
    }
    return read(input->fd, buffer, size);
}

/* Whether a FIFO that had nothing to read had writers, which are gone. One that came between
 * that read and this question and has written shows as POLLIN, and its bytes are read next. */
static bool hung_up(int fd)
{
    return (descriptor_poll(fd, POLLIN) & (POLLIN | POLLHUP)) == POLLHUP;
}

enum input_result input_read(const struct input *input, void *buffer, size_t size, size_t *count,
                             struct failure *failure)
{
    *count = 0;
    for (;;) {
        if (!input->never_blocks && descriptor_poll(input->fd, POLLIN) == 0) {
            return INPUT_WAIT;
        }
        ssize_t result = read_now(input, buffer, size);
        if (result > 0) {
            *count = (size_t)result;
            return INPUT_DATA;
        }
        if (result == 0) {
            break;
        }
        if (errno == EAGAIN) {
            return INPUT_WAIT;
        }
        if (errno != EINTR) {
            (void)failure_set_system(failure, FAILURE_OF_INPUT, "cannot read", errno);
            return INPUT_ERROR;
        }
    }

    /* A FIFO that no writer has opened yet reads as ended, too. */
    if (S_ISFIFO(input->status.st_mode) && !hung_up(input->fd)) {
        return INPUT_WAIT;
    }
    return INPUT_END;
}

int32_t input_narrow(struct input *input, uint64_t offset, uint64_t length, struct failure *failure)
{
    int32_t code = CINCH_OK;
    if (!S_ISREG(input->status.st_mode))
        code =
            failure_set(failure, CINCH_E_FILE_TYPE, FAILURE_OF_INPUT, "cannot read a part of", 0);
    else if (offset > input->size || length > input->size - offset)
        code = failure_set(failure, CINCH_E_INPUT_CHANGED, FAILURE_OF_INPUT,
                           "the part to be read is not in", 0);
    if (code != CINCH_OK) {
        input_close(input);
        return code;
    }
    input->is_file = true; /* an empty one, too: its length is now known */
    input->start += offset;
    input->size = length;
    return CINCH_OK;
}

void input_mark_consumed(const struct input *input)
{
    if (input->is_file && !input->owned) {
        (void)lseek(input->fd, (off_t)(input->start + input->size), SEEK_SET);
    }
}

void input_close(struct input *input)
{
    if (input->owned && input->fd >= 0) {
        (void)close(input->fd);
    }
    *input = input_closed;
}
