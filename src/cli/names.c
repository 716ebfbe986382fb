#include "cli/names.h"

#include "cli/memory.h"

#include <cinch/cinch.h>

#include <string.h>
#include <strings.h>

/* Families as bits. */
enum {
    CINCH = 1 << FAMILY_CINCH,
    GZIP = 1 << FAMILY_GZIP,
    PIGZ = 1 << FAMILY_PIGZ,
    ZSTD = 1 << FAMILY_ZSTD
};

static const struct {
    const char *suffix;
    const char *replacement;
    unsigned families;
} known_suffixes[] = {
    {".zst", "", CINCH | ZSTD},
    {".tzst", ".tar", CINCH | ZSTD},
    {".gz", "", 0xf},
    {".tgz", ".tar", 0xf},
    {".taz", ".tar", 0xf & ~ZSTD},
    {".z", "", 0xf & ~ZSTD},
    {"-gz", "", 0xf & ~ZSTD},
    {"-z", "", 0xf & ~ZSTD},
    {"_z", "", 0xf & ~ZSTD},
    {".zz", "", CINCH | PIGZ},
    {".zlib", "", CINCH},
};

enum {
    KNOWN_COUNT = sizeof(known_suffixes) / sizeof(known_suffixes[0])
};

/* Whether a path ends with a suffix, with a name before it. */
static bool ends_with(const char *path, const char *suffix)
{
    const char *base = names_base(path);
    const size_t length = strlen(base);
    const size_t end = strlen(suffix);
    return length > end && strcasecmp(base + length - end, suffix) == 0;
}

const char *names_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

int32_t names_format(const char *path)
{
    if (ends_with(path, ".gz") || ends_with(path, ".tgz"))
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

char *names_compressed(const struct settings *settings, const char *input)
{
    return memory_format("%s%s", input, settings->suffix);
}

/* Index of the known suffix of `path`, or KNOWN_COUNT. */
static size_t find_known(const struct settings *settings, const char *path)
{
    size_t i = 0;
    while (i < KNOWN_COUNT && !((known_suffixes[i].families & 1u << settings->family) &&
                                ends_with(path, known_suffixes[i].suffix)))
        i++;
    return i;
}

const char *names_known_suffix(const struct settings *settings, const char *path)
{
    if (settings->suffix_given && ends_with(path, settings->suffix))
        return settings->suffix;
    const size_t i = find_known(settings, path);
    return i < KNOWN_COUNT ? known_suffixes[i].suffix : NULL;
}

char *names_decompressed(const struct settings *settings, const char *input)
{
    const char *suffix = names_known_suffix(settings, input);
    if (!suffix)
        return NULL;
    const char *replacement = "";
    if (suffix != settings->suffix || !settings->suffix_given)
        replacement = known_suffixes[find_known(settings, input)].replacement;
    const int stem = (int)(strlen(input) - strlen(suffix));
    return memory_format("%.*s%s", stem, input, replacement);
}

bool names_is_compressed(const char *path)
{
    static const char *const suffixes[] = {
        ".7z",   ".aac",  ".apk",  ".avif", ".avi",  ".br",   ".bz2",  ".cab",  ".deb", ".docx",
        ".epub", ".flac", ".flv",  ".gif",  ".gz",   ".heic", ".jar",  ".jpeg", ".jpg", ".jxl",
        ".lz",   ".lz4",  ".lzma", ".lzo",  ".m4a",  ".m4v",  ".mkv",  ".mov",  ".mp3", ".mp4",
        ".mpeg", ".mpg",  ".odt",  ".ogg",  ".opus", ".png",  ".pptx", ".rar",  ".rpm", ".taz",
        ".tbz2", ".tgz",  ".tlz4", ".txz",  ".tzst", ".webm", ".webp", ".whl",  ".wmv", ".woff2",
        ".xlsx", ".xz",   ".z",    ".zip",  ".zlib", ".zst",  ".zz",
    };
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        if (ends_with(path, suffixes[i]))
            return true;
    }
    return false;
}

char *names_flat(const char *directory, const char *path)
{
    return memory_format("%s/%s", directory, names_base(path));
}

/* Whether a directory in the path is "..". */
static bool climbs(const char *path)
{
    while (path) {
        if (strncmp(path, "..", 2) == 0 && (path[2] == '/' || path[2] == '\0'))
            return true;
        path = strchr(path, '/');
        path = path ? path + 1 : NULL;
    }
    return false;
}

char *names_mirrored(const char *directory, const char *path)
{
    if (climbs(path))
        return NULL;
    while (*path == '/' || strncmp(path, "./", 2) == 0)
        path += *path == '/' ? 1 : 2;
    return memory_format("%s/%s", directory, path);
}
