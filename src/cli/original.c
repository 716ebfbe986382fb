#include "cli/original.h"

#include "cli/memory.h"
#include "cli/names.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* RFC 1952, section 2.3.1. */
enum {
    FIXED_SIZE = 10, /* bytes before the optional fields */
    FLAGS_OFFSET = 3,
    TIME_OFFSET = 4,
    FLAG_CHECK = 1 << 1,
    FLAG_EXTRA = 1 << 2,
    FLAG_NAME = 1 << 3,
    FLAG_COMMENT = 1 << 4
};

/* Enough for the largest extra field, and names and comments of any sense. */
enum {
    HEADER_MOST = FIXED_SIZE + 2 + 65535 + PATH_MAX + 65536
};

static size_t read_start(const char *path, unsigned char *bytes)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (descriptor < 0)
        return 0;
    ssize_t got = pread(descriptor, bytes, HEADER_MOST, 0);
    close(descriptor);
    return got > 0 ? (size_t)got : 0;
}

/* The offset after the string at `offset`, NUL included; more than `size` if it does not end. */
static size_t skip_string(const unsigned char *bytes, size_t size, size_t offset)
{
    const unsigned char *end = offset < size ? memchr(bytes + offset, '\0', size - offset) : NULL;
    return end ? (size_t)(end - bytes) + 1 : size + 1;
}

/* A copy of what may be used of a name, or NULL. */
static char *usable_name(const char *name)
{
    const char *base = names_base(name);
    if (*base == '\0' || strcmp(base, ".") == 0 || strcmp(base, "..") == 0)
        return NULL;
    return memory_copy(base);
}

static struct original parse(const unsigned char *bytes, size_t size)
{
    struct original original = {.time = -1};
    if (size < FIXED_SIZE || bytes[0] != 0x1f || bytes[1] != 0x8b)
        return original;
    const unsigned flags = bytes[FLAGS_OFFSET];
    const unsigned char *time = bytes + TIME_OFFSET;
    const uint32_t seconds =
        time[0] | (uint32_t)time[1] << 8 | (uint32_t)time[2] << 16 | (uint32_t)time[3] << 24;
    if (seconds != 0)
        original.time = seconds;

    size_t offset = FIXED_SIZE;
    if (flags & FLAG_EXTRA)
        offset += offset + 2 <= size ? 2 + (bytes[offset] | (size_t)bytes[offset + 1] << 8) : size;
    if (flags & FLAG_NAME) {
        const size_t name = offset;
        offset = skip_string(bytes, size, offset);
        if (offset <= size)
            original.name = usable_name((const char *)bytes + name);
    }
    if (flags & FLAG_COMMENT)
        offset = skip_string(bytes, size, offset);
    if (flags & FLAG_CHECK)
        offset += 2;
    original.header_size = offset <= size ? offset : FIXED_SIZE;
    return original;
}

struct original original_read(const char *path)
{
    unsigned char *bytes = memory_allocate(HEADER_MOST, 1);
    const size_t size = read_start(path, bytes);
    struct original original = parse(bytes, size);
    free(bytes);
    return original;
}

char *original_restore(const char *input, char *path)
{
    struct original original = original_read(input);
    if (!original.name)
        return path;
    const int directory = (int)(names_base(input) - input);
    free(path);
    path = memory_format("%.*s%s", directory, input, original.name);
    free(original.name);
    return path;
}
