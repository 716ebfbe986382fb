/*
 * Instructions: what time is too noisy for, counted by Valgrind. `bench/instructions` runs this and
 * makes a table; see there. By itself it tells the same pieces of work in seconds.
 *
 * Each piece of work is done once before it counts, so that contexts and buffers are there.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_ZERO_STATS
#define CALLGRIND_DUMP_STATS_AT(name)
#endif
#include <zlib.h>

#include "bench.h"
#include "samples.h"
#if CINCH_HAVE_LIBDEFLATE
#include <libdeflate.h>

#include "codec/deflate_walk.h"
#endif

/* One piece of work: Valgrind is told when it begins and when it has ended. */
static void count(const struct bench *bench, const char *name, void (*work)(void *owner),
                  void *owner)
{
    struct samples processor = {NULL, 0, 0};
    uint32_t rounds = bench_samples(bench, 9, 1);
    work(owner);
    for (uint32_t i = 0; i < rounds; i++) {
        struct spent start = spent_now();
        CALLGRIND_ZERO_STATS;
        work(owner);
        CALLGRIND_DUMP_STATS_AT(name);
        samples_add(&processor, spent_since(start).processor);
    }
    struct findings *findings = bench->findings;
    findings_begin(findings, "instructions");
    findings_text(findings, "work", name);
    findings_number(findings, "input_mib", (double)bench->size / (1 << 20));
    findings_number(findings, "rounds", rounds);
    findings_number(findings, "processor_ms", 1e3 * samples_median(&processor));
    findings_number(findings, "least_ms", 1e3 * samples_quantile(&processor, 0));
    findings_end(findings);
    samples_free(&processor);
}

/* --- Callbacks, on and off -------------------------------------------------------------- */

struct called {
    const struct bench *bench;
    cinch_pool *pool;
    cinch_options options;
    _Atomic uint64_t calls;
};

static void on_progress(void *user, uint64_t bytes_done, uint64_t bytes_total)
{
    struct called *called = user;
    (void)bytes_done;
    (void)bytes_total;
    atomic_fetch_add(&called->calls, 1);
}

static void on_complete(void *user, int32_t error_code)
{
    struct called *called = user;
    (void)error_code;
    atomic_fetch_add(&called->calls, 1);
}

static void run_job(void *owner)
{
    struct called *called = owner;
    const char *output = bench_path(called->bench, "output");
    bench_compress(called->pool, called->bench->input, output, &called->options);
    unlink(output);
}

static void count_callbacks(const struct bench *bench)
{
    /* One thread: which of two takes a chunk would change the counts of both. */
    struct called called = {.bench = bench, .pool = bench_pool(1)};
    called.options = (cinch_options)CINCH_OPTIONS_INIT;
    called.options.format = CINCH_FORMAT_ZSTD;
    called.options.level = 1;
    called.options.user = &called;
    count(bench, "zstd 1, callbacks off", run_job, &called);
    called.options.on_progress = on_progress;
    called.options.on_complete = on_complete;
    count(bench, "zstd 1, callbacks on", run_job, &called);
    if (called.calls == 0)
        bench_fail("no callback was called");
    cinch_pool_destroy(called.pool, CINCH_DRAIN);
}

/* --- The walk over deflate blocks, beside zlib's inflate -------------------------------- */

#if CINCH_HAVE_LIBDEFLATE

enum {
    CHUNK = 1 << 20,
    ROOM = CHUNK + CHUNK / 8
};

struct streams {
    const struct bench *bench;
    size_t count;
    size_t *sizes;
    uint8_t *bytes; /* ROOM for each */
    uint8_t *decoded;
    z_stream inflater;
    struct deflate_walk walk;
    uint64_t ends; /* of the last blocks, summed: both ways must agree */
};

static size_t content_size(const struct streams *streams, size_t i)
{
    size_t rest = streams->bench->size - i * CHUNK;
    return rest < CHUNK ? rest : CHUNK;
}

static void walk_over(void *owner)
{
    struct streams *streams = owner;
    streams->ends = 0;
    for (size_t i = 0; i < streams->count; i++) {
        struct deflate_last_block last;
        if (!deflate_walk(&streams->walk, streams->bytes + i * ROOM, streams->sizes[i],
                          streams->bench->data + i * CHUNK, content_size(streams, i), &last))
            bench_fail("the walk does not find a block");
        streams->ends += last.begin + last.end;
    }
}

/* What takes the place of the walk: inflate() stops at each block and tells where in data_type,
 * and what it has decoded is compared. */
static void inflate_one(struct streams *streams, size_t i)
{
    z_stream *stream = &streams->inflater;
    size_t size = content_size(streams, i);
    uint64_t begin = 0, end = 0;
    int result;
    inflateReset(stream);
    stream->next_in = streams->bytes + i * ROOM;
    stream->avail_in = (uInt)streams->sizes[i];
    stream->next_out = streams->decoded;
    stream->avail_out = CHUNK;
    do {
        result = inflate(stream, Z_BLOCK);
        uint64_t bit = stream->total_in * 8 - (unsigned)(stream->data_type & 63);
        if ((stream->data_type & 128) == 0)
            continue;
        if ((stream->data_type & 64) != 0)
            end = bit;
        else
            begin = bit;
    } while (result == Z_OK);
    if (result != Z_STREAM_END || stream->total_out != size ||
        memcmp(streams->decoded, streams->bench->data + i * CHUNK, size) != 0)
        bench_fail("inflate does not decode a stream");
    streams->ends += begin + end;
}

static void inflate_all(void *owner)
{
    struct streams *streams = owner;
    streams->ends = 0;
    for (size_t i = 0; i < streams->count; i++)
        inflate_one(streams, i);
}

static void count_walk(const struct bench *bench, int level, const char *walk_name,
                       const char *inflate_name)
{
    struct streams *streams = calloc(1, sizeof *streams);
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(level);
    size_t chunks = (bench->size + CHUNK - 1) / CHUNK;
    if (streams == NULL || compressor == NULL ||
        (streams->sizes = calloc(chunks, sizeof *streams->sizes)) == NULL ||
        (streams->bytes = malloc(chunks * ROOM)) == NULL ||
        (streams->decoded = malloc(CHUNK)) == NULL ||
        inflateInit2(&streams->inflater, -MAX_WBITS) != Z_OK)
        bench_fail("out of memory");
    streams->bench = bench;
    streams->count = chunks;
    for (size_t i = 0; i < chunks; i++)
        streams->sizes[i] =
            libdeflate_deflate_compress(compressor, bench->data + i * CHUNK,
                                        content_size(streams, i), streams->bytes + i * ROOM, ROOM);
    count(bench, walk_name, walk_over, streams);
    uint64_t ends = streams->ends;
    count(bench, inflate_name, inflate_all, streams);
    if (streams->ends != ends)
        bench_fail("the walk and inflate find different blocks");
    inflateEnd(&streams->inflater);
    libdeflate_free_compressor(compressor);
    free(streams->decoded);
    free(streams->bytes);
    free(streams->sizes);
    free(streams);
}

#endif

void measure_instructions(const struct bench *bench)
{
    size_t most = (size_t)(bench->is_quick ? 1 : 16) << 20;
    struct bench cut = bench_cut(bench, bench->size < most ? bench->size : most);
    count_callbacks(&cut);
#if CINCH_HAVE_LIBDEFLATE
    count_walk(&cut, 1, "libdeflate 1, walk", "libdeflate 1, inflate and compare");
    count_walk(&cut, 6, "libdeflate 6, walk", "libdeflate 6, inflate and compare");
    count_walk(&cut, 12, "libdeflate 12, walk", "libdeflate 12, inflate and compare");
#endif
}
