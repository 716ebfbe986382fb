/*
 * Segment: a part of a compressed input that becomes one chunk of output.
 */
#ifndef CINCH_SRC_SEGMENT_H
#define CINCH_SRC_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

enum segment_kind {
    SEGMENT_NOTHING,     /* no content: the end of the input */
    SEGMENT_CONTENT,     /* a part of a stream, decoded by take already */
    SEGMENT_ZSTD_FRAMES, /* whole frames */
    SEGMENT_ZSTD_TABLE,  /* a seek table, in chunk->input; no content */
    SEGMENT_DEFLATE,     /* a piece of an indexed gzip member */
    SEGMENT_GZIP_MEMBERS /* whole members, each of which tells its size */
};

/* What the take step has found out about a chunk. */
struct segment {
    enum segment_kind kind;
    uint64_t input_offset; /* file: where the segment begins; a stream's is in chunk->input */
    uint64_t input_size;   /* bytes of it */
    uint64_t content_most; /* bytes of content at most, to be decoded by work */
    bool is_exact;         /* exactly content_most */
    uint64_t frames;       /* or members that it consists of */
    bool is_last_piece;    /* deflate: the only piece that may, and need not, end the stream */

    bool has_offset;         /* content_offset is known before all that comes earlier is decoded */
    uint64_t content_offset; /* in the output */
    uint64_t held;           /* bytes of memory that count for it until it is recycled */

    /* gzip and zlib streams and pieces: the content's check goes on with this chunk... */
    bool has_check;
    /* ...and a member or stream ends behind it, saying this of itself. */
    bool ends_member;
    uint32_t member_check;
    uint32_t member_length; /* modulo 2^32; zlib has none */

    /* zstd: what frame_sums.h wants to know. A frame that is decoded as a stream ends with the
     * chunk for which ends_member is set; what its checksum is then stands in member_check. */
    bool is_unchecked;       /* it has none */
    uint64_t skipped_before; /* skippable frames since the chunk before */
};

#endif
