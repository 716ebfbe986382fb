#include "frame_sums.h"

#include <string.h>

#include "format/bytes.h"
#include "format/seek_table.h"
#include "format/xxh64.h"

/* --- Open ------------------------------------------------------------------------------- */

/* Whether the entries of a table without checksums, from `at` to `end`, list nothing but content,
 * of `size` bytes in the file. */
static bool entries_are_all(const struct input *input, uint64_t at, uint64_t end, uint64_t size,
                            struct failure *failure)
{
    uint8_t bytes[512 * SEEK_TABLE_ENTRY_SIZE];
    uint64_t total = 0;
    while (at < end) {
        size_t count = end - at < sizeof bytes ? (size_t)(end - at) : sizeof bytes;
        if (input_read_at(input, at, bytes, count, failure) != CINCH_OK)
            return false;
        for (size_t i = 0; i < count; i += SEEK_TABLE_ENTRY_SIZE) {
            if (load_le32(bytes + i + 4) == 0)
                return false;
            total += load_le32(bytes + i);
        }
        at += count;
    }
    return total == size;
}

/* False also where that cannot be read, which is in `failure` then. */
static bool file_has_no_checksums(const struct input *input, struct failure *failure)
{
    uint8_t bytes[SEEK_TABLE_FOOTER_SIZE];
    struct seek_table table;
    if (!input->is_file || input->size < sizeof bytes)
        return false;
    uint64_t footer = input->size - sizeof bytes;
    if (input_read_at(input, footer, bytes, sizeof bytes, failure) != CINCH_OK ||
        seek_table_parse_footer(bytes, input->size, &table) != CINCH_OK || table.has_checksums)
        return false;
    uint64_t header = input->size - table.size;
    return input_read_at(input, header, bytes, SEEK_TABLE_HEADER_SIZE, failure) == CINCH_OK &&
           seek_table_parse_header(bytes, &table) == CINCH_OK &&
           entries_are_all(input, header + SEEK_TABLE_HEADER_SIZE, footer, header, failure);
}

int32_t frame_sums_open(struct decompress *decompress, struct failure *failure)
{
    decompress->hashes_frames = !file_has_no_checksums(decompress->source.input, failure);
    return failure->code;
}

/* --- Work ------------------------------------------------------------------------------- */

bool frame_sums_prepare(struct chunk *chunk)
{
    chunk->sums = buffer_allocate((size_t)chunk->segment.frames * sizeof(struct frame_sum));
    return chunk->sums.data != NULL;
}

/* More content than a table can tell is not what any table says. */
static struct frame_sum make_sum(uint64_t size, uint32_t checksum)
{
    return (struct frame_sum){size < UINT32_MAX ? (uint32_t)size : UINT32_MAX, checksum};
}

void frame_sums_make(const struct decompress *decompress, struct chunk *chunk,
                     const struct zstd_frame_header *header, const uint8_t *frame,
                     size_t frame_size, const uint8_t *content, size_t size)
{
    uint32_t checksum = 0;
    if (header->has_checksum)
        checksum = load_le32(frame + frame_size - ZSTD_CHECKSUM_SIZE);
    else if (decompress->hashes_frames)
        checksum = (uint32_t)xxh64(content, size);
    struct frame_sum sum = make_sum(size, checksum);
    memcpy(chunk->sums.data + chunk->sums_count * sizeof sum, &sum, sizeof sum);
    chunk->sums_count++;
}

/* --- Put: the list ---------------------------------------------------------------------- */

/* Makes room for `count` more sums; if there is none, the list begins anew. */
static bool make_room(struct decompress *decompress, uint64_t count)
{
    struct buffer *sums = &decompress->sums;
    size_t used = (size_t)decompress->sums_count * sizeof(struct frame_sum);
    uint64_t most = decompress->limits.list_most;
    if (count <= (sums->capacity - used) / sizeof(struct frame_sum))
        return true;
    if (count <= (most - used) / sizeof(struct frame_sum)) {
        uint64_t wanted = 2 * (used + count * sizeof(struct frame_sum)) + 512;
        if (buffer_grow(sums, used, (size_t)(wanted < most ? wanted : most)))
            return true;
    }
    buffer_free(sums);
    decompress->sums_count = 0;
    return false;
}

/* Adds sums, if there is room for them; `sums` NULL: of skippable frames, which have their places
 * in a table, too. */
static void add_sums(struct decompress *decompress, const void *sums, uint64_t count)
{
    if (count == 0 || !make_room(decompress, count))
        return;
    uint8_t *place = decompress->sums.data + decompress->sums_count * sizeof(struct frame_sum);
    size_t size = (size_t)count * sizeof(struct frame_sum);
    if (sums != NULL)
        memcpy(place, sums, size);
    else
        memset(place, 0, size);
    decompress->sums_count += count;
}

/* A part of a frame that was decoded as a stream. */
static void add_part(struct decompress *decompress, const struct chunk *chunk)
{
    const struct segment *segment = &chunk->segment;
    if (decompress->frame_size == 0)
        xxh64_begin(&decompress->frame_hash);
    if (segment->is_unchecked && decompress->hashes_frames)
        xxh64_add(&decompress->frame_hash, chunk->output.data, chunk->output_size);
    decompress->frame_size += chunk->output_size;
    if (!segment->ends_member)
        return;
    struct frame_sum sum = make_sum(
        decompress->frame_size, segment->is_unchecked ? (uint32_t)xxh64_end(&decompress->frame_hash)
                                                      : segment->member_check);
    decompress->frame_size = 0;
    add_sums(decompress, &sum, 1);
}

static int32_t compare_table(const struct decompress *decompress, const struct chunk *chunk)
{
    const uint8_t *bytes = chunk->input.data;
    struct seek_table table;
    /* The take step has parsed the same bytes. */
    if (seek_table_parse_footer(bytes + chunk->input_size - SEEK_TABLE_FOOTER_SIZE,
                                chunk->input_size, &table) != CINCH_OK)
        return CINCH_E_INTERNAL;
    if (table.frames > decompress->sums_count)
        return CINCH_OK; /* the list has begun anew */
    const uint8_t *entries = bytes + SEEK_TABLE_HEADER_SIZE;
    const uint8_t *sums =
        decompress->sums.data + (decompress->sums_count - table.frames) * sizeof(struct frame_sum);
    for (uint32_t i = 0; i < table.frames; i++) {
        struct frame_sum sum;
        memcpy(&sum, sums + i * sizeof sum, sizeof sum);
        if (load_le32(entries + (size_t)i * table.entry_size + 4) != sum.content_size)
            return CINCH_E_CORRUPT;
        bool is_skippable = sum.content_size == 0 && sum.checksum == 0;
        if (table.has_checksums && decompress->hashes_frames && !is_skippable &&
            seek_table_checksum(&table, entries, i) != sum.checksum)
            return CINCH_E_CHECKSUM;
    }
    return CINCH_OK;
}

int32_t frame_sums_put(struct decompress *decompress, const struct chunk *chunk)
{
    add_sums(decompress, NULL, chunk->segment.skipped_before);
    switch (chunk->segment.kind) {
    case SEGMENT_CONTENT:
        add_part(decompress, chunk);
        break;
    case SEGMENT_ZSTD_FRAMES:
        add_sums(decompress, chunk->sums.data, chunk->sums_count);
        break;
    case SEGMENT_ZSTD_TABLE:
        return compare_table(decompress, chunk);
    default:
        break;
    }
    return CINCH_OK;
}
