/*
 * Split: finds the segments of a compressed input, in order. The take step of a decompression.
 */
#ifndef CINCH_SRC_SPLIT_H
#define CINCH_SRC_SPLIT_H

#include "decompress.h"
#include "pipeline.h"

/* Segments are put together from small frames or members until they are as large as this. */
#define SPLIT_GROUP_CONTENT ((uint64_t)1 << 20)
#define SPLIT_GROUP_INPUT   ((uint64_t)256 << 10)

/* What a frame costs beside its bytes and its content: a struct frame_sum. */
#define SPLIT_FRAME_SIZE ((uint64_t)8)

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

/* Begins to decode a stream in the take step, whose context holds `size` bytes beyond the usual.
 * STEP_WAIT until the ring holds little enough. */
enum step split_stream_begin(struct decompress *decompress, struct chunk *chunk, uint64_t size,
                             struct step_need *need);

/* Decodes the next part of the stream into chunk->output. `*ended`: it is complete, and its context
 * no longer counts. */
enum step split_stream_part(struct decompress *decompress, struct chunk *chunk,
                            struct worker *worker, bool *ended, struct step_need *need);

/* Stream only: moves `count` bytes that are at hand from the source into chunk->input. */
enum step split_collect(struct decompress *decompress, struct chunk *chunk, size_t count);

/* Adds a frame or member of a known size to the chunk's segment. `content` are its bytes of
 * content, at most those if not `is_exact`. */
void split_add(struct chunk *chunk, uint64_t offset, uint64_t size, uint64_t content,
               bool is_exact);

/* What a chunk costs in memory, at its worst, that is made of `input` bytes with `content` bytes of
 * content: of a file, buffers of these sizes; of a pipe the input grows while it is collected.
 * UINT64_MAX if it is more than any chunk may. */
uint64_t split_cost(const struct decompress *decompress, uint64_t input, uint64_t content);

/* Whether a frame, member or piece of this cost is too large for a segment. Those that are not fit
 * beside any group that is not full. */
bool split_is_large(const struct decompress *decompress, uint64_t cost);

/* Whether the segment is large enough to be passed on. */
bool split_is_full(const struct decompress *decompress, const struct chunk *chunk);

/* As source_fill(), of `wanted` bytes that are to lie in one piece, and more where there is more: a
 * long name is then not looked through again for each of its bytes. CINCH_E_MEMORY_LIMIT where that
 * costs more than one chunk may. */
enum step split_reach(struct decompress *decompress, struct chunk *chunk, size_t wanted,
                      struct step_need *need);

/*
 * Ends a take step that was at a boundary and got `step` there. With a group in hand that is
 * settled (what it holds, where its content goes) and passed on, and whatever came behind it,
 * a wait or a failure, is found again with the next chunk.
 */
enum step split_end(struct decompress *decompress, struct chunk *chunk, enum step step);

#endif
