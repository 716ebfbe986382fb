/*
 * The account. With a limit, a job holds at most
 *
 *     ODDS_SIZE                               the job itself, its ring, paths
 *     + SOURCE_READ_SIZE                      what was read ahead
 *     + 2 x list_most                         the lists of zstd frames, as found and as decoded, or
 *                                             the pieces of a gzip index
 *     + list_most                             since a list that grows is there twice for a moment
 *     + (workers + 1) x DECODER_CONTEXT_SIZE  one a worker, one for a stream
 *     + budget
 *
 * and of the budget, `held` (in struct decompress) says how much is in use:
 *
 *     for each chunk in the ring    its input, of a file while it is worked on, of a pipe from
 *                                   take on, and the room for its content
 *     + a stream's window and buffers
 *
 * A chunk is claimed only while `segment_most` bytes of the budget are free (in a stream, one
 * part's), and what take finds never costs more than that: it is cut into smaller chunks, decoded
 * as a stream, or refused. Taking from a pipe needs more than is kept in the end, as buffers grow
 * by being copied: split_cost() counts that.
 *
 * Only the take step adds to `held`, and the lists are not in it, so nothing can take the room that
 * a chunk was claimed for. What take has collected of a frame that it leaves to the next chunk
 * (`begun`) is in that room, too: until the next claim in what the chunk it was collected with was
 * claimed for, and then in the next one's.
 *
 * What workers keep from one job to the next is the pool's, and not in this account.
 */
#include "decompress_limits.h"

#include <stddef.h>

#include "source.h"

#define ODDS_SIZE ((uint64_t)64 << 10)

/*
 * Without a limit. A frame of 48 MiB (of 38 MiB, from a pipe) is still decoded in one piece, and so
 * in parallel with others: all that we write up to level 19 are. Chunks really hold a fraction of
 * this, as most levels write far smaller ones.
 */
#define SEGMENT_MOST ((uint64_t)128 << 20)
#define WINDOW_MOST  ((uint64_t)128 << 20)
#define LIST_MOST    ((uint64_t)32 << 20)

/* With a limit, the part of what it leaves that a list may take. */
#define LIST_DIVISOR       128
#define LIST_MOST_OF_LIMIT ((uint64_t)16 << 20)

/* A limit beyond this is none, and sums of such limits do not overflow. */
#define LIMIT_MOST (UINT64_C(1) << 60)

static uint64_t lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t fixed_size(uint32_t workers)
{
    return ODDS_SIZE + SOURCE_READ_SIZE + (workers + UINT64_C(1)) * DECODER_CONTEXT_SIZE;
}

struct decompress_limits decompress_limits_for(uint64_t memory_limit, uint32_t threads)
{
    struct decompress_limits limits = {.workers = threads};
    if (memory_limit == 0) {
        limits.budget = (threads + UINT64_C(1)) * SEGMENT_MOST;
        limits.segment_most = SEGMENT_MOST;
        limits.list_most = LIST_MOST;
        limits.window_most = limits.stream_window_most = WINDOW_MOST;
        return limits;
    }

    limits.is_strict = true;
    if (memory_limit > LIMIT_MOST)
        memory_limit = LIMIT_MOST;
    /* As many workers as leave half of the limit for what they work on. */
    while (limits.workers > 1 && fixed_size(limits.workers) > memory_limit / 2)
        limits.workers--;
    uint64_t fixed = fixed_size(limits.workers);
    uint64_t rest = memory_limit > fixed ? memory_limit - fixed : 0;
    limits.list_most = lesser(rest / LIST_DIVISOR, LIST_MOST_OF_LIMIT);
    limits.budget = rest - 3 * limits.list_most;
    limits.segment_most =
        lesser(limits.workers == 1 ? limits.budget : limits.budget / 2, SEGMENT_MOST);
    if (limits.segment_most < SPLIT_PART_SIZE)
        limits.workers = 0;
    uint64_t stream = DECODER_STREAM_SIZE + 2 * SPLIT_PART_SIZE;
    limits.window_most = limits.budget;
    limits.stream_window_most = limits.budget > stream ? limits.budget - stream : 0;
    return limits;
}
