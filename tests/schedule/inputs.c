#include "schedule/inputs.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "schedule/contract.h"
#include "schedule/scheduler.h"

static const struct plain {
    enum bytes_kind kind;
    size_t size;
} plains[] = {
    {BYTES_TEXT, 0},
    {BYTES_TEXT, 1},
    {BYTES_RANDOM, INPUTS_CHUNK},
    {BYTES_TEXT, 3 * INPUTS_CHUNK + 1},
    {BYTES_RANDOM, 6 * INPUTS_CHUNK - 1},
};

enum {
    PLAINS = sizeof plains / sizeof plains[0],
    ENCODED = 2, /* from this one on, each in all formats, well and damaged */
    INPUTS_MAX = PLAINS + 1 + (PLAINS - ENCODED) * FORMATS * 2
};

static struct input inputs[INPUTS_MAX];
static unsigned count;
static const char *inputs_folder;

static char *path_of(const char *name, unsigned number)
{
    char *path;
    if (asprintf(&path, "%s/%s%u", inputs_folder, name, number) < 0)
        abort();
    return path;
}

static struct input *add(const char *name)
{
    struct input *input = &inputs[count];
    input->path = path_of(name, count);
    count++;
    return input;
}

/* Runs one job without interference. */
static int32_t transfer(cinch_pool *pool, const struct input *input, int32_t format,
                        const char *output)
{
    cinch_options options = CINCH_OPTIONS_INIT;
    options.format = format;
    options.level = INPUTS_LEVEL;
    options.chunk_size = INPUTS_CHUNK;
    cinch_job *job;
    int32_t code = (input->is_encoded ? cinch_decompress : cinch_compress)(pool, input->path,
                                                                           output, &options, &job);
    if (code != CINCH_OK)
        schedule_fail("a submit without interference gave %d", (int)code);
    code = cinch_job_wait(job);
    cinch_job_release(job);
    return code;
}

/* Compresses a plain input, and makes encoded ones of it if asked to. */
static void encode(cinch_pool *pool, struct input *input, bool is_kept)
{
    for (int f = 0; f < FORMATS; f++) {
        char *output = path_of("encoded", (unsigned)f);
        if (transfer(pool, input, 1 + f, output) != CINCH_OK)
            schedule_fail("an input could not be compressed");
        input->encoded[f] = digest_file(output);
        for (int damaged = 0; is_kept && damaged < 2; damaged++) {
            struct input *encoded = add("in");
            encoded->is_encoded = true;
            encoded->bytes = file_read(output);
            if (damaged)
                encoded->bytes.data[encoded->bytes.size * 2 / 3] ^= 0x55;
            file_write(encoded->path, &encoded->bytes);
            char *decoded = path_of("decoded", (unsigned)f);
            encoded->expected = transfer(pool, encoded, 0, decoded);
            if ((encoded->expected != CINCH_OK) != (damaged != 0))
                schedule_fail("an encoded input gave %d", (int)encoded->expected);
            encoded->content = digest_bytes(input->bytes.data, input->bytes.size);
            if (!damaged && digest_file(decoded) != encoded->content)
                schedule_fail("an encoded input decodes to something else");
            unlink(decoded);
            free(decoded);
        }
        unlink(output);
        free(output);
    }
}

void inputs_make(const char *folder)
{
    cinch_pool *pool;
    cinch_pool_options options = CINCH_POOL_OPTIONS_INIT;
    inputs_folder = folder;
    options.threads = 1;
    schedule_begin(0, false);
    if (cinch_pool_create(&options, &pool) != CINCH_OK)
        schedule_fail("no pool could be made");
    for (unsigned i = 0; i < PLAINS; i++) {
        struct input *input = add("in");
        input->bytes = file_make(input->path, plains[i].kind, plains[i].size, i);
    }
    add("missing")->expected = CINCH_E_NOT_FOUND;
    for (unsigned i = 0; i < PLAINS; i++)
        encode(pool, &inputs[i], i >= ENCODED);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    schedule_end();
}

void inputs_remove(void)
{
    for (unsigned i = 0; i < count; i++) {
        unlink(inputs[i].path);
        free(inputs[i].path);
        bytes_free(&inputs[i].bytes);
    }
}

unsigned inputs_count(void)
{
    return count;
}

const struct input *input_at(unsigned index)
{
    return &inputs[index];
}
