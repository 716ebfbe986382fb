/*
 * Chunk cache: decoded chunks, shared by the threads that read them.
 *
 * A chunk that is wanted and not there is loaded by the thread that wants it, with no lock held;
 * threads that come for it meanwhile wait for that one load and share its outcome. A load that
 * failed leaves nothing behind: who comes later tries again.
 *
 * A chunk stays as long as somebody uses it, and after that until room is needed: then the one
 * goes first that was used the longest ago.
 *
 * Memory: `limit` bytes, and the chunks that are in use beyond that, at most one a thread.
 *
 * Everything may be called from any thread, but making and freeing the cache. The one lock is
 * taken with no other held, and no other is taken while it is held.
 */
#ifndef CINCH_SRC_CHUNK_CACHE_H
#define CINCH_SRC_CHUNK_CACHE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "workspace.h"

/*
 * Fills `data` with all `size` bytes of chunk number `number`; returns CINCH_OK or why it could
 * not. Called with no lock held, by any number of threads at once for different chunks, never for
 * one that is being loaded.
 */
typedef int32_t (*chunk_load_fn)(void *owner, uint64_t number, uint8_t *data, size_t size);

/* A chunk that is held; `content` is constant until it is dropped. */
struct cached_chunk {
    struct buffer content;               /* the loader's while it loads, then constant */
    uint64_t number;                     /* constant */
    size_t size;                         /* bytes that it counts for; constant */
    uint32_t users;                      /* under the cache's lock, as all that follows */
    bool is_loaded;                      /* successfully or not: `code` is final */
    int32_t code;                        /* of the load; no chunk that failed is in a bucket */
    LIST_ENTRY(cached_chunk) neighbours; /* in its bucket */
    TAILQ_ENTRY(cached_chunk) idle;      /* in the list of idle chunks; users == 0 */
};

LIST_HEAD(chunk_bucket, cached_chunk);
TAILQ_HEAD(chunk_queue, cached_chunk);

enum {
    CHUNK_CACHE_BUCKETS = 256
};

struct chunk_cache {
    chunk_load_fn load; /* constant, as `owner` and `limit` */
    void *owner;
    uint64_t limit;

    pthread_mutex_t lock;
    pthread_cond_t loaded;   /* some load has ended */
    uint64_t size;           /* bytes of all chunks */
    struct chunk_queue idle; /* chunks that nobody uses, the one used longest ago first */
    struct chunk_bucket buckets[CHUNK_CACHE_BUCKETS];
};

/* Prepares a cache. CINCH_OK, or CINCH_E_NO_MEMORY, and there is nothing to free. */
int32_t chunk_cache_init(struct chunk_cache *cache, uint64_t limit, chunk_load_fn load,
                         void *owner);

/* Frees all chunks; none may be held. */
void chunk_cache_free(struct chunk_cache *cache);

/*
 * Hands out chunk `number`, which has `size` bytes, loading it if it is not there. The caller
 * gives it back with chunk_cache_drop(). NULL where it could not be loaded: then `*code` says
 * why, and is CINCH_OK otherwise.
 */
struct cached_chunk *chunk_cache_hold(struct chunk_cache *cache, uint64_t number, size_t size,
                                      int32_t *code);

/* The same if the chunk is there or being loaded; else, or where that load fails, NULL. */
struct cached_chunk *chunk_cache_find(struct chunk_cache *cache, uint64_t number);

void chunk_cache_drop(struct chunk_cache *cache, struct cached_chunk *chunk);

#endif
