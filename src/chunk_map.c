#include "chunk_map.h"

#include <stdlib.h>

#include "format/recognise.h"

/* A chunk as it is kept. Its content ends where that of the next one begins. */
struct chunk_record {
    uint64_t content_offset;
    uint64_t input_offset;
    uint32_t input_size : 29;
    uint32_t kind : 2; /* enum chunk_kind */
    uint32_t has_checksum : 1;
    uint32_t checksum;
};

_Static_assert(sizeof(struct chunk_record) == 24, "records are kept without gaps");
_Static_assert(CHUNK_INPUT_MOST < UINT32_C(1) << 29, "the largest chunk fits its field");

enum {
    RECORDS_AT_FIRST = 64
};

/* --- Filling ---------------------------------------------------------------------------- */

static bool map_grow(struct chunk_map *map)
{
    const size_t capacity = map->capacity == 0 ? RECORDS_AT_FIRST : 2 * map->capacity;
    if (capacity > SIZE_MAX / sizeof(struct chunk_record))
        return false;
    struct chunk_record *records = realloc(map->records, capacity * sizeof *records);
    if (records == NULL)
        return false;
    map->records = records;
    map->capacity = capacity;
    return true;
}

int32_t chunk_map_add(struct chunk_map *map, const struct mapped_chunk *chunk)
{
    if (chunk->content_size == 0)
        return CINCH_OK;
    if (chunk->content_size > CHUNK_CONTENT_MOST || chunk->input_size > CHUNK_INPUT_MOST ||
        chunk->content_size > INT64_MAX - map->content_size)
        return CINCH_E_UNSUPPORTED;
    if (map->count == map->capacity && !map_grow(map))
        return CINCH_E_NO_MEMORY;
    map->records[map->count] = (struct chunk_record){
        .content_offset = map->content_size,
        .input_offset = chunk->input_offset,
        .input_size = (uint32_t)chunk->input_size & ((UINT32_C(1) << 29) - 1),
        .kind = (unsigned)chunk->kind & 3,
        .has_checksum = chunk->has_checksum,
        .checksum = chunk->checksum,
    };
    map->count++;
    map->content_size += chunk->content_size;
    if (chunk->content_size > map->content_most)
        map->content_most = (uint32_t)chunk->content_size;
    return CINCH_OK;
}

/* Gives back the room that was not needed. */
static void map_shrink(struct chunk_map *map)
{
    if (map->count == 0 || map->count == map->capacity)
        return;
    struct chunk_record *records = realloc(map->records, map->count * sizeof *records);
    if (records == NULL)
        return;
    map->records = records;
    map->capacity = map->count;
}

int32_t chunk_map_check_padding(struct input_window *window, uint64_t offset)
{
    for (;;) {
        struct glimpse glimpse;
        const int32_t code = input_window_look(window, offset, 1, &glimpse);
        if (code != CINCH_OK || glimpse.size == 0)
            return code;
        for (size_t i = 0; i < glimpse.size; i++)
            if (glimpse.data[i] != 0)
                return CINCH_E_TRAILING;
        offset += glimpse.size;
    }
}

static int32_t map_read(struct chunk_map *map, struct input_window *window)
{
    struct glimpse glimpse;
    const int32_t code = input_window_look(window, 0, RECOGNISE_SIZE, &glimpse);
    if (code != CINCH_OK)
        return code;
    switch (format_recognise(glimpse.data, glimpse.size)) {
    case RECOGNISED_ZSTD:
        return chunk_map_read_zstd(map, window);
    case RECOGNISED_GZIP:
        return chunk_map_read_gzip(map, window);
    case RECOGNISED_ZLIB:
        return CINCH_E_UNSUPPORTED;
    case RECOGNISED_PARTLY:
        return CINCH_E_TRUNCATED;
    case RECOGNISED_NOTHING:
        break;
    }
    return CINCH_E_FORMAT;
}

int32_t chunk_map_read(struct chunk_map *map, const struct input *input)
{
    struct input_window window;

    *map = (struct chunk_map){.records = NULL};
    input_window_init(&window, input);
    const int32_t code = map_read(map, &window);
    input_window_free(&window);
    if (code == CINCH_OK)
        map_shrink(map);
    else
        chunk_map_free(map);
    return code;
}

void chunk_map_free(struct chunk_map *map)
{
    free(map->records);
    *map = (struct chunk_map){.records = NULL};
}

/* --- Asking ----------------------------------------------------------------------------- */

struct mapped_chunk chunk_map_get(const struct chunk_map *map, size_t number)
{
    const struct chunk_record *record = &map->records[number];
    const uint64_t end = number + 1 < map->count ? record[1].content_offset : map->content_size;
    return (struct mapped_chunk){
        .kind = (enum chunk_kind)record->kind,
        .input_offset = record->input_offset,
        .input_size = record->input_size,
        .content_offset = record->content_offset,
        .content_size = end - record->content_offset,
        .has_checksum = record->has_checksum,
        .checksum = record->checksum,
    };
}

size_t chunk_map_find(const struct chunk_map *map, uint64_t offset)
{
    /* The chunk is among `first` to `first + count - 1`. */
    size_t first = 0;
    size_t count = map->count;
    while (count > 1) {
        const size_t half = count / 2;
        if (map->records[first + half].content_offset <= offset) {
            first += half;
            count -= half;
        } else {
            count = half;
        }
    }
    return first;
}
