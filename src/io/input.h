/*
 * Input: where a job's bytes come from.
 *
 * Two kinds. A *file* (a regular file whose length is known) is read at offsets, by any number
 * of threads at once. A *stream* (a pipe, FIFO, socket, terminal, or a regular file whose
 * length says nothing, as of those in /proc and /sys) is read in order, by one thread at a
 * time, and never blocks: where there is nothing to read yet it says so, and the caller waits
 * for the descriptor elsewhere.
 *
 * A file is never mapped: one that another program truncates would be SIGBUS in ours.
 */
#ifndef CINCH_SRC_IO_INPUT_H
#define CINCH_SRC_IO_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "error.h"

struct input {
    int fd;
    bool owned;         /* opened here, by path; else the caller's descriptor */
    bool is_file;       /* a file; else a stream */
    bool is_socket;     /* read with MSG_DONTWAIT */
    bool never_blocks;  /* a regular file, or opened here with O_NONBLOCK: no need to ask poll() */
    uint64_t start;     /* file: the offset at which the job's bytes begin */
    uint64_t size;      /* file: bytes from `start` to the end, as found when opened; else 0 */
    struct stat status; /* as found when opened */
};

/* An input on which nothing is open, as an initializer. */
#define INPUT_CLOSED                                                                               \
    {                                                                                              \
        .fd = -1                                                                                   \
    }

enum input_result {
    INPUT_DATA, /* at least one byte was read */
    INPUT_END,  /* the stream has ended */
    INPUT_WAIT, /* nothing to read yet: wait until `fd` is readable and call again */
    INPUT_ERROR /* recorded in the failure */
};

/*
 * Opens the file at `path`, without blocking on a FIFO that has no writer. A directory or a
 * block device is CINCH_E_FILE_TYPE. On failure `input` holds nothing and needs no close.
 */
int32_t input_open_path(struct input *input, const char *path, struct failure *failure);

/*
 * Takes the caller's descriptor, which stays the caller's, its flags untouched. One that is not
 * open for reading is CINCH_E_IO with EBADF; a directory or block device CINCH_E_FILE_TYPE. A
 * regular file is read from its current offset; where that is at or behind its end it is a
 * stream that ends at once. On failure `input` holds nothing and needs no close.
 */
int32_t input_open_fd(struct input *input, int fd, struct failure *failure);

/*
 * File only; any thread. Reads exactly `size` bytes at `offset` (counted from the job's first
 * byte). A file that ends before that is CINCH_E_INPUT_CHANGED.
 */
int32_t input_read_at(const struct input *input, uint64_t offset, void *buffer, size_t size,
                      struct failure *failure);

/*
 * Stream only; one thread at a time. Reads what is there, at most `size` > 0 bytes, and puts
 * their number into `*count` (0 unless the result is INPUT_DATA). Never blocks.
 */
enum input_result input_read(const struct input *input, void *buffer, size_t size, size_t *count,
                             struct failure *failure);

/*
 * Makes `length` bytes from `offset` on the whole input, counted as it was opened. What is no
 * regular file is CINCH_E_FILE_TYPE; one that ends earlier CINCH_E_INPUT_CHANGED. On failure the
 * input is closed.
 */
int32_t input_narrow(struct input *input, uint64_t offset, uint64_t length,
                     struct failure *failure);

/* File by descriptor only: moves the descriptor's offset behind the job's last byte, as reading
 * would have. Does nothing for other inputs. */
void input_mark_consumed(const struct input *input);

/* Closes what input_open_path() opened. Leaves INPUT_CLOSED, and does nothing to
 * that. */
void input_close(struct input *input);

#endif
