#include "cli/part.h"

#include "cli/value.h"

#include <string.h>

/* Enough for any cluster, and small enough that the sums below cannot overflow. */
static const int64_t COUNT_MOST = 1000000;

bool part_parse(const char *string, struct part *part)
{
    char index_digits[16];
    int64_t index;
    int64_t count;
    const char *slash = strchr(string, '/');
    if (!slash || (size_t)(slash - string) >= sizeof(index_digits))
        return false;
    memcpy(index_digits, string, (size_t)(slash - string));
    index_digits[slash - string] = '\0';
    if (!value_number(slash + 1, 1, COUNT_MOST, &count) ||
        !value_number(index_digits, 1, count, &index))
        return false;
    *part = (struct part){(uint32_t)index, (uint32_t)count};
    return true;
}

/* Where part `index`, counted from 0, begins. */
static uint64_t part_begin(uint64_t index, uint64_t count, uint64_t size)
{
    if (index == count)
        return size;
    const uint64_t blocks = size / PART_ALIGNMENT;
    /* index * blocks / count, without overflow for any size. */
    const uint64_t block = blocks / count * index + blocks % count * index / count;
    return block * PART_ALIGNMENT;
}

void part_range(const struct part *part, uint64_t size, uint64_t *offset, uint64_t *length)
{
    *offset = part_begin(part->index - 1, part->count, size);
    *length = part_begin(part->index, part->count, size) - *offset;
}
