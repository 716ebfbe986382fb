#include "cli/magic.h"

#include "cli/signals.h"

#include <cinch/cinch.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

int32_t magic_format(const unsigned char *bytes, size_t size)
{
    if (size >= 4) {
        const uint32_t word = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                              (uint32_t)bytes[3] << 24;
        if (word == 0xfd2fb528 || (word & 0xfffffff0) == 0x184d2a50) /* frame, skippable frame */
            return CINCH_FORMAT_ZSTD;
    }
    if (size >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b)
        return CINCH_FORMAT_GZIP;
    /* RFC 1950: method 8, window at most 32 KiB, check bits, no dictionary. */
    if (size >= 2 && (bytes[0] & 0x0f) == 8 && bytes[0] >> 4 <= 7 && !(bytes[1] & 0x20) &&
        (bytes[0] << 8 | bytes[1]) % 31 == 0)
        return CINCH_FORMAT_ZLIB;
    return CINCH_FORMAT_AUTO;
}

/* Copies what stands at the front of one pipe into another, and reads it from there. */
static size_t peek_pipe(int descriptor, unsigned char bytes[MAGIC_SIZE])
{
    size_t size = 0;
    for (;;) {
        int copy[2];
        struct pollfd source = {.fd = descriptor, .events = POLLIN};
        if (poll(&source, 1, -1) < 0 && (errno != EINTR || signals_ending()))
            return size;
        if (pipe2(copy, O_CLOEXEC) != 0)
            return size;
        ssize_t got = tee(descriptor, copy[1], MAGIC_SIZE, SPLICE_F_NONBLOCK);
        if (got > 0)
            got = read(copy[0], bytes, (size_t)got);
        const bool again = got < 0 && (errno == EAGAIN || errno == EINTR);
        close(copy[0]);
        close(copy[1]);
        if (got == 0 || (got < 0 && !again) || signals_ending())
            return size;
        if (got > 0)
            size = (size_t)got;
        if (size == MAGIC_SIZE || source.revents & POLLHUP)
            return size;
        /* A writer that writes byte by byte: the pipe stays readable, so poll() cannot wait. */
        if (got > 0)
            poll(NULL, 0, 5);
    }
}

size_t magic_peek(int descriptor, unsigned char bytes[MAGIC_SIZE])
{
    struct stat status;
    if (fstat(descriptor, &status) != 0)
        return 0;
    if (S_ISFIFO(status.st_mode))
        return peek_pipe(descriptor, bytes);
    const off_t offset = S_ISREG(status.st_mode) ? lseek(descriptor, 0, SEEK_CUR) : -1;
    ssize_t got = offset >= 0 ? pread(descriptor, bytes, MAGIC_SIZE, offset) : 0;
    return got > 0 ? (size_t)got : 0;
}
