/*
 * Memory: what a job takes at most, and how often it asks for memory.
 *
 * Each setting runs in a process of its own, whose peak the kernel tells. The process is a copy of
 * this one, so this measurement comes before any large memory is held here.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocations.h"
#include "bench.h"

struct found {
    struct allocations first;  /* of a pool's first job */
    struct allocations second; /* of its second, whose contexts are there */
    double peak_kib;           /* resident, above what was resident before */
};

/* A line of /proc/self/status in KiB. */
static double status_kib(const char *name)
{
    FILE *status = fopen("/proc/self/status", "re");
    char line[128];
    double value = 0;
    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            value = strtod(line + strlen(name) + 1, NULL);
    if (status != NULL)
        fclose(status);
    return value;
}

static void run(const struct bench *bench, int32_t format, int32_t level, uint32_t threads,
                struct found *found)
{
    cinch_options options = CINCH_OPTIONS_INIT;
    options.format = format;
    options.level = level;
    double before = status_kib("VmRSS");
    cinch_pool *pool = bench_pool(threads);
    const char *output = bench_path(bench, "output");
    allocations_start();
    bench_compress(pool, bench->input, output, &options);
    found->first = allocations_stop();
    allocations_start();
    bench_compress(pool, bench->input, output, &options);
    found->second = allocations_stop();
    found->peak_kib = status_kib("VmHWM") - before;
    unlink(output);
}

static void measure(const struct bench *bench, int32_t format, int32_t level, uint32_t threads)
{
    struct found found = {.peak_kib = 0};
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        bench_fail("cannot make a pipe");
    fflush(NULL);
    pid_t child = fork();
    if (child < 0)
        bench_fail("cannot fork");
    if (child == 0) {
        run(bench, format, level, threads, &found);
        _exit(write(ends[1], &found, sizeof found) == (ssize_t)sizeof found ? 0 : 1);
    }
    close(ends[1]);
    int status = 0;
    if (read(ends[0], &found, sizeof found) != (ssize_t)sizeof found ||
        waitpid(child, &status, 0) != child || status != 0)
        bench_fail("a process that measured memory has failed");
    close(ends[0]);

    struct findings *findings = bench->findings;
    findings_begin(findings, "memory");
    findings_text(findings, "format", bench_format_name(format));
    findings_number(findings, "level", level);
    findings_number(findings, "threads", threads);
    findings_number(findings, "peak_resident_kib", found.peak_kib);
    findings_number(findings, "peak_allocated_kib", (double)found.first.peak / 1024);
    findings_number(findings, "first_job_allocations", (double)found.first.calls);
    findings_number(findings, "next_job_allocations", (double)found.second.calls);
    findings_number(findings, "next_job_allocated_kib", (double)found.second.bytes / 1024);
    findings_end(findings);
}

#define LENGTH_LEAST ((size_t)64 << 20)

void measure_memory(const struct bench *bench)
{
    static const struct {
        int32_t format;
        int32_t level;
        bool in_quick;
    } levels[] = {{CINCH_FORMAT_ZSTD, 1, false}, {CINCH_FORMAT_ZSTD, 3, true},
                  {CINCH_FORMAT_ZSTD, 9, false}, {CINCH_FORMAT_ZSTD, 19, false},
                  {CINCH_FORMAT_GZIP, 1, false}, {CINCH_FORMAT_GZIP, 6, true},
                  {CINCH_FORMAT_GZIP, 9, false}, {CINCH_FORMAT_GZIP, 12, false}};
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if ((bench->is_quick && !levels[i].in_quick) ||
            !bench_wants(bench, levels[i].format, levels[i].level))
            continue;
        /* Enough for every slot of the ring to be used, even at level 19. */
        size_t length = bench_length(bench, levels[i].format, levels[i].level);
        if (length < LENGTH_LEAST)
            length = bench->size < LENGTH_LEAST ? bench->size : LENGTH_LEAST;
        struct bench cut = bench_cut(bench, length);
        for (uint32_t threads = 1; threads <= bench->threads; threads *= 2)
            measure(&cut, levels[i].format, levels[i].level, threads);
    }
}
