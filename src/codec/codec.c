#include "codec/codec.h"

#include <cinch/cinch.h>

#include <stdio.h>
#include <zlib.h>
#include <zstd.h>

#include "thread.h"

/* In order of preference: the first one that has the level is taken. */
static const struct encoder *const deflate_encoders[] = {&deflate_zlib_encoder};

static bool has_level(const struct encoder *encoder, int32_t level)
{
    return (level >= encoder->level_min && level <= encoder->level_max) ||
           (level == CINCH_LEVEL_STORED && encoder->can_store);
}

const struct encoder *encoder_find(int32_t format, int32_t level)
{
    if (format == CINCH_FORMAT_ZSTD)
        return has_level(&zstd_encoder, level) ? &zstd_encoder : NULL;
    for (size_t i = 0; i < sizeof deflate_encoders / sizeof deflate_encoders[0]; i++)
        if (has_level(deflate_encoders[i], level))
            return deflate_encoders[i];
    return NULL;
}

const struct decoder *decoder_find(int32_t format)
{
    return format == CINCH_FORMAT_ZSTD ? &zstd_decoder : &deflate_zlib_decoder;
}

int32_t codec_default_level(int32_t format)
{
    return format == CINCH_FORMAT_ZSTD ? ZSTD_CLEVEL_DEFAULT : 6;
}

static char engines[64];

static void write_engines(void)
{
    snprintf(engines, sizeof engines, "libzstd %s, zlib %s", ZSTD_versionString(), zlibVersion());
}

const char *cinch_engines(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, write_engines);
    return engines;
}

const char *cinch_version(void)
{
    return CINCH_VERSION;
}
