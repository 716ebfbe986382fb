/* What a worker keeps: which buffer is handed out and which is let go, what an idle worker frees,
 * and what becomes of it all without memory. */
#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "workspace.h"

enum {
    MIB = 1 << 20,
    KEPT = 4 * MIB /* of an idle worker, as workspace.c says */
};

/* --- Memory that runs out, and contexts that count ------------------------------------------ */

static bool is_memory_short;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    return is_memory_short ? NULL : __real_malloc(size);
}

int __real_posix_memalign(void **result, size_t unit, size_t size);
int __wrap_posix_memalign(void **result, size_t unit, size_t size);
int __wrap_posix_memalign(void **result, size_t unit, size_t size)
{
    return is_memory_short ? 12 : __real_posix_memalign(result, unit, size);
}

static size_t made, freed, context_size;

static void *context_create(void)
{
    if (is_memory_short)
        return NULL;
    made++;
    return &made;
}

static void context_destroy(void *context)
{
    assert_ptr_equal(&made, context);
    freed++;
}

static size_t context_sized(const void *context)
{
    assert_ptr_equal(&made, context);
    return context_size;
}

static struct context_kind kinds[WORKSPACE_CONTEXTS + 1];

static int reset(void **state)
{
    (void)state;
    made = freed = 0;
    context_size = 1;
    is_memory_short = false;
    for (size_t i = 0; i <= WORKSPACE_CONTEXTS; i++)
        kinds[i] = (struct context_kind){context_create, context_destroy, context_sized};
    return 0;
}

/* --- Buffers -------------------------------------------------------------------------------- */

static void a_buffer_has_the_size_asked_for(void **state)
{
    static const size_t sizes[] = {0, 1, 4096, 2 * MIB - 1, 2 * MIB, 5 * MIB};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct buffer buffer = buffer_allocate(sizes[i]);
        assert_non_null(buffer.data);
        assert_true(buffer.capacity >= sizes[i]);
        memset(buffer.data, 1, buffer.capacity);
        if (sizes[i] >= 2 * MIB)
            assert_int_equal(0, (uintptr_t)buffer.data % (2 * MIB));
        buffer_free(&buffer);
        assert_null(buffer.data);
        assert_int_equal(0, buffer.capacity);
    }
}

static void a_buffer_grows_with_what_is_in_it(void **state)
{
    struct buffer buffer = {NULL, 0};

    (void)state;
    assert_true(buffer_grow(&buffer, 0, 10));
    memcpy(buffer.data, "0123456789", 10);
    const uint8_t *before = buffer.data;
    assert_true(buffer_grow(&buffer, 10, 5));
    assert_ptr_equal(before, buffer.data);
    assert_true(buffer_grow(&buffer, 10, 1000));
    assert_int_equal(1000, buffer.capacity);
    assert_memory_equal("0123456789", buffer.data, 10);
    is_memory_short = true;
    assert_false(buffer_grow(&buffer, 10, 2000));
    assert_false(buffer_grow(&buffer, 10, 3 * MIB));
    assert_int_equal(1000, buffer.capacity);
    assert_memory_equal("0123456789", buffer.data, 10);
    buffer_free(&buffer);
}

static void the_smallest_that_is_large_enough_is_taken(void **state)
{
    struct workspace workspace = {.buffers = {{NULL, 0}}};
    struct buffer buffers[] = {buffer_allocate(300), buffer_allocate(100), buffer_allocate(200)};
    const uint8_t *places[] = {buffers[0].data, buffers[1].data, buffers[2].data};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        workspace_give(&workspace, &buffers[i]);
        assert_null(buffers[i].data);
    }
    struct buffer taken = workspace_take(&workspace, 150);
    assert_ptr_equal(places[2], taken.data);
    struct buffer exact = workspace_take(&workspace, 100);
    assert_ptr_equal(places[1], exact.data);
    struct buffer fresh = workspace_take(&workspace, 301);
    assert_int_equal(301, fresh.capacity);
    workspace_give(&workspace, &taken);
    workspace_give(&workspace, &exact);
    buffer_free(&fresh);
    workspace_free(&workspace);
}

static void larger_ones_drive_out_the_smallest(void **state)
{
    struct workspace workspace = {.buffers = {{NULL, 0}}};

    (void)state;
    for (size_t size = 100; size <= 500; size += 100) {
        struct buffer buffer = buffer_allocate(size);
        workspace_give(&workspace, &buffer);
    }
    struct buffer small = buffer_allocate(50), none = {NULL, 0};
    workspace_give(&workspace, &small); /* is freed */
    workspace_give(&workspace, &none);
    assert_null(small.data);
    for (size_t size = 300; size <= 500; size += 100) {
        struct buffer buffer = workspace_take(&workspace, 1);
        assert_int_equal(size, buffer.capacity);
        buffer_free(&buffer);
    }
    workspace_free(&workspace);
}

/* --- Contexts ------------------------------------------------------------------------------- */

static void a_context_is_made_once(void **state)
{
    struct workspace workspace = {.buffers = {{NULL, 0}}};

    (void)state;
    for (size_t round = 0; round < 2; round++)
        for (size_t i = 0; i < WORKSPACE_CONTEXTS; i++)
            assert_non_null(workspace_context(&workspace, &kinds[i]));
    assert_int_equal(WORKSPACE_CONTEXTS, made);
    assert_null(workspace_context(&workspace, &kinds[WORKSPACE_CONTEXTS]));
    workspace_free(&workspace);
    assert_int_equal(made, freed);
}

static void without_memory_there_is_nothing(void **state)
{
    struct workspace workspace = {.buffers = {{NULL, 0}}};

    (void)state;
    is_memory_short = true;
    assert_null(workspace_context(&workspace, &kinds[0]));
    assert_null(workspace_take(&workspace, 1).data);
    assert_null(workspace_take(&workspace, 3 * MIB).data);
    is_memory_short = false;
    assert_non_null(workspace_context(&workspace, &kinds[0]));
    workspace_free(&workspace);
    assert_int_equal(1, freed);
}

/* --- Idleness ------------------------------------------------------------------------------- */

static void an_idle_worker_keeps_what_is_small(void **state)
{
    struct workspace workspace = {.buffers = {{NULL, 0}}};

    (void)state;
    context_size = KEPT / 2;
    for (size_t i = 0; i < 3; i++)
        assert_non_null(workspace_context(&workspace, &kinds[i]));
    struct buffer buffer = workspace_take(&workspace, 1);
    workspace_give(&workspace, &buffer);
    workspace_trim(&workspace);
    /* Two contexts fit exactly; nothing is left for the third, nor for the buffer. */
    assert_int_equal(1, freed);
    assert_null(workspace.buffers[0].data);
    workspace_trim(&workspace);
    assert_int_equal(1, freed);
    assert_non_null(workspace_context(&workspace, &kinds[0]));
    assert_int_equal(3, made);
    assert_non_null(workspace_context(&workspace, &kinds[2]));
    assert_int_equal(4, made);
    workspace_free(&workspace);
    assert_int_equal(4, freed);
}

static void an_idle_worker_lets_go_what_is_large(void **state)
{
    struct workspace workspace = {.buffers = {{NULL, 0}}};
    struct buffer buffers[] = {buffer_allocate(KEPT + 1), buffer_allocate(KEPT - 1)};

    (void)state;
    workspace_give(&workspace, &buffers[0]);
    workspace_give(&workspace, &buffers[1]);
    context_size = 1;
    assert_non_null(workspace_context(&workspace, &kinds[0]));
    workspace_trim(&workspace);
    assert_int_equal(0, freed);
    struct buffer kept = workspace_take(&workspace, 1);
    assert_int_equal(KEPT - 1, kept.capacity);
    struct buffer fresh = workspace_take(&workspace, 1);
    assert_int_equal(1, fresh.capacity);
    buffer_free(&kept);
    buffer_free(&fresh);
    workspace_free(&workspace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_buffer_has_the_size_asked_for, reset),
        cmocka_unit_test_setup(a_buffer_grows_with_what_is_in_it, reset),
        cmocka_unit_test_setup(the_smallest_that_is_large_enough_is_taken, reset),
        cmocka_unit_test_setup(larger_ones_drive_out_the_smallest, reset),
        cmocka_unit_test_setup(a_context_is_made_once, reset),
        cmocka_unit_test_setup(without_memory_there_is_nothing, reset),
        cmocka_unit_test_setup(an_idle_worker_keeps_what_is_small, reset),
        cmocka_unit_test_setup(an_idle_worker_lets_go_what_is_large, reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
