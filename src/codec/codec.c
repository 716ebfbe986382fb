#include "codec/codec.h"

#include <cinch/cinch.h>

#include <stdio.h>
#include <zlib.h>
#include <zstd.h>

#include "thread.h"

/* Neither library tells its version when it runs: these are those of the headers. */
#if CINCH_HAVE_ISAL
#include <isa-l.h>
#define TEXT(number)  TEXT_(number)
#define TEXT_(number) #number
#define CINCH_ISAL_VERSION                                                                         \
    ", ISA-L " TEXT(ISAL_MAJOR_VERSION) "." TEXT(ISAL_MINOR_VERSION) "." TEXT(ISAL_PATCH_VERSION)
#else
#define CINCH_ISAL_VERSION ""
#endif
#if CINCH_HAVE_LIBDEFLATE
#include <libdeflate.h>
#define CINCH_LIBDEFLATE_VERSION ", libdeflate " LIBDEFLATE_VERSION_STRING
#else
#define CINCH_LIBDEFLATE_VERSION ""
#endif

/*
 * The engines for deflate by level, in order of preference: the first row that has the level is
 * taken. Where both are there, ISA-L is the faster one for its size at levels 1 and 2, and
 * libdeflate's 3 is smaller than ISA-L's in about the same time (see deflate_isal.c).
 */
static const struct deflate_row {
    int32_t first;
    int32_t last;
    const struct encoder *encoder;
} deflate_rows[] = {
#if CINCH_HAVE_ISAL
    {1, 2, &deflate_isal_encoder},
#endif
#if CINCH_HAVE_LIBDEFLATE
    {3, 12, &deflate_libdeflate_encoder},
#endif
#if CINCH_HAVE_ISAL
    {3, 3, &deflate_isal_encoder},
#elif CINCH_HAVE_LIBDEFLATE
    {1, 2, &deflate_libdeflate_encoder},
#endif
    {1, 9, &deflate_zlib_encoder},
    {CINCH_LEVEL_STORED, CINCH_LEVEL_STORED, &deflate_zlib_encoder},
};

const struct encoder *encoder_find(int32_t format, int32_t level)
{
    if (format == CINCH_FORMAT_ZSTD)
        return level >= zstd_encoder.level_min && level <= zstd_encoder.level_max ? &zstd_encoder
                                                                                  : NULL;
    for (size_t i = 0; i < sizeof deflate_rows / sizeof deflate_rows[0]; i++)
        if (level >= deflate_rows[i].first && level <= deflate_rows[i].last)
            return deflate_rows[i].encoder;
    return NULL;
}

/* Of whole pieces libdeflate is the fastest, but it knows nothing else. */
#if CINCH_HAVE_LIBDEFLATE
#define DEFLATE_PIECE_DECODER deflate_libdeflate_decoder
#elif CINCH_HAVE_ISAL
#define DEFLATE_PIECE_DECODER deflate_isal_decoder
#else
#define DEFLATE_PIECE_DECODER deflate_zlib_decoder
#endif
#if CINCH_HAVE_ISAL
#define DEFLATE_STREAM_DECODER deflate_isal_decoder
#else
#define DEFLATE_STREAM_DECODER deflate_zlib_decoder
#endif

const struct decoder *decoder_find(int32_t format)
{
    return format == CINCH_FORMAT_ZSTD ? &zstd_decoder : &DEFLATE_PIECE_DECODER;
}

const struct decoder *stream_decoder_find(int32_t format)
{
    return format == CINCH_FORMAT_ZSTD ? &zstd_decoder : &DEFLATE_STREAM_DECODER;
}

int32_t codec_default_level(int32_t format)
{
    return format == CINCH_FORMAT_ZSTD ? ZSTD_CLEVEL_DEFAULT : 6;
}

static char engines[128];

static void write_engines(void)
{
    snprintf(engines, sizeof engines, "libzstd %s, zlib %s%s%s", ZSTD_versionString(),
             zlibVersion(), CINCH_ISAL_VERSION, CINCH_LIBDEFLATE_VERSION);
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
