/*
 * Container: what stands around the pieces of an output, so that together they are one file of
 * their format: a header before the first piece, a trailer behind the last, and an index of the
 * pieces where the format has room for one.
 *
 *   zstd   no header; behind two frames or more a seek table
 *   gzip   RFC 1952 header, with the CI index where it can be filled in later; CRC-32 and length
 *   zlib   RFC 1950 header; Adler-32
 *
 * container_add() is called in the order of the pieces; nothing here is thread-safe.
 */
#ifndef CINCH_SRC_CONTAINER_H
#define CINCH_SRC_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "workspace.h"

struct container {
    int32_t format; /* CINCH_FORMAT_ZSTD, _GZIP, _ZLIB */
    int32_t level;
    uint64_t chunk_size;   /* bytes of input of every piece but the last */
    bool has_index;        /* an index is wanted, if the format and the number of pieces allow */
    const char *name;      /* gzip: goes into the header with `mtime`; NULL: neither */
    uint32_t mtime;        /* seconds since 1970; 0 = not told */
    uint32_t index_pieces; /* gzip: pieces that the header has room for; 0 = no index */
    uint64_t pieces;       /* added so far */
    uint64_t input_length; /* bytes of input of these */
    uint32_t check;        /* CRC-32 or Adler-32 of these */
    struct buffer sizes;   /* uint32_t (gzip) or struct seek_table_entry (zstd) of each piece
                            * that is to be listed */
};

/* What a trailer takes beside a zstd seek table: enough for any other. */
#define CONTAINER_TRAILER_USUAL 64

/*
 * The chunk size to cut an input of `length` bytes with, when the header can be written again at
 * the end: `chunk_size`, or what gzip's index needs.
 */
uint64_t container_chunk_size(int32_t format, uint64_t chunk_size, uint64_t length);

/*
 * Prepares a zeroed container, whose `has_index`, `name` and `mtime` are the caller's to set
 * before. The name stays the caller's, and must last as long.
 *
 * pieces       How many there will be, or UINT64_MAX where that is unknown.
 * can_rewrite  The header can be written again when all pieces were added.
 */
void container_init(struct container *container, int32_t format, int32_t level, uint64_t chunk_size,
                    uint64_t pieces, bool can_rewrite);

/* Bytes of the header; 0 where the format has none. */
size_t container_header_size(const struct container *container);

/* Writes the header into `data`, which has room for it: an index is filled with the pieces added
 * so far. */
void container_header(const struct container *container, uint8_t *data);

/* Whether the header must be written again now that all pieces were added. */
bool container_rewrites_header(const struct container *container);

/* The check of no input. */
uint32_t container_check_start(const struct container *container);

/* The check of what `check` stands for and `size` bytes more. */
uint32_t container_check(const struct container *container, uint32_t check, const void *data,
                         size_t size);

/* Adds the next piece: its bytes, those of its input, the check of its input. Returns CINCH_OK or
 * CINCH_E_NO_MEMORY. */
int32_t container_add(struct container *container, size_t size, size_t input_size, uint32_t check);

/* Bytes of the trailer, all pieces having been added. */
size_t container_trailer_size(const struct container *container);

/* Writes the trailer into `data`, which has room for it. */
void container_trailer(const struct container *container, uint8_t *data);

void container_free(struct container *container);

#endif
