/*
 * Compressed files made by hand, in memory: any sequence of frames, members, tables and lies.
 *
 * Every function adds to the end. What the content is follows from its offset in the whole file
 * alone, so that a test can tell what any part must decode to: see content_at().
 */
#ifndef CINCH_TESTS_UNIT_COMPRESSED_H
#define CINCH_TESTS_UNIT_COMPRESSED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/input.h"

enum {
    COMPRESSED_FRAMES_MOST = 64
};

struct compressed {
    uint8_t *bytes; /* owned */
    size_t size;
    uint64_t content_size; /* bytes of content added so far */

    /* What compressed_add_table() lists; the tests change it to make a table lie. */
    struct {
        uint32_t compressed_size, decompressed_size, checksum;
    } frames[COMPRESSED_FRAMES_MOST];
    uint32_t frame_count;
};

enum {
    FRAME_CHECKSUM = 1,        /* the frame ends with a checksum */
    FRAME_NO_CONTENT_SIZE = 2, /* its header does not tell the size of its content */
    TABLE_CHECKSUMS = 4,       /* the seek table lists checksums */
    MEMBER_BGZF = 8,           /* the header has the subfield BC */
    MEMBER_UNFINISHED = 32,    /* its data has no final block */
    MEMBER_TAIL = 16, /* indexed: the last piece has no final block, one of its own follows */
};

void compressed_free(struct compressed *file);

/* The bytes of content at `offset` of any file made here: text that compresses, and in which no
 * two places look alike. The caller frees them. */
uint8_t *content_at(uint64_t offset, size_t size);

void compressed_add(struct compressed *file, const void *bytes, size_t size);

/* A zstd frame. */
void compressed_add_frame(struct compressed *file, size_t content_size, unsigned flags);

/* A file of three frames, with 5000, 5000 and 1234 bytes of content. */
struct compressed compressed_frames(unsigned flags);

/* A skippable frame with `size` bytes, which the table lists as one without content. */
void compressed_add_skippable(struct compressed *file, uint32_t size);

/* The seek table of all frames so far; then the list of frames is empty. */
void compressed_add_table(struct compressed *file, unsigned flags);

/* A gzip member. */
void compressed_add_member(struct compressed *file, size_t content_size, unsigned flags);

/* A gzip member with our index. Returns where in `bytes` the index begins, and the member ends at
 * the end. */
size_t compressed_add_indexed(struct compressed *file, size_t content_size, uint32_t chunk_size,
                              unsigned flags);

/* Opens the file's bytes as an input, which the caller ends with input_close_memory(). */
struct input input_of_memory(const void *bytes, size_t size);
void input_close_memory(struct input *input);

#endif
