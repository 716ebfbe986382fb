/*
 * The chunk map: the input is a whole compressed file, .zst or .gz.
 *
 * Promises: nothing is read outside the file; chunks lie in the file and in the content one after
 * the other, within the limits; a chunk decodes to exactly its room or not at all. Where all
 * chunks decode, and libzstd or zlib can decode the file from its beginning to its end, too, it
 * is the same content.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cinch/cinch.h>

#include "chunk_decode.h"
#include "chunk_map.h"
#include "fuzz.h"

enum {
    /* Files with more content are only mapped: decoding them takes too long. */
    CONTENT_MOST = 1 << 20
};

static void check_map(const struct chunk_map *map, size_t file_size)
{
    uint64_t input_end = 0, content_end = 0;

    for (size_t i = 0; i < map->count; i++) {
        const struct mapped_chunk chunk = chunk_map_get(map, i);
        REQUIRE(chunk.input_offset >= input_end);
        REQUIRE(chunk.input_size > 0 && chunk.input_size <= CHUNK_INPUT_MOST);
        input_end = chunk.input_offset + chunk.input_size;
        REQUIRE(input_end <= file_size);
        REQUIRE(chunk.content_offset == content_end);
        REQUIRE(chunk.content_size > 0 && chunk.content_size <= map->content_most);
        REQUIRE(chunk.content_size <= CHUNK_CONTENT_MOST);
        content_end += chunk.content_size;
        REQUIRE(chunk_map_find(map, chunk.content_offset) == i);
        REQUIRE(chunk_map_find(map, content_end - 1) == i);
    }
    REQUIRE(content_end == map->content_size);
}

/* Decodes all chunks into `content`; false if one is damaged. */
static bool decode_chunks(const struct chunk_map *map, const uint8_t *bytes, uint8_t *content)
{
    struct workspace workspace = {.buffers = {{NULL, 0}}};
    bool is_whole = true;

    for (size_t i = 0; i < map->count; i++) {
        const struct mapped_chunk chunk = chunk_map_get(map, i);
        /* Of exactly their sizes, so that a byte too far is seen. */
        uint8_t *input = malloc((size_t)chunk.input_size);
        uint8_t *output = malloc((size_t)chunk.content_size);
        REQUIRE(input != NULL && output != NULL);
        memcpy(input, bytes + chunk.input_offset, (size_t)chunk.input_size);
        const int32_t code = chunk_decode(&chunk, input, output, &workspace);
        REQUIRE(code == CINCH_OK || code == CINCH_E_CORRUPT || code == CINCH_E_CHECKSUM ||
                code == CINCH_E_UNSUPPORTED);
        is_whole = is_whole && code == CINCH_OK;
        if (code == CINCH_OK)
            memcpy(content + chunk.content_offset, output, (size_t)chunk.content_size);
        free(output);
        free(input);
    }
    workspace_free(&workspace);
    return is_whole;
}

/* Decodes all frames from the beginning on; false where libzstd cannot. */
static bool decode_zstd(const uint8_t *bytes, size_t size, uint8_t *content, size_t *content_size)
{
    const size_t result = ZSTD_decompress(content, CONTENT_MOST, bytes, size);
    *content_size = result;
    return !ZSTD_isError(result);
}

/* Decodes all members from the beginning on; false where zlib cannot. */
static bool decode_gzip(const uint8_t *bytes, size_t size, uint8_t *content, size_t *content_size)
{
    z_stream stream = {
        .next_in = (Bytef *)(uintptr_t)bytes,
        .avail_in = (uInt)size,
        .next_out = content,
        .avail_out = CONTENT_MOST,
    };
    int result = Z_STREAM_END;

    REQUIRE(inflateInit2(&stream, 15 + 16) == Z_OK);
    while (result == Z_STREAM_END && stream.avail_in > 0 && *stream.next_in != 0) {
        REQUIRE(inflateReset(&stream) == Z_OK);
        result = inflate(&stream, Z_FINISH);
    }
    inflateEnd(&stream);
    *content_size = CONTENT_MOST - stream.avail_out;
    return result == Z_STREAM_END;
}

static void check_content(const struct chunk_map *map, const uint8_t *bytes, size_t size)
{
    uint8_t *content = malloc(CONTENT_MOST);
    uint8_t *expected = malloc(CONTENT_MOST);
    size_t expected_size;

    REQUIRE(content != NULL && expected != NULL);
    const bool is_gzip = bytes[0] == 0x1F;
    if (decode_chunks(map, bytes, content) &&
        (is_gzip ? decode_gzip : decode_zstd)(bytes, size, expected, &expected_size)) {
        REQUIRE(map->content_size == expected_size);
        REQUIRE(memcmp(content, expected, expected_size) == 0);
    }
    free(expected);
    free(content);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct failure failure = {.code = CINCH_OK};
    struct input input;
    struct chunk_map map;

    const int fd = memfd_create("fuzz", MFD_CLOEXEC);
    REQUIRE(fd >= 0);
    REQUIRE(size == 0 || pwrite(fd, bytes, size, 0) == (ssize_t)size);
    REQUIRE(input_open_fd(&input, fd, &failure) == CINCH_OK);
    const int32_t code = chunk_map_read(&map, &input);
    REQUIRE(code != CINCH_E_INTERNAL && code != CINCH_E_INPUT_CHANGED && code != CINCH_E_IO);
    REQUIRE(size > 0 || code == CINCH_E_TRUNCATED);
    if (code == CINCH_OK) {
        check_map(&map, size);
        if (map.content_size <= CONTENT_MOST)
            check_content(&map, bytes, size);
        chunk_map_free(&map);
    }
    input_close(&input);
    close(fd);
    return 0;
}
