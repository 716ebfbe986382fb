/*
 * Decompress: what a chunk is when decompressing.
 *
 * The take step splits the input into segments, in order and mostly without decoding: zstd frames
 * by walking over their headers, members of gzip files by the sizes they tell, the pieces of our
 * own by their index. The work step decodes segments in parallel. Whatever tells no size, or is
 * too large to be decoded in one piece, is decoded by the take step itself, a part at a time: the
 * ring then still checks and writes one part while the next is decoded.
 *
 *   split.h              finds the next segment, or decodes the next part of a stream
 *   decompress_limits.h  what may be held in memory
 *   frame_list.h         holds a seek table against the frames that were found...
 *   segment_decode.h     decodes a segment
 *   frame_sums.h         ...and against what they held
 *   decompress.c         the plan, what is done with content, and the put step
 */
#ifndef CINCH_SRC_DECOMPRESS_H
#define CINCH_SRC_DECOMPRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/codec.h"
#include "decompress_limits.h"
#include "format/gzip_index.h"
#include "format/seek_table.h"
#include "format/xxh64.h"
#include "format/zstd_walk.h"
#include "source.h"

struct chunk;
struct transfer;
struct transfer_kind;
struct worker;

/* Where the take step stands in the input. */
enum split_state {
    SPLIT_AT_BOUNDARY, /* between frames, members or streams */
    SPLIT_IN_FRAME,    /* zstd: in a frame that is walked over */
    SPLIT_IN_STREAM,   /* in data that take decodes itself */
    SPLIT_IN_TRAILER,  /* gzip and zlib: behind the data */
    SPLIT_IN_PIECES,   /* gzip: between the pieces that an index lists */
    SPLIT_IN_PADDING   /* behind everything: nothing but zeros may come */
};

struct decompress {
    /* Constant from open on. */
    int32_t format;
    const struct decoder *decoder;        /* of segments... */
    const struct decoder *stream_decoder; /* ...and of what take decodes */
    bool is_sparse;                       /* blocks of zeros are not written */
    bool is_inspection;    /* nothing is written, and what tells its size is not decoded */
    bool hashes_frames;    /* zstd: see frame_sums_open() */
    bool ignores_trailing; /* bytes behind the last member are passed over */
    struct decompress_limits limits;
    uint64_t content_limit; /* bytes of output allowed; UINT64_MAX: any number */

    _Atomic bool is_writing; /* some worker writes to the output */
    _Atomic uint64_t held;   /* of limits.budget; take adds, take and recycle subtract */

    /* The take step's. */
    struct source source;
    enum split_state state;
    uint64_t counted;        /* the offset in the input up to which progress knows */
    uint64_t members;        /* frames, members or streams that have ended... */
    uint64_t empty_members;  /* ...of which skippable frames */
    uint64_t chunks;         /* segments, and streams that were decoded by take */
    uint64_t trailing;       /* bytes passed over behind the last member */
    uint32_t mtime;          /* gzip: of the last header that tells one; else 0 */
    uint32_t checks;         /* CINCH_CHECK_* of what has begun */
    uint64_t content_offset; /* in the output, of what comes next... */
    bool knows_offset;       /* ...if that is known before it is decoded */
    void *stream;            /* context of the stream that take decodes */
    uint64_t stream_held;    /* by it, beyond what any context may hold */
    uint64_t stream_left;    /* zstd: content that the frame has promised and not yet brought;
                              * UINT64_MAX: it did not say */
    struct zstd_walk walk;
    uint64_t stream_at;     /* zstd: offset of a frame that no walk could bound; else UINT64_MAX */
    uint64_t stream_from;   /* zstd: offset of the frame that is decoded as a stream... */
    uint64_t stream_size;   /* ...its content so far... */
    bool stream_is_checked; /* ...and whether it ends with a checksum */
    uint8_t stream_tail[4]; /* the last bytes that the stream has taken */
    struct buffer frames;   /* see frame_list.h */
    uint64_t frames_count;
    bool frames_are_exact; /* the content's size was known of every frame */
    bool frames_are_whole; /* all that came are listed */
    uint64_t skipped;      /* zstd: skippable frames since the last chunk that was passed on */
    /* Found behind a group of frames that was still to be passed on: for the next chunk. */
    struct failure failure;
    size_t collected_most; /* bytes of the longest input that was collected, of a pipe */
    struct buffer begun;   /* bytes of a frame that is being walked over... */
    size_t begun_size;     /* ...and how many they are */
    uint64_t member_end;   /* gzip: where the member that is decoded as a stream says it ends; 0: it
                            * does not */
    struct {
        struct gzip_index index;
        uint64_t *offsets; /* of the pieces, from the member's first byte; NULL: no index */
        uint64_t member;   /* offset of that byte in the input */
        uint32_t next;     /* piece */
    } pieces;

    /* The put step's. */
    struct buffer sums; /* see frame_sums.h */
    uint64_t sums_count;
    struct xxh64 frame_hash; /* of the frame that is decoded as a stream... */
    uint64_t frame_size;     /* ...and bytes of its content */
    uint64_t put_offset;     /* bytes of output put so far */
    uint32_t member_check;   /* of the member's content so far */
    uint64_t member_length;  /* bytes of it */
};

/* As chunk_take_output(), but under a memory limit a new one of exactly `size` bytes, which goes
 * when the chunk is recycled. */
struct buffer decompress_take_output(const struct decompress *decompress, struct chunk *chunk,
                                     struct worker *worker, size_t size);

extern const struct transfer_kind decompress_kind;

#endif
