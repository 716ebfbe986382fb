/*
 * Frame list: the frames of a zstd input, to hold a seek table against that stands behind them.
 *
 * Nobody needs the table here, but a file that contradicts itself is not accepted. Checksums in it
 * are passed over, as the frames may not be decoded yet.
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

/* Adds the frame that was just walked over. Where the list would be too long it begins anew. */
enum step frame_list_add(struct decompress *decompress, struct chunk *chunk);

/* The list begins anew: no table can be held against the frames up to here. */
void frame_list_forget(struct decompress *decompress);

/* Whether a skippable frame can be a table of the frames seen: one that claims to be longer is
 * passed over, and costs no memory. */
bool frame_list_may_match(const struct decompress *decompress, uint32_t magic, uint64_t size);

/* Holds the `size` bytes of such a skippable frame, if it is a seek table, against the frames
 * before it. */
bool frame_list_matches(const struct decompress *decompress, const uint8_t *bytes, size_t size);

#endif
