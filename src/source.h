/*
 * Source: an input as a sequence of bytes that can be looked at before they are taken.
 *
 * For whoever reads in order, one thread at a time: the take step of a decompression. Over a file
 * bytes can also be passed over unread, at no cost.
 */
#ifndef CINCH_SRC_SOURCE_H
#define CINCH_SRC_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "io/input.h"
#include "pipeline.h"
#include "workspace.h"

struct source {
    const struct input *input; /* constant */
    uint64_t offset;           /* of the next byte that was not taken */
    uint8_t *data;             /* bytes from there that were read already... */
    size_t size;               /* ...and how many they are */
    bool has_ended;            /* nothing comes behind them */
    struct buffer buffer;      /* where `data` lies */
};

/* Bytes that are read at a time, when all of them will be wanted. */
#define SOURCE_READ_SIZE ((size_t)256 << 10)

/* Prepares a zeroed source at the input's beginning. */
void source_init(struct source *source, const struct input *input);

/*
 * Reads until at least `wanted` bytes are at hand, or the input has ended; more where that is
 * free, up to `most`. STEP_DONE, STEP_WAIT (call again), STEP_FAILED.
 */
enum step source_fill(struct source *source, size_t wanted, size_t most, struct step_need *need,
                      struct failure *failure);

/* Takes `count` <= size bytes. */
void source_take(struct source *source, size_t count);

/* File only: passes over `count` bytes, which the file has (source_rest()). */
void source_skip(struct source *source, uint64_t count);

/* File only: goes to any offset. */
void source_seek(struct source *source, uint64_t offset);

/* File only: bytes from `offset` to the end. */
uint64_t source_rest(const struct source *source);

/* Gives back what a long look has cost, if no more than SOURCE_READ_SIZE bytes are at hand. */
void source_trim(struct source *source);

void source_free(struct source *source);

#endif
