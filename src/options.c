#include "options.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <zstd.h>

#include "codec/codec.h"
#include "pool.h"
#include "processors.h"

#define FLAGS_KNOWN                                                                                \
    (CINCH_FLAG_NO_REPLACE | CINCH_FLAG_DURABLE | CINCH_FLAG_VERIFY | CINCH_FLAG_SINGLE_STREAM |   \
     CINCH_FLAG_NO_METADATA | CINCH_FLAG_NO_CHECKSUM | CINCH_FLAG_SPARSE | CINCH_FLAG_RANGE |      \
     CINCH_FLAG_NO_INDEX | CINCH_FLAG_INPUT_FD | CINCH_FLAG_NAME | CINCH_FLAG_INSPECT |            \
     CINCH_FLAG_IGNORE_TRAILING)

/* The sizes of the structures when they were first published: no header has smaller ones. */
#define OPTIONS_SIZE_FIRST      (offsetof(cinch_options, user) + sizeof(void *))
#define POOL_OPTIONS_SIZE_FIRST (offsetof(cinch_pool_options, threads) + sizeof(uint32_t))

/*
 * Copies a structure that begins with its size from the caller's form to ours: a shorter one is
 * filled up with zeros, a longer one must have nothing but zeros in what we do not know.
 */
static bool copy_sized(void *result, size_t size, size_t size_first, const void *given)
{
    size_t given_size;
    memcpy(&given_size, given, sizeof given_size);
    if (given_size < size_first)
        return false;
    for (size_t i = size; i < given_size; i++)
        if (((const unsigned char *)given)[i] != 0)
            return false;
    memset(result, 0, size);
    memcpy(result, given, given_size < size ? given_size : size);
    memcpy(result, &size, sizeof size);
    return true;
}

int32_t options_read(cinch_options *result, const cinch_options *given)
{
    static const cinch_options defaults = CINCH_OPTIONS_INIT;
    if (given == NULL)
        given = &defaults;
    if (!copy_sized(result, sizeof *result, OPTIONS_SIZE_FIRST, given))
        return CINCH_E_INVALID;
    if (result->format < CINCH_FORMAT_AUTO || result->format > CINCH_FORMAT_ZLIB)
        return CINCH_E_INVALID;
    if ((result->flags & ~(uint32_t)FLAGS_KNOWN) != 0)
        return CINCH_E_INVALID;
    if (result->chunk_size != 0 &&
        (result->chunk_size < OPTIONS_CHUNK_MIN || result->chunk_size > OPTIONS_CHUNK_MAX))
        return CINCH_E_INVALID;
    return CINCH_OK;
}

static bool has_suffix(const char *path, const char *suffix)
{
    size_t path_length = strlen(path);
    size_t suffix_length = strlen(suffix);
    return path_length >= suffix_length &&
           strcasecmp(path + path_length - suffix_length, suffix) == 0;
}

static int32_t format_of_name(const char *path)
{
    if (path == NULL)
        return CINCH_FORMAT_ZSTD;
    if (has_suffix(path, ".gz"))
        return CINCH_FORMAT_GZIP;
    if (has_suffix(path, ".zz") || has_suffix(path, ".zlib"))
        return CINCH_FORMAT_ZLIB;
    return CINCH_FORMAT_ZSTD;
}

/* Whether the library in use can have the window asked for, if one is. */
static bool has_window(const cinch_options *options)
{
    ZSTD_bounds bounds = ZSTD_cParam_getBounds(ZSTD_c_windowLog);
    if (options->window_log == 0)
        return true;
    return options->format == CINCH_FORMAT_ZSTD &&
           options->window_log >= (uint32_t)bounds.lowerBound &&
           options->window_log <= (uint32_t)bounds.upperBound;
}

int32_t options_resolve(cinch_options *options, const char *output_path)
{
    if (options->format == CINCH_FORMAT_AUTO)
        options->format = format_of_name(output_path);
    if (options->level == CINCH_LEVEL_DEFAULT)
        options->level = codec_default_level(options->format);
    if (!has_window(options))
        return CINCH_E_INVALID;
    return encoder_find(options->format, options->level) != NULL ? CINCH_OK : CINCH_E_INVALID;
}

int32_t pool_options_threads(const cinch_pool_options *given, uint32_t *threads)
{
    static const cinch_pool_options defaults = CINCH_POOL_OPTIONS_INIT;
    cinch_pool_options options;
    if (given == NULL)
        given = &defaults;
    if (!copy_sized(&options, sizeof options, POOL_OPTIONS_SIZE_FIRST, given))
        return CINCH_E_INVALID;
    if (options.threads > POOL_THREADS_MAX)
        return CINCH_E_INVALID;
    *threads = options.threads != 0 ? options.threads : processors_usable();
    return CINCH_OK;
}
