/*
 * Random access under stress, to be run under the thread sanitizer.
 *
 *     reads [READS [SEED]]
 *
 * Several threads share two readers, one of a .zst and one of a .gz file, and make READS calls of
 * cinch_reader_pread() together (a million without it), each of whose bytes is compared. Most
 * reads are near where the thread was before, so that chunks are found in the cache; enough are
 * elsewhere that they come and go, that threads want one chunk together, and that whole chunks
 * are read past the cache.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/bytes.h"
#include "support/decode.h"
#include "support/scratch.h"
#include "support/test.h"

enum {
    DEFAULT_READS = 1000000,
    THREADS = 4,
    READERS = 2,
    CHUNK_SIZE = 16 << 10,

    /* More than a reader's cache holds. */
    CONTENT_SIZE = 20 << 20,

    SHORT_MOST = 64,            /* bytes of most reads */
    LONG_MOST = 3 * CHUNK_SIZE, /* and of a few */
    NEIGHBOURHOOD = 4 * CHUNK_SIZE
};

static unsigned int chosen_reads = DEFAULT_READS;
static uint64_t chosen_seed = 1;

struct browser {
    pthread_t thread;
    cinch_reader *const *readers;
    const struct bytes *expected;
    uint64_t random;
    uint64_t wrong_offset; /* of the first read that was wrong */
    int64_t wrong_result;
    unsigned int wrong;
};

/* One read, at a place that `random` says; moves `*home`, where the thread reads most. */
static void read_somewhere(struct browser *browser, uint64_t random, uint64_t *home)
{
    uint8_t buffer[LONG_MOST];
    const struct bytes *expected = browser->expected;
    const bool is_long = random % 256 == 0;
    const bool moves = random % 128 == 1;
    cinch_reader *reader = browser->readers[random >> 8 & 1];
    const size_t wanted = (size_t)(random >> 9) % (is_long ? LONG_MOST : SHORT_MOST) + 1;

    if (moves)
        *home = (random >> 32) % expected->size;
    const uint64_t offset = *home + (random >> 24) % NEIGHBOURHOOD;
    const uint64_t rest = offset < expected->size ? expected->size - offset : 0;
    const size_t count = wanted < rest ? wanted : (size_t)rest;
    const int64_t result = cinch_reader_pread(reader, buffer, wanted, offset);
    if (result == (int64_t)count && memcmp(buffer, expected->data + offset, count) == 0)
        return;
    if (browser->wrong++ == 0) {
        browser->wrong_offset = offset;
        browser->wrong_result = result;
    }
}

static void *browse(void *argument)
{
    struct browser *browser = argument;
    uint64_t home = 0;

    for (unsigned int i = 0; i < chosen_reads / THREADS; i++)
        read_somewhere(browser, random_next(&browser->random), &home);
    return NULL;
}

static void every_read_is_right(void **state)
{
    struct scratch *scratch = *state;
    const char *input = scratch_path(scratch, "input");
    const char *outputs[READERS] = {scratch_path(scratch, "output.zst"),
                                    scratch_path(scratch, "output.gz")};
    struct bytes bytes = file_make(input, BYTES_TEXT, CONTENT_SIZE, chosen_seed);
    cinch_options options = CINCH_OPTIONS_INIT;
    cinch_pool *pool = pool_with_threads(2);
    cinch_reader *readers[READERS];
    struct browser browsers[THREADS];

    options.chunk_size = CHUNK_SIZE;
    options.level = 1;
    for (size_t i = 0; i < READERS; i++) {
        assert_code(CINCH_OK, compress_and_wait(pool, input, outputs[i], &options));
        assert_code(CINCH_OK, cinch_reader_open(outputs[i], &readers[i]));
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);

    for (size_t i = 0; i < THREADS; i++) {
        browsers[i] = (struct browser){
            .readers = readers, .expected = &bytes, .random = chosen_seed * THREADS + i};
        assert_int_equal(pthread_create(&browsers[i].thread, NULL, browse, &browsers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(browsers[i].thread, NULL);
    for (size_t i = 0; i < THREADS; i++)
        if (browsers[i].wrong > 0)
            fail_msg("seed %llu: %u wrong reads in thread %zu, the first at %llu: %lld",
                     (unsigned long long)chosen_seed, browsers[i].wrong, i,
                     (unsigned long long)browsers[i].wrong_offset,
                     (long long)browsers[i].wrong_result);
    for (size_t i = 0; i < READERS; i++)
        cinch_reader_close(readers[i]);
    bytes_free(&bytes);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        scratch_test(every_read_is_right),
    };

    if (argc > 1)
        chosen_reads = (unsigned int)strtoul(argv[1], NULL, 10);
    if (argc > 2)
        chosen_seed = strtoull(argv[2], NULL, 10);
    return cmocka_run_group_tests_name("reads", tests, NULL, NULL);
}
