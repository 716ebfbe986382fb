#include "heap.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include "support/test.h"

static _Atomic size_t size_now;
static _Atomic size_t size_peak;

size_t heap_size(void)
{
    return atomic_load(&size_now);
}

size_t heap_peak(void)
{
    return atomic_load(&size_peak);
}

void heap_peak_reset(void)
{
    atomic_store(&size_peak, atomic_load(&size_now));
}

#if !defined(__GLIBC__) || TEST_SLOWNESS != 1

bool heap_is_counted(void)
{
    return false;
}

#else

bool heap_is_counted(void)
{
    return true;
}

/* The C library's own functions, under the names that they can always be reached by. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

/* malloc_usable_size() of an aligned block that was mapped counts what lies behind it for nothing,
 * so the large ones of these are remembered. */
enum {
    ALIGNED_MOST = 1024,
    ALIGNED_SIZE = 1 << 16
};

static struct {
    void *memory;
    size_t size;
} aligned[ALIGNED_MOST];
static pthread_mutex_t aligned_lock = PTHREAD_MUTEX_INITIALIZER;

static bool aligned_add(void *memory, size_t size)
{
    bool found = false;

    pthread_mutex_lock(&aligned_lock);
    for (size_t i = 0; i < ALIGNED_MOST && !found; i++) {
        found = aligned[i].memory == NULL;
        if (found) {
            aligned[i].memory = memory;
            aligned[i].size = size;
        }
    }
    pthread_mutex_unlock(&aligned_lock);
    return found;
}

/* The size of what is about to be freed. */
static size_t size_of(void *memory)
{
    size_t size = malloc_usable_size(memory);

    if (size < ALIGNED_SIZE) {
        return size;
    }
    pthread_mutex_lock(&aligned_lock);
    for (size_t i = 0; i < ALIGNED_MOST; i++) {
        if (aligned[i].memory == memory) {
            size = aligned[i].size;
            aligned[i].memory = NULL;
            break;
        }
    }
    pthread_mutex_unlock(&aligned_lock);
    return size;
}

static void add(size_t size)
{
    size_t now = atomic_fetch_add(&size_now, size) + size;
    size_t peak = atomic_load(&size_peak);

    while (now > peak && !atomic_compare_exchange_weak(&size_peak, &peak, now)) {
    }
}

static void *counted(void *memory)
{
    if (memory != NULL) {
        add(malloc_usable_size(memory));
    }
    return memory;
}

void *malloc(size_t size)
{
    return counted(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
    return counted(__libc_calloc(count, size));
}

void free(void *memory)
{
    if (memory != NULL) {
        atomic_fetch_sub(&size_now, size_of(memory));
        __libc_free(memory);
    }
}

void *realloc(void *memory, size_t size)
{
    /* Both blocks are there for a moment, or may be. */
    size_t before = memory != NULL ? size_of(memory) : 0;
    void *result = counted(__libc_realloc(memory, size));

    if (result != NULL || size == 0) {
        atomic_fetch_sub(&size_now, before);
    }
    return result;
}

void *memalign(size_t alignment, size_t size)
{
    void *memory = __libc_memalign(alignment, size);

    if (memory == NULL || malloc_usable_size(memory) < ALIGNED_SIZE || !aligned_add(memory, size)) {
        return counted(memory);
    }
    add(size);
    return memory;
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size)
{
    void *memory = memalign(alignment, size);

    if (memory == NULL) {
        return ENOMEM;
    }
    *result = memory;
    return 0;
}

#endif
