/*
 * Chunk map: where in a compressed file each stretch of its content is, so that any of them can
 * be decoded without the others.
 *
 * A *chunk* is the smallest run of the file that decodes on its own:
 *
 *   zstd   a frame, with skippable ones around it passed over. Listed by the file's seek table;
 *          where there is none, or the file was put together from several, found by a walk over
 *          the headers of all frames, which then must tell the size of their content
 *   gzip   a piece that the index `CI` lists; or a member that tells its own size (BGZF, Mgzip,
 *          MiGz). Members that tell nothing are decoded to find their ends, as long as that
 *          takes no more than CHUNK_MAP_SCAN_MOST bytes: small files, and ours that are one chunk
 *
 * Members of all these kinds may follow each other in one file. Zeros behind the last are padding.
 *
 * What a file says of itself is not trusted. A map holds chunks inside the file, in order, with
 * sizes that these bytes could decode to; its memory grows with what was read, never with a
 * number that was read. Whether the chunks are what the map says is seen when one is decoded: see
 * chunk_decode.h.
 *
 * A map is filled by one thread; then it is constant, and any number of threads may ask it.
 *
 * Memory: 24 bytes a chunk, up to three times that while it grows.
 */
#ifndef CINCH_SRC_CHUNK_MAP_H
#define CINCH_SRC_CHUNK_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/input_window.h"

/* Bytes of content that a chunk has at most: it is decoded as a whole, into memory. What libzstd
 * allows a window by default, and so the largest chunk that we write unless told otherwise. */
#define CHUNK_CONTENT_MOST ((uint32_t)128 << 20)

/* Bytes of input that a chunk has at most. No encoder makes its input larger by a half. */
#define CHUNK_INPUT_MOST ((uint32_t)192 << 20)

/* Bytes of input and content together that are decoded, for want of an index, to find the ends of
 * gzip members: some 50 milliseconds. */
#define CHUNK_MAP_SCAN_MOST ((uint64_t)16 << 20)

enum chunk_kind {
    CHUNK_FRAME,       /* zstd: one frame or more */
    CHUNK_MEMBER,      /* gzip: a whole member */
    CHUNK_PIECE,       /* gzip: raw deflate that ends on a byte, without a final block */
    CHUNK_PIECE_FINAL, /* gzip: the same, ending with the final block */
};

/* One chunk. */
struct mapped_chunk {
    enum chunk_kind kind;
    uint64_t input_offset; /* in the file */
    uint64_t input_size;   /* bytes of the file; not 0 */
    uint64_t content_offset;
    uint64_t content_size; /* bytes of content; not 0 */
    bool has_checksum;     /* `checksum` is known */
    uint32_t checksum;     /* low 32 bits of the content's XXH64, from a seek table */
};

struct chunk_record;

struct chunk_map {
    struct chunk_record *records; /* owned */
    size_t count;                 /* chunks */
    size_t capacity;              /* records that there is room for */
    uint64_t content_size;        /* bytes of content of all chunks, at most INT64_MAX */
    uint32_t content_most;        /* of the largest chunk; 0 where there is none */
};

/*
 * Finds the chunks of a file.
 *
 * map    Takes them; chunk_map_free() gives them back. On failure it needs no freeing.
 * input  A file. Not used after the return.
 *
 * CINCH_OK, or
 *   CINCH_E_FORMAT       The file begins in none of the formats that are read.
 *   CINCH_E_UNSUPPORTED  It cannot be read at random: zlib, a gzip member without an index, a zstd
 *                        frame that does not tell its size, a chunk beyond the limits above; or
 *                        at all: a frame that needs a dictionary.
 *   CINCH_E_CORRUPT, _CHECKSUM, _TRUNCATED, _TRAILING  The file contradicts its format.
 *   CINCH_E_NO_MEMORY, _IO, _INPUT_CHANGED
 */
int32_t chunk_map_read(struct chunk_map *map, const struct input *input);

void chunk_map_free(struct chunk_map *map);

/* Chunk number `number` < map->count. */
struct mapped_chunk chunk_map_get(const struct chunk_map *map, size_t number);

/* The number of the chunk in which byte `offset` < map->content_size of the content lies. */
size_t chunk_map_find(const struct chunk_map *map, uint64_t offset);

/* --- For the formats' own files --------------------------------------------------------- */

/*
 * Adds the next chunk; `content_offset` need not be set. One without content is left out.
 * CINCH_E_UNSUPPORTED beyond the limits, CINCH_E_NO_MEMORY.
 */
int32_t chunk_map_add(struct chunk_map *map, const struct mapped_chunk *chunk);

/* Finds the chunks of a zstd or gzip file, as recognised. The map is empty; it is freed by the
 * caller on failure too. */
int32_t chunk_map_read_zstd(struct chunk_map *map, struct input_window *window);
int32_t chunk_map_read_gzip(struct chunk_map *map, struct input_window *window);

/* CINCH_OK if nothing but zeros stands at `offset` and behind, CINCH_E_TRAILING if something
 * else does. */
int32_t chunk_map_check_padding(struct input_window *window, uint64_t offset);

#endif
