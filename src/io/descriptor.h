/*
 * Descriptor: opening and asking file descriptors in the way this library must.
 *
 * Everything opened here is close-on-exec and never numbered 0, 1 or 2: a program started with
 * those closed may still print, and would print into our file.
 */
#ifndef CINCH_SRC_IO_DESCRIPTOR_H
#define CINCH_SRC_IO_DESCRIPTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* openat() with O_CLOEXEC added, tried again after EINTR. `mode` counts where a file is made.
 * Returns the descriptor, which the caller closes, or -1 with errno. */
int descriptor_open(int directory, const char *path, int flags, mode_t mode);

/*
 * Takes a descriptor just made (or -1, passed through with errno as it is) and returns it under
 * a number above 2, close-on-exec; -1 with errno, and nothing left open, where there is none.
 */
int descriptor_above_standard(int fd);

/*
 * Opens the file behind `fd` once more: a new description with flags of its own, so that
 * O_NONBLOCK is not forced on everybody who shares the old one. Needs /proc. -1 with errno.
 */
int descriptor_reopen(int fd, int flags);

/* The path by which the kernel finds `fd`, or a file in no folder: room for it. */
enum {
    DESCRIPTOR_PATH_SIZE = sizeof("/proc/self/fd/-2147483648")
};
void descriptor_path(int fd, char path[DESCRIPTOR_PATH_SIZE]);

/* The poll() events of `fd` at this instant, 0 if none. Never waits. Where poll() itself fails,
 * `events`: the caller goes on and meets the error itself. */
short descriptor_poll(int fd, short events);

#endif
