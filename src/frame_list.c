#include "frame_list.h"

#include <string.h>

#include "format/bytes.h"
#include "split.h"

/* The magic number of skippable frames that hold a seek table. */
#define SEEK_TABLE_MAGIC UINT32_C(0x184D2A5E)

void frame_list_forget(struct decompress *decompress)
{
    atomic_fetch_sub(&decompress->held, decompress->frames.capacity);
    buffer_free(&decompress->frames);
    decompress->frames_count = 0;
    decompress->frames_are_whole = false;
}

/* Makes the list of frames larger, as far as it may be. False where memory is short. */
static bool grow_list(struct decompress *decompress, size_t used, size_t size)
{
    size_t before = decompress->frames.capacity;
    if (size > decompress->limits.list_most)
        size = (size_t)decompress->limits.list_most;
    if (!buffer_grow(&decompress->frames, used, size))
        return false;
    atomic_fetch_add(&decompress->held, decompress->frames.capacity - before);
    return true;
}

enum step frame_list_add(struct decompress *decompress, struct chunk *chunk)
{
    const struct zstd_frame *frame = &decompress->walk.frame;
    size_t used = (size_t)decompress->frames_count * sizeof(struct seek_table_entry);
    size_t wanted = used + sizeof(struct seek_table_entry);
    if (wanted > decompress->frames.capacity && !grow_list(decompress, used, 2 * wanted + 512))
        return chunk_no_memory(chunk);
    if (wanted > decompress->frames.capacity) {
        frame_list_forget(decompress);
        return STEP_DONE;
    }
    struct seek_table_entry entry = {(uint32_t)frame->size, (uint32_t)frame->header.content_size};
    if (frame->header.is_skippable)
        entry.decompressed_size = 0;
    else if (!frame->header.has_content_size)
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

bool frame_list_may_match(const struct decompress *decompress, uint32_t magic, uint64_t size)
{
    uint64_t longest =
        SEEK_TABLE_HEADER_SIZE + decompress->frames_count * 12 + SEEK_TABLE_FOOTER_SIZE;
    return magic == SEEK_TABLE_MAGIC && size <= longest &&
           size <= decompress->limits.segment_most / 4 &&
           size >= SEEK_TABLE_HEADER_SIZE + SEEK_TABLE_FOOTER_SIZE;
}
