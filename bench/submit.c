/*
 * Submit: how long compress_async() keeps its caller.
 *
 * Of a pool that has nothing to do, of one whose every worker is busy, and in a burst, when
 * thousands of jobs wait. The first call in a process is told apart: it makes the default pool.
 */
#include <semaphore.h>
#include <stdio.h>
#include <unistd.h>

#include "bench.h"
#include "samples.h"

static sem_t completed;

static void on_complete(int32_t error_code)
{
    bench_check(error_code, "a job");
    sem_post(&completed);
}

static void await(uint32_t jobs)
{
    while (jobs > 0)
        if (sem_wait(&completed) == 0)
            jobs--;
}

static double submit(const char *input, const char *output)
{
    double start = clock_read(CLOCK_MONOTONIC);
    compress_async(input, output, NULL, on_complete);
    return 1e6 * (clock_read(CLOCK_MONOTONIC) - start);
}

static void tell(const struct bench *bench, const char *when, struct samples *samples)
{
    struct findings *findings = bench->findings;
    findings_begin(findings, "submit");
    findings_text(findings, "pool", when);
    findings_number(findings, "calls", (double)samples->count);
    findings_number(findings, "median_us", samples_median(samples));
    findings_number(findings, "p90_us", samples_quantile(samples, 0.90));
    findings_number(findings, "p99_us", samples_quantile(samples, 0.99));
    findings_number(findings, "p999_us", samples_quantile(samples, 0.999));
    findings_number(findings, "most_us", samples_quantile(samples, 1));
    findings_end(findings);
    samples_free(samples);
}

void measure_submit(const struct bench *bench)
{
    char tiny[320], output[320];
    snprintf(tiny, sizeof tiny, "%s/tiny", bench->scratch);
    snprintf(output, sizeof output, "%s/output", bench->scratch);
    FILE *file = fopen(tiny, "we");
    if (file == NULL || fwrite(bench->data, 1, bench->size < 1000 ? bench->size : 1000, file) == 0)
        bench_fail("cannot write '%s'", tiny);
    fclose(file);
    sem_init(&completed, 0, 0);
    uint32_t calls = bench_samples(bench, 5000, 200);

    struct samples samples = {NULL, 0, 0};
    samples_add(&samples, submit(tiny, output));
    await(1);
    tell(bench, "first call", &samples);

    for (uint32_t i = 0; i < calls; i++) {
        samples_add(&samples, submit(tiny, output));
        await(1);
    }
    tell(bench, "idle", &samples);

    for (uint32_t i = 0; i < calls; i++)
        samples_add(&samples, submit(tiny, output));
    await(calls);
    tell(bench, "burst", &samples);

    /* Each of these is cut into chunks, so it keeps all workers busy while the calls are made,
     * which are spread over that time. */
    uint32_t rounds = (calls + 99) / 100;
    char large[340];
    for (uint32_t i = 0; i < rounds; i++) {
        snprintf(large, sizeof large, "%s/large", bench->scratch);
        compress_async(bench->input, large, NULL, on_complete);
        for (uint32_t call = 0; call < 100; call++) {
            usleep(200);
            samples_add(&samples, submit(tiny, output));
        }
        await(101);
        unlink(large);
    }
    tell(bench, "busy", &samples);
    sem_destroy(&completed);
    unlink(output);
    unlink(tiny);
}
