#include "bare.h"

#include <cinch/cinch.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#if defined(CINCH_HAVE_ISAL) && CINCH_HAVE_ISAL
#define HAVE_ISAL 1
#include <isa-l.h>
#else
#define HAVE_ISAL 0
#endif
#if defined(CINCH_HAVE_LIBDEFLATE) && CINCH_HAVE_LIBDEFLATE
#define HAVE_LIBDEFLATE 1
#include <libdeflate.h>
#else
#define HAVE_LIBDEFLATE 0
#endif

#include "bench.h"
#include "codec/codec.h"

/* One library: how a context is made for a level, and how a chunk goes through it. */
struct bare_codec {
    const char *name; /* as its encoder is called (codec.h) */
    void *(*create)(int32_t level);
    /* Bytes written to `out`, 0 on failure. */
    size_t (*compress)(void *context, const uint8_t *data, size_t size, uint8_t *out, size_t room);
    void (*destroy)(void *context);
};

struct bare_thread {
    struct bare *bare;
    pthread_t thread;
    void *context;
    uint8_t *out;
    bool failed;
};

struct bare {
    const struct bare_codec *codec;
    const uint8_t *data;
    size_t size;
    size_t chunk_size;
    size_t room;
    _Atomic size_t next; /* offset of the first chunk that nobody has */
    _Atomic uint64_t written;
    uint32_t count;
    struct bare_thread threads[];
};

/* --- zstd ------------------------------------------------------------------------------- */

static void *zstd_create(int32_t level)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    if (context != NULL)
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
    return context;
}

static size_t zstd_compress(void *context, const uint8_t *data, size_t size, uint8_t *out,
                            size_t room)
{
    size_t written = ZSTD_compress2(context, out, room, data, size);
    return ZSTD_isError(written) ? 0 : written;
}

static void zstd_destroy(void *context)
{
    ZSTD_freeCCtx(context);
}

/* --- zlib ------------------------------------------------------------------------------- */

static void *zlib_create(int32_t level)
{
    z_stream *stream = calloc(1, sizeof *stream);
    if (stream != NULL &&
        deflateInit2(stream, level, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK)
        return stream;
    free(stream);
    return NULL;
}

static size_t zlib_compress(void *context, const uint8_t *data, size_t size, uint8_t *out,
                            size_t room)
{
    z_stream *stream = context;
    if (deflateReset(stream) != Z_OK)
        return 0;
    stream->next_in = (Bytef *)data;
    stream->avail_in = (uInt)size;
    stream->next_out = out;
    stream->avail_out = (uInt)room;
    if (deflate(stream, Z_FULL_FLUSH) != Z_OK || stream->avail_in != 0)
        return 0;
    return room - stream->avail_out;
}

static void zlib_destroy(void *context)
{
    deflateEnd(context);
    free(context);
}

/* --- ISA-L ------------------------------------------------------------------------------ */

#if HAVE_ISAL

/* The levels that cinch's 1 to 3 stand for (src/codec/deflate_isal.c), with the largest buffers. */
struct isal_bare {
    struct isal_zstream stream;
    uint32_t level;
    uint8_t buffer[ISAL_DEF_LVL3_EXTRA_LARGE];
};

static void *isal_create(int32_t level)
{
    struct isal_bare *bare = malloc(sizeof *bare);
    if (bare != NULL)
        bare->level = level == 1 ? 2 : 3;
    return bare;
}

static size_t isal_compress(void *context, const uint8_t *data, size_t size, uint8_t *out,
                            size_t room)
{
    struct isal_bare *bare = context;
    isal_deflate_init(&bare->stream);
    bare->stream.level = bare->level;
    bare->stream.level_buf = bare->buffer;
    bare->stream.level_buf_size = sizeof bare->buffer;
    bare->stream.flush = FULL_FLUSH;
    bare->stream.next_in = (uint8_t *)data;
    bare->stream.avail_in = (uint32_t)size;
    bare->stream.next_out = out;
    bare->stream.avail_out = (uint32_t)room;
    if (isal_deflate(&bare->stream) != COMP_OK || bare->stream.avail_in != 0)
        return 0;
    return room - bare->stream.avail_out;
}

#endif

/* --- libdeflate ------------------------------------------------------------------------- */

#if HAVE_LIBDEFLATE

static void *libdeflate_create(int32_t level)
{
    return libdeflate_alloc_compressor(level);
}

static size_t libdeflate_compress(void *context, const uint8_t *data, size_t size, uint8_t *out,
                                  size_t room)
{
    return libdeflate_deflate_compress(context, data, size, out, room);
}

static void libdeflate_destroy(void *context)
{
    libdeflate_free_compressor(context);
}

#endif

static const struct bare_codec codecs[] = {
    {"libzstd", zstd_create, zstd_compress, zstd_destroy},
    {"zlib", zlib_create, zlib_compress, zlib_destroy},
#if HAVE_ISAL
    {"ISA-L", isal_create, isal_compress, free},
#endif
#if HAVE_LIBDEFLATE
    {"libdeflate", libdeflate_create, libdeflate_compress, libdeflate_destroy},
#endif
};

/* --- All of them ------------------------------------------------------------------------ */

static const struct bare_codec *find_codec(const char *name)
{
    for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++)
        if (strcmp(codecs[i].name, name) == 0)
            return &codecs[i];
    return NULL;
}

struct bare *bare_open(int32_t format, int32_t level, const uint8_t *data, size_t size,
                       size_t chunk_size, uint32_t threads)
{
    const struct encoder *encoder = encoder_find(format, level);
    const struct bare_codec *codec = encoder != NULL ? find_codec(encoder->name) : NULL;
    if (codec == NULL)
        return NULL;
    struct bare *bare = calloc(1, sizeof *bare + threads * sizeof bare->threads[0]);
    if (bare == NULL)
        bench_fail("out of memory");
    bare->codec = codec;
    bare->data = data;
    bare->size = size;
    bare->chunk_size = chunk_size;
    bare->room = encoder->bound(chunk_size) + 64;
    bare->count = threads;
    for (uint32_t i = 0; i < threads; i++) {
        bare->threads[i].bare = bare;
        bare->threads[i].context = codec->create(level);
        bare->threads[i].out = malloc(bare->room);
        if (bare->threads[i].context == NULL || bare->threads[i].out == NULL)
            bench_fail("out of memory");
    }
    return bare;
}

static void *run(void *argument)
{
    struct bare_thread *thread = argument;
    struct bare *bare = thread->bare;
    for (;;) {
        size_t offset = atomic_fetch_add(&bare->next, bare->chunk_size);
        if (offset >= bare->size)
            return NULL;
        size_t rest = bare->size - offset;
        size_t written = bare->codec->compress(thread->context, bare->data + offset,
                                               rest < bare->chunk_size ? rest : bare->chunk_size,
                                               thread->out, bare->room);
        thread->failed |= written == 0;
        atomic_fetch_add(&bare->written, written);
    }
}

struct spent bare_compress(struct bare *bare)
{
    bare->next = 0;
    bare->written = 0;
    struct spent start = spent_now();
    for (uint32_t i = 1; i < bare->count; i++)
        if (pthread_create(&bare->threads[i].thread, NULL, run, &bare->threads[i]) != 0)
            bench_fail("cannot start a thread");
    run(&bare->threads[0]);
    for (uint32_t i = 1; i < bare->count; i++)
        pthread_join(bare->threads[i].thread, NULL);
    struct spent spent = spent_since(start);
    for (uint32_t i = 0; i < bare->count; i++)
        if (bare->threads[i].failed)
            bench_fail("the bare codec has failed");
    return spent;
}

uint64_t bare_size(const struct bare *bare)
{
    return bare->written;
}

const char *bare_name(const struct bare *bare)
{
    return bare->codec->name;
}

void bare_close(struct bare *bare)
{
    for (uint32_t i = 0; i < bare->count; i++) {
        bare->codec->destroy(bare->threads[i].context);
        free(bare->threads[i].out);
    }
    free(bare);
}
