/*
 * Chunk decode: the content of one chunk, from its bytes and what the map says of it.
 *
 * Everything that the format lets one chunk prove is checked: the content's exact length; a zstd
 * frame's checksum and the one in the seek table, where there are such; a gzip member's CRC-32
 * and length. A piece of a gzip member that has an index is covered by the whole member's CRC-32
 * alone, which nobody can check without the other pieces: of a piece, the length, the blocks'
 * structure and the place of the final block are checked.
 */
#ifndef CINCH_SRC_CHUNK_DECODE_H
#define CINCH_SRC_CHUNK_DECODE_H

#include <stdint.h>

#include "chunk_map.h"
#include "workspace.h"

/*
 * Decodes a chunk.
 *
 * input      Its `chunk->input_size` bytes.
 * content    Room for its `chunk->content_size` bytes; not one more is written, and after an
 *            error they are undefined.
 * workspace  The calling thread's, for the decoder's context.
 *
 * CINCH_OK; CINCH_E_CORRUPT, _CHECKSUM or _UNSUPPORTED: the data is not what it should be, and
 * never _TRUNCATED, since the chunk is there as a whole; CINCH_E_NO_MEMORY.
 */
int32_t chunk_decode(const struct mapped_chunk *chunk, const uint8_t *input, uint8_t *content,
                     struct workspace *workspace);

#endif
