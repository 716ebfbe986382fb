#include "format/seek_table.h"

#include <cinch/cinch.h>

#include "format/bytes.h"

#define SEEKABLE_MAGIC UINT32_C(0x8F92EAB1)

enum {
    CHECKSUM_SIZE = 4,

    /* The descriptor. Its two lowest bits are "unused": they may mean something one day that a
     * reader need not know, so they are not looked at. */
    DESCRIPTOR_CHECKSUMS = 1 << 7,
    DESCRIPTOR_RESERVED = 0x7C,

    /* The shortest frame is an empty skippable one. */
    FRAME_SIZE_MIN = 8,

    /* RFC 8878 3.1.1.2: a block has a header of three bytes, at least one byte of body, and at
     * most 128 KiB of content. */
    BLOCK_SIZE_MIN = 4,
    BLOCK_CONTENT_MAX = 128 * 1024
};

_Static_assert(SEEK_TABLE_HEADER_SIZE + SEEK_TABLE_FOOTER_SIZE +
                       (uint64_t)SEEK_TABLE_MAX_FRAMES * (SEEK_TABLE_ENTRY_SIZE + CHECKSUM_SIZE) <
                   UINT32_MAX,
               "the largest table's size fits the 32 bits that a skippable frame has for it");

size_t seek_table_size(uint32_t frames)
{
    return SEEK_TABLE_HEADER_SIZE + (size_t)frames * SEEK_TABLE_ENTRY_SIZE + SEEK_TABLE_FOOTER_SIZE;
}

void seek_table_write_header(uint8_t *buffer, uint32_t frames)
{
    store_le32(buffer, SEEK_TABLE_MAGIC);
    store_le32(buffer + 4, (uint32_t)(seek_table_size(frames) - SEEK_TABLE_HEADER_SIZE));
}

void seek_table_write_entry(uint8_t *buffer, struct seek_table_entry entry)
{
    store_le32(buffer, entry.compressed_size);
    store_le32(buffer + 4, entry.decompressed_size);
}

void seek_table_write_footer(uint8_t *buffer, uint32_t frames)
{
    store_le32(buffer, frames);
    buffer[4] = 0;
    store_le32(buffer + 5, SEEKABLE_MAGIC);
}

size_t seek_table_write(uint8_t *buffer, const struct seek_table_entry *entries, uint32_t frames)
{
    uint8_t *out = buffer;

    seek_table_write_header(out, frames);
    out += SEEK_TABLE_HEADER_SIZE;
    for (uint32_t i = 0; i < frames; i++) {
        seek_table_write_entry(out, entries[i]);
        out += SEEK_TABLE_ENTRY_SIZE;
    }
    seek_table_write_footer(out, frames);
    out += SEEK_TABLE_FOOTER_SIZE;
    return (size_t)(out - buffer);
}

int32_t seek_table_parse_footer(const uint8_t *footer, uint64_t file_size, struct seek_table *table)
{
    if (load_le32(footer + 5) != SEEKABLE_MAGIC)
        return CINCH_E_FORMAT;

    const uint32_t frames = load_le32(footer);
    const uint8_t descriptor = footer[4];
    if (frames > SEEK_TABLE_MAX_FRAMES || (descriptor & DESCRIPTOR_RESERVED) != 0)
        return CINCH_E_CORRUPT;

    const bool has_checksums = (descriptor & DESCRIPTOR_CHECKSUMS) != 0;
    const uint32_t entry_size = SEEK_TABLE_ENTRY_SIZE + (has_checksums ? CHECKSUM_SIZE : 0);
    const uint64_t size =
        SEEK_TABLE_HEADER_SIZE + (uint64_t)frames * entry_size + SEEK_TABLE_FOOTER_SIZE;
    if (size > file_size)
        return CINCH_E_CORRUPT;

    table->frames = frames;
    table->entry_size = entry_size;
    table->size = size;
    table->has_checksums = has_checksums;
    return CINCH_OK;
}

int32_t seek_table_parse_header(const uint8_t *header, const struct seek_table *table)
{
    if (load_le32(header) != SEEK_TABLE_MAGIC)
        return CINCH_E_CORRUPT;
    if (load_le32(header + 4) != table->size - SEEK_TABLE_HEADER_SIZE)
        return CINCH_E_CORRUPT;
    return CINCH_OK;
}

int32_t seek_table_parse_entries(const struct seek_table *table, const uint8_t *entries,
                                 uint32_t first, uint32_t count, uint64_t *compressed,
                                 uint64_t *decompressed)
{
    if (first == 0) {
        compressed[0] = 0;
        decompressed[0] = 0;
    }
    for (uint32_t i = first; i < first + count; i++) {
        const uint32_t compressed_size = load_le32(entries);
        const uint32_t decompressed_size = load_le32(entries + 4);
        if (compressed_size < FRAME_SIZE_MIN)
            return CINCH_E_CORRUPT;
        if (decompressed_size > (uint64_t)compressed_size / BLOCK_SIZE_MIN * BLOCK_CONTENT_MAX)
            return CINCH_E_CORRUPT;
        /* At most 2^27 additions of 32 bits each: no overflow. */
        compressed[i + 1] = compressed[i] + compressed_size;
        decompressed[i + 1] = decompressed[i] + decompressed_size;
        entries += table->entry_size;
    }
    return CINCH_OK;
}

uint32_t seek_table_checksum(const struct seek_table *table, const uint8_t *entries, uint32_t index)
{
    return load_le32(entries + (size_t)index * table->entry_size + SEEK_TABLE_ENTRY_SIZE);
}

int32_t seek_table_locate(const struct seek_table *table, uint64_t file_size,
                          uint64_t compressed_total, uint64_t *start)
{
    if (table->size > file_size || compressed_total > file_size - table->size)
        return CINCH_E_CORRUPT;
    *start = file_size - table->size - compressed_total;
    return CINCH_OK;
}
