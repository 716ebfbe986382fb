/*
 * Decompress limits: what a memory limit leaves for each thing that decompression holds.
 */
#ifndef CINCH_SRC_DECOMPRESS_LIMITS_H
#define CINCH_SRC_DECOMPRESS_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

/* The content that a stream is decoded into at a time. */
#define SPLIT_PART_SIZE ((size_t)256 << 10)

/* What a decoder's context holds at most, but for a zstd stream's window and what belongs to it. */
#define DECODER_CONTEXT_SIZE ((uint64_t)160 << 10)

/* What a zstd stream holds beside its window: two blocks behind it, one of input. */
#define DECODER_STREAM_SIZE (3 * ((uint64_t)128 << 10) + 4096)

struct decompress_limits {
    uint32_t workers;      /* that the limit leaves room for; 0: none */
    bool is_strict;        /* the caller has set a limit: memory that no longer counts is freed at
                            * once, where it could else be of use to the next chunk */
    uint64_t budget;       /* bytes that chunks in the ring, and a stream with its window, may hold
                            * together */
    uint64_t segment_most; /* bytes that one chunk may cost while it is taken and decoded */
    uint64_t list_most;    /* bytes of each list of zstd frames; of an index's pieces twice that */
    uint64_t window_most;  /* bytes of the window that a zstd frame may ask for... */
    uint64_t stream_window_most; /* ...and if it is decoded as a stream, which then has one */
};

/* The limits for a pool of `threads` threads; a `memory_limit` of 0 is none. */
struct decompress_limits decompress_limits_for(uint64_t memory_limit, uint32_t threads);

#endif
