/*
 * Chunks: what a chunk size costs and what it brings, by level.
 *
 * What is lost is told in percent beside one stream of the same engine; the efficiency of N threads
 * is the time of one over N times the time of N. The jobs on one thread and on all take turns. The
 * sizes that the library takes by itself (struct encoder, chunk_size) follow from this table.
 */
#include <stdio.h>
#include <unistd.h>

#include "bare.h"
#include "bench.h"
#include "codec/codec.h"
#include "samples.h"

/* Bytes of the whole input as one chunk; 0 where the engine is not to be had by itself. */
static uint64_t one_stream(const struct bench *bench, int32_t format, int32_t level)
{
    struct bare *bare = bare_open(format, level, bench->data, bench->size, bench->size, 1);
    if (bare == NULL)
        return 0;
    bare_compress(bare);
    uint64_t size = bare_size(bare);
    bare_close(bare);
    return size;
}

static void measure(const struct bench *bench, int32_t format, int32_t level, size_t chunk_size,
                    uint64_t single)
{
    cinch_pool *const pools[] = {bench_pool(1), bench_pool(bench->threads)};
    cinch_options options = CINCH_OPTIONS_INIT;
    options.format = format;
    options.level = level;
    options.chunk_size = (uint32_t)chunk_size;
    char output[320];
    snprintf(output, sizeof output, "%s/output", bench->scratch);
    struct samples wall[2] = {{NULL, 0, 0}};
    uint64_t size = 0;
    uint32_t rounds = bench_samples(bench, 3, 1);
    for (uint32_t i = 0; i < rounds; i++) {
        for (int all = 0; all < 2; all++) {
            samples_add(&wall[all],
                        bench_compress(pools[all], bench->input, output, &options).wall);
            size = bench_file_size(output);
            unlink(output);
        }
        if (bench->samples == 0 && wall[0].values[0] > 2.0)
            break; /* as long as that, one turn tells enough */
    }
    double alone = samples_median(&wall[0]);
    double together = samples_median(&wall[1]);
    struct findings *findings = bench->findings;
    findings_begin(findings, "chunks");
    findings_text(findings, "format", bench_format_name(format));
    findings_number(findings, "level", level);
    findings_number(findings, "input_mib", (double)bench->size / (1 << 20));
    findings_number(findings, "chunk_kib", (double)(chunk_size >> 10));
    uint64_t usual = encoder_find(format, level)->chunk_size(level, bench->size);
    findings_text(findings, "chosen", usual == chunk_size ? "yes" : "");
    findings_number(findings, "size", (double)size);
    if (single != 0)
        findings_number(findings, "lost_percent", 100 * ((double)size / (double)single - 1));
    else
        findings_text(findings, "lost_percent", "-");
    findings_number(findings, "wall_1_s", alone);
    findings_number(findings, "wall_n_s", together);
    findings_number(findings, "efficiency", alone / (bench->threads * together));
    findings_end(findings);
    for (int all = 0; all < 2; all++) {
        samples_free(&wall[all]);
        cinch_pool_destroy(pools[all], CINCH_DRAIN);
    }
}

void measure_chunks(const struct bench *bench)
{
    enum {
        SIZES = 7
    };
    static const struct {
        int32_t format;
        int32_t level;
        uint32_t least; /* KiB; each of SIZES is twice the one before */
    } levels[] = {
        {CINCH_FORMAT_ZSTD, 1, 512}, {CINCH_FORMAT_ZSTD, 3, 512},  {CINCH_FORMAT_ZSTD, 6, 512},
        {CINCH_FORMAT_ZSTD, 9, 512}, {CINCH_FORMAT_ZSTD, 12, 512}, {CINCH_FORMAT_ZSTD, 19, 1024},
        {CINCH_FORMAT_GZIP, 1, 128}, {CINCH_FORMAT_GZIP, 3, 128},  {CINCH_FORMAT_GZIP, 6, 128},
        {CINCH_FORMAT_GZIP, 9, 96},  {CINCH_FORMAT_GZIP, 12, 72},
    };
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        int32_t format = levels[i].format;
        int32_t level = levels[i].level;
        if (!bench_wants(bench, format, level) || (bench->is_quick && level != 3))
            continue;
        size_t length = bench_length(bench, format, level);
        struct bench cut =
            bench_cut(bench, length < (size_t)128 << 20 ? length : (size_t)128 << 20);
        uint64_t single = one_stream(&cut, format, level);
        for (int size = 0; size < (bench->is_quick ? 2 : SIZES); size++)
            measure(&cut, format, level, ((size_t)levels[i].least << 10) << size, single);
    }
}
