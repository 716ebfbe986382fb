#include "cli/copy.h"

#include "cli/signals.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

enum {
    BUFFER_SIZE = 1 << 17
};

/* A transfer failed with errno. Returns 0 where it may be tried again, else the reason. */
static int may_go_on(int descriptor, short event)
{
    if (errno == EINTR)
        return signals_ending() ? EINTR : 0;
    if (errno != EAGAIN)
        return errno;
    struct pollfd wanted = {.fd = descriptor, .events = event};
    poll(&wanted, 1, -1);
    return signals_ending() ? EINTR : 0;
}

int copy_bytes(const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, size);
        if (written < 0) {
            const int error = may_go_on(STDOUT_FILENO, POLLOUT);
            if (error)
                return error;
            continue;
        }
        bytes += written;
        size -= (size_t)written;
    }
    return signals_ending() ? EINTR : 0;
}

int copy_descriptor(int descriptor)
{
    char buffer[BUFFER_SIZE];
    for (;;) {
        ssize_t got = read(descriptor, buffer, sizeof(buffer));
        if (got == 0)
            return 0;
        int error = got < 0 ? may_go_on(descriptor, POLLIN) : copy_bytes(buffer, (size_t)got);
        if (error)
            return error;
    }
}
