/*
 * Frame list: the frames of a zstd input, to hold a seek table against that stands behind them.
 *
 * Nobody needs the table here, but a file that contradicts itself is not accepted. What is known
 * before the frames are decoded is compared here; checksums, and sizes that no header tells, when
 * they have been: see frame_sums.h.
 *
 * The list is bounded (limits.list_most). A table that lists more frames than are in it is passed
 * over: only cinch_reader_pread() then compares what it says.
 *
 * The take step's.
 */
#ifndef CINCH_SRC_FRAME_LIST_H
#define CINCH_SRC_FRAME_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decompress.h"
#include "pipeline.h"

/* The content's size is in no header. */
#define FRAME_LIST_UNKNOWN UINT64_MAX

/* Adds a frame of `size` bytes. Where the list would be too long it begins anew. */
enum step frame_list_add(struct decompress *decompress, struct chunk *chunk, uint64_t size,
                         uint64_t content);

/* Whether a skippable frame can be a table of the frames seen: one that claims to be longer is
 * passed over, and costs no memory. */
bool frame_list_may_match(const struct decompress *decompress, uint32_t magic, uint64_t size);

/* Holds the `size` bytes of such a skippable frame, if it is a seek table, against the frames
 * before it, as far as these are known. */
bool frame_list_matches(const struct decompress *decompress, const uint8_t *bytes, size_t size);

/* Whether the put step has to compare such a frame, which matches, as well. */
bool frame_list_is_left_to_put(const struct decompress *decompress, const uint8_t *bytes,
                               size_t size);

#endif
