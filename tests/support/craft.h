/*
 * Craft: compressed files put together by hand, for inputs that no tool writes.
 *
 * Everything appends to bytes that the caller frees.
 */
#ifndef CINCH_TESTS_SUPPORT_CRAFT_H
#define CINCH_TESTS_SUPPORT_CRAFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "support/bytes.h"

/* The `size` low bytes of a number, lowest first. */
void bytes_append_number(struct bytes *bytes, uint64_t number, size_t size);
void bytes_replace_number(struct bytes *bytes, size_t offset, uint64_t number, size_t size);

/* --- zstd (RFC 8878) -------------------------------------------------------------------- */

enum {
    CRAFT_CHECKSUM = 1 << 0,
    CRAFT_CONTENT_SIZE = 1 << 1
};

/* One frame, as libzstd writes it. `flags` of the above. */
void craft_zstd_frame(struct bytes *bytes, const struct bytes *content, int level,
                      unsigned int flags);

/* A header's fields. */
struct craft_zstd_header {
    bool has_checksum;
    bool is_reserved_bit_set;
    bool has_content_size; /* in 8 bytes */
    bool is_single_segment;
    uint8_t window;         /* the window descriptor, unless it is a single segment */
    uint32_t dictionary_id; /* in 4 bytes; 0: none */
    uint64_t content_size;
};

void craft_zstd_header(struct bytes *bytes, const struct craft_zstd_header *header);

enum craft_block {
    CRAFT_RAW,
    CRAFT_RLE,
    CRAFT_COMPRESSED,
    CRAFT_RESERVED
};

/* The three bytes of a block's header. */
void craft_zstd_block(struct bytes *bytes, enum craft_block type, bool is_last, uint32_t size);

/* A frame of RLE blocks of zeros that says how large it is. */
void craft_zstd_zeros(struct bytes *bytes, uint64_t size, uint8_t window);

/* A skippable frame with the magic number 0x184D2A50 + `variant`. */
void craft_zstd_skippable(struct bytes *bytes, unsigned int variant, const struct bytes *body);

/* A seek table of `count` frames, whose compressed and decompressed sizes take turns in `sizes`. */
void craft_seek_table(struct bytes *bytes, const uint32_t *sizes, uint32_t count);

/* --- gzip (RFC 1952), zlib (RFC 1950), deflate ------------------------------------------ */

/* Raw deflate data of the content, with a final block. */
void craft_deflate(struct bytes *bytes, const struct bytes *content, int level);

/* A member; `extra` is the extra field, and NULL or empty where there is none. */
void craft_gzip_member(struct bytes *bytes, const struct bytes *content, int level,
                       const struct bytes *extra);

/* How a member tells its own size in its extra field. */
enum craft_size {
    CRAFT_BGZF,       /* BC, u16: size - 1; at most 64 KiB */
    CRAFT_MGZIP,      /* IG, u32: size */
    CRAFT_MGZIP_LONG, /* IG, u64: size; u64: length of the content */
    CRAFT_MIGZ,       /* MZ, u32: size of the deflate data */
    CRAFT_SZ          /* SZ, u32: size */
};

enum {
    CRAFT_SIZES = 5
};

void craft_gzip_sized_member(struct bytes *bytes, const struct bytes *content, int level,
                             enum craft_size kind);

/* The empty member at the end of every BGZF file. */
void craft_bgzf_end(struct bytes *bytes);

/* One zlib stream. */
void craft_zlib(struct bytes *bytes, const struct bytes *content, int level);

#endif
