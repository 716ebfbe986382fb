/*
 * Segment decode: a segment becomes content. The work step of a decompression, but for what is then
 * done with the content.
 *
 * Any number of workers at once, each with a chunk of its own.
 */
#ifndef CINCH_SRC_SEGMENT_DECODE_H
#define CINCH_SRC_SEGMENT_DECODE_H

#include <stddef.h>
#include <stdint.h>

#include "decompress.h"
#include "pipeline.h"

/*
 * Decodes chunk->segment into chunk->output: of a file it is read first, of a stream it is in
 * chunk->input, which goes. Tells progress. STEP_FAILED: what is wrong is in chunk->failure, or
 * nothing is, and the job was stopped.
 */
enum step segment_decode(struct transfer *transfer, struct chunk *chunk, struct worker *worker);

/* The check that the format has of its content: CRC-32 or Adler-32. */
uint32_t segment_check(const struct decompress *decompress, const void *data, size_t size);

/* Gives back what a segment was in, or frees it under a memory limit. One without data is fine. */
void segment_give_input(const struct decompress *decompress, struct worker *worker,
                        struct buffer *buffer);

#endif
