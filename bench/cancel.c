/*
 * Cancel: from cinch_job_cancel() until the completion callback, at every level of every format.
 *
 * Each job is cancelled at a random moment: half of them after they have begun, when they may still
 * be making their contexts, the others after their first bytes. Two clocks are told: the one on the
 * wall, and the processors' time of the whole process meanwhile, which does not depend on what else
 * the machine does.
 */
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"
#include "samples.h"

/* A job, and when it ended. */
struct cancelled {
    sem_t begun;
    sem_t ended;
    uint64_t bytes_least; /* that make it one that has begun */
    _Atomic bool has_begun;
    struct spent end;
    int32_t error_code;
};

static void on_progress(void *user, uint64_t bytes_done, uint64_t bytes_total)
{
    struct cancelled *cancelled = user;
    (void)bytes_total;
    if (bytes_done >= cancelled->bytes_least && !atomic_exchange(&cancelled->has_begun, true))
        sem_post(&cancelled->begun);
}

static void on_complete(void *user, int32_t error_code)
{
    struct cancelled *cancelled = user;
    cancelled->end = spent_now();
    cancelled->error_code = error_code;
    if (!atomic_exchange(&cancelled->has_begun, true))
        sem_post(&cancelled->begun);
    sem_post(&cancelled->ended);
}

static void wait_for(sem_t *semaphore)
{
    while (sem_wait(semaphore) != 0)
        ;
}

/* One job, cancelled within 50 ms; false if it was done before. */
static bool cancel_once(const struct bench *bench, cinch_pool *pool, const char *input,
                        const cinch_options *common, bool decompresses, uint64_t bytes_least,
                        struct spent *took)
{
    struct cancelled cancelled = {.bytes_least = bytes_least};
    sem_init(&cancelled.begun, 0, 0);
    sem_init(&cancelled.ended, 0, 0);
    cinch_options options = *common;
    options.on_progress = on_progress;
    options.on_complete = on_complete;
    options.user = &cancelled;
    cinch_job *job;
    const char *output = bench_path(bench, "output");
    bench_check(
        (decompresses ? cinch_decompress : cinch_compress)(pool, input, output, &options, &job),
        "cannot submit");
    wait_for(&cancelled.begun);
    usleep((useconds_t)(random() % 50000));
    struct spent start = spent_now();
    cinch_job_cancel(job);
    wait_for(&cancelled.ended);
    cinch_job_wait(job);
    cinch_job_release(job);
    sem_destroy(&cancelled.begun);
    sem_destroy(&cancelled.ended);
    unlink(output);
    *took = (struct spent){1e3 * (cancelled.end.wall - start.wall),
                           1e3 * (cancelled.end.processor - start.processor)};
    if (cancelled.error_code != CINCH_E_CANCELLED)
        bench_check(cancelled.error_code, "a job");
    return cancelled.error_code == CINCH_E_CANCELLED;
}

static void measure(const struct bench *bench, const char *work, const char *input,
                    const cinch_options *options, bool decompresses)
{
    cinch_pool *pool = bench_pool(bench->threads);
    struct samples wall = {NULL, 0, 0}, processor = {NULL, 0, 0};
    uint32_t wanted = bench_samples(bench, 100, 5);
    uint32_t too_late = 0;
    while (wall.count < wanted && too_late < 2 * wanted) {
        struct spent took;
        if (!cancel_once(bench, pool, input, options, decompresses, wall.count % 2, &took)) {
            too_late++;
            continue;
        }
        samples_add(&wall, took.wall);
        samples_add(&processor, took.processor);
    }
    struct findings *findings = bench->findings;
    findings_begin(findings, "cancel");
    findings_text(findings, "format", bench_format_name(options->format));
    findings_text(findings, "work", work);
    findings_number(findings, "level", options->level);
    findings_number(findings, "threads", bench->threads);
    findings_number(findings, "cancelled", (double)wall.count);
    findings_number(findings, "done_before", too_late);
    findings_number(findings, "median_ms", samples_median(&wall));
    findings_number(findings, "p99_ms", samples_quantile(&wall, 0.99));
    findings_number(findings, "most_ms", samples_quantile(&wall, 1));
    findings_number(findings, "processor_p99_ms", samples_quantile(&processor, 0.99));
    findings_number(findings, "processor_most_ms", samples_quantile(&processor, 1));
    findings_end(findings);
    samples_free(&wall);
    samples_free(&processor);
    cinch_pool_destroy(pool, CINCH_CANCEL);
}

static void measure_back(const struct bench *bench, int32_t format)
{
    cinch_pool *pool = bench_pool(bench->threads);
    cinch_options options = CINCH_OPTIONS_INIT;
    options.format = format;
    char compressed[320];
    snprintf(compressed, sizeof compressed, "%s/compressed", bench->scratch);
    bench_compress(pool, bench->input, compressed, &options);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    measure(bench, "decompress", compressed, &options, true);
    unlink(compressed);
}

void measure_cancel(const struct bench *bench)
{
    srandom(1);
    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
        for (int32_t level = -7; level <= 22; level++) {
            bool in_quick = level == 1 || level == 6 || (level == 19 && bench->size > 1 << 24);
            /* zlib's streams are made by gzip's engines. */
            bool in_zlib = level == 1 || level == 6 || level == 9;
            if (level == 0 || !bench_wants(bench, format, level) ||
                (bench->is_quick && !in_quick) || (level < -1 && level != -7) ||
                (format == CINCH_FORMAT_ZLIB && !in_zlib))
                continue;
            cinch_options options = CINCH_OPTIONS_INIT;
            options.format = format;
            options.level = level;
            measure(bench, "compress", bench->input, &options, false);
        }
        if (bench_wants(bench, format, bench->level != 0 ? bench->level : 6))
            measure_back(bench, format);
    }
}
