#include "cli/memory.h"

#include "cli/message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *memory_allocate(size_t count, size_t size)
{
    void *block = calloc(count ? count : 1, size ? size : 1);
    if (!block)
        message_fatal("not enough memory");
    return block;
}

void *memory_resize(void *block, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        message_fatal("not enough memory");
    size_t bytes = count * size;
    void *resized = realloc(block, bytes ? bytes : 1);
    if (!resized)
        message_fatal("not enough memory");
    return resized;
}

char *memory_copy(const char *string)
{
    size_t size = strlen(string) + 1;
    return memcpy(memory_allocate(size, 1), string, size);
}

char *memory_format(const char *format, ...)
{
    char *string = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&string, format, arguments);
    va_end(arguments);
    if (length < 0)
        message_fatal("not enough memory");
    return string;
}
