/*
 * Compress: what a chunk is when compressing.
 *
 * The input is cut into chunks of one size, each is encoded on its own, and the pieces are
 * written in order inside their container.
 */
#ifndef CINCH_SRC_COMPRESS_H
#define CINCH_SRC_COMPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/codec.h"
#include "container.h"

struct transfer_kind;

/* The plan of a compression; constant but for the container, which is the put step's. */
struct compress {
    const struct encoder *encoder;
    struct encoder_settings settings;
    struct container container;
    size_t slice;      /* bytes fed at a time */
    size_t piece_room; /* bytes that a piece, with header and trailer, can need */
};

extern const struct transfer_kind compress_kind;

#endif
