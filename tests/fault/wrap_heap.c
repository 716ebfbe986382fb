/*
 * The malloc family: refused by plan, and counted, so that what was not given back shows.
 *
 * Under the address sanitizer, whose own definitions give way to these, the memory is its.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include "interposer.h"

#if defined(__SANITIZE_ADDRESS__)
#define HEAP(name) __interceptor_##name
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HEAP(name) __interceptor_##name
#endif
#endif
#ifndef HEAP
#define HEAP(name) __libc_##name
#endif

void *HEAP(malloc)(size_t size);
void *HEAP(calloc)(size_t count, size_t size);
void *HEAP(realloc)(void *block, size_t size);
void *HEAP(memalign)(size_t alignment, size_t size);
void HEAP(free)(void *block);

UNCHECKED static bool is_refused(enum call call)
{
    if (interposer_is_idle())
        return false;
    int error = interposer_enter(call);
    if (error != 0)
        errno = error;
    return error != 0;
}

/*
 * Which blocks are counted: a table of addresses, open to all threads, without a lock. It holds
 * what a run has at most at one time. Blocks that were taken while the interposer was idle are the
 * tests' own, or of what starts a thread, and are not in it.
 */
enum {
    TABLE_SIZE = 1 << 14
};
static _Atomic(uintptr_t) table[TABLE_SIZE];

static size_t table_place(uintptr_t address)
{
    return (size_t)((address >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> 50) % TABLE_SIZE;
}

UNCHECKED static void *counted(void *block)
{
    if (block == NULL || interposer_is_idle())
        return block;
    size_t place = table_place((uintptr_t)block);
    for (size_t tries = 0; tries < TABLE_SIZE; tries++) {
        uintptr_t empty = 0;
        if (atomic_compare_exchange_strong(&table[place], &empty, (uintptr_t)block)) {
            atomic_fetch_add(&interposer.live, 1);
            break;
        }
        place = (place + 1) % TABLE_SIZE;
    }
    return block;
}

/* A place that is left becomes 0 again, so that whoever lies behind it may be anywhere in the
 * run that follows: the whole table is looked through in the worst case, which is rare. */
UNCHECKED static void forget(void *block)
{
    if (block == NULL || atomic_load_explicit(&interposer.live, memory_order_relaxed) == 0)
        return;
    size_t place = table_place((uintptr_t)block);
    for (size_t tries = 0; tries < TABLE_SIZE; tries++) {
        uintptr_t found = (uintptr_t)block;
        if (atomic_load_explicit(&table[place], memory_order_relaxed) == found &&
            atomic_compare_exchange_strong(&table[place], &found, 0)) {
            atomic_fetch_sub(&interposer.live, 1);
            return;
        }
        place = (place + 1) % TABLE_SIZE;
    }
}

UNCHECKED void *malloc(size_t size)
{
    return is_refused(CALL_MALLOC) ? NULL : counted(HEAP(malloc)(size));
}

UNCHECKED void *calloc(size_t count, size_t size)
{
    return is_refused(CALL_CALLOC) ? NULL : counted(HEAP(calloc)(count, size));
}

UNCHECKED void *realloc(void *block, size_t size)
{
    if (is_refused(CALL_REALLOC))
        return NULL;
    forget(block);
    return counted(HEAP(realloc)(block, size));
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    int error = interposer_enter(CALL_MEMALIGN);
    if (error != 0)
        return error;
    void *result = HEAP(memalign)(alignment, size);
    if (result == NULL)
        return ENOMEM;
    *block = counted(result);
    return 0;
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return is_refused(CALL_MEMALIGN) ? NULL : counted(HEAP(memalign)(alignment, size));
}

void *memalign(size_t alignment, size_t size);
void *memalign(size_t alignment, size_t size)
{
    return is_refused(CALL_MEMALIGN) ? NULL : counted(HEAP(memalign)(alignment, size));
}

UNCHECKED void free(void *block)
{
    int error = errno;
    forget(block);
    HEAP(free)(block);
    errno = error;
}
