/*
 * The chunks of a zstd file: by its seek table, or by a walk.
 *
 * A seek table has no checksum, and a content size in it that is wrong would move all that
 * follows. Compressed sizes are safe: together they are as long as the file. Content sizes are
 * compared with what the frames themselves say, if they say it: in a table of frames of one size,
 * as nearly all are, for the first frame only, since each of the others proves that size when it
 * is decoded; in any other table for all, at the price of a look at each.
 *
 * A table that does not list the whole file belongs to the last of several files that were
 * concatenated. Then, and where there is none, the frames are walked over.
 */
#include "chunk_map.h"

#include <stdlib.h>

#include "format/seek_table.h"
#include "format/zstd_walk.h"

/* What the end of a file says about a seek table. */
enum listing {
    LISTING_ABSENT,   /* there is none */
    LISTING_DOUBTFUL, /* what looks like one contradicts itself: if it is one, it is damaged */
    LISTING_PARTIAL,  /* frames from `start` on are listed */
    LISTING_WHOLE     /* all frames are listed */
};

/* --- By a walk -------------------------------------------------------------------------- */

/* What a walk has met. */
struct passage {
    uint64_t milestone;     /* where a frame is expected to begin */
    bool met_milestone;     /* one does */
    bool ends_in_skippable; /* the last frame is a skippable one */
};

/* Adds the frame that the walk has just ended. */
static int32_t add_walked(struct chunk_map *map, const struct zstd_frame *frame)
{
    if (frame->header.is_skippable)
        return CINCH_OK;
    if (frame->header.dictionary_id != 0 || !frame->header.has_content_size)
        return CINCH_E_UNSUPPORTED;
    return chunk_map_add(map, &(struct mapped_chunk){
                                  .kind = CHUNK_FRAME,
                                  .input_offset = frame->offset,
                                  .input_size = frame->size,
                                  .content_size = frame->header.content_size,
                              });
}

/* Moves the walk on by what it can skip or what the window shows; `*has_more` becomes false at
 * the end of the file or of what is not padding. */
static int32_t walk_on(struct zstd_walk *walk, struct input_window *window, bool *has_more)
{
    struct glimpse glimpse;
    size_t consumed;

    if (walk->skip != 0) {
        if (walk->skip > window->input->size - walk->offset)
            return CINCH_E_TRUNCATED;
        return zstd_walk_skip(walk, walk->skip);
    }
    int32_t code = input_window_look(window, walk->offset, ZSTD_HEADER_SIZE_LONGEST, &glimpse);
    if (code != CINCH_OK)
        return code;
    if (glimpse.size == 0) {
        *has_more = false;
        return zstd_walk_finish(walk);
    }
    if (walk->has_ended && glimpse.data[0] == 0) {
        *has_more = false;
        return chunk_map_check_padding(window, walk->offset);
    }
    code = zstd_walk_feed(walk, glimpse.data, glimpse.size, &consumed);
    return code == CINCH_E_FORMAT && walk->frame.offset != 0 ? CINCH_E_TRAILING : code;
}

static int32_t walk_over(struct chunk_map *map, struct input_window *window,
                         struct passage *passage)
{
    struct zstd_walk walk;
    bool has_more = true;

    zstd_walk_begin(&walk, 0);
    for (;;) {
        int32_t code = walk_on(&walk, window, &has_more);
        if (code != CINCH_OK || !has_more)
            return code;
        if (!walk.has_ended)
            continue;
        code = add_walked(map, &walk.frame);
        if (code != CINCH_OK)
            return code;
        passage->ends_in_skippable = walk.frame.header.is_skippable;
        if (walk.frame.offset == passage->milestone)
            passage->met_milestone = true;
    }
}

/* --- By the seek table ------------------------------------------------------------------ */

/* Entries are read in runs of this many. */
enum {
    RUN = 4096,
    ENTRY_SIZE_MOST = SEEK_TABLE_ENTRY_SIZE + 4
};

struct run {
    uint64_t compressed[RUN + 1];
    uint64_t decompressed[RUN + 1];
    uint8_t entries[RUN * ENTRY_SIZE_MOST];
};

/* A table on its way into a map, and what its entries have brought so far. */
struct table_reading {
    struct chunk_map *map;
    struct input_window *window;
    struct seek_table table;
    bool checks;               /* each frame is compared with its header */
    uint32_t count;            /* entries that were read */
    uint64_t compressed;       /* bytes of their frames, the first of which is taken to be at 0 */
    struct mapped_chunk first; /* the first frame */
    bool is_even;              /* all frames but the last have as much content as the first, and
                                * none has no content at all */
};

/* A frame listed without content will not be decoded: it must be one frame, and be seen to have
 * none. */
static int32_t check_empty_frame(struct input_window *window, const struct mapped_chunk *frame)
{
    struct zstd_walk walk;
    bool has_more = true;

    zstd_walk_begin(&walk, frame->input_offset);
    while (has_more && !walk.has_ended) {
        const int32_t code = walk_on(&walk, window, &has_more);
        if (code == CINCH_E_NO_MEMORY || code == CINCH_E_IO || code == CINCH_E_INPUT_CHANGED)
            return code;
        if (code != CINCH_OK)
            return CINCH_E_CORRUPT;
    }
    return walk.frame.size == frame->input_size && walk.frame.content_max == 0 ? CINCH_OK
                                                                               : CINCH_E_CORRUPT;
}

/* Compares a listed frame with its own header. */
static int32_t check_frame(struct input_window *window, const struct mapped_chunk *frame)
{
    struct zstd_frame_header header;
    struct glimpse glimpse;
    size_t needed;

    if (frame->content_size == 0)
        return check_empty_frame(window, frame);
    int32_t code =
        input_window_look(window, frame->input_offset, ZSTD_HEADER_SIZE_LONGEST, &glimpse);
    if (code != CINCH_OK)
        return code;
    code = zstd_frame_header_parse(glimpse.data, glimpse.size, &header, &needed);
    if (code == CINCH_E_TRUNCATED || code == CINCH_E_FORMAT)
        return CINCH_E_CORRUPT;
    if (code != CINCH_OK)
        return code;
    if (header.is_skippable)
        return CINCH_OK;
    if (header.dictionary_id != 0)
        return CINCH_E_UNSUPPORTED;
    if (header.has_content_size && header.content_size != frame->content_size)
        return CINCH_E_CORRUPT;
    return CINCH_OK;
}

/* Adds one frame. */
static int32_t add_listed(struct table_reading *reading, const struct mapped_chunk *frame)
{
    reading->count++;
    if (reading->count == 1)
        reading->first = *frame;
    const bool is_last = reading->count == reading->table.frames;
    if (frame->content_size == 0 ||
        (!is_last && frame->content_size != reading->first.content_size))
        reading->is_even = false;
    const int32_t code = reading->checks ? check_frame(reading->window, frame) : CINCH_OK;
    return code == CINCH_OK ? chunk_map_add(reading->map, frame) : code;
}

/* Adds the frames of the next `count` entries. */
static int32_t read_run(struct table_reading *reading, struct run *run, uint32_t count)
{
    const struct seek_table *table = &reading->table;
    const struct input *input = reading->window->input;
    const uint64_t room = input->size - table->size;
    const uint64_t offset =
        room + SEEK_TABLE_HEADER_SIZE + (uint64_t)reading->count * table->entry_size;
    struct failure failure = {.code = CINCH_OK};

    int32_t code =
        input_read_at(input, offset, run->entries, (size_t)count * table->entry_size, &failure);
    if (code == CINCH_OK)
        code = seek_table_parse_entries(table, run->entries, 0, count, run->compressed,
                                        run->decompressed);
    if (code == CINCH_OK && run->compressed[count] > room - reading->compressed)
        code = CINCH_E_CORRUPT;
    if (code != CINCH_OK)
        return code;
    for (uint32_t i = 0; i < count && code == CINCH_OK; i++) {
        const struct mapped_chunk frame = {
            .kind = CHUNK_FRAME,
            .input_offset = reading->compressed + run->compressed[i],
            .input_size = run->compressed[i + 1] - run->compressed[i],
            .content_size = run->decompressed[i + 1] - run->decompressed[i],
            .has_checksum = table->has_checksums,
            .checksum = table->has_checksums ? seek_table_checksum(table, run->entries, i) : 0,
        };
        code = add_listed(reading, &frame);
    }
    reading->compressed += run->compressed[count];
    return code;
}

/* Reads all entries, into an empty map. */
static int32_t read_entries(struct table_reading *reading, bool checks)
{
    int32_t code = CINCH_OK;

    reading->checks = checks;
    reading->count = 0;
    reading->compressed = 0;
    reading->is_even = true;
    struct run *run = malloc(sizeof *run);
    if (run == NULL)
        return CINCH_E_NO_MEMORY;
    while (reading->count < reading->table.frames && code == CINCH_OK) {
        const uint32_t left = reading->table.frames - reading->count;
        code = read_run(reading, run, left < RUN ? left : RUN);
    }
    free(run);
    return code;
}

/* Finds the footer and the header of a seek table. */
static int32_t find_table(struct input_window *window, struct seek_table *table,
                          enum listing *listing)
{
    const uint64_t file_size = window->input->size;
    struct glimpse glimpse;

    *listing = LISTING_ABSENT;
    if (file_size < SEEK_TABLE_HEADER_SIZE + SEEK_TABLE_FOOTER_SIZE)
        return CINCH_OK;
    int32_t code = input_window_look(window, file_size - SEEK_TABLE_FOOTER_SIZE,
                                     SEEK_TABLE_FOOTER_SIZE, &glimpse);
    if (code != CINCH_OK)
        return code;
    code = seek_table_parse_footer(glimpse.data, file_size, table);
    if (code == CINCH_E_FORMAT)
        return CINCH_OK;
    *listing = LISTING_DOUBTFUL;
    if (code != CINCH_OK)
        return CINCH_OK;
    code = input_window_look(window, file_size - table->size, SEEK_TABLE_HEADER_SIZE, &glimpse);
    if (code != CINCH_OK)
        return code;
    if (seek_table_parse_header(glimpse.data, table) == CINCH_OK)
        *listing = LISTING_WHOLE;
    return CINCH_OK;
}

/* Fills the map if a table lists the whole file; else leaves it empty and tells what there is. */
static int32_t read_table(struct chunk_map *map, struct input_window *window, enum listing *listing,
                          uint64_t *start)
{
    struct table_reading reading = {.map = map, .window = window};

    *start = 0;
    int32_t code = find_table(window, &reading.table, listing);
    if (code != CINCH_OK || *listing != LISTING_WHOLE)
        return code;
    code = read_entries(&reading, false);
    if (code == CINCH_OK)
        code = seek_table_locate(&reading.table, window->input->size, reading.compressed, start);
    if (code != CINCH_OK)
        return code;
    if (*start != 0) {
        *listing = LISTING_PARTIAL;
        chunk_map_free(map);
        return CINCH_OK;
    }
    if (reading.is_even)
        return reading.count > 0 ? check_frame(window, &reading.first) : CINCH_OK;
    chunk_map_free(map);
    return read_entries(&reading, true);
}

/* --- The file --------------------------------------------------------------------------- */

int32_t chunk_map_read_zstd(struct chunk_map *map, struct input_window *window)
{
    struct passage passage = {.milestone = 0};
    enum listing listing;

    int32_t code = read_table(map, window, &listing, &passage.milestone);
    if (code != CINCH_OK || listing == LISTING_WHOLE)
        return code;
    code = walk_over(map, window, &passage);
    if (code != CINCH_OK)
        return code;
    const bool is_damaged = listing == LISTING_DOUBTFUL && passage.ends_in_skippable;
    const bool is_misplaced = listing == LISTING_PARTIAL && !passage.met_milestone;
    return is_damaged || is_misplaced ? CINCH_E_CORRUPT : CINCH_OK;
}
