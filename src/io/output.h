/*
 * Output: where a job's bytes go, and how they take their name.
 *
 * Three kinds. A *new file* is written under no name at all (O_TMPFILE), or where the file
 * system has no such thing under a hidden one beside the target, mode 0600, and takes its name
 * only in output_publish(). A *stream* (FIFO, pipe, socket, terminal, device) is written in
 * order and never blocks. A *file descriptor* of the caller's that is a regular file is
 * appended to.
 *
 * Life: output_open_*(), writes, output_seal(), output_publish(), output_close(). Until
 * output_publish() is called nothing is visible, and output_close() without it leaves nothing
 * behind.
 */
#ifndef CINCH_SRC_IO_OUTPUT_H
#define CINCH_SRC_IO_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "error.h"
#include "io/input.h"
#include "io/place.h"
#include "io/temporary.h"

struct output {
    int fd; /* what is written; -1 while not open. Of a stream it may be another descriptor than
             * the caller's: of the same pipe, but with O_NONBLOCK for us alone */
    enum {
        OUTPUT_NEW_FILE,
        OUTPUT_STREAM,
        OUTPUT_APPENDED_FILE
    } kind;
    bool owned;                 /* opened here; else the caller's descriptor */
    bool is_socket;             /* written with MSG_DONTWAIT | MSG_NOSIGNAL */
    bool never_blocks;          /* stream: write() cannot block, no need to ask poll() */
    bool replace;               /* new file: an existing target is replaced; else CINCH_E_EXISTS */
    struct place place;         /* new file: where it is to appear */
    struct temporary temporary; /* new file: what is written meanwhile; `fd` is its descriptor */
};

/* An output on which nothing is open, as an initializer. */
#define OUTPUT_CLOSED                                                                              \
    {                                                                                              \
        .fd = -1, .place = {.directory = -1}, .temporary = {.fd = -1 }                             \
    }

/* How the finished file is dressed and kept. */
struct output_finish {
    const struct stat *metadata; /* copy mode, times, owner from here; NULL = 0666 less umask */
    bool durable;                /* fsync the file when sealed, its folder when published */
};

enum output_result {
    OUTPUT_DONE, /* the bytes are written */
    OUTPUT_WAIT, /* no room yet: wait until `fd` is writable and call again */
    OUTPUT_ERROR /* recorded in the failure */
};

/*
 * Opens the place at `path`. `input` is the job's input, already open (or NULL): if the path
 * leads to the same regular file or FIFO, by any name or link, that is CINCH_E_SAME_FILE,
 * decided before anything is touched. Symbolic links are followed to the place of their target,
 * which need not exist. A directory or block device is CINCH_E_FILE_TYPE.
 *
 * replace  false: an existing file of any other kind is CINCH_E_EXISTS.
 *
 * Returns OUTPUT_DONE; OUTPUT_WAIT for a FIFO that nobody reads yet, or a socket whose listener
 * is busy: call again in a few milliseconds, `output->fd` is -1; or OUTPUT_ERROR: `output`
 * holds nothing.
 */
enum output_result output_open_path(struct output *output, const char *path, bool replace,
                                    const struct input *input, struct failure *failure);

/*
 * Takes the caller's descriptor, which stays the caller's, its flags untouched. One that is not
 * open for writing is CINCH_E_IO with EBADF, a block device CINCH_E_FILE_TYPE, the regular file
 * or pipe that `input` (which may be NULL) reads CINCH_E_SAME_FILE. On failure `output` holds
 * nothing.
 */
int32_t output_open_fd(struct output *output, int fd, const struct input *input,
                       struct failure *failure);

/*
 * Appends; one thread at a time. Writes as much of `buffer` as there is room for, adding the
 * number of bytes to `*written`; call again with the rest after OUTPUT_WAIT. For regular files
 * the result is never OUTPUT_WAIT. Must run on a thread that blocks SIGPIPE and SIGXFSZ, as the
 * workers do: there they are not raised, and the error is CINCH_E_BROKEN_PIPE or _NO_SPACE.
 */
enum output_result output_write(struct output *output, const void *buffer, size_t size,
                                size_t *written, struct failure *failure);

/* New file only; any thread, any order: writes all of `buffer` at `offset`. */
int32_t output_write_at(const struct output *output, uint64_t offset, const void *buffer,
                        size_t size, struct failure *failure);

/* New file only: sets the length, so that what was not written reads as zeros. */
int32_t output_set_size(const struct output *output, uint64_t size, struct failure *failure);

/*
 * The last step that can take long or fail for want of space, still invisible: gives a new file
 * its mode, times and owner through the descriptor, and syncs it when durable. Set-id bits are
 * copied only where the owner could be; a group that could not be copied gets no more than
 * others have. Streams: nothing. Appended files: only syncs, when durable.
 */
int32_t output_seal(struct output *output, const struct output_finish *finish,
                    struct failure *failure);

/*
 * Gives a new file its name: one atomic step. Where `replace` is false and somebody else has
 * taken the name meanwhile, CINCH_E_EXISTS. When durable the folder is synced after that; an
 * error there is reported although the file has its name. Does nothing for other kinds.
 */
int32_t output_publish(struct output *output, const struct output_finish *finish,
                       struct failure *failure);

/* Closes what was opened here and removes what was not published. Leaves OUTPUT_CLOSED, and does
 * nothing to that. A pipe's reader sees the end only after
 * this, as the descriptor written may be our own. */
void output_close(struct output *output);

#endif
