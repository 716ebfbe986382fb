/* Frame list: which skippable frames are looked at as tables, and what they are held against. */
#include "frame_list.h"

#include <string.h>

#include "format/bytes.h"
#include "format/seek_table.h"
#include "refusal.h"
#include "support/test.h"

enum {
    TABLE_MOST = SEEK_TABLE_HEADER_SIZE + 8 * SEEK_TABLE_ENTRY_SIZE + SEEK_TABLE_FOOTER_SIZE
};

/* A list of all frames so far, of `most` at the most. */
static struct decompress list_of(size_t most)
{
    return (struct decompress){
        .limits = {.list_most = most * sizeof(struct seek_table_entry), .segment_most = 1 << 20},
        .frames_are_exact = true,
        .frames_are_whole = true,
    };
}

static void add(struct decompress *decompress, uint64_t size, uint64_t content)
{
    struct chunk chunk = {.input_size = 0};
    assert_int_equal(STEP_DONE, frame_list_add(decompress, &chunk, size, content));
}

static bool matches(const struct decompress *decompress, const struct seek_table_entry *entries,
                    uint32_t count)
{
    uint8_t table[TABLE_MOST];
    size_t size = seek_table_write(table, entries, count);
    return frame_list_matches(decompress, table, size);
}

/* It has no more entries than there were frames, and is no larger than a chunk may be. */
static void what_cannot_be_a_table_is_not_looked_at(void **state)
{
    struct decompress decompress = {.frames_count = 100, .limits = {.segment_most = 4 * 1000}};

    (void)state;
    assert_false(frame_list_may_match(&decompress, SEEK_TABLE_MAGIC, 16));
    assert_true(frame_list_may_match(&decompress, SEEK_TABLE_MAGIC, 17));
    assert_true(frame_list_may_match(&decompress, SEEK_TABLE_MAGIC, 1000));
    assert_false(frame_list_may_match(&decompress, SEEK_TABLE_MAGIC, 1001));
    assert_false(frame_list_may_match(&decompress, SEEK_TABLE_MAGIC ^ 1, 1000));
    decompress.limits.segment_most = 1 << 20;
    assert_true(frame_list_may_match(&decompress, SEEK_TABLE_MAGIC, 17 + 100 * 12));
    assert_false(frame_list_may_match(&decompress, SEEK_TABLE_MAGIC, 17 + 100 * 12 + 1));
}

static void a_table_lists_the_last_frames(void **state)
{
    struct seek_table_entry entries[] = {{10, 100}, {20, 0}, {UINT32_MAX, UINT32_MAX}};
    struct decompress decompress = list_of(100);

    (void)state;
    add(&decompress, 30, 3000);
    add(&decompress, 10, 100);
    add(&decompress, 20, 0);
    add(&decompress, UINT64_C(1) << 33, UINT64_C(5) << 32);
    assert_true(matches(&decompress, entries, 3));
    assert_true(matches(&decompress, entries + 1, 2));
    assert_false(matches(&decompress, entries, 2));
    for (size_t i = 0; i < 3; i++) {
        entries[i].compressed_size ^= 1;
        assert_false(matches(&decompress, entries, 3));
        entries[i].compressed_size ^= 1;
        entries[i].decompressed_size ^= 1;
        assert_false(matches(&decompress, entries, 3));
        /* What no header tells the put step compares. */
        decompress.frames_are_exact = false;
        assert_true(matches(&decompress, entries, 3));
        decompress.frames_are_exact = true;
        entries[i].decompressed_size ^= 1;
    }
    add(&decompress, 5, FRAME_LIST_UNKNOWN);
    assert_false(decompress.frames_are_exact);
    buffer_free(&decompress.frames);
}

static void a_table_that_contradicts_itself_does_not_match(void **state)
{
    static const struct seek_table_entry entries[] = {{10, 100}, {10, 100}};
    uint8_t table[TABLE_MOST] = {0};
    size_t size = seek_table_write(table, entries, 2);
    uint8_t *footer = table + size - SEEK_TABLE_FOOTER_SIZE;
    struct decompress decompress = list_of(100);

    (void)state;
    add(&decompress, 10, 100);
    add(&decompress, 10, 100);
    assert_true(frame_list_matches(&decompress, table, size));
    assert_false(frame_list_is_left_to_put(&decompress, table, size));
    footer[0] = 1; /* a table that is shorter than its frame */
    assert_false(frame_list_matches(&decompress, table, size));
    footer[0] = 3; /* or longer */
    assert_false(frame_list_matches(&decompress, table, size));
    footer[0] = 2;
    footer[8] ^= 1; /* somebody else's */
    assert_true(frame_list_matches(&decompress, table, size));
    decompress.frames_are_exact = false;
    assert_false(frame_list_is_left_to_put(&decompress, table, size));
    footer[8] ^= 1;
    assert_true(frame_list_is_left_to_put(&decompress, table, size));
    decompress.is_inspection = true;
    assert_false(frame_list_is_left_to_put(&decompress, table, size));
    buffer_free(&decompress.frames);
}

/* From then on a table that lists more is passed over, and one that lists no more is not. */
static void a_list_without_room_begins_anew(void **state)
{
    static const struct seek_table_entry entries[] = {{7, 1}, {7, 2}, {7, 3}};
    static const struct seek_table_entry others[] = {{7, 1}, {8, 2}, {7, 3}};
    struct decompress decompress = list_of(100);

    (void)state;
    for (uint32_t i = 0; i < 100; i++)
        add(&decompress, 7, i);
    assert_int_equal(100, decompress.frames_count);
    assert_false(matches(&decompress, others, 3));
    add(&decompress, 7, 0);
    assert_int_equal(0, decompress.frames_count);
    add(&decompress, 7, 2);
    add(&decompress, 7, 3);
    assert_true(matches(&decompress, entries, 3));
    assert_true(matches(&decompress, others, 3));
    assert_true(matches(&decompress, entries + 1, 2));
    assert_false(matches(&decompress, others + 1, 2));
    buffer_free(&decompress.frames);
}

static void a_list_without_memory_is_told(void **state)
{
    struct decompress decompress = list_of(100);
    struct chunk chunk = {.input_size = 0};

    (void)state;
    refusal_begin(REFUSE_MEMORY, 0);
    enum step step = frame_list_add(&decompress, &chunk, 1, 1);
    assert_true(refusal_end());
    assert_int_equal(STEP_FAILED, step);
    assert_code(CINCH_E_NO_MEMORY, chunk.failure.code);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_a_table_is_not_looked_at),
        cmocka_unit_test(a_table_lists_the_last_frames),
        cmocka_unit_test(a_table_that_contradicts_itself_does_not_match),
        cmocka_unit_test(a_list_without_room_begins_anew),
        cmocka_unit_test(a_list_without_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
