#include "cli/names.h"

#include "cli/memory.h"

#include <cinch/cinch.h>

#include <stdbool.h>
#include <string.h>
#include <strings.h>

static bool ends_with(const char *path, const char *suffix)
{
    const size_t length = strlen(path);
    const size_t end = strlen(suffix);
    return length > end && strcasecmp(path + length - end, suffix) == 0;
}

int32_t names_format(const char *path)
{
    if (ends_with(path, ".gz"))
        return CINCH_FORMAT_GZIP;
    if (ends_with(path, ".zz") || ends_with(path, ".zlib"))
        return CINCH_FORMAT_ZLIB;
    return CINCH_FORMAT_ZSTD;
}

const char *names_suffix(int32_t format)
{
    switch (format) {
    case CINCH_FORMAT_GZIP:
        return ".gz";
    case CINCH_FORMAT_ZLIB:
        return ".zz";
    default:
        return ".zst";
    }
}

char *names_compressed(const char *input, const char *suffix)
{
    return memory_format("%s%s", input, suffix);
}
