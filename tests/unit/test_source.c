/* A source: what is at hand of an input, and the memory that it takes. */
#include "source.h"

#include <string.h>

#include "compressed.h"
#include "refusal.h"
#include "support/bytes.h"
#include "support/test.h"

/* A source with `size` bytes at hand of a file, after a look that needed all of them. */
static void look_at(struct source *source, struct input *input, const struct bytes *content,
                    size_t size)
{
    struct failure failure = {.code = CINCH_OK};
    struct step_need need;

    *input = input_of_memory(content->data, content->size);
    *source = (struct source){.input = NULL};
    source_init(source, input);
    assert_int_equal(STEP_DONE, source_fill(source, size, size, &need, &failure));
    assert_int_equal(size, source->size);
}

static void a_long_look_is_given_back(void **state)
{
    const size_t large = 3 * SOURCE_READ_SIZE;
    struct bytes content = bytes_make(BYTES_RANDOM, large, 1);
    struct source source;
    struct input input;

    (void)state;
    for (size_t left = 0; left < 20; left += 19) {
        for (int is_short = 0; is_short < 2; is_short++) {
            look_at(&source, &input, &content, large);
            /* Not while all of it is wanted. */
            source_trim(&source);
            assert_true(source.buffer.capacity >= large);
            source_take(&source, large - left);
            if (is_short)
                refusal_begin(REFUSE_MEMORY, 0);
            source_trim(&source);
            if (is_short)
                assert_true(refusal_end());
            /* Without memory for less it stays as it is. */
            assert_int_equal(is_short, source.buffer.capacity >= large);
            assert_int_equal(left, source.size);
            assert_memory_equal(content.data + large - left, source.data, left);
            source_free(&source);
            input_close_memory(&input);
        }
    }
    bytes_free(&content);
}

/* No memory to look, and a file that is not what it was. */
static void looks_that_fail_are_told(void **state)
{
    static const struct {
        enum refusal refusal;
        int32_t code;
    } cases[] = {
        {REFUSE_MEMORY, CINCH_E_NO_MEMORY},
        {REFUSE_READ, CINCH_E_IO},
        {REFUSE_REST, CINCH_E_INPUT_CHANGED},
    };
    struct bytes content = bytes_make(BYTES_TEXT, 1000, 1);
    struct step_need need;
    struct source source;
    struct input input;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct failure failure = {.code = CINCH_OK};
        look_at(&source, &input, &content, 0);
        refusal_begin(cases[i].refusal, 0);
        enum step step = source_fill(&source, 10, 10, &need, &failure);
        assert_true(refusal_end());
        assert_int_equal(STEP_FAILED, step);
        assert_code(cases[i].code, failure.code);
        assert_int_equal(0, source.size);
        /* The next look succeeds. */
        failure.code = CINCH_OK;
        assert_int_equal(STEP_DONE, source_fill(&source, 10, 10, &need, &failure));
        assert_memory_equal(content.data, source.data, 10);
        source_free(&source);
        input_close_memory(&input);
    }
    bytes_free(&content);
}

static void looks_end_with_the_file(void **state)
{
    struct bytes content = bytes_make(BYTES_TEXT, 1000, 1);
    struct failure failure = {.code = CINCH_OK};
    struct step_need need;
    struct source source;
    struct input input;

    (void)state;
    look_at(&source, &input, &content, 100);
    assert_false(source.has_ended);
    /* A longer look adds what is missing, and no more. */
    assert_int_equal(STEP_DONE, source_fill(&source, 150, 200, &need, &failure));
    assert_int_equal(200, source.size);
    assert_memory_equal(content.data, source.data, 200);
    source_take(&source, 100);
    source_seek(&source, 0);
    assert_int_equal(STEP_DONE, source_fill(&source, 100, 100, &need, &failure));
    source_skip(&source, 40);
    assert_int_equal(40, source.offset);
    assert_int_equal(60, source.size);
    source_skip(&source, 860);
    assert_int_equal(900, source.offset);
    assert_int_equal(0, source.size);
    assert_int_equal(100, source_rest(&source));
    assert_int_equal(STEP_DONE, source_fill(&source, 101, 500, &need, &failure));
    assert_true(source.has_ended);
    assert_int_equal(100, source.size);
    assert_memory_equal(content.data + 900, source.data, 100);
    source_take(&source, 100);
    source_seek(&source, 0);
    assert_false(source.has_ended);
    source_seek(&source, 1000);
    assert_true(source.has_ended);
    source_free(&source);
    input_close_memory(&input);
    bytes_free(&content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_look_is_given_back),
        cmocka_unit_test(looks_that_fail_are_told),
        cmocka_unit_test(looks_end_with_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
