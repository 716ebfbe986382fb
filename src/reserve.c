#include "reserve.h"

#include <stdint.h>
#include <stdlib.h>

/*
 * libzstd 1.5.4 asks for 14 KiB and 1 KiB more a thread (its job table, doubled up to a power of
 * two) until its threads are there. The double leaves room for versions to come.
 */
#define RESERVE_SIZE            ((size_t)32 << 10)
#define RESERVE_SIZE_PER_THREAD ((size_t)2 << 10)

#define RESERVE_ALIGNMENT _Alignof(max_align_t)

bool reserve_open(struct reserve *reserve, int threads)
{
    reserve->memory = buffer_allocate(RESERVE_SIZE + (size_t)threads * RESERVE_SIZE_PER_THREAD);
    atomic_init(&reserve->used, 0);
    atomic_init(&reserve->has_failed, false);
    return reserve->memory.data != NULL;
}

void reserve_close(struct reserve *reserve)
{
    buffer_free(&reserve->memory);
}

/* A part of the reserve, or NULL where so much is not left. */
static void *reserve_take(struct reserve *reserve, size_t size)
{
    size_t capacity = reserve->memory.capacity;
    if (size > capacity)
        return NULL;
    size_t part = (size + RESERVE_ALIGNMENT - 1) & ~(RESERVE_ALIGNMENT - 1);
    size_t begin = atomic_fetch_add(&reserve->used, part);
    if (begin + part <= capacity)
        return reserve->memory.data + begin;
    atomic_fetch_sub(&reserve->used, part);
    return NULL;
}

void *reserve_allocate(void *owner, size_t size)
{
    struct reserve *reserve = owner;
    void *memory = buffer_allocate(size).data;
    if (memory == NULL)
        memory = reserve_take(reserve, size);
    if (memory == NULL)
        atomic_store(&reserve->has_failed, true);
    return memory;
}

void reserve_free(void *owner, void *memory)
{
    const struct reserve *reserve = owner;
    uintptr_t begin = (uintptr_t)reserve->memory.data;
    uintptr_t place = (uintptr_t)memory;
    if (place < begin || place - begin >= reserve->memory.capacity)
        free(memory);
}
