#include "bench.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "codec/codec.h"

void bench_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "cinch-bench: ");
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "\n");
    va_end(arguments);
    exit(1);
}

void bench_check(int32_t code, const char *what)
{
    if (code != CINCH_OK)
        bench_fail("%s: %s", what, cinch_strerror(code));
}

const char *bench_format_name(int32_t format)
{
    static const char *const names[] = {"any", "zstd", "gzip", "zlib"};
    return names[format];
}

bool bench_wants(const struct bench *bench, int32_t format, int32_t level)
{
    return (bench->format == 0 || bench->format == format) &&
           (bench->level == 0 || bench->level == level) && encoder_find(format, level) != NULL;
}

size_t bench_length(const struct bench *bench, int32_t format, int32_t level)
{
    /* MiB that one thread compresses in a few seconds, up to a level. */
    static const struct {
        int32_t zstd;
        int32_t deflate;
        size_t mib;
    } lengths[] = {{5, 5, 256}, {8, 7, 128}, {12, 9, 64}, {INT32_MAX, INT32_MAX, 32}};
    size_t i = 0;
    while (level > (format == CINCH_FORMAT_ZSTD ? lengths[i].zstd : lengths[i].deflate))
        i++;
    size_t length = lengths[i].mib << 20;
    return length < bench->size ? length : bench->size;
}

/* From the file and not from the data, which is not there yet while memory is measured. */
struct bench bench_cut(const struct bench *bench, size_t length)
{
    static char buffer[1 << 16];
    struct bench cut = *bench;
    cut.size = length;
    snprintf(cut.input, sizeof cut.input, "%s/cut", bench->scratch);
    FILE *from = fopen(bench->input, "re");
    FILE *to = fopen(cut.input, "we");
    if (from == NULL || to == NULL)
        bench_fail("cannot cut '%s'", bench->input);
    while (length > 0) {
        size_t part = length < sizeof buffer ? length : sizeof buffer;
        if (fread(buffer, 1, part, from) != part || fwrite(buffer, 1, part, to) != part)
            bench_fail("cannot write '%s'", cut.input);
        length -= part;
    }
    fclose(from);
    if (fclose(to) != 0)
        bench_fail("cannot write '%s'", cut.input);
    return cut;
}

const char *bench_path(const struct bench *bench, const char *name)
{
    static char path[320];
    snprintf(path, sizeof path, "%s/%s", bench->scratch, name);
    return path;
}

cinch_pool *bench_pool(uint32_t threads)
{
    cinch_pool_options options = CINCH_POOL_OPTIONS_INIT;
    options.threads = threads;
    cinch_pool *pool;
    bench_check(cinch_pool_create(&options, &pool), "cannot make a pool");
    return pool;
}

static struct spent wait_for(cinch_job *job, struct spent start)
{
    int32_t code = cinch_job_wait(job);
    struct spent spent = spent_since(start);
    char message[512];
    cinch_job_message(job, message, sizeof message);
    cinch_job_release(job);
    if (code != CINCH_OK)
        bench_fail("a job ended with '%s': %s", cinch_strerror(code), message);
    return spent;
}

struct spent bench_compress(cinch_pool *pool, const char *input, const char *output,
                            const cinch_options *options)
{
    cinch_job *job;
    struct spent start = spent_now();
    bench_check(cinch_compress(pool, input, output, options, &job), "cannot submit");
    return wait_for(job, start);
}

struct spent bench_decompress(cinch_pool *pool, const char *input, const char *output)
{
    cinch_job *job;
    struct spent start = spent_now();
    bench_check(cinch_decompress(pool, input, output, NULL, &job), "cannot submit");
    return wait_for(job, start);
}

void bench_expect(const char *path, const void *data, size_t size)
{
    static uint8_t buffer[1 << 16];
    FILE *file = fopen(path, "re");
    if (file == NULL)
        bench_fail("cannot open '%s'", path);
    size_t done = 0;
    size_t count;
    while ((count = fread(buffer, 1, sizeof buffer, file)) > 0) {
        if (count > size - done || memcmp(buffer, (const uint8_t *)data + done, count) != 0)
            bench_fail("'%s' is not what was compressed", path);
        done += count;
    }
    fclose(file);
    if (done != size)
        bench_fail("'%s' is shorter than what was compressed", path);
}

uint64_t bench_file_size(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0)
        bench_fail("cannot look at '%s'", path);
    return (uint64_t)status.st_size;
}
