#include "mapping.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdlib.h>

#include <cinch/cinch.h>

#include "chunk_decode.h"

int32_t mapping_read(struct chunk_map *map, const void *bytes, size_t size)
{
    struct input input = input_of_memory(bytes, size);
    const int32_t code = chunk_map_read(map, &input);

    input_close_memory(&input);
    return code;
}

void assert_sound(const struct chunk_map *map, size_t file_size)
{
    uint64_t input_end = 0, content_end = 0;

    for (size_t i = 0; i < map->count; i++) {
        const struct mapped_chunk chunk = chunk_map_get(map, i);
        assert_true(chunk.input_offset >= input_end);
        assert_in_range(chunk.input_size, 1, CHUNK_INPUT_MOST);
        input_end = chunk.input_offset + chunk.input_size;
        assert_in_range(input_end, 1, file_size);
        assert_int_equal(chunk.content_offset, content_end);
        assert_in_range(chunk.content_size, 1, map->content_most);
        assert_in_range(chunk.content_size, 1, CHUNK_CONTENT_MOST);
        content_end += chunk.content_size;
        assert_int_equal(chunk_map_find(map, chunk.content_offset), i);
        assert_int_equal(chunk_map_find(map, content_end - 1), i);
    }
    assert_int_equal(map->content_size, content_end);
}

/* Decodes all chunks, and compares them with what was put into the file. */
static void assert_decodes(const struct chunk_map *map, const struct compressed *file)
{
    struct workspace workspace = {.buffers = {{NULL, 0}}};

    for (size_t i = 0; i < map->count; i++) {
        const struct mapped_chunk chunk = chunk_map_get(map, i);
        uint8_t *content = malloc((size_t)chunk.content_size);
        uint8_t *expected = content_at(chunk.content_offset, (size_t)chunk.content_size);
        assert_non_null(content);
        assert_int_equal(
            chunk_decode(&chunk, file->bytes + chunk.input_offset, content, &workspace), CINCH_OK);
        assert_memory_equal(content, expected, (size_t)chunk.content_size);
        free(expected);
        free(content);
    }
    workspace_free(&workspace);
}

void assert_maps_at(struct compressed *file, size_t count, const char *name, int line)
{
    struct chunk_map map;
    const int32_t code = mapping_read(&map, file->bytes, file->size);

    if (code != CINCH_OK) {
        print_error("%s:%d: %s\n", name, line, cinch_strerror(code));
        fail();
    }
    if (map.count != count || map.content_size != file->content_size) {
        print_error("%s:%d: %zu chunks instead of %zu, %llu bytes instead of %llu\n", name, line,
                    map.count, count, (unsigned long long)map.content_size,
                    (unsigned long long)file->content_size);
        fail();
    }
    assert_sound(&map, file->size);
    assert_decodes(&map, file);
    chunk_map_free(&map);
    compressed_free(file);
}

void assert_refused_at(int32_t expected, struct compressed *file, const char *name, int line)
{
    struct chunk_map map;
    const int32_t code = mapping_read(&map, file->bytes, file->size);

    if (code != expected) {
        print_error("%s:%d: '%s' instead of '%s'\n", name, line, cinch_strerror(code),
                    cinch_strerror(expected));
        fail();
    }
    assert_null(map.records);
    compressed_free(file);
}
