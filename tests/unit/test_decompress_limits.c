#include "decompress_limits.h"

#include "source.h"
#include "support/test.h"

static const uint32_t thread_counts[] = {1, 2, 4, 64, 1024};

enum {
    COUNTS = sizeof(thread_counts) / sizeof(thread_counts[0])
};

/* What the source's first comment says a job holds. */
static uint64_t total(const struct decompress_limits *limits)
{
    return ((uint64_t)64 << 10) + SOURCE_READ_SIZE +
           (limits->workers + UINT64_C(1)) * DECODER_CONTEXT_SIZE + limits->budget +
           3 * limits->list_most;
}

/* A job that has workers always goes on: nothing that is kept can take a chunk's or part's room. */
static void assert_goes_on(const struct decompress_limits *limits)
{
    assert_true(limits->segment_most >= SPLIT_PART_SIZE);
    assert_true(limits->segment_most <= limits->budget);
    assert_true(SPLIT_PART_SIZE <= limits->budget);
    if (limits->stream_window_most > 0)
        assert_true(limits->stream_window_most + DECODER_STREAM_SIZE + SPLIT_PART_SIZE <=
                    limits->budget);
}

static void without_a_limit(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNTS; i++) {
        const struct decompress_limits limits = decompress_limits_for(0, thread_counts[i]);
        assert_int_equal(thread_counts[i], limits.workers);
        assert_false(limits.is_strict);
        assert_int_equal(UINT64_C(128) << 20, limits.window_most);
        assert_int_equal(UINT64_C(128) << 20, limits.stream_window_most);
        /* A chunk of level 19, from a pipe: as large as its content, and growing. */
        assert_true(limits.segment_most / 4 * 3 >= (UINT64_C(32) << 20) * 5 / 2);
        assert_goes_on(&limits);
    }
}

static void every_limit_adds_up(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNTS; i++) {
        uint64_t window_before = 0;
        uint32_t workers_before = 0;
        for (uint64_t limit = 1; limit < UINT64_C(1) << 59; limit += limit / 3 + 1) {
            const struct decompress_limits limits = decompress_limits_for(limit, thread_counts[i]);
            assert_true(limits.workers >= workers_before && limits.workers <= thread_counts[i]);
            if (limits.workers == 0)
                continue;
            assert_true(limits.is_strict);
            assert_true(total(&limits) <= limit);
            assert_goes_on(&limits);
            assert_true(limits.window_most >= limits.stream_window_most);
            if (limits.workers == workers_before)
                assert_true(limits.stream_window_most >= window_before);
            window_before = limits.stream_window_most;
            workers_before = limits.workers;
        }
        assert_int_equal(thread_counts[i], workers_before);
    }
}

static void the_ends(void **state)
{
    (void)state;
    assert_int_equal(0, decompress_limits_for(1, 1).workers);
    assert_int_equal(0, decompress_limits_for(512 << 10, 8).workers);
    assert_int_equal(1, decompress_limits_for(1 << 20, 8).workers);
    assert_int_equal(8, decompress_limits_for(16 << 20, 8).workers);

    /* No sum overflows: half of what there is holds a window and a chunk's worth many times. */
    const struct decompress_limits limits = decompress_limits_for(UINT64_MAX, 1024);
    assert_int_equal(1024, limits.workers);
    assert_true(limits.budget < UINT64_MAX / 8);
    assert_true(limits.stream_window_most > UINT64_C(1) << 40);
    assert_goes_on(&limits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_limit),
        cmocka_unit_test(every_limit_adds_up),
        cmocka_unit_test(the_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
