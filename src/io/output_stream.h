/*
 * Output stream: the kind of output that is written in order, in place, and without ever
 * blocking: FIFO, pipe, socket, terminal, character device. Part of output.c in a file of its
 * own; nobody else includes it.
 */
#ifndef CINCH_SRC_IO_OUTPUT_STREAM_H
#define CINCH_SRC_IO_OUTPUT_STREAM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "error.h"
#include "io/output.h"

/*
 * Opens the FIFO, socket or character device at `path`, `status` being what stat() said of it.
 * The results are those of output_open_path(). `output` must be closed.
 */
enum output_result output_stream_open(struct output *output, const char *path,
                                      const struct stat *status, struct failure *failure);

/* Makes the caller's descriptor the stream, or where it can be had a description of its own of
 * the same pipe or terminal, with O_NONBLOCK. Cannot fail. */
void output_stream_adopt(struct output *output, int fd, const struct stat *status);

/* output_write() for this kind. */
enum output_result output_stream_write(struct output *output, const void *buffer, size_t size,
                                       size_t *written, struct failure *failure);

#endif
