/*
 * The other end of a pipe: threads that feed a job's input or take its output.
 */
#ifndef CINCH_TESTS_SUPPORT_STREAM_H
#define CINCH_TESTS_SUPPORT_STREAM_H

#include <pthread.h>
#include <stddef.h>

#include "support/bytes.h"

/* Writes bytes into a descriptor, then closes it. */
struct feeder {
    pthread_t thread;
    int descriptor;
    const struct bytes *bytes;
};

/* The bytes must live, and the descriptor stay open, until feeder_finish(). */
void feeder_start(struct feeder *feeder, int descriptor, const struct bytes *bytes);
void feeder_finish(struct feeder *feeder);

/* Reads everything up to a descriptor's end, then closes it. */
struct drain {
    pthread_t thread;
    int descriptor;
    struct bytes bytes;
};

void drain_start(struct drain *drain, int descriptor);

/* Waits for the end and returns what was read, which the caller frees. */
struct bytes drain_finish(struct drain *drain);

/* A pipe whose ends are close-on-exec: [0] is read, [1] is written. Fails the test otherwise. */
void pipe_make(int ends[2]);

/* Writes into the pipe until it takes no more, and returns how many bytes it took. The
 * descriptor's flags are as before afterwards. */
size_t pipe_fill(int write_end);

#endif
