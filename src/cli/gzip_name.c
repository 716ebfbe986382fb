#include "cli/gzip_name.h"

#include "cli/memory.h"
#include "cli/names.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* RFC 1952, section 2.3.1. */
enum {
    HEADER_FIXED = 10, /* bytes before the optional fields */
    FLAG_EXTRA = 1 << 2,
    FLAG_NAME = 1 << 3,
    TIME_OFFSET = 4,
    FLAGS_OFFSET = 3
};

/* Reads what a name may lie in: the fixed part, the largest extra field, the longest name. */
enum {
    HEADER_MOST = HEADER_FIXED + 2 + 65535 + NAME_MAX + 1
};

static size_t read_header(const char *input, unsigned char *header)
{
    int descriptor = open(input, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (descriptor < 0)
        return 0;
    ssize_t got = pread(descriptor, header, HEADER_MOST, 0);
    close(descriptor);
    return got > 0 ? (size_t)got : 0;
}

/* The original name in a header of `size` bytes, or NULL. */
static const char *find_name(const unsigned char *header, size_t size)
{
    size_t at = HEADER_FIXED;
    if (header[FLAGS_OFFSET] & FLAG_EXTRA) {
        if (size < at + 2)
            return NULL;
        at += 2 + (header[at] | (size_t)header[at + 1] << 8);
    }
    if (!(header[FLAGS_OFFSET] & FLAG_NAME) || at >= size || !memchr(header + at, '\0', size - at))
        return NULL;
    return (const char *)header + at;
}

static bool is_usable(const char *name)
{
    return *name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

char *gzip_name_apply(const char *input, char *path, int64_t *time)
{
    unsigned char *header = memory_allocate(HEADER_MOST, 1);
    const size_t size = read_header(input, header);
    if (size >= HEADER_FIXED && header[0] == 0x1f && header[1] == 0x8b) {
        const unsigned char *field = header + TIME_OFFSET;
        const uint32_t seconds = field[0] | (uint32_t)field[1] << 8 | (uint32_t)field[2] << 16 |
                                 (uint32_t)field[3] << 24;
        const char *name = find_name(header, size);
        if (seconds != 0)
            *time = seconds;
        name = name ? names_base(name) : NULL;
        if (name && is_usable(name)) {
            free(path);
            path = memory_format("%.*s%s", (int)(names_base(input) - input), input, name);
        }
    }
    free(header);
    return path;
}
