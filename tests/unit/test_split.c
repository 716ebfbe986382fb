/* Split: what keeps a stream from being begun. */
#include "split.h"

#include <stdlib.h>

#include "support/test.h"

enum {
    SIZE = 1000 /* what the streams here hold */
};

/* --- A decoder that errs ---------------------------------------------------------------- */

static bool has_memory;
static int32_t begin_code;
static unsigned made;

static void *create(void)
{
    made += has_memory;
    return has_memory ? malloc(1) : NULL;
}

static size_t size_of(const void *context)
{
    (void)context;
    return 1;
}

static int32_t begin(void *context)
{
    assert_non_null(context);
    return begin_code;
}

static const struct decoder decoder = {.context = {create, free, size_of}, .begin = begin};

/* --- The tests -------------------------------------------------------------------------- */

static enum step begin_stream(struct decompress *decompress, struct chunk *chunk,
                              struct step_need *need)
{
    *chunk = (struct chunk){.number = 0};
    *need = (struct step_need){.fd = 99, .milliseconds = -1};
    return split_stream_begin(decompress, chunk, SIZE, need);
}

/* Chunks that are still to be put have the room; there is no descriptor to wait for. */
static void a_stream_waits_until_there_is_room(void **state)
{
    struct decompress decompress = {
        .stream_decoder = &decoder,
        .limits = {.budget = 100 + SIZE + SPLIT_PART_SIZE},
    };
    struct chunk chunk;
    struct step_need need;

    (void)state;
    has_memory = true;
    begin_code = CINCH_OK;
    made = 0;
    atomic_store(&decompress.held, 101);
    assert_int_equal(STEP_WAIT, begin_stream(&decompress, &chunk, &need));
    assert_int_equal(-1, need.fd);
    assert_true(need.milliseconds > 0);
    assert_int_equal(0, made);
    assert_int_equal(SPLIT_AT_BOUNDARY, decompress.state);
    assert_int_equal(101, atomic_load(&decompress.held));

    atomic_store(&decompress.held, 100);
    assert_int_equal(STEP_DONE, begin_stream(&decompress, &chunk, &need));
    assert_int_equal(1, made);
    assert_int_equal(SPLIT_IN_STREAM, decompress.state);
    assert_int_equal(100 + SIZE, atomic_load(&decompress.held));
    assert_int_equal(SIZE, decompress.stream_held);
    free(decompress.stream);
}

static void a_stream_that_cannot_begin_is_told(void **state)
{
    struct decompress decompress = {
        .stream_decoder = &decoder,
        .limits = {.budget = UINT64_MAX},
    };
    struct chunk chunk;
    struct step_need need;

    (void)state;
    has_memory = false;
    assert_int_equal(STEP_FAILED, begin_stream(&decompress, &chunk, &need));
    assert_code(CINCH_E_NO_MEMORY, chunk.failure.code);

    has_memory = true;
    begin_code = CINCH_E_INTERNAL;
    assert_int_equal(STEP_FAILED, begin_stream(&decompress, &chunk, &need));
    assert_code(CINCH_E_INTERNAL, chunk.failure.code);

    /* The context is there, and serves the next one. */
    made = 0;
    begin_code = CINCH_OK;
    assert_int_equal(STEP_DONE, begin_stream(&decompress, &chunk, &need));
    assert_int_equal(0, made);
    assert_int_equal(SIZE, atomic_load(&decompress.held));
    free(decompress.stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_waits_until_there_is_room),
        cmocka_unit_test(a_stream_that_cannot_begin_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
