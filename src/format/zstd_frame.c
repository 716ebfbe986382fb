#include "format/zstd_frame.h"

#include <cinch/cinch.h>

#include "format/bytes.h"

/* --- Magic numbers ---------------------------------------------------------------------- */

struct magic {
    uint32_t value;
    uint32_t mask;
    int32_t code; /* what zstd_magic_check() says of it */
};

static const struct magic magics[] = {
    {0xFD2FB528, 0xFFFFFFFF, CINCH_OK},            /* a frame */
    {0x184D2A50, 0xFFFFFFF0, CINCH_OK},            /* a skippable frame */
    {0x1EB52FFD, 0xFFFFFFFF, CINCH_E_UNSUPPORTED}, /* 0.1 */
    {0xFD2FB522, 0xFFFFFFFE, CINCH_E_UNSUPPORTED}, /* 0.2, 0.3 */
    {0xFD2FB524, 0xFFFFFFFC, CINCH_E_UNSUPPORTED}, /* 0.4 to 0.7 */
};

enum {
    MAGIC_COUNT = sizeof(magics) / sizeof(*magics),
    SKIPPABLE_MAGIC_BYTE_1 = 0x2A /* no other magic number has it second */
};

int32_t zstd_magic_check(const uint8_t *bytes, size_t size)
{
    uint32_t known = 0;
    uint32_t value = 0;

    for (size_t i = 0; i < size && i < ZSTD_MAGIC_SIZE; i++) {
        known |= UINT32_C(0xFF) << 8 * i;
        value |= (uint32_t)bytes[i] << 8 * i;
    }
    for (size_t i = 0; i < MAGIC_COUNT; i++)
        if (((value ^ magics[i].value) & magics[i].mask & known) == 0)
            return size < ZSTD_MAGIC_SIZE ? CINCH_E_TRUNCATED : magics[i].code;
    return CINCH_E_FORMAT;
}

/* --- Frame header ----------------------------------------------------------------------- */

enum {
    SKIPPABLE_HEADER_SIZE = 8,
    DESCRIPTOR_OFFSET = ZSTD_MAGIC_SIZE,

    /* The descriptor's bits; bit 4 is unused and may have any value. */
    DESCRIPTOR_DICTIONARY_MASK = 3,
    DESCRIPTOR_CHECKSUM = 1 << 2,
    DESCRIPTOR_RESERVED = 1 << 3,
    DESCRIPTOR_SINGLE_SEGMENT = 1 << 5,
    DESCRIPTOR_CONTENT_SIZE_SHIFT = 6,

    WINDOW_MANTISSA_MASK = 7,
    WINDOW_EXPONENT_SHIFT = 3,
    WINDOW_LOG_BASE = 10,

    /* A content size of two bytes counts from here, one byte less covering the rest. */
    CONTENT_SIZE_2_BASE = 256
};

/* A field of 0, 1, 2, 4 or 8 bytes. */
static uint64_t field_load(const uint8_t *bytes, unsigned size)
{
    switch (size) {
    case 1:
        return bytes[0];
    case 2:
        return load_le16(bytes);
    case 4:
        return load_le32(bytes);
    case 8:
        return load_le64(bytes);
    default:
        return 0;
    }
}

static uint64_t window_size_parse(uint8_t descriptor)
{
    const unsigned window_log = WINDOW_LOG_BASE + (descriptor >> WINDOW_EXPONENT_SHIFT);
    const uint64_t base = UINT64_C(1) << window_log;
    return base + base / 8 * (descriptor & WINDOW_MANTISSA_MASK);
}

static struct zstd_frame_header skippable_header_parse(const uint8_t *bytes)
{
    return (struct zstd_frame_header){
        .size = SKIPPABLE_HEADER_SIZE,
        .is_skippable = true,
        .has_content_size = true,
        .content_size = load_le32(bytes + ZSTD_MAGIC_SIZE),
    };
}

/* How the fields behind the descriptor are laid out. */
struct layout {
    unsigned window_size;     /* bytes of the window descriptor */
    unsigned dictionary_size; /* bytes of the dictionary's id */
    unsigned content_size;    /* bytes of the content size */
    uint32_t header_size;     /* bytes in all */
};

static struct layout layout_of(uint8_t descriptor)
{
    static const uint8_t dictionary_sizes[4] = {0, 1, 2, 4};
    static const uint8_t content_sizes[4] = {0, 2, 4, 8};
    const bool is_single_segment = (descriptor & DESCRIPTOR_SINGLE_SEGMENT) != 0;
    struct layout layout = {
        .window_size = is_single_segment ? 0 : 1,
        .dictionary_size = dictionary_sizes[descriptor & DESCRIPTOR_DICTIONARY_MASK],
        .content_size = content_sizes[descriptor >> DESCRIPTOR_CONTENT_SIZE_SHIFT],
    };

    /* A single segment always tells its size: where two bytes would be too many, in one. */
    if (is_single_segment && layout.content_size == 0)
        layout.content_size = 1;
    layout.header_size =
        DESCRIPTOR_OFFSET + 1 + layout.window_size + layout.dictionary_size + layout.content_size;
    return layout;
}

/* A header that is known as a whole. */
static struct zstd_frame_header whole_header_parse(const uint8_t *bytes, struct layout layout)
{
    const uint8_t descriptor = bytes[DESCRIPTOR_OFFSET];
    const uint8_t *window = bytes + DESCRIPTOR_OFFSET + 1;
    const uint8_t *dictionary = window + layout.window_size;
    const uint8_t *content = dictionary + layout.dictionary_size;
    struct zstd_frame_header header = {
        .size = layout.header_size,
        .dictionary_id = (uint32_t)field_load(dictionary, layout.dictionary_size),
        .has_content_size = layout.content_size != 0,
        .has_checksum = (descriptor & DESCRIPTOR_CHECKSUM) != 0,
        .is_single_segment = (descriptor & DESCRIPTOR_SINGLE_SEGMENT) != 0,
        .content_size = field_load(content, layout.content_size),
    };

    if (layout.content_size == 2)
        header.content_size += CONTENT_SIZE_2_BASE;
    header.window_size =
        header.is_single_segment ? header.content_size : window_size_parse(window[0]);
    header.block_size_max = header.window_size < ZSTD_BLOCK_CONTENT_MOST
                                ? (uint32_t)header.window_size
                                : ZSTD_BLOCK_CONTENT_MOST;
    return header;
}

int32_t zstd_frame_header_parse(const uint8_t *bytes, size_t size, struct zstd_frame_header *header,
                                size_t *needed)
{
    const int32_t code = zstd_magic_check(bytes, size);
    const bool is_skippable = size >= 2 && bytes[1] == SKIPPABLE_MAGIC_BYTE_1;
    struct layout layout = {0};

    if (code != CINCH_OK && code != CINCH_E_TRUNCATED)
        return code;
    if (is_skippable)
        layout.header_size = SKIPPABLE_HEADER_SIZE;
    else if (size <= DESCRIPTOR_OFFSET)
        layout.header_size = DESCRIPTOR_OFFSET + 1;
    else if ((bytes[DESCRIPTOR_OFFSET] & DESCRIPTOR_RESERVED) != 0)
        return CINCH_E_CORRUPT;
    else
        layout = layout_of(bytes[DESCRIPTOR_OFFSET]);

    if (size < layout.header_size) {
        *needed = layout.header_size;
        return CINCH_E_TRUNCATED;
    }
    *header = is_skippable ? skippable_header_parse(bytes) : whole_header_parse(bytes, layout);
    return CINCH_OK;
}

/* --- Block header ----------------------------------------------------------------------- */

enum {
    BLOCK_LAST = 1,
    BLOCK_TYPE_SHIFT = 1,
    BLOCK_TYPE_MASK = 3,
    BLOCK_TYPE_RESERVED = 3,
    BLOCK_SIZE_SHIFT = 3
};

int32_t zstd_block_header_parse(const uint8_t *bytes, uint32_t block_size_max,
                                struct zstd_block_header *block)
{
    const uint32_t bits = load_le24(bytes);
    const uint32_t type = bits >> BLOCK_TYPE_SHIFT & BLOCK_TYPE_MASK;
    const uint32_t size = bits >> BLOCK_SIZE_SHIFT;

    if (type == BLOCK_TYPE_RESERVED || size > block_size_max)
        return CINCH_E_CORRUPT;

    block->type = (enum zstd_block_type)type;
    block->is_last = (bits & BLOCK_LAST) != 0;
    /* The size is that of the body, but of an RLE block, whose body is one byte, its content. */
    block->size = type == ZSTD_BLOCK_RLE ? 1 : size;
    block->content_min = type == ZSTD_BLOCK_COMPRESSED ? 0 : size;
    block->content_max = type == ZSTD_BLOCK_COMPRESSED ? block_size_max : size;
    return CINCH_OK;
}
