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

struct output {
    int fd;        /* what is written; -1 while not open */
    int directory; /* new file: O_PATH descriptor of the target's folder; else -1 */
    enum {
        OUTPUT_NEW_FILE,
        OUTPUT_STREAM,
        OUTPUT_APPENDED_FILE
    } kind;
    bool owned;          /* opened here; else the caller's descriptor */
    bool is_socket;      /* written with MSG_DONTWAIT | MSG_NOSIGNAL */
    bool is_nonblocking; /* O_NONBLOCK is set: writing without asking poll() first is safe */
    bool replace;        /* new file: an existing target is replaced; else CINCH_E_EXISTS */
    char *name;          /* new file: the target's name inside `directory`; owned */
    char *temporary;     /* new file: its hidden name, where it has one; owned */
};

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
 * Opens the place at `path`. `input` is the job's input, already open: if the path leads to the
 * same file, by any name or link, that is CINCH_E_SAME_FILE, decided before anything is
 * touched. Symbolic links are followed to the place of their target, which need not exist.
 *
 * replace  false: an existing file, of whatever kind, is CINCH_E_EXISTS.
 *
 * Returns OUTPUT_DONE; OUTPUT_WAIT for a FIFO that nobody reads yet: call again in a few
 * milliseconds, `output->fd` is -1; or OUTPUT_ERROR: `output` holds nothing.
 */
enum output_result output_open_path(struct output *output, const char *path, bool replace,
                                    const struct input *input, struct failure *failure);

/* Takes the caller's descriptor, which stays the caller's. It must be open for writing. If it
 * is the regular file that `input` reads, that is CINCH_E_SAME_FILE. */
int32_t output_open_fd(struct output *output, int fd, const struct input *input,
                       struct failure *failure);

/*
 * Appends; one thread at a time. Writes as much of `buffer` as there is room for, adding the
 * number of bytes to `*written`; call again with the rest after OUTPUT_WAIT. For regular files
 * the result is never OUTPUT_WAIT. Raises no SIGPIPE on a thread that blocks it.
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
 * others have. Streams and appended files: only syncs a regular file when durable.
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

/* Closes what was opened here and removes what was not published. Harmless when nothing is
 * open (fd -1, directory -1) and when called again. */
void output_close(struct output *output);

#endif
