#include "frame_list.h"

#include <string.h>

#include "format/bytes.h"
#include "split.h"

/* No table can be held against the frames up to here. */
static void forget(struct decompress *decompress)
{
    buffer_free(&decompress->frames);
    decompress->frames_count = 0;
    decompress->frames_are_whole = false;
}

/* Makes the list of frames larger, as far as it may be. False where memory is short. */
static bool grow_list(struct decompress *decompress, size_t used, size_t size)
{
    if (size > decompress->limits.list_most)
        size = (size_t)decompress->limits.list_most;
    return buffer_grow(&decompress->frames, used, size);
}

/* More than a table can tell is not what any table says. */
static uint32_t told(uint64_t size)
{
    return size < UINT32_MAX ? (uint32_t)size : UINT32_MAX;
}

enum step frame_list_add(struct decompress *decompress, struct chunk *chunk, uint64_t size,
                         uint64_t content)
{
    size_t used = (size_t)decompress->frames_count * sizeof(struct seek_table_entry);
    size_t wanted = used + sizeof(struct seek_table_entry);
    if (wanted > decompress->frames.capacity && !grow_list(decompress, used, 2 * wanted + 512))
        return chunk_no_memory(chunk);
    if (wanted > decompress->frames.capacity) {
        forget(decompress);
        return STEP_DONE;
    }
    struct seek_table_entry entry = {told(size), told(content)};
    if (content == FRAME_LIST_UNKNOWN)
        decompress->frames_are_exact = false;
    memcpy(decompress->frames.data + used, &entry, sizeof entry);
    decompress->frames_count++;
    return STEP_DONE;
}

/* Whether a frame is as an entry of the table says. */
static bool entry_matches(const struct decompress *decompress, uint64_t frame, const uint8_t *entry)
{
    struct seek_table_entry seen;
    memcpy(&seen, decompress->frames.data + frame * sizeof seen, sizeof seen);
    return load_le32(entry) == seen.compressed_size &&
           (!decompress->frames_are_exact || load_le32(entry + 4) == seen.decompressed_size);
}

bool frame_list_matches(const struct decompress *decompress, const uint8_t *bytes, size_t size)
{
    struct seek_table table;
    int32_t code = seek_table_parse_footer(bytes + size - SEEK_TABLE_FOOTER_SIZE, size, &table);
    if (code == CINCH_E_FORMAT)
        return true; /* somebody else's skippable frame */
    if (code != CINCH_OK || table.size != size)
        return false;
    if (table.frames > decompress->frames_count)
        return !decompress->frames_are_whole;
    uint64_t first = decompress->frames_count - table.frames;
    for (uint32_t i = 0; i < table.frames; i++)
        if (!entry_matches(decompress, first + i,
                           bytes + SEEK_TABLE_HEADER_SIZE + (size_t)i * table.entry_size))
            return false;
    return true;
}

bool frame_list_is_left_to_put(const struct decompress *decompress, const uint8_t *bytes,
                               size_t size)
{
    struct seek_table table;
    return !decompress->is_inspection &&
           seek_table_parse_footer(bytes + size - SEEK_TABLE_FOOTER_SIZE, size, &table) ==
               CINCH_OK &&
           (table.has_checksums || !decompress->frames_are_exact);
}

bool frame_list_may_match(const struct decompress *decompress, uint32_t magic, uint64_t size)
{
    uint64_t longest =
        SEEK_TABLE_HEADER_SIZE + decompress->frames_count * 12 + SEEK_TABLE_FOOTER_SIZE;
    return magic == SEEK_TABLE_MAGIC && size <= longest &&
           size <= decompress->limits.segment_most / 4 &&
           size >= SEEK_TABLE_HEADER_SIZE + SEEK_TABLE_FOOTER_SIZE;
}
