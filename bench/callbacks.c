/*
 * Callbacks: a job that reports its progress beside one that does not, in turn.
 */
#include <stdatomic.h>
#include <unistd.h>

#include "bench.h"
#include "samples.h"

static _Atomic uint64_t calls;

static void on_progress(void *user, uint64_t bytes_done, uint64_t bytes_total)
{
    (void)user;
    (void)bytes_done;
    (void)bytes_total;
    atomic_fetch_add(&calls, 1);
}

static void on_complete(void *user, int32_t error_code)
{
    (void)user;
    (void)error_code;
    atomic_fetch_add(&calls, 1);
}

static void measure(const struct bench *bench, int32_t format, int32_t level)
{
    if (!bench_wants(bench, format, level))
        return;
    cinch_pool *pool = bench_pool(bench->threads);
    struct samples wall[2] = {{NULL, 0, 0}}, processor[2] = {{NULL, 0, 0}};
    uint32_t rounds = bench_samples(bench, 25, 2);
    calls = 0;
    for (uint32_t i = 0; i < 2 * (rounds + 1); i++) {
        /* on off, off on, on off: neither is always the second */
        bool reports = (i % 2 == 0) == (i / 2 % 2 == 0);
        cinch_options options = CINCH_OPTIONS_INIT;
        options.format = format;
        options.level = level;
        options.on_progress = reports ? on_progress : NULL;
        options.on_complete = reports ? on_complete : NULL;
        const char *output = bench_path(bench, "output");
        struct spent spent = bench_compress(pool, bench->input, output, &options);
        unlink(output);
        if (i < 2)
            continue; /* makes contexts and touches memory */
        samples_add(&wall[reports], spent.wall);
        samples_add(&processor[reports], spent.processor);
    }
    struct findings *findings = bench->findings;
    findings_begin(findings, "callbacks");
    findings_text(findings, "format", bench_format_name(format));
    findings_number(findings, "level", level);
    findings_number(findings, "rounds", rounds);
    findings_number(findings, "calls_a_job", (double)calls / (rounds + 1));
    findings_number(findings, "on_wall_s", samples_median(&wall[1]));
    findings_number(findings, "off_wall_s", samples_median(&wall[0]));
    findings_number(findings, "wall_ratio", samples_median(&wall[1]) / samples_median(&wall[0]));
    findings_number(findings, "processor_ratio",
                    samples_median(&processor[1]) / samples_median(&processor[0]));
    findings_end(findings);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    for (int i = 0; i < 2; i++) {
        samples_free(&wall[i]);
        samples_free(&processor[i]);
    }
}

void measure_callbacks(const struct bench *bench)
{
    measure(bench, CINCH_FORMAT_ZSTD, 1);
    if (!bench->is_quick)
        measure(bench, CINCH_FORMAT_GZIP, 1);
}
