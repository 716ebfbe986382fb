/*
 * Split: finds the segments of a compressed input, in order. The take step of a decompression.
 */
#ifndef CINCH_SRC_SPLIT_H
#define CINCH_SRC_SPLIT_H

#include "decompress.h"
#include "pipeline.h"

/* The content that a stream is decoded into at a time. */
#define SPLIT_PART_SIZE ((size_t)256 << 10)

/* Segments are put together from small frames or members until they are as large as this. */
#define SPLIT_GROUP_CONTENT ((uint64_t)1 << 20)
#define SPLIT_GROUP_INPUT   ((uint64_t)256 << 10)

/*
 * The take step for each format: fills in chunk->segment, and a stream's chunk->input, or decodes
 * into chunk->output. After the last one comes a chunk without content, with is_last set. A
 * format's own function; `decompress->state` says where it goes on.
 */
enum step split_zstd(struct decompress *decompress, struct chunk *chunk, struct worker *worker,
                     struct step_need *need);
enum step split_gzip(struct decompress *decompress, struct chunk *chunk, struct worker *worker,
                     struct step_need *need);
enum step split_zlib(struct decompress *decompress, struct chunk *chunk, struct worker *worker,
                     struct step_need *need);

/* --- For these ------------------------------------------------------------------------------ */

/* Records what is wrong with the input; returns STEP_FAILED. */
enum step split_fail(struct chunk *chunk, int32_t code, const char *action);

/* The source ended where more had to come, or a parser says so. */
enum step split_truncated(struct chunk *chunk);

/* What follows is neither a member nor padding: fails, or if such bytes are to be ignored ends the
 * input, setting chunk->is_last. */
enum step split_trailing(struct decompress *decompress, struct chunk *chunk);

/* At a boundary. STEP_DONE with chunk->is_last clear: at least `wanted` bytes are at hand, or all
 * there are, and the first is no padding; with it set: the input has ended as it may. */
enum step split_begin(struct decompress *decompress, struct chunk *chunk, size_t wanted,
                      struct step_need *need);

/* Begins to decode a stream in the take step, whose context holds `window` bytes. STEP_WAIT until
 * the ring holds little enough. */
enum step split_stream_begin(struct decompress *decompress, struct chunk *chunk, uint64_t window,
                             struct step_need *need);

/* Decodes the next part of the stream into chunk->output. `*ended`: it is complete. */
enum step split_stream_part(struct decompress *decompress, struct chunk *chunk,
                            struct worker *worker, bool *ended, struct step_need *need);

/* Stream only: moves `count` bytes that are at hand from the source into chunk->input. */
enum step split_collect(struct decompress *decompress, struct chunk *chunk, size_t count);

/* Adds a frame or member of a known size to the chunk's segment. `content` are its bytes of
 * content, at most those if not `is_exact`. */
void split_add(struct chunk *chunk, uint64_t offset, uint64_t size, uint64_t content,
               bool is_exact);

/* Whether the segment is large enough to be passed on. */
bool split_is_full(const struct chunk *chunk);

/*
 * Ends a take step that was at a boundary and got `step` there. With a group in hand that is
 * settled (what it holds, where its content goes) and passed on, and whatever came behind it,
 * a wait or a failure, is found again with the next chunk. An input without any member is
 * truncated.
 */
enum step split_end(struct decompress *decompress, struct chunk *chunk, enum step step);

#endif
