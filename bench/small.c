/*
 * Small: jobs a second, of files that are next to nothing.
 *
 * Beside it a plain loop on one thread does what a program would do by itself: read the file,
 * one call to libzstd, write a file of another name, rename it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "bench.h"
#include "samples.h"

#define FILE_SIZE 1000

static void name_of(const struct bench *bench, uint32_t number, const char *suffix, char path[340])
{
    snprintf(path, 340, "%s/small/%u%s", bench->scratch, number, suffix);
}

static void write_file(const char *path, const void *data, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        bench_fail("cannot write '%s'", path);
    close(fd);
}

static void make_files(const struct bench *bench, uint32_t count)
{
    char path[340];
    snprintf(path, sizeof path, "%s/small", bench->scratch);
    mkdir(path, 0755);
    for (uint32_t i = 0; i < count; i++) {
        size_t offset = (size_t)i * FILE_SIZE % (bench->size - FILE_SIZE);
        name_of(bench, i, "", path);
        write_file(path, bench->data + offset, FILE_SIZE);
    }
}

static void remove_files(const struct bench *bench, uint32_t count, const char *suffix)
{
    char path[340];
    for (uint32_t i = 0; i < count; i++) {
        name_of(bench, i, suffix, path);
        if (unlink(path) != 0)
            bench_fail("'%s' was not written", path);
    }
}

static struct spent with_jobs(const struct bench *bench, cinch_pool *pool, uint32_t count)
{
    cinch_job **jobs = calloc(count, sizeof(cinch_job *));
    if (jobs == NULL)
        bench_fail("out of memory");
    cinch_options options = CINCH_OPTIONS_INIT;
    struct spent start = spent_now();
    for (uint32_t i = 0; i < count; i++) {
        char input[340], output[340];
        name_of(bench, i, "", input);
        name_of(bench, i, ".zst", output);
        bench_check(cinch_compress(pool, input, output, &options, &jobs[i]), "cannot submit");
    }
    for (uint32_t i = 0; i < count; i++) {
        bench_check(cinch_job_wait(jobs[i]), "a job");
        cinch_job_release(jobs[i]);
    }
    struct spent spent = spent_since(start);
    free(jobs);
    return spent;
}

static struct spent with_loop(const struct bench *bench, uint32_t count)
{
    static uint8_t input[FILE_SIZE], output[2 * FILE_SIZE];
    ZSTD_CCtx *context = ZSTD_createCCtx();
    if (context == NULL)
        bench_fail("out of memory");
    struct spent start = spent_now();
    for (uint32_t i = 0; i < count; i++) {
        char path[340], temporary[340];
        name_of(bench, i, "", path);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t size = fd < 0 ? -1 : read(fd, input, sizeof input);
        if (size < 0)
            bench_fail("cannot read '%s'", path);
        close(fd);
        size_t written = ZSTD_compressCCtx(context, output, sizeof output, input, (size_t)size, 3);
        name_of(bench, i, ".tmp", temporary);
        name_of(bench, i, ".zst", path);
        write_file(temporary, output, written);
        if (rename(temporary, path) != 0)
            bench_fail("cannot rename '%s'", temporary);
    }
    struct spent spent = spent_since(start);
    ZSTD_freeCCtx(context);
    return spent;
}

void measure_small(const struct bench *bench)
{
    uint32_t count = bench->is_quick ? 500 : 10000;
    if (bench->size <= FILE_SIZE)
        bench_fail("the input is too small");
    make_files(bench, count);
    for (uint32_t threads = 1; threads <= bench->threads; threads *= 2) {
        cinch_pool *pool = bench_pool(threads);
        struct samples wall = {NULL, 0, 0}, processor = {NULL, 0, 0};
        struct samples loop_wall = {NULL, 0, 0}, loop_processor = {NULL, 0, 0};
        uint32_t rounds = bench_samples(bench, 7, 1);
        for (uint32_t i = 0; i < rounds; i++) {
            struct spent spent = with_jobs(bench, pool, count);
            remove_files(bench, count, ".zst");
            samples_add(&wall, spent.wall);
            samples_add(&processor, spent.processor);
            spent = with_loop(bench, count);
            remove_files(bench, count, ".zst");
            samples_add(&loop_wall, spent.wall);
            samples_add(&loop_processor, spent.processor);
        }
        struct findings *findings = bench->findings;
        findings_begin(findings, "small");
        findings_number(findings, "threads", threads);
        findings_number(findings, "files", count);
        findings_number(findings, "bytes", FILE_SIZE);
        findings_number(findings, "jobs_s", count / samples_median(&wall));
        findings_number(findings, "processor_us_a_job", 1e6 * samples_median(&processor) / count);
        findings_number(findings, "loop_files_s", count / samples_median(&loop_wall));
        findings_number(findings, "loop_processor_us_a_file",
                        1e6 * samples_median(&loop_processor) / count);
        findings_end(findings);
        cinch_pool_destroy(pool, CINCH_DRAIN);
        samples_free(&wall);
        samples_free(&processor);
        samples_free(&loop_wall);
        samples_free(&loop_processor);
    }
    remove_files(bench, count, "");
    char folder[340];
    snprintf(folder, sizeof folder, "%s/small", bench->scratch);
    rmdir(folder);
}
