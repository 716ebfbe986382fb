/*
 * The measurements of cinch-bench, and what they share.
 *
 * Each prints its rows through `findings` and ends the program with a message when something
 * fails: figures of a run in which anything went wrong are worth nothing.
 */
#ifndef CINCH_BENCH_BENCH_H
#define CINCH_BENCH_BENCH_H

#include <cinch/cinch.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "findings.h"

struct bench {
    const uint8_t *data; /* what is compressed */
    size_t size;
    char scratch[256]; /* folder of the files */
    char input[320];   /* a file with the data */
    uint32_t threads;  /* as many as are measured at most */
    int32_t format;    /* the only one to measure; 0 = all */
    int32_t level;     /* the only one to measure; 0 = all */
    bool is_quick;     /* few repetitions, few levels */
    uint32_t samples;  /* repetitions where percentiles are told; 0 = the usual */
    struct findings *findings;
};

/* Percentages come from enough samples to have one beyond the 99th. */
static inline uint32_t bench_samples(const struct bench *bench, uint32_t usual, uint32_t quick)
{
    return bench->samples != 0 ? bench->samples : bench->is_quick ? quick : usual;
}

/* Prints a message and ends the program. */
__attribute__((noreturn, format(printf, 1, 2))) void bench_fail(const char *format, ...);

/* Ends the program unless `code` is CINCH_OK. */
void bench_check(int32_t code, const char *what);

/* The name of a format. */
const char *bench_format_name(int32_t format);

/* Whether this build compresses to the format at the level, and it is to be measured. */
bool bench_wants(const struct bench *bench, int32_t format, int32_t level);

/* Bytes of the input that are enough at the level, so that a run does not take minutes. */
size_t bench_length(const struct bench *bench, int32_t format, int32_t level);

/* The same bench with so many bytes of the input; its file is there until the next cut. */
struct bench bench_cut(const struct bench *bench, size_t length);

/* The path of a file in the scratch folder, in static storage that the next call uses again. */
const char *bench_path(const struct bench *bench, const char *name);

/* A pool of so many threads. */
cinch_pool *bench_pool(uint32_t threads);

/* Runs one job from `input` to `output` and waits for its end. */
struct spent bench_compress(cinch_pool *pool, const char *input, const char *output,
                            const cinch_options *options);
struct spent bench_decompress(cinch_pool *pool, const char *input, const char *output);

/* Ends the program unless the file has just these bytes. */
void bench_expect(const char *path, const void *data, size_t size);

/* A file's size. */
uint64_t bench_file_size(const char *path);

void measure_throughput(const struct bench *bench);   /* beside the bare codec */
void measure_chunks(const struct bench *bench);       /* ratio and efficiency, by chunk size */
void measure_submit(const struct bench *bench);       /* how long compress_async takes */
void measure_cancel(const struct bench *bench);       /* how long a job takes to end */
void measure_callbacks(const struct bench *bench);    /* what they cost */
void measure_instructions(const struct bench *bench); /* under Valgrind: counts */
void measure_small(const struct bench *bench);        /* jobs a second */
void measure_memory(const struct bench *bench);       /* peaks and allocations; to be run first */

#endif
