/*
 * Frame sums: what the frames of a zstd input hold, to hold a seek table against that stands behind
 * them: how much content each frame has, and its checksum, the low 32 bits of the content's XXH64.
 *
 * The work step makes the sums of the frames that it decodes. The put step puts them into a list,
 * in the order of the input, with those of frames that were decoded as streams, and compares a
 * table when its turn comes. A frame that ends with a checksum of its own, which libzstd has
 * verified, is not hashed once more.
 *
 * The list is as long as that of frame_list.h may be, and begins anew where it would be longer.
 */
#ifndef CINCH_SRC_FRAME_SUMS_H
#define CINCH_SRC_FRAME_SUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decompress.h"
#include "format/zstd_frame.h"
#include "pipeline.h"

/*
 * When the input is open: whether frames without a checksum are hashed, decompress->hashes_frames.
 * A file that ends in a table of all of it that lists no checksums and nothing but content, as ours
 * do, has no place where another table could be; of other inputs nobody knows. Returns CINCH_OK, or
 * why the file cannot be read, which is in `failure`, too.
 */
int32_t frame_sums_open(struct decompress *decompress, struct failure *failure);

/* A frame's sum. A skippable frame's is all zero, which no other can have. */
struct frame_sum {
    uint32_t content_size;
    uint32_t checksum;
};

/* Work: makes room in the chunk for the sums of its segment's frames. False where memory is short.
 */
bool frame_sums_prepare(struct chunk *chunk);

/* Work: makes the sum of the next frame of the segment, of which there must be one left. `frame`,
 * `frame_size` bytes of it, has become `size` bytes of content. */
void frame_sums_make(const struct decompress *decompress, struct chunk *chunk,
                     const struct zstd_frame_header *header, const uint8_t *frame,
                     size_t frame_size, const uint8_t *content, size_t size);

/*
 * Put: adds what the chunk has brought to the list, or compares the table that is in it.
 *
 * CINCH_E_CORRUPT   A frame has not as much content as the table says.
 * CINCH_E_CHECKSUM  A frame's content has not the checksum that the table says.
 */
int32_t frame_sums_put(struct decompress *decompress, const struct chunk *chunk);

#endif
