#include "allocations.h"

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

static _Atomic bool counting;
static _Atomic uint64_t calls;
static _Atomic uint64_t bytes;
static _Atomic int64_t alive;
static _Atomic int64_t peak;

void allocations_start(void)
{
    calls = 0;
    bytes = 0;
    alive = 0;
    peak = 0;
    counting = true;
}

struct allocations allocations_stop(void)
{
    counting = false;
    return (struct allocations){calls, bytes, peak};
}

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *memory);

static void *count(void *memory, size_t size)
{
    if (!atomic_load_explicit(&counting, memory_order_relaxed) || memory == NULL)
        return memory;
    atomic_fetch_add(&calls, 1);
    atomic_fetch_add(&bytes, size);
    int64_t usable = (int64_t)malloc_usable_size(memory);
    int64_t now = atomic_fetch_add(&alive, usable) + usable;
    int64_t before = peak;
    while (now > before && !atomic_compare_exchange_weak(&peak, &before, now))
        ;
    return memory;
}

static void discount(void *memory)
{
    if (atomic_load_explicit(&counting, memory_order_relaxed) && memory != NULL)
        atomic_fetch_sub(&alive, (int64_t)malloc_usable_size(memory));
}

void *malloc(size_t size)
{
    return count(__libc_malloc(size), size);
}

void *calloc(size_t number, size_t size)
{
    return count(__libc_calloc(number, size), number * size);
}

void *realloc(void *memory, size_t size)
{
    discount(memory);
    return count(__libc_realloc(memory, size), size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return count(__libc_memalign(alignment, size), size);
}

void *memalign(size_t alignment, size_t size)
{
    return count(__libc_memalign(alignment, size), size);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
    *memory = count(__libc_memalign(alignment, size), size);
    return *memory != NULL ? 0 : ENOMEM;
}

void free(void *memory)
{
    discount(memory);
    __libc_free(memory);
}

#endif
