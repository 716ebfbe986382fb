/* The chunk cache: what is kept and what goes, and threads that come for one chunk together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>

#include <cinch/cinch.h>

#include "chunk_cache.h"
#include "thread.h"

enum {
    CHUNK_SIZE = 1000,
    NUMBERS = 600,
    THREADS = 4
};

/* Where the chunks come from. */
struct source {
    struct chunk_cache cache;
    void *behind; /* the cache: not its own, so that it stays as it was */
    atomic_uint loads[NUMBERS];
    int32_t code;         /* what a load returns */
    uint64_t held_number; /* loads of this one wait: */
    sem_t began, may_end; /* it posts the one and waits for the other */
};

static int32_t load(void *owner, uint64_t number, uint8_t *data, size_t size)
{
    struct source *source = owner;

    atomic_fetch_add(&source->loads[number], 1);
    memset(data, (int)(number & 0xFF), size);
    if (number == source->held_number) {
        sem_post(&source->began);
        while (sem_wait(&source->may_end) != 0)
            ;
    }
    return source->code;
}

static void source_init(struct source *source, uint64_t limit)
{
    memset(source, 0, sizeof *source);
    source->held_number = UINT64_MAX;
    source->behind = source;
    assert_int_equal(sem_init(&source->began, 0, 0), 0);
    assert_int_equal(sem_init(&source->may_end, 0, 0), 0);
    assert_int_equal(chunk_cache_init(&source->cache, limit, load, source), CINCH_OK);
}

static void source_free(struct source *source)
{
    chunk_cache_free(&source->cache);
    assert_true(source->cache.size == 0);
    assert_ptr_equal(source->behind, source);
    sem_destroy(&source->began);
    sem_destroy(&source->may_end);
}

/* Holds a chunk and drops it again, looking at its bytes. */
static void use(struct source *source, uint64_t number)
{
    int32_t code = -1;
    struct cached_chunk *chunk = chunk_cache_hold(&source->cache, number, CHUNK_SIZE, &code);
    assert_int_equal(code, CINCH_OK);
    assert_non_null(chunk);
    for (size_t i = 0; i < CHUNK_SIZE; i += 333)
        assert_int_equal(chunk->content.data[i], number & 0xFF);
    chunk_cache_drop(&source->cache, chunk);
}

/* Bytes that `count` chunks count for. */
static uint64_t room_for(size_t count)
{
    return count * (CHUNK_SIZE + sizeof(struct cached_chunk));
}

static void keeps_what_fits(void **state)
{
    static struct source source;

    (void)state;
    source_init(&source, room_for(NUMBERS));
    for (unsigned turn = 0; turn < 3; turn++)
        for (uint64_t number = 0; number < NUMBERS; number++)
            use(&source, number);
    for (uint64_t number = 0; number < NUMBERS; number++)
        assert_int_equal(source.loads[number], 1);
    source_free(&source);
}

static void lets_go_what_was_used_longest_ago(void **state)
{
    static struct source source;

    (void)state;
    source_init(&source, room_for(3));
    use(&source, 1);
    use(&source, 2);
    use(&source, 3);
    use(&source, 1);
    use(&source, 4); /* 2 goes */
    assert_true(source.cache.size <= room_for(3));
    assert_null(chunk_cache_find(&source.cache, 2));
    use(&source, 1);
    use(&source, 3);
    use(&source, 4);
    for (uint64_t number = 1; number <= 4; number++)
        assert_int_equal(source.loads[number], 1);
    use(&source, 2);
    assert_int_equal(source.loads[2], 2);
    source_free(&source);
}

static void keeps_what_is_in_use_beyond_the_limit(void **state)
{
    static struct source source;
    struct cached_chunk *held[5];
    int32_t code;

    (void)state;
    source_init(&source, room_for(2));
    for (uint64_t number = 0; number < 5; number++)
        held[number] = chunk_cache_hold(&source.cache, number, CHUNK_SIZE, &code);
    assert_true(source.cache.size == room_for(5));
    for (uint64_t number = 0; number < 5; number++)
        assert_int_equal(held[number]->content.data[0], number);
    for (uint64_t number = 0; number < 5; number++)
        chunk_cache_drop(&source.cache, held[number]);
    assert_true(source.cache.size == room_for(2));
    source_free(&source);
}

/* A chunk larger than the limit goes as soon as it is dropped. */
static void keeps_nothing_where_nothing_fits(void **state)
{
    static struct source source;

    (void)state;
    source_init(&source, 10);
    use(&source, 1);
    assert_true(source.cache.size == 0);
    use(&source, 1);
    assert_int_equal(source.loads[1], 2);
    source_free(&source);
}

static void finds_only_what_is_there(void **state)
{
    static struct source source;

    (void)state;
    source_init(&source, room_for(3));
    assert_null(chunk_cache_find(&source.cache, 7));
    assert_int_equal(source.loads[7], 0);
    use(&source, 7);
    struct cached_chunk *chunk = chunk_cache_find(&source.cache, 7);
    assert_non_null(chunk);
    assert_int_equal(chunk->content.data[0], 7);
    chunk_cache_drop(&source.cache, chunk);
    /* The bucket is the same, the chunk is not. */
    assert_null(chunk_cache_find(&source.cache, 7 + CHUNK_CACHE_BUCKETS));
    source_free(&source);
}

static void forgets_loads_that_failed(void **state)
{
    static struct source source;
    int32_t code = -1;

    (void)state;
    source_init(&source, room_for(3));
    source.code = CINCH_E_CORRUPT;
    assert_null(chunk_cache_hold(&source.cache, 1, CHUNK_SIZE, &code));
    assert_int_equal(code, CINCH_E_CORRUPT);
    assert_true(source.cache.size == 0);
    assert_null(chunk_cache_find(&source.cache, 1));
    source.code = CINCH_OK;
    use(&source, 1);
    assert_int_equal(source.loads[1], 2);
    source_free(&source);
}

/* --- Threads ---------------------------------------------------------------------------- */

struct visitor {
    pthread_t thread;
    struct source *source;
    uint64_t number;
    int32_t code;
    uint8_t first_byte;
};

static void *visit(void *argument)
{
    struct visitor *visitor = argument;
    struct cached_chunk *chunk =
        chunk_cache_hold(&visitor->source->cache, visitor->number, CHUNK_SIZE, &visitor->code);
    if (chunk != NULL) {
        visitor->first_byte = chunk->content.data[0];
        chunk_cache_drop(&visitor->source->cache, chunk);
    }
    return NULL;
}

static void visitor_start(struct visitor *visitor, struct source *source, uint64_t number)
{
    *visitor = (struct visitor){.source = source, .number = number, .code = -1};
    assert_int_equal(pthread_create(&visitor->thread, NULL, visit, visitor), 0);
}

/* Returns when so many use the chunk: all of them have come, and all but the loader wait. */
static void await_users(struct source *source, uint64_t number, uint32_t users)
{
    for (;;) {
        uint32_t found = 0;
        struct cached_chunk *chunk;
        thread_lock(&source->cache.lock);
        LIST_FOREACH(chunk, &source->cache.buckets[number % CHUNK_CACHE_BUCKETS], neighbours)
        if (chunk->number == number)
            found = chunk->users;
        thread_unlock(&source->cache.lock);
        if (found == users)
            return;
        sched_yield();
    }
}

/* One loads, and the others get what it has loaded. Meanwhile chunks beside it can be had. */
static void visit_together(struct source *source, int32_t outcome)
{
    struct visitor visitors[THREADS];

    source->held_number = 5;
    source->code = CINCH_OK;
    visitor_start(&visitors[0], source, 5);
    while (sem_wait(&source->began) != 0)
        ;
    for (size_t i = 1; i < THREADS; i++)
        visitor_start(&visitors[i], source, 5);
    await_users(source, 5, THREADS);
    use(source, 6);
    source->code = outcome;
    sem_post(&source->may_end);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(visitors[i].thread, NULL);
        assert_int_equal(visitors[i].code, outcome);
        assert_int_equal(visitors[i].first_byte, outcome == CINCH_OK ? 5 : 0);
    }
    assert_int_equal(source->loads[5], 1);
}

static void loads_once_for_all_who_wait(void **state)
{
    static struct source source;

    (void)state;
    source_init(&source, room_for(3));
    visit_together(&source, CINCH_OK);
    use(&source, 5);
    assert_int_equal(source.loads[5], 1);
    source_free(&source);
}

static void fails_for_all_who_wait(void **state)
{
    static struct source source;

    (void)state;
    source_init(&source, room_for(3));
    visit_together(&source, CINCH_E_CHECKSUM);
    assert_true(source.cache.size == room_for(1)); /* 6 */
    source.held_number = UINT64_MAX;
    source.code = CINCH_OK;
    use(&source, 5);
    assert_int_equal(source.loads[5], 2);
    source_free(&source);
}

struct wanderer {
    pthread_t thread;
    struct source *source;
    uint32_t random;
    unsigned int wrong;
};

static void *wander(void *argument)
{
    struct wanderer *wanderer = argument;
    struct chunk_cache *cache = &wanderer->source->cache;

    for (unsigned int i = 0; i < 5000; i++) {
        wanderer->random = wanderer->random * 1664525 + 1013904223;
        const uint64_t number = (wanderer->random >> 8) % 300;
        int32_t code;
        struct cached_chunk *chunk = (wanderer->random >> 30) == 0
                                         ? chunk_cache_find(cache, number)
                                         : chunk_cache_hold(cache, number, CHUNK_SIZE, &code);
        if (chunk == NULL)
            continue;
        wanderer->wrong += chunk->content.data[CHUNK_SIZE - 1] != (number & 0xFF);
        chunk_cache_drop(cache, chunk);
    }
    return NULL;
}

static void stays_right_among_many_threads(void **state)
{
    static struct source source;
    struct wanderer wanderers[THREADS];

    (void)state;
    source_init(&source, room_for(40));
    for (uint32_t i = 0; i < THREADS; i++) {
        wanderers[i] = (struct wanderer){.source = &source, .random = i + 1};
        assert_int_equal(pthread_create(&wanderers[i].thread, NULL, wander, &wanderers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(wanderers[i].thread, NULL);
        assert_int_equal(wanderers[i].wrong, 0);
    }
    assert_true(source.cache.size <= room_for(40));
    source_free(&source);
}

/* Chunks whose numbers share a bucket come and go without each other, whichever is first in it. */
static void neighbours_do_not_know_each_other(void **state)
{
    static struct source source;
    int32_t code;

    (void)state;
    for (unsigned first = 0; first < 2; first++) {
        source_init(&source, room_for(4));
        use(&source, 7);
        use(&source, 7 + CHUNK_CACHE_BUCKETS);
        source.code = CINCH_E_CORRUPT;
        assert_null(
            chunk_cache_hold(&source.cache, 7 + 2 * CHUNK_CACHE_BUCKETS, CHUNK_SIZE, &code));
        source.code = CINCH_OK;
        use(&source, 7 + first * CHUNK_CACHE_BUCKETS);
        /* The other one is the oldest, and goes. */
        for (uint64_t number = 100; number < 103; number++)
            use(&source, number);
        use(&source, 7 + first * CHUNK_CACHE_BUCKETS);
        assert_null(chunk_cache_find(&source.cache, 7 + (1 - first) * CHUNK_CACHE_BUCKETS));
        assert_int_equal(atomic_load(&source.loads[7]), 1);
        assert_int_equal(atomic_load(&source.loads[7 + CHUNK_CACHE_BUCKETS]), 1);
        source_free(&source);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_fits),
        cmocka_unit_test(lets_go_what_was_used_longest_ago),
        cmocka_unit_test(keeps_what_is_in_use_beyond_the_limit),
        cmocka_unit_test(keeps_nothing_where_nothing_fits),
        cmocka_unit_test(finds_only_what_is_there),
        cmocka_unit_test(forgets_loads_that_failed),
        cmocka_unit_test(neighbours_do_not_know_each_other),
        cmocka_unit_test(loads_once_for_all_who_wait),
        cmocka_unit_test(fails_for_all_who_wait),
        cmocka_unit_test(stays_right_among_many_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
