/* The input window: looks of every length, forwards, backwards and over the end of the file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <unistd.h>

#include <cinch/cinch.h>

#include "compressed.h"
#include "io/input_window.h"

enum {
    FILE_SIZE = 3 * INPUT_WINDOW_READ + 100
};

/* Looks, and fails the test unless what is shown is what the file has there. */
static void assert_shows(struct input_window *window, const uint8_t *bytes, uint64_t offset,
                         size_t wanted)
{
    const size_t left = offset < FILE_SIZE ? FILE_SIZE - (size_t)offset : 0;
    struct glimpse glimpse;

    assert_int_equal(input_window_look(window, offset, wanted, &glimpse), CINCH_OK);
    assert_in_range(glimpse.size, wanted < left ? wanted : left, left);
    if (glimpse.size > 0)
        assert_memory_equal(glimpse.data, bytes + offset, glimpse.size);
}

static void shows_what_is_there(void **state)
{
    static const size_t sizes[] = {0,
                                   1,
                                   7,
                                   INPUT_WINDOW_READ - 1,
                                   INPUT_WINDOW_READ,
                                   INPUT_WINDOW_READ + 1,
                                   FILE_SIZE,
                                   10 * FILE_SIZE};
    uint8_t *bytes = content_at(0, FILE_SIZE);
    struct input input = input_of_memory(bytes, FILE_SIZE);
    struct input_window window;
    uint32_t random = 1;

    (void)state;
    input_window_init(&window, &input);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (uint64_t offset = 0; offset < FILE_SIZE + 5000; offset += 61)
            assert_shows(&window, bytes, offset, sizes[i]);
        for (uint64_t offset = FILE_SIZE + 5000; offset-- > 0;)
            assert_shows(&window, bytes, offset, sizes[i]);
        for (size_t n = 0; n < 5000; n++) {
            random = random * 1664525 + 1013904223;
            assert_shows(&window, bytes, random >> 8 & 0x3FFF, sizes[(random >> 4 & 7)]);
        }
    }
    assert_shows(&window, bytes, UINT64_MAX, 20);
    input_window_free(&window);
    input_close_memory(&input);
    free(bytes);
}

static void reads_neighbours_only_once(void **state)
{
    uint8_t *bytes = content_at(0, FILE_SIZE);
    struct input input = input_of_memory(bytes, FILE_SIZE);
    struct input_window window;
    struct glimpse glimpse;

    (void)state;
    input_window_init(&window, &input);
    assert_shows(&window, bytes, 100, 4);
    /* What the window has it need not read: nothing else could show it now. */
    assert_int_equal(ftruncate(input.fd, 0), 0);
    assert_shows(&window, bytes, 100, INPUT_WINDOW_READ);
    assert_shows(&window, bytes, 100 + INPUT_WINDOW_READ - 8, 8);
    assert_int_equal(input_window_look(&window, 100 + INPUT_WINDOW_READ - 8, 9, &glimpse),
                     CINCH_E_INPUT_CHANGED);
    assert_int_equal(input_window_look(&window, 0, 1, &glimpse), CINCH_E_INPUT_CHANGED);
    input_window_free(&window);
    input_close_memory(&input);
    free(bytes);
}

static void shows_nothing_of_an_empty_file(void **state)
{
    struct input input = input_of_memory(NULL, 0);
    struct input_window window;
    struct glimpse glimpse;

    (void)state;
    input_window_init(&window, &input);
    assert_int_equal(input_window_look(&window, 0, 10, &glimpse), CINCH_OK);
    assert_int_equal(glimpse.size, 0);
    input_window_free(&window);
    input_close_memory(&input);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_what_is_there),
        cmocka_unit_test(reads_neighbours_only_once),
        cmocka_unit_test(shows_nothing_of_an_empty_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
