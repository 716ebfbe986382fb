/*
 * Zstd walk: finds where the frames of a zstd file end, without decoding them.
 *
 * Only the headers of frames and blocks are looked at. A walk is pushed along: it is fed the
 * file's bytes in order, in pieces of any size, and told of those that were passed over unread:
 *
 *     over a pipe   zstd_walk_feed() every byte
 *     over a file   zstd_walk_feed() a few bytes; while `skip` is not 0, instead go forward by as
 *                   much in the file (if it has as much) and zstd_walk_skip() it
 *     at the end    zstd_walk_finish()
 *
 * A walk does no I/O and allocates nothing. One thread at a time may use it.
 */
#ifndef CINCH_SRC_FORMAT_ZSTD_WALK_H
#define CINCH_SRC_FORMAT_ZSTD_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/zstd_frame.h"

/* A frame, as far as it was walked over. */
struct zstd_frame {
    uint64_t offset; /* where its magic number begins */
    uint64_t size;   /* bytes from there, so far; of the whole frame once it has ended */
    bool has_header; /* `header` is known */
    struct zstd_frame_header header;
    uint64_t content_min; /* what its blocks decompress to, at least... */
    uint64_t content_max; /* ...and at most. Skippable frame: both 0 */
};

/* Bytes of its content at most, as far as is known. */
static inline uint64_t zstd_frame_content_most(const struct zstd_frame *frame)
{
    return frame->header.has_content_size ? frame->header.content_size : frame->content_max;
}

/* A walk. Read `offset`, `skip`, `has_ended` and `frame`; the rest is its own. */
struct zstd_walk {
    uint64_t offset; /* of the next byte: what zstd_walk_begin() said, and all passed since */
    uint64_t skip;   /* this many next bytes need not be seen: the rest of a block or frame */
    bool has_ended;  /* the last call ended `frame`; the next feed begins another */
    struct zstd_frame frame; /* the one being walked over, or just ended */

    bool in_last_block;                      /* after `skip` the frame ends */
    uint8_t carry_size;                      /* bytes in `carry` */
    uint8_t carry[ZSTD_HEADER_SIZE_LONGEST]; /* the beginning of a header, as fed before */
};

/* Begins a walk at the magic number of a frame, at `offset` in the file. Cannot fail. */
void zstd_walk_begin(struct zstd_walk *walk, uint64_t offset);

/*
 * Takes the next bytes of the file: as many as there are, but none beyond the end of a frame.
 * Puts their number, 1 to `size`, into `*consumed`; `size` is not 0. Look at `has_ended` then.
 *
 * CINCH_OK             More may follow.
 * CINCH_E_FORMAT       What begins at `frame.offset` is no frame. After at least one frame these
 *                      are trailing bytes. (If its first bytes came with an earlier call, they
 *                      are not 0: no padding.)
 * CINCH_E_UNSUPPORTED  The frame is of zstd 0.1 to 0.7.
 * CINCH_E_CORRUPT      A header has a reserved bit or type, a block is larger than its frame
 *                      allows, or the blocks cannot hold what the header says is in them.
 *
 * After an error the walk is over: only its fields may be read, and `*consumed` is 0.
 *
 * Frames that need a dictionary are walked over like others: see `frame.header`.
 */
int32_t zstd_walk_feed(struct zstd_walk *walk, const uint8_t *bytes, size_t size, size_t *consumed);

/*
 * Passes over `count` bytes that are not fed: at most `walk->skip`. Look at `has_ended` then.
 * CINCH_E_CORRUPT as for feeding.
 *
 * The walk does not know where the file ends. Who skips compares `skip` with what the file has
 * left: less is CINCH_E_TRUNCATED.
 */
int32_t zstd_walk_skip(struct zstd_walk *walk, uint64_t count);

/*
 * Walks over the whole frame that `size` bytes begin with: `walk->frame` is it, from offset 0.
 * CINCH_E_TRUNCATED if it is longer, or as zstd_walk_feed().
 */
int32_t zstd_walk_over(struct zstd_walk *walk, const uint8_t *bytes, size_t size);

/* The file has ended: CINCH_OK between frames, CINCH_E_TRUNCATED within one. */
int32_t zstd_walk_finish(const struct zstd_walk *walk);

#endif
