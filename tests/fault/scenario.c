#include "scenario.h"

#include <stdio.h>
#include <string.h>

#include <cinch/cinch.h>

enum {
    GRID = 3 * 2 * 2 * 2
};

static const struct scenario others[] = {
    {.name = "durable-new", .format = CINCH_FORMAT_ZSTD, .threads = 1, .flags = CINCH_FLAG_DURABLE},
    {.name = "durable-old",
     .format = CINCH_FORMAT_GZIP,
     .threads = 1,
     .flags = CINCH_FLAG_DURABLE,
     .has_old = true},
    {.name = "durable-fd",
     .ends = ENDS_DESCRIPTORS,
     .format = CINCH_FORMAT_ZSTD,
     .threads = 1,
     .flags = CINCH_FLAG_DURABLE},
    {.name = "durable-hidden-new",
     .format = CINCH_FORMAT_ZSTD,
     .threads = 1,
     .flags = CINCH_FLAG_DURABLE | CINCH_FLAG_NO_REPLACE,
     .no_tmpfile = true,
     .no_renameat2 = true},
    {.name = "durable-hidden-old",
     .use = USE_DECOMPRESS,
     .format = CINCH_FORMAT_GZIP,
     .threads = 1,
     .flags = CINCH_FLAG_DURABLE,
     .has_old = true,
     .no_tmpfile = true},
    {.name = "durable-sparse",
     .use = USE_DECOMPRESS,
     .format = CINCH_FORMAT_ZSTD,
     .threads = 1,
     .flags = CINCH_FLAG_DURABLE | CINCH_FLAG_SPARSE,
     .has_old = true},
    {.name = "hidden-new", .format = CINCH_FORMAT_ZSTD, .threads = 1, .no_tmpfile = true},
    {.name = "hidden-old",
     .use = USE_DECOMPRESS,
     .format = CINCH_FORMAT_ZSTD,
     .threads = 1,
     .has_old = true,
     .no_tmpfile = true},
    {.name = "hidden-no-replace",
     .format = CINCH_FORMAT_GZIP,
     .threads = 1,
     .flags = CINCH_FLAG_NO_REPLACE,
     .no_tmpfile = true},
    {.name = "hidden-umask",
     .format = CINCH_FORMAT_ZSTD,
     .threads = 1,
     .flags = CINCH_FLAG_NO_METADATA,
     .no_tmpfile = true,
     .umask = 0777},
    {.name = "no-replace",
     .use = USE_DECOMPRESS,
     .format = CINCH_FORMAT_ZLIB,
     .threads = 1,
     .flags = CINCH_FLAG_NO_REPLACE},
    {.name = "linked-new", .format = CINCH_FORMAT_ZSTD, .threads = 1, .is_linked = true},
    {.name = "linked-old",
     .format = CINCH_FORMAT_ZSTD,
     .threads = 1,
     .has_old = true,
     .is_linked = true},
    {.name = "foreign", .format = CINCH_FORMAT_ZSTD, .threads = 1, .is_foreign = true},
    {.name = "no-metadata",
     .use = USE_DECOMPRESS,
     .format = CINCH_FORMAT_GZIP,
     .threads = 1,
     .flags = CINCH_FLAG_NO_METADATA,
     .has_old = true},
    {.name = "name-gzip", .format = CINCH_FORMAT_GZIP, .threads = 1, .flags = CINCH_FLAG_NAME},
    {.name = "sparse",
     .use = USE_DECOMPRESS,
     .format = CINCH_FORMAT_ZSTD,
     .threads = 4,
     .flags = CINCH_FLAG_SPARSE},
    {.name = "verify-zstd", .format = CINCH_FORMAT_ZSTD, .threads = 4, .flags = CINCH_FLAG_VERIFY},
    {.name = "verify-gzip", .format = CINCH_FORMAT_GZIP, .threads = 1, .flags = CINCH_FLAG_VERIFY},
    {.name = "single-1",
     .format = CINCH_FORMAT_ZSTD,
     .threads = 1,
     .flags = CINCH_FLAG_SINGLE_STREAM},
    {.name = "verify-single-1",
     .format = CINCH_FORMAT_ZSTD,
     .threads = 1,
     .flags = CINCH_FLAG_VERIFY | CINCH_FLAG_SINGLE_STREAM},
    {.name = "single-4",
     .format = CINCH_FORMAT_ZSTD,
     .threads = 4,
     .flags = CINCH_FLAG_SINGLE_STREAM},
    {.name = "pipe-zstd-compress-1", .ends = ENDS_PIPES, .format = CINCH_FORMAT_ZSTD, .threads = 1},
    {.name = "pipe-gzip-compress-4", .ends = ENDS_PIPES, .format = CINCH_FORMAT_GZIP, .threads = 4},
    {.name = "pipe-single-1",
     .ends = ENDS_PIPES,
     .format = CINCH_FORMAT_ZSTD,
     .threads = 1,
     .flags = CINCH_FLAG_SINGLE_STREAM},
    {.name = "pipe-single-4",
     .ends = ENDS_PIPES,
     .format = CINCH_FORMAT_ZSTD,
     .threads = 4,
     .flags = CINCH_FLAG_SINGLE_STREAM},
    {.name = "pipe-zstd-decompress-4",
     .use = USE_DECOMPRESS,
     .ends = ENDS_PIPES,
     .format = CINCH_FORMAT_ZSTD,
     .threads = 4},
    {.name = "pipe-zlib-decompress-1",
     .use = USE_DECOMPRESS,
     .ends = ENDS_PIPES,
     .format = CINCH_FORMAT_ZLIB,
     .threads = 1},
    {.name = "socket-zstd-compress-4",
     .ends = ENDS_SOCKETS,
     .format = CINCH_FORMAT_ZSTD,
     .threads = 4},
    {.name = "fifo-gzip-compress-1", .ends = ENDS_FIFOS, .format = CINCH_FORMAT_GZIP, .threads = 1},
    {.name = "fifo-zstd-decompress-4",
     .use = USE_DECOMPRESS,
     .ends = ENDS_FIFOS,
     .format = CINCH_FORMAT_ZSTD,
     .threads = 4},
    {.name = "listener-zstd-compress-4",
     .ends = ENDS_LISTENER,
     .format = CINCH_FORMAT_ZSTD,
     .threads = 4},
    {.name = "reader-zstd", .use = USE_READ, .format = CINCH_FORMAT_ZSTD, .threads = 1},
    {.name = "reader-gzip", .use = USE_READ, .format = CINCH_FORMAT_GZIP, .threads = 1},
    {.name = "reader-zstd-without-table",
     .use = USE_READ,
     .format = CINCH_FORMAT_ZSTD,
     .threads = 1,
     .flags = CINCH_FLAG_NO_INDEX},
    {.name = "reader-gzip-without-index",
     .use = USE_READ,
     .format = CINCH_FORMAT_GZIP,
     .threads = 1,
     .flags = CINCH_FLAG_NO_INDEX},
    {.name = "four-compress-file", .use = USE_COMPRESS_FILE, .format = CINCH_FORMAT_ZSTD},
    {.name = "four-compress-async", .use = USE_COMPRESS_ASYNC, .format = CINCH_FORMAT_ZSTD},
    {.name = "four-decompress-async",
     .use = USE_DECOMPRESS_ASYNC,
     .format = CINCH_FORMAT_ZSTD,
     .has_old = true},
};

enum {
    OTHERS = sizeof others / sizeof *others
};

static void fill_grid(struct scenario *grid)
{
    static const char *const formats[] = {NULL, "zstd", "gzip", "zlib"};
    for (unsigned i = 0; i < GRID; i++) {
        struct scenario *scenario = &grid[i];
        *scenario = (struct scenario){
            .format = (int32_t)(1 + i / 8),
            .use = (i & 4) != 0 ? USE_DECOMPRESS : USE_COMPRESS,
            .ends = (i & 2) != 0 ? ENDS_DESCRIPTORS : ENDS_PATHS,
            .threads = (i & 1) != 0 ? 4 : 1,
            .has_old = (i & 1) != 0,
        };
        (void)snprintf(scenario->name, sizeof scenario->name, "%s-%s-%s-%u",
                       formats[scenario->format],
                       scenario->use == USE_COMPRESS ? "compress" : "decompress",
                       scenario->ends == ENDS_PATHS ? "file" : "fd", (unsigned)scenario->threads);
    }
}

const struct scenario *scenarios(size_t *count)
{
    static struct scenario all[GRID + OTHERS];
    if (all[0].name[0] == '\0') {
        fill_grid(all);
        memcpy(all + GRID, others, sizeof others);
    }
    *count = GRID + OTHERS;
    return all;
}

const struct scenario *scenario_find(const char *name)
{
    size_t count;
    const struct scenario *all = scenarios(&count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(all[i].name, name) == 0)
            return &all[i];
    }
    return NULL;
}

bool scenario_is_chosen(const struct scenario *scenario, const char *choice)
{
    size_t count;
    bool is_other = scenario >= scenarios(&count) + GRID;
    for (const char *next = choice;; next++) {
        size_t length = strcspn(next, ",");
        if (strncmp(next, "others", length) == 0 && length == strlen("others") && is_other)
            return true;
        if (strncmp(scenario->name, next, length) == 0)
            return true;
        next += length;
        if (*next == '\0')
            return false;
    }
}

bool scenario_compresses(const struct scenario *scenario)
{
    return scenario->use == USE_COMPRESS || scenario->use == USE_COMPRESS_FILE ||
           scenario->use == USE_COMPRESS_ASYNC;
}

bool scenario_publishes(const struct scenario *scenario)
{
    return scenario->use != USE_READ && scenario->ends == ENDS_PATHS;
}
