#include "cli/made.h"

#include "cli/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Open addressing with linear probing; 0 marks a free slot; at most half of them are taken. */
struct made {
    uint64_t *slots;
    size_t capacity; /* a power of two */
    size_t used;
};

struct made *made_create(void)
{
    struct made *made = memory_allocate(1, sizeof(*made));
    made->capacity = 1024;
    made->slots = memory_allocate(made->capacity, sizeof(made->slots[0]));
    return made;
}

void made_free(struct made *made)
{
    free(made->slots);
    free(made);
}

/* FNV-1a with a final mix, over the path without what says nothing: "./" and double slashes.
 * Among ten million names, two share a hash with probability 3e-6. */
static uint64_t hash_path(const char *path)
{
    uint64_t hash = *path == '/' ? 0x9ae16a3b2f90404f : 0xcbf29ce484222325;
    bool at_start = true; /* of a component */
    while (*path) {
        if (at_start && (*path == '/' || strncmp(path, "./", 2) == 0)) {
            path += *path == '/' ? 1 : 2;
            continue;
        }
        at_start = *path == '/';
        hash = (hash ^ (unsigned char)*path++) * 0x100000001b3;
    }
    hash ^= hash >> 32;
    hash *= 0xd6e8feb86659fd93;
    hash ^= hash >> 32;
    return hash ? hash : 1;
}

/* The slot that holds `hash`, or the free one where it belongs. */
static size_t find_slot(const struct made *made, uint64_t hash)
{
    size_t slot = hash & (made->capacity - 1);
    while (made->slots[slot] != 0 && made->slots[slot] != hash)
        slot = (slot + 1) & (made->capacity - 1);
    return slot;
}

static void grow(struct made *made)
{
    uint64_t *old = made->slots;
    const size_t count = made->capacity;
    made->capacity *= 2;
    made->slots = memory_allocate(made->capacity, sizeof(made->slots[0]));
    for (size_t i = 0; i < count; i++) {
        if (old[i] != 0)
            made->slots[find_slot(made, old[i])] = old[i];
    }
    free(old);
}

bool made_add(struct made *made, const char *path)
{
    const uint64_t hash = hash_path(path);
    if (made->slots[find_slot(made, hash)] == hash)
        return false;
    if (2 * (made->used + 1) > made->capacity)
        grow(made);
    made->slots[find_slot(made, hash)] = hash;
    made->used++;
    return true;
}

void made_forget(struct made *made, const char *path)
{
    const size_t mask = made->capacity - 1;
    size_t gap = find_slot(made, hash_path(path));
    if (made->slots[gap] == 0)
        return;
    made->used--;
    /* What was put behind the gap only because this place was taken moves up into it. */
    for (size_t slot = (gap + 1) & mask; made->slots[slot] != 0; slot = (slot + 1) & mask) {
        const size_t home = made->slots[slot] & mask;
        if (((slot - home) & mask) >= ((slot - gap) & mask)) {
            made->slots[gap] = made->slots[slot];
            gap = slot;
        }
    }
    made->slots[gap] = 0;
}

bool made_contains(const struct made *made, const char *path)
{
    const uint64_t hash = hash_path(path);
    return made->slots[find_slot(made, hash)] == hash;
}
