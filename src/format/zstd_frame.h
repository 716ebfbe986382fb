/*
 * Zstd frame: what a zstd file's frames and their blocks say of themselves (RFC 8878, 3.1).
 *
 *     frame            magic 0xFD2FB528 u32, header of 2 to 14 bytes, blocks, [checksum u32]
 *     block            header of 3 bytes, body
 *     skippable frame  magic 0x184D2A50 to ..5F u32, length of the rest u32, the rest
 *
 * Numbers are little-endian. A file is any number of frames of both kinds. To find where they
 * end without decoding them, see zstd_walk.h.
 *
 * Nothing here does I/O, allocates or keeps state; every function may be called from any thread.
 */
#ifndef CINCH_SRC_FORMAT_ZSTD_FRAME_H
#define CINCH_SRC_FORMAT_ZSTD_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ZSTD_MAGIC_SIZE = 4,
    ZSTD_HEADER_SIZE_LONGEST = 18, /* magic number included */
    ZSTD_BLOCK_HEADER_SIZE = 3,
    ZSTD_CHECKSUM_SIZE = 4,

    /* The shortest frame is an empty skippable one. */
    ZSTD_FRAME_SIZE_LEAST = 8,

    /* Content that one block may have at most, whatever the window. */
    ZSTD_BLOCK_CONTENT_MOST = 128 * 1024
};

/* What a frame says at its beginning. */
struct zstd_frame_header {
    uint32_t size;           /* bytes of the header, magic number included: 6 to 18, or 8 */
    uint32_t dictionary_id;  /* of the dictionary that it needs; 0 = none */
    uint32_t block_size_max; /* bytes that a block may have; 0 for a skippable frame */
    bool is_skippable;       /* no content: `content_size` bytes of something else follow */
    bool has_content_size;   /* `content_size` was told */
    bool has_checksum;       /* the frame ends with 32 bits of its content's XXH64 */
    bool is_single_segment;  /* no window: content is decoded in one piece */
    uint64_t content_size;   /* decompressed bytes; skippable: bytes that follow; else 0 */
    uint64_t window_size;    /* bytes of earlier content to keep at hand, below 2^42, or
                              * `content_size` if it is a single segment; skippable: 0 */
};

/*
 * Looks at a frame's magic number, of which `size` bytes are known.
 *
 * CINCH_OK             A frame of either kind begins here.
 * CINCH_E_TRUNCATED    `size` is less than ZSTD_MAGIC_SIZE, and the bytes begin a magic number
 *                      (as no bytes at all do).
 * CINCH_E_FORMAT       No frame begins here.
 * CINCH_E_UNSUPPORTED  A frame of zstd 0.1 to 0.7, from before the format was settled.
 */
int32_t zstd_magic_check(const uint8_t *bytes, size_t size);

/*
 * Reads the header that begins at `bytes`, of which `size` bytes are known so far.
 *
 * CINCH_OK             `*header` is filled. A `dictionary_id` is for the caller to refuse.
 * CINCH_E_TRUNCATED    What is known is right so far but does not end the header. Call again
 *                      with at least `*needed` > `size` bytes from the same beginning; if the
 *                      input has no more, this is the error.
 * CINCH_E_FORMAT       As zstd_magic_check() says. Where a file goes on after its last frame,
 *                      these are trailing bytes.
 * CINCH_E_UNSUPPORTED  As zstd_magic_check() says.
 * CINCH_E_CORRUPT      The reserved bit is set. RFC 8878 demands an error: it may stand for
 *                      something that changes what follows.
 *
 * `*header` and `*needed` are written in these cases only. Errors are found as soon as their
 * byte is known. No window is too large here: 2^42 - 2^38 is possible, and a single segment may
 * claim any size, true or not. Compare `window_size` with what memory may be used.
 */
int32_t zstd_frame_header_parse(const uint8_t *bytes, size_t size, struct zstd_frame_header *header,
                                size_t *needed);

enum zstd_block_type {
    ZSTD_BLOCK_RAW = 0,
    ZSTD_BLOCK_RLE = 1,
    ZSTD_BLOCK_COMPRESSED = 2
};

struct zstd_block_header {
    enum zstd_block_type type;
    bool is_last;         /* of its frame */
    uint32_t size;        /* bytes of the block's body */
    uint32_t content_min; /* bytes that it decompresses to, at least... */
    uint32_t content_max; /* ...and at most: the same for a raw or RLE block */
};

/*
 * Reads the ZSTD_BLOCK_HEADER_SIZE bytes of a block's header in a frame whose blocks may have
 * `block_size_max` bytes. CINCH_E_CORRUPT: the type is the reserved one, or the block is larger.
 */
int32_t zstd_block_header_parse(const uint8_t *bytes, uint32_t block_size_max,
                                struct zstd_block_header *block);

#endif
