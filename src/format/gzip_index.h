/*
 * Gzip index: where the chunks of a gzip member that we wrote begin, told in its header.
 *
 * A member with an index is made of *pieces*: each is one chunk of the content as deflate data
 * that refers to nothing before it and ends on a byte. The index is the subfield `CI` of the
 * header's extra field (RFC 1952 2.3.1.1), which every other reader skips:
 *
 *     'C' 'I'  length of what follows u16
 *     version u16 = 1    reserved u16 = 0
 *     chunk size u32     bytes of content of every chunk but the last
 *     input length u64   bytes of content in all
 *     for each chunk:    compressed length of its piece u32
 *
 * Numbers are little-endian. The number of chunks is the input length over the chunk size,
 * rounded up. The pieces follow each other from the end of the header. No piece but the last
 * has a final block. If the last has one, the trailer follows it; if not, an empty final block
 * (03 00) stands between.
 *
 * An index is written for two chunks or more. An extra field ends at 64 KiB, so that the chunk
 * size has to grow with the input: gzip_index_chunk_size().
 *
 * Nothing here does I/O, allocates or keeps state; every function may be called from any thread.
 */
#ifndef CINCH_SRC_FORMAT_GZIP_INDEX_H
#define CINCH_SRC_FORMAT_GZIP_INDEX_H

#include <stddef.h>
#include <stdint.h>

enum {
    GZIP_INDEX_CHUNKS_MIN = 2,
    GZIP_INDEX_CHUNKS_MAX = (65535 - 4 - 16) / 4, /* 16378 */

    /* What may stand between the last piece and the trailer, at most: an empty final block. */
    GZIP_INDEX_TAIL_SIZE_MAX = 2
};

/* How an input is cut into chunks. */
struct gzip_index {
    uint32_t chunk_size;   /* bytes of content of every chunk but the last; not 0 */
    uint32_t chunks;       /* GZIP_INDEX_CHUNKS_MIN to GZIP_INDEX_CHUNKS_MAX */
    uint64_t input_length; /* bytes of content in all */
};

/* Chunks of `chunk_size` > 0 bytes that an input of `input_length` bytes has. */
uint64_t gzip_index_chunks(uint64_t input_length, uint32_t chunk_size);

/*
 * The chunk size to cut an input of `input_length` bytes with, so that an index can list its
 * chunks: `smallest` (> 0) if that will do, else the smallest power of two that does. 0 if none
 * does, for an input beyond 32 TiB.
 */
uint32_t gzip_index_chunk_size(uint64_t input_length, uint32_t smallest);

/* Bytes of content of chunk number `chunk`. */
uint32_t gzip_index_content_size(const struct gzip_index *index, uint32_t chunk);

/* --- Writing ---------------------------------------------------------------------------- */

/* Bytes that the index of `chunks` chunks takes in the extra field, identifier included. */
size_t gzip_index_size(uint32_t chunks);

/*
 * Writes an index into `buffer`, which has room for gzip_index_size(index->chunks) bytes, and
 * returns that number. `pieces` are the compressed lengths, one for each chunk. `index->chunks`
 * is gzip_index_chunks() of the other two, and within the limits.
 *
 * The lengths are known only when all is compressed: whoever writes the file leaves room after
 * gzip_header_write() and fills it before the file takes its name.
 */
size_t gzip_index_write(uint8_t *buffer, const struct gzip_index *index, const uint32_t *pieces);

/* --- Reading ---------------------------------------------------------------------------- */

/*
 * Reads the fixed part of an index. `data` are the `size` bytes of the subfield `CI` without
 * identifier and length, as gzip_header_parse() finds them.
 *
 * CINCH_OK             `*index` is filled, and `size` is right for its chunks.
 * CINCH_E_UNSUPPORTED  Another version than ours. The member itself can be read all the same,
 *                      from its beginning to its end.
 * CINCH_E_CORRUPT      It is too short, says impossible things, or contradicts its size.
 *
 * After an error `*index` is as it was. `chunk_size` is up to 4 GiB whatever the memory: a
 * reader that decodes whole chunks compares it with what it may use.
 */
int32_t gzip_index_parse(const uint8_t *data, size_t size, struct gzip_index *index);

/*
 * Reads the pieces' lengths of the index that gzip_index_parse() found at the same `data`.
 *
 * header_size  Bytes of the gzip header, where the first piece begins.
 * available    Bytes of the file from the header's first byte on.
 * offsets      Array of `index->chunks + 1`. Piece `i` takes the bytes from `offsets[i]` to
 *              `offsets[i + 1]`, counted from the header's first byte.
 *
 * CINCH_E_CORRUPT    A piece is too short to decompress to its chunk.
 * CINCH_E_TRUNCATED  The pieces and the trailer do not fit into `available` bytes.
 *
 * After an error the contents of `offsets` are undefined. CINCH_OK does not prove that the
 * pieces are as listed: that they decode to chunks of the right size, and only the last has a
 * final block, is for the decoder to see.
 */
int32_t gzip_index_parse_pieces(const uint8_t *data, const struct gzip_index *index,
                                size_t header_size, uint64_t available, uint64_t *offsets);

#endif
