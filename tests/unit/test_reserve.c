/* The reserve: when it is used, where it ends, and that with it libzstd bears every refusal. */
#include "reserve.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#define ZSTD_STATIC_LINKING_ONLY /* for ZSTD_createCCtx_advanced() */
#include <zstd.h>
#include <zstd_errors.h>

#include "support/bytes.h"
#include "support/test.h"

/* --- Memory that runs out ------------------------------------------------------------------- */

/* The system has so many blocks more. Any thread: libzstd's ask, too. */
static atomic_uint blocks_left;

static bool is_refused(void)
{
    unsigned left = atomic_load(&blocks_left);
    while (left > 0 && !atomic_compare_exchange_weak(&blocks_left, &left, left - 1))
        continue;
    return left == 0;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    return is_refused() ? NULL : __real_malloc(size);
}

int __real_posix_memalign(void **result, size_t unit, size_t size);
int __wrap_posix_memalign(void **result, size_t unit, size_t size);
int __wrap_posix_memalign(void **result, size_t unit, size_t size)
{
    return is_refused() ? ENOMEM : __real_posix_memalign(result, unit, size);
}

static int reset(void **state)
{
    (void)state;
    atomic_store(&blocks_left, UINT_MAX);
    return 0;
}

/* --- Parts ---------------------------------------------------------------------------------- */

static bool is_inside(const struct reserve *reserve, const uint8_t *memory)
{
    return memory >= reserve->memory.data &&
           memory < reserve->memory.data + reserve->memory.capacity;
}

static void the_system_is_asked_first(void **state)
{
    struct reserve reserve;

    (void)state;
    assert_true(reserve_open(&reserve, 1));
    void *memory = reserve_allocate(&reserve, 100);
    assert_non_null(memory);
    assert_false(is_inside(&reserve, memory));
    assert_int_equal(0, atomic_load(&reserve.used));
    reserve_free(&reserve, memory);
    reserve_free(&reserve, NULL);
    reserve_close(&reserve);
}

static void parts_are_apart_and_end_with_the_reserve(void **state)
{
    static const size_t sizes[] = {1, 16, 17, 5000};
    struct reserve reserve;
    uint8_t *end = NULL;
    unsigned count = 0;

    (void)state;
    assert_true(reserve_open(&reserve, 4));
    atomic_store(&blocks_left, 0);
    for (;; count++) {
        size_t size = sizes[count % 4];
        uint8_t *part = reserve_allocate(&reserve, size);
        if (part == NULL)
            break;
        assert_true(is_inside(&reserve, part) && is_inside(&reserve, part + size - 1));
        assert_int_equal(0, (uintptr_t)part % _Alignof(max_align_t));
        assert_true(part >= end || end == NULL);
        assert_false(atomic_load(&reserve.has_failed));
        memset(part, 1, size);
        end = part + size;
        reserve_free(&reserve, part); /* which gives nothing back */
    }
    assert_true(count > 20);
    assert_true(atomic_load(&reserve.has_failed));
    /* What does not fit took nothing away. */
    assert_non_null(reserve_allocate(&reserve, 1));
    assert_null(reserve_allocate(&reserve, SIZE_MAX));
    reserve_close(&reserve);
}

static void without_memory_there_is_no_reserve(void **state)
{
    struct reserve reserve;

    (void)state;
    atomic_store(&blocks_left, 0);
    assert_false(reserve_open(&reserve, 1));
    reserve_close(&reserve);
}

/* --- libzstd -------------------------------------------------------------------------------- */

/* Compresses on libzstd's threads while the system has so many blocks. */
static size_t compress(struct reserve *reserve, int threads, unsigned blocks,
                       const struct bytes *content, const struct bytes *room)
{
    assert_true(reserve_open(reserve, threads));
    ZSTD_CCtx *context =
        ZSTD_createCCtx_advanced((ZSTD_customMem){reserve_allocate, reserve_free, reserve});
    assert_non_null(context);
    assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_nbWorkers, threads)));
    atomic_store(&blocks_left, blocks);
    size_t result = ZSTD_compress2(context, room->data, room->size, content->data, content->size);
    atomic_store(&blocks_left, UINT_MAX);
    ZSTD_freeCCtx(context);
    return result;
}

/* Without the reserve libzstd crashes at one of the first ten. */
static void libzstd_bears_every_refusal(void **state)
{
    static const int counts[] = {1, 2, 4, 64, 200};
    struct bytes content =
        bytes_make(BYTES_TEXT, 700000, 1); /* libzstd's threads begin at 512 KiB */
    struct bytes room = bytes_make(BYTES_ZEROS, ZSTD_compressBound(content.size), 0);

    (void)state;
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        size_t result = 0;
        unsigned blocks = 0;
        for (; blocks < 100; blocks++) {
            struct reserve reserve;
            result = compress(&reserve, counts[i], blocks, &content, &room);
            bool has_failed = atomic_load(&reserve.has_failed);
            reserve_close(&reserve);
            if (!ZSTD_isError(result))
                break;
            assert_int_equal(ZSTD_error_memory_allocation, ZSTD_getErrorCode(result));
            assert_true(has_failed);
        }
        assert_in_range(blocks, 1, 99);
        assert_false(ZSTD_isError(result));
    }
    bytes_free(&room);
    bytes_free(&content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_system_is_asked_first, reset),
        cmocka_unit_test_setup_teardown(parts_are_apart_and_end_with_the_reserve, reset, reset),
        cmocka_unit_test_setup_teardown(without_memory_there_is_no_reserve, reset, reset),
        cmocka_unit_test_setup(libzstd_bears_every_refusal, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
