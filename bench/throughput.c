/*
 * Throughput: a job from file to file beside the bare codec on the same chunks in memory.
 *
 * Ours and the bare codec take turns, so that a machine that becomes slower does so for both.
 * What a job writes is decompressed again, which is measured, too, and compared.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bare.h"
#include "bench.h"
#include "codec/codec.h"
#include "container.h"
#include "samples.h"

/* A turn that takes longer, in seconds, is not taken more often than so. */
#define SLOW_TURN   5.0
#define SLOW_ROUNDS 3

struct setting {
    int32_t format;
    int32_t level;
    uint32_t threads;
};

struct measured {
    struct samples wall, processor, back_wall, back_processor;
    struct samples bare_wall, bare_processor;         /* one thread */
    struct samples bare_all_wall, bare_all_processor; /* as many threads as ours */
    uint64_t size;
};

/* The chunks that a job cuts the input into. */
static size_t chunk_size_of(const struct bench *bench, const struct setting *setting)
{
    const struct encoder *encoder = encoder_find(setting->format, setting->level);
    return (size_t)container_chunk_size(
        setting->format, encoder->chunk_size(setting->level, bench->size), bench->size);
}

static void add(struct samples *wall, struct samples *processor, struct spent spent)
{
    samples_add(wall, spent.wall);
    samples_add(processor, spent.processor);
}

/* One turn of everybody. The first is not counted: it makes contexts and touches memory. */
static void take_turn(const struct bench *bench, const struct setting *setting, cinch_pool *pool,
                      struct bare *bare, struct bare *bare_all, struct measured *measured,
                      bool counts)
{
    cinch_options options = CINCH_OPTIONS_INIT;
    options.format = setting->format;
    options.level = setting->level;
    char output[320], back[320];
    snprintf(output, sizeof output, "%s/output", bench->scratch);
    snprintf(back, sizeof back, "%s/back", bench->scratch);

    struct spent ours = bench_compress(pool, bench->input, output, &options);
    struct spent alone = {0, 0}, together = {0, 0};
    if (bare != NULL) {
        alone = bare_compress(bare);
        together = bare_compress(bare_all);
    }
    struct spent returned = bench_decompress(pool, output, back);
    if (!counts) {
        measured->size = bench_file_size(output);
        bench_expect(back, bench->data, bench->size);
    } else {
        add(&measured->wall, &measured->processor, ours);
        add(&measured->bare_wall, &measured->bare_processor, alone);
        add(&measured->bare_all_wall, &measured->bare_all_processor, together);
        add(&measured->back_wall, &measured->back_processor, returned);
    }
    unlink(output);
    unlink(back);
}

static void tell(const struct bench *bench, const struct setting *setting, const struct bare *bare,
                 struct measured *measured)
{
    struct findings *findings = bench->findings;
    double mib = (double)bench->size / (1 << 20);
    double wall = samples_median(&measured->wall);
    double processor = samples_median(&measured->processor);
    double bare_processor = samples_median(&measured->bare_processor);
    findings_begin(findings, "throughput");
    findings_text(findings, "format", bench_format_name(setting->format));
    findings_number(findings, "level", setting->level);
    findings_number(findings, "threads", setting->threads);
    findings_number(findings, "chunk_kib", (double)(chunk_size_of(bench, setting) >> 10));
    findings_number(findings, "input_mib", mib);
    findings_text(findings, "engine", encoder_find(setting->format, setting->level)->name);
    findings_number(findings, "mib_s", mib / wall);
    findings_number(findings, "wall_s", wall);
    findings_number(findings, "processor_s", processor);
    findings_number(findings, "size", (double)measured->size);
    if (bare != NULL) {
        findings_number(findings, "bare_1_mib_s", mib / samples_median(&measured->bare_wall));
        findings_number(findings, "bare_n_mib_s", mib / samples_median(&measured->bare_all_wall));
        findings_number(findings, "bare_processor_s", bare_processor);
        findings_number(findings, "processor_ratio", processor / bare_processor);
        findings_number(findings, "processor_ratio_n",
                        processor / samples_median(&measured->bare_all_processor));
    } else {
        findings_text(findings, "bare_1_mib_s", "-");
        findings_text(findings, "bare_n_mib_s", "-");
        findings_text(findings, "bare_processor_s", "-");
        findings_text(findings, "processor_ratio", "-");
        findings_text(findings, "processor_ratio_n", "-");
    }
    findings_number(findings, "back_mib_s", mib / samples_median(&measured->back_wall));
    findings_number(findings, "back_processor_s", samples_median(&measured->back_processor));
    findings_end(findings);
}

static void measure(const struct bench *bench, const struct setting *setting)
{
    size_t chunk_size = chunk_size_of(bench, setting);
    struct bare *bare =
        bare_open(setting->format, setting->level, bench->data, bench->size, chunk_size, 1);
    struct bare *bare_all = bare_open(setting->format, setting->level, bench->data, bench->size,
                                      chunk_size, setting->threads);
    cinch_pool *pool = bench_pool(setting->threads);
    struct measured measured = {.size = 0};
    uint32_t rounds = bench_samples(bench, 5, 1);
    double begin = spent_now().wall;
    for (uint32_t i = 0; i <= rounds; i++) {
        take_turn(bench, setting, pool, bare, bare_all, &measured, i > 0);
        if (bench->samples == 0 && i == 0 && spent_now().wall - begin > SLOW_TURN)
            rounds = rounds < SLOW_ROUNDS ? rounds : SLOW_ROUNDS;
    }
    tell(bench, setting, bare, &measured);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    if (bare != NULL) {
        bare_close(bare);
        bare_close(bare_all);
    }
    samples_free(&measured.wall);
    samples_free(&measured.processor);
    samples_free(&measured.bare_wall);
    samples_free(&measured.bare_processor);
    samples_free(&measured.bare_all_wall);
    samples_free(&measured.bare_all_processor);
    samples_free(&measured.back_wall);
    samples_free(&measured.back_processor);
}

void measure_throughput(const struct bench *bench)
{
    static const struct {
        int32_t format;
        int32_t level;
        bool in_quick;
    } levels[] = {
        {CINCH_FORMAT_ZSTD, -5, false}, {CINCH_FORMAT_ZSTD, 1, true},
        {CINCH_FORMAT_ZSTD, 3, true},   {CINCH_FORMAT_ZSTD, 6, false},
        {CINCH_FORMAT_ZSTD, 9, false},  {CINCH_FORMAT_ZSTD, 12, false},
        {CINCH_FORMAT_GZIP, 1, true},   {CINCH_FORMAT_GZIP, 3, false},
        {CINCH_FORMAT_GZIP, 6, true},   {CINCH_FORMAT_GZIP, 9, false},
        {CINCH_FORMAT_GZIP, 12, false}, {CINCH_FORMAT_ZLIB, 6, false},
    };
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if ((bench->is_quick && !levels[i].in_quick) ||
            !bench_wants(bench, levels[i].format, levels[i].level))
            continue;
        struct bench cut = bench_cut(bench, bench_length(bench, levels[i].format, levels[i].level));
        for (uint32_t threads = 1; threads <= bench->threads; threads *= 2) {
            struct setting setting = {levels[i].format, levels[i].level, threads};
            measure(&cut, &setting);
        }
    }
}
