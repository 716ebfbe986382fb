#include "chunk_cache.h"

#include <assert.h>
#include <stdlib.h>

#include <cinch/cinch.h>

#include "thread.h"

int32_t chunk_cache_init(struct chunk_cache *cache, uint64_t limit, chunk_load_fn load, void *owner)
{
    cache->load = load;
    cache->owner = owner;
    cache->limit = limit;
    cache->size = 0;
    TAILQ_INIT(&cache->idle);
    for (size_t i = 0; i < CHUNK_CACHE_BUCKETS; i++)
        LIST_INIT(&cache->buckets[i]);
    if (thread_lock_init(&cache->lock) != 0)
        return CINCH_E_NO_MEMORY;
    if (thread_condition_init(&cache->loaded) != 0) {
        thread_lock_destroy(&cache->lock);
        return CINCH_E_NO_MEMORY;
    }
    return CINCH_OK;
}

/* --- Under the lock --------------------------------------------------------------------- */

static struct chunk_bucket *bucket_of(struct chunk_cache *cache, uint64_t number)
{
    return &cache->buckets[number % CHUNK_CACHE_BUCKETS];
}

static struct cached_chunk *search(struct chunk_cache *cache, uint64_t number)
{
    struct cached_chunk *chunk;

    LIST_FOREACH(chunk, bucket_of(cache, number), neighbours)
    if (chunk->number == number)
        return chunk;
    return NULL;
}

static void begin_use(struct chunk_cache *cache, struct cached_chunk *chunk)
{
    if (chunk->users++ == 0)
        TAILQ_REMOVE(&cache->idle, chunk, idle);
}

/* Puts a chunk that is to be loaded, and has one user, in its place. NULL where memory is short. */
static struct cached_chunk *insert(struct chunk_cache *cache, uint64_t number, size_t size)
{
    struct cached_chunk *chunk = calloc(1, sizeof *chunk);
    if (chunk == NULL)
        return NULL;
    chunk->number = number;
    chunk->size = sizeof *chunk + size;
    chunk->users = 1;
    cache->size += chunk->size;
    LIST_INSERT_HEAD(bucket_of(cache, number), chunk, neighbours);
    return chunk;
}

static void take_out(struct chunk_cache *cache, struct cached_chunk *chunk, struct chunk_queue *out)
{
    cache->size -= chunk->size;
    TAILQ_INSERT_TAIL(out, chunk, idle);
}

/* Takes out idle chunks until the limit is kept or none is left. They are freed without the lock:
 * giving megabytes back to the system takes a while. */
static void make_room(struct chunk_cache *cache, struct chunk_queue *out)
{
    while (cache->size > cache->limit && !TAILQ_EMPTY(&cache->idle)) {
        struct cached_chunk *oldest = TAILQ_FIRST(&cache->idle);
        TAILQ_REMOVE(&cache->idle, oldest, idle);
        LIST_REMOVE(oldest, neighbours);
        take_out(cache, oldest, out);
    }
}

/* Ends one use. A chunk that failed is in no bucket, and leaves with its last user. */
static void end_use(struct chunk_cache *cache, struct cached_chunk *chunk, struct chunk_queue *out)
{
    assert(chunk->users > 0);
    if (--chunk->users > 0)
        return;
    if (chunk->code != CINCH_OK)
        take_out(cache, chunk, out);
    else
        TAILQ_INSERT_TAIL(&cache->idle, chunk, idle);
}

static void wait_for_load(struct chunk_cache *cache, const struct cached_chunk *chunk)
{
    while (!chunk->is_loaded)
        thread_wait(&cache->loaded, &cache->lock);
}

/* --- Without the lock ------------------------------------------------------------------- */

static void free_chunks(struct chunk_queue *chunks)
{
    struct cached_chunk *chunk;

    while ((chunk = TAILQ_FIRST(chunks)) != NULL) {
        TAILQ_REMOVE(chunks, chunk, idle);
        buffer_free(&chunk->content);
        free(chunk);
    }
}

/* Loads a chunk that was just inserted, and wakes who waits for it. */
static void load_chunk(struct chunk_cache *cache, struct cached_chunk *chunk, size_t size)
{
    int32_t code = CINCH_E_NO_MEMORY;

    chunk->content = buffer_allocate(size);
    if (chunk->content.data != NULL)
        code = cache->load(cache->owner, chunk->number, chunk->content.data, size);

    thread_lock(&cache->lock);
    chunk->code = code;
    chunk->is_loaded = true;
    if (code != CINCH_OK)
        LIST_REMOVE(chunk, neighbours);
    thread_broadcast(&cache->loaded);
    thread_unlock(&cache->lock);
}

/* Gives a chunk that is loaded to its user, or takes it away again if the load failed. */
static struct cached_chunk *hand_out(struct chunk_cache *cache, struct cached_chunk *chunk,
                                     int32_t *code)
{
    *code = chunk->code;
    if (*code == CINCH_OK)
        return chunk;
    chunk_cache_drop(cache, chunk);
    return NULL;
}

/* --- For users -------------------------------------------------------------------------- */

struct cached_chunk *chunk_cache_hold(struct chunk_cache *cache, uint64_t number, size_t size,
                                      int32_t *code)
{
    struct chunk_queue out = TAILQ_HEAD_INITIALIZER(out);
    bool is_mine = false;

    thread_lock(&cache->lock);
    struct cached_chunk *chunk = search(cache, number);
    if (chunk != NULL) {
        begin_use(cache, chunk);
        wait_for_load(cache, chunk);
    } else {
        chunk = insert(cache, number, size);
        is_mine = chunk != NULL;
        make_room(cache, &out);
    }
    thread_unlock(&cache->lock);

    free_chunks(&out);
    if (chunk == NULL) {
        *code = CINCH_E_NO_MEMORY;
        return NULL;
    }
    if (is_mine)
        load_chunk(cache, chunk, size);
    return hand_out(cache, chunk, code);
}

struct cached_chunk *chunk_cache_find(struct chunk_cache *cache, uint64_t number)
{
    int32_t code;

    thread_lock(&cache->lock);
    struct cached_chunk *chunk = search(cache, number);
    if (chunk != NULL) {
        begin_use(cache, chunk);
        wait_for_load(cache, chunk);
    }
    thread_unlock(&cache->lock);
    return chunk != NULL ? hand_out(cache, chunk, &code) : NULL;
}

void chunk_cache_drop(struct chunk_cache *cache, struct cached_chunk *chunk)
{
    struct chunk_queue out = TAILQ_HEAD_INITIALIZER(out);

    thread_lock(&cache->lock);
    end_use(cache, chunk, &out);
    make_room(cache, &out);
    thread_unlock(&cache->lock);
    free_chunks(&out);
}

void chunk_cache_free(struct chunk_cache *cache)
{
    cache->limit = 0;
    struct chunk_queue out = TAILQ_HEAD_INITIALIZER(out);
    make_room(cache, &out);
    free_chunks(&out);
    assert(cache->size == 0);
    thread_condition_destroy(&cache->loaded);
    thread_lock_destroy(&cache->lock);
}
