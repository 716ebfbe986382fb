/*
 * Reader: random access to the content of a compressed file.
 *
 * Opening makes a map of the file's chunks. A read goes from chunk to chunk: one of which it
 * wants only a part is decoded into the cache, shared with other threads, and the part is copied;
 * one that it wants as a whole is decoded straight into the caller's buffer, unless the cache has
 * it. No lock is held while bytes are read, decoded or copied.
 *
 * Memory: the map; the cache, twice the largest chunk or READER_CACHE_LEAST if that is more; and
 * for each thread that decodes right now the chunk, its bytes and a decoder. Of the last two some
 * are kept for the next read: READER_SPARES workspaces, trimmed.
 *
 * Locks. The reader's guards the spare workspaces, the cache's its chunks; neither is taken while
 * the other is held.
 */
#include <cinch/cinch.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "chunk_cache.h"
#include "chunk_decode.h"
#include "chunk_map.h"
#include "io/input.h"
#include "pool.h"
#include "thread.h"
#include "workspace.h"

/* So that many small chunks stay decoded, too. */
#define READER_CACHE_LEAST ((uint64_t)16 << 20)

enum {
    READER_SPARES = 8
};

/* A workspace that no thread uses. */
struct spare {
    struct workspace workspace;
    struct spare *next;
};

struct cinch_reader {
    /* Constant while it is open. */
    uint32_t fork_generation;
    struct input input;
    struct chunk_map map;

    struct chunk_cache cache; /* guards itself */

    pthread_mutex_t lock;
    struct spare *spares; /* under the lock, as their number */
    unsigned int spare_count;
};

/* --- Decoding --------------------------------------------------------------------------- */

/* Lends a workspace to the calling thread; NULL where memory is short. */
static struct spare *spare_take(struct cinch_reader *reader)
{
    thread_lock(&reader->lock);
    struct spare *spare = reader->spares;
    if (spare != NULL) {
        reader->spares = spare->next;
        reader->spare_count--;
    }
    thread_unlock(&reader->lock);
    return spare != NULL ? spare : calloc(1, sizeof *spare);
}

static void spare_free(struct spare *spare)
{
    workspace_free(&spare->workspace);
    free(spare);
}

static void spare_give(struct cinch_reader *reader, struct spare *spare)
{
    workspace_trim(&spare->workspace);
    thread_lock(&reader->lock);
    const bool is_kept = reader->spare_count < READER_SPARES;
    if (is_kept) {
        spare->next = reader->spares;
        reader->spares = spare;
        reader->spare_count++;
    }
    thread_unlock(&reader->lock);
    if (!is_kept)
        spare_free(spare);
}

/* Reads and decodes a chunk into `content`, which has room for all of it. */
static int32_t decode_chunk(struct cinch_reader *reader, const struct mapped_chunk *chunk,
                            uint8_t *content)
{
    struct failure failure = {.code = CINCH_OK};
    int32_t code = CINCH_E_NO_MEMORY;

    struct spare *spare = spare_take(reader);
    if (spare == NULL)
        return CINCH_E_NO_MEMORY;
    const size_t input_size = (size_t)chunk->input_size;
    struct buffer input = workspace_take(&spare->workspace, input_size);
    if (input.data != NULL)
        code = input_read_at(&reader->input, chunk->input_offset, input.data, input_size, &failure);
    if (code == CINCH_OK)
        code = chunk_decode(chunk, input.data, content, &spare->workspace);
    workspace_give(&spare->workspace, &input);
    spare_give(reader, spare);
    return code;
}

static int32_t load_chunk(void *owner, uint64_t number, uint8_t *data, size_t size)
{
    struct cinch_reader *reader = owner;
    (void)size;
    const struct mapped_chunk chunk = chunk_map_get(&reader->map, (size_t)number);
    return decode_chunk(reader, &chunk, data);
}

/* --- Reading ---------------------------------------------------------------------------- */

/* Reads `size` bytes of the chunk's content, `skip` bytes behind its beginning. */
static int32_t read_part(struct cinch_reader *reader, size_t number,
                         const struct mapped_chunk *chunk, size_t skip, uint8_t *buffer,
                         size_t size)
{
    int32_t code;

    struct cached_chunk *cached =
        chunk_cache_hold(&reader->cache, number, (size_t)chunk->content_size, &code);
    if (cached == NULL)
        return code;
    memcpy(buffer, cached->content.data + skip, size);
    chunk_cache_drop(&reader->cache, cached);
    return CINCH_OK;
}

static int32_t read_whole(struct cinch_reader *reader, size_t number,
                          const struct mapped_chunk *chunk, uint8_t *buffer)
{
    struct cached_chunk *cached = chunk_cache_find(&reader->cache, number);
    if (cached == NULL)
        return decode_chunk(reader, chunk, buffer);
    memcpy(buffer, cached->content.data, (size_t)chunk->content_size);
    chunk_cache_drop(&reader->cache, cached);
    return CINCH_OK;
}

/* Reads `size` bytes that are all inside the content. */
static int32_t read_chunks(struct cinch_reader *reader, uint8_t *buffer, size_t size,
                           uint64_t offset)
{
    int32_t code = CINCH_OK;

    for (size_t number = chunk_map_find(&reader->map, offset); size > 0 && code == CINCH_OK;
         number++) {
        const struct mapped_chunk chunk = chunk_map_get(&reader->map, number);
        const size_t skip = (size_t)(offset - chunk.content_offset);
        const size_t left = (size_t)chunk.content_size - skip;
        const size_t count = size < left ? size : left;
        if (count == chunk.content_size)
            code = read_whole(reader, number, &chunk, buffer);
        else
            code = read_part(reader, number, &chunk, skip, buffer, count);
        buffer += count;
        offset += count;
        size -= count;
    }
    return code;
}

/* --- The public functions --------------------------------------------------------------- */

static bool reader_is_foreign(const struct cinch_reader *reader)
{
    return reader->fork_generation != pool_fork_generation();
}

/* Opens the file and finds its chunks. On failure there is nothing to close. */
static int32_t reader_open_file(struct cinch_reader *reader, const char *path)
{
    struct failure failure = {.code = CINCH_OK};

    int32_t code = input_open_path(&reader->input, path, &failure);
    if (code != CINCH_OK)
        return code;
    code = CINCH_E_FILE_TYPE;
    if (S_ISREG(reader->input.status.st_mode)) {
        /* Jobs read from one end to the other, and that advice was given. */
        (void)posix_fadvise(reader->input.fd, 0, 0, POSIX_FADV_NORMAL);
        code = chunk_map_read(&reader->map, &reader->input);
    }
    if (code != CINCH_OK)
        input_close(&reader->input);
    return code;
}

int32_t cinch_reader_open(const char *path, cinch_reader **reader)
{
    if (reader == NULL)
        return CINCH_E_INVALID;
    *reader = NULL;
    if (path == NULL || path[0] == '\0')
        return CINCH_E_INVALID;

    int32_t code = pool_watch_forks();
    if (code != CINCH_OK)
        return code;
    code = CINCH_E_NO_MEMORY;
    struct cinch_reader *opened = calloc(1, sizeof *opened);
    if (opened == NULL)
        return code;
    opened->fork_generation = pool_fork_generation();
    if (thread_lock_init(&opened->lock) != 0)
        goto lock_failed;
    code = reader_open_file(opened, path);
    if (code != CINCH_OK)
        goto file_failed;
    const uint64_t two_chunks = 2 * (uint64_t)opened->map.content_most;
    code = chunk_cache_init(&opened->cache,
                            two_chunks > READER_CACHE_LEAST ? two_chunks : READER_CACHE_LEAST,
                            load_chunk, opened);
    if (code != CINCH_OK)
        goto cache_failed;
    *reader = opened;
    return CINCH_OK;

cache_failed:
    chunk_map_free(&opened->map);
    input_close(&opened->input);
file_failed:
    thread_lock_destroy(&opened->lock);
lock_failed:
    free(opened);
    return code;
}

int64_t cinch_reader_size(const cinch_reader *reader)
{
    if (reader == NULL)
        return -CINCH_E_INVALID;
    if (reader_is_foreign(reader))
        return -CINCH_E_SHUTDOWN;
    return (int64_t)reader->map.content_size;
}

int64_t cinch_reader_pread(cinch_reader *reader, void *buffer, size_t size, uint64_t offset)
{
    if (reader == NULL || (buffer == NULL && size > 0))
        return -CINCH_E_INVALID;
    if (reader_is_foreign(reader))
        return -CINCH_E_SHUTDOWN;
    const uint64_t content_size = reader->map.content_size;
    if (offset >= content_size)
        return 0;
    if (size > content_size - offset)
        size = (size_t)(content_size - offset);
    const int32_t code = read_chunks(reader, buffer, size, offset);
    return code == CINCH_OK ? (int64_t)size : -code;
}

void cinch_reader_close(cinch_reader *reader)
{
    /* In a forked child a lock may be held by a thread that the child does not have. */
    if (reader == NULL || reader_is_foreign(reader))
        return;
    while (reader->spares != NULL) {
        struct spare *spare = reader->spares;
        reader->spares = spare->next;
        spare_free(spare);
    }
    chunk_cache_free(&reader->cache);
    chunk_map_free(&reader->map);
    input_close(&reader->input);
    thread_lock_destroy(&reader->lock);
    free(reader);
}
