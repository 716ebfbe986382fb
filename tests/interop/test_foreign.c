/*
 * What the stock tools write, read by us: from file to file and from pipe to pipe, by one, two
 * and four threads.
 */
#include <stdio.h>
#include <string.h>

#include "support/craft.h"
#include "support/decompress.h"
#include "support/process.h"
#include "support/scratch.h"
#include "support/test.h"

/* --- The tools -------------------------------------------------------------------------- */

#define PYTHON(code)                                                                               \
    {                                                                                              \
        "python3", "-c", "import sys, gzip, zlib\n" code, NULL                                     \
    }
#define SHELL(command)                                                                             \
    {                                                                                              \
        "sh", "-c", command, NULL                                                                  \
    }

enum {
    ARGUMENTS = 8,
    SLOW_MOST = 100000 /* bytes that the slowest of them are given */
};

/* How a tool compresses its standard input to its standard output. */
struct writer {
    const char *program; /* that has to be there */
    int32_t format;
    bool is_slow;
    const char *arguments[ARGUMENTS];
};

static const struct writer writers[] = {
    {"zstd", CINCH_FORMAT_ZSTD, false, {"zstd", "-cq", NULL}},
    {"zstd", CINCH_FORMAT_ZSTD, false, {"zstd", "-1", "-cq", NULL}},
    {"zstd", CINCH_FORMAT_ZSTD, false, {"zstd", "--fast=5", "-cq", NULL}},
    {"zstd", CINCH_FORMAT_ZSTD, false, {"zstd", "-19", "-cq", NULL}},
    {"zstd", CINCH_FORMAT_ZSTD, false, {"zstd", "--ultra", "-22", "-cq", NULL}},
    {"zstd", CINCH_FORMAT_ZSTD, false, {"zstd", "--long=27", "-cq", NULL}},
    {"zstd", CINCH_FORMAT_ZSTD, false, {"zstd", "--single-thread", "-cq", NULL}},
    {"zstd", CINCH_FORMAT_ZSTD, false, {"zstd", "--no-check", "-cq", NULL}},
    {"zstd", CINCH_FORMAT_ZSTD, false, {"zstd", "--no-content-size", "-cq", NULL}},
    {"zstd", CINCH_FORMAT_ZSTD, false, {"zstd", "--no-content-size", "--no-check", "-cq", NULL}},
    {"zstd", CINCH_FORMAT_ZSTD, false, {"zstd", "-T2", "-cq", NULL}},
    {"zstd", CINCH_FORMAT_ZSTD, false, {"zstd", "-T2", "-B524288", "--rsyncable", "-cq", NULL}},
    /* By name it is a file, whose size is told in the frame. */
    {"zstd", CINCH_FORMAT_ZSTD, false, {"zstd", "-1", "-cqf", "/dev/stdin", NULL}},
    {"zstd", CINCH_FORMAT_ZSTD, true, {"zstd", "-19", "-cqf", "/dev/stdin", NULL}},
    {"zstd", CINCH_FORMAT_ZSTD, false, {"zstd", "--long=27", "-cqf", "/dev/stdin", NULL}},
    {"zstd", CINCH_FORMAT_ZSTD, false, {"zstd", "-T2", "--no-check", "-cqf", "/dev/stdin", NULL}},
    {"zstd", CINCH_FORMAT_ZSTD, false, {"zstd", "--single-thread", "-cqf", "/dev/stdin", NULL}},
    {"zstd", CINCH_FORMAT_ZSTD, false, SHELL("cat | zstd -cq")},
    {"zstd", CINCH_FORMAT_ZSTD, false, SHELL("cat | zstd --long=27 -cq")},
    {"pzstd", CINCH_FORMAT_ZSTD, false, {"pzstd", "-p", "2", "-cq", NULL}},
    {"pzstd", CINCH_FORMAT_ZSTD, false, SHELL("cat | pzstd -p 2 -1 --no-check -cq")},
    {"gzip", CINCH_FORMAT_GZIP, false, {"gzip", "-c", NULL}},
    {"gzip", CINCH_FORMAT_GZIP, false, {"gzip", "-1c", NULL}},
    {"gzip", CINCH_FORMAT_GZIP, false, {"gzip", "-9c", "--rsyncable", NULL}},
    {"pigz", CINCH_FORMAT_GZIP, false, {"pigz", "-c", "-p", "2", NULL}},
    {"pigz", CINCH_FORMAT_GZIP, false, {"pigz", "-ci", "-p", "2", NULL}},
    {"pigz", CINCH_FORMAT_GZIP, false, {"pigz", "-0c", NULL}},
    {"pigz", CINCH_FORMAT_GZIP, false, {"pigz", "-cH", NULL}},
    {"pigz", CINCH_FORMAT_GZIP, true, {"pigz", "-11c", NULL}},
    {"pigz", CINCH_FORMAT_ZLIB, false, {"pigz", "-cz", NULL}},
    {"pigz", CINCH_FORMAT_ZLIB, false, {"pigz", "-ciz", "-p", "2", NULL}},
    {"bgzip", CINCH_FORMAT_GZIP, false, {"bgzip", "-c", NULL}},
    {"bgzip", CINCH_FORMAT_GZIP, false, {"bgzip", "-c", "-l", "0", "-@", "2", NULL}},
    {"igzip", CINCH_FORMAT_GZIP, false, {"igzip", "-c", "-0", NULL}},
    {"igzip", CINCH_FORMAT_GZIP, false, {"igzip", "-c", "-3", NULL}},
    {"libdeflate-gzip", CINCH_FORMAT_GZIP, false, {"libdeflate-gzip", "-c", NULL}},
    {"libdeflate-gzip", CINCH_FORMAT_GZIP, false, {"libdeflate-gzip", "-12", "-c", NULL}},
    {"python3", CINCH_FORMAT_GZIP, false,
     PYTHON("sys.stdout.buffer.write(gzip.compress(sys.stdin.buffer.read()))")},
    {"python3", CINCH_FORMAT_GZIP, false,
     PYTHON("with gzip.GzipFile('dir/name', 'wb', 1, sys.stdout.buffer, 123456789) as f:\n"
            " for part in iter(lambda: sys.stdin.buffer.read(50000), b''):\n"
            "  f.write(part)\n"
            "  f.flush()")},
    {"python3", CINCH_FORMAT_ZLIB, false,
     PYTHON("sys.stdout.buffer.write(zlib.compress(sys.stdin.buffer.read(), 9))")},
    {"python3", CINCH_FORMAT_ZLIB, false,
     PYTHON("z = zlib.compressobj(6, zlib.DEFLATED, 9)\n"
            "sys.stdout.buffer.write(z.compress(sys.stdin.buffer.read()) + z.flush())")},
};

enum {
    WRITERS = sizeof(writers) / sizeof(writers[0])
};

/* Contents: the slow tools get the first ones only. */
static const struct {
    enum bytes_kind kind;
    size_t size;
} contents[] = {
    {BYTES_TEXT, 0},        {BYTES_TEXT, 1},
    {BYTES_TEXT, 65280},    {BYTES_RANDOM, 70000},
    {BYTES_TEXT, 1500000},  {BYTES_RANDOM, 700000},
    {BYTES_ZEROS, 3000000}, {BYTES_COMPRESSED, 300000},
};

enum {
    CONTENTS = sizeof(contents) / sizeof(contents[0])
};

static void describe(char *what, size_t size, const struct writer *writer, size_t bytes,
                     enum bytes_kind kind)
{
    int length = snprintf(what, size, "%zu bytes of %s by", bytes, bytes_kind_name(kind));

    for (size_t i = 0; writer->arguments[i] != NULL; i++) {
        length += snprintf(what + length, size - (size_t)length, " %s", writer->arguments[i]);
    }
}

/* False where the machine does not have the tool. */
static bool tool_writes(struct scratch *scratch, const struct writer *writer,
                        const struct bytes *content, struct bytes *encoded)
{
    const char *input = scratch_path(scratch, "plain");
    const char *output = scratch_path(scratch, "foreign");
    int status;

    if (!tool_exists(writer->program)) {
        return false;
    }
    file_write(input, content);
    status = tool_run(writer->arguments, input, output);
    if (status != 0) {
        fail_msg("%s ended with status %d", writer->arguments[0], status);
    }
    *encoded = file_read(output);
    return true;
}

/* --- Reading them ------------------------------------------------------------------------ */

enum {
    POOLS = 3
};

static const uint32_t pool_sizes[POOLS] = {1, 2, 4};

static void assert_pools_decompress(struct scratch *scratch, const struct bytes *encoded,
                                    const struct bytes *content, const char *what)
{
    for (size_t i = 0; i < POOLS; i++) {
        cinch_pool *pool = pool_with_threads(pool_sizes[i]);
        assert_decompresses_by(FILE_TO_FILE, scratch, pool, encoded, content, what);
        assert_decompresses_by(PIPE_TO_PIPE, scratch, pool, encoded, content, what);
        cinch_pool_destroy(pool, CINCH_DRAIN);
    }
}

static void what_each_tool_writes(void **state)
{
    struct scratch *scratch = *state;
    char what[1000];

    for (size_t w = 0; w < WRITERS; w++) {
        for (size_t c = 0; c < CONTENTS; c++) {
            struct bytes encoded;
            struct bytes content;
            if (writers[w].is_slow && contents[c].size > SLOW_MOST) {
                continue;
            }
            content = bytes_make(contents[c].kind, contents[c].size, w + c + 1);
            describe(what, sizeof(what), &writers[w], content.size, contents[c].kind);
            if (tool_writes(scratch, &writers[w], &content, &encoded)) {
                assert_pools_decompress(scratch, &encoded, &content, what);
                bytes_free(&encoded);
            }
            bytes_free(&content);
        }
    }
}

/* All files of a format, one behind the other: whole, indexed, sized, with and without checksums
 * and tables, large and empty. */
static void everything_of_a_format_in_one_file(void **state)
{
    struct scratch *scratch = *state;

    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_GZIP; format++) {
        struct bytes all = {NULL, 0};
        struct bytes all_content = {NULL, 0};
        const char *ours = scratch_path(scratch, "ours");
        cinch_pool *pool = pool_with_threads(2);
        for (size_t w = 0; w < WRITERS; w++) {
            struct bytes encoded;
            struct bytes content = bytes_make((enum bytes_kind)(w % BYTES_KINDS),
                                              w % 5 == 0 ? 0 : w * w * 3000, w + 1);
            cinch_options options = CINCH_OPTIONS_INIT;
            if (writers[w].is_slow || writers[w].format != format ||
                !tool_writes(scratch, &writers[w], &content, &encoded)) {
                bytes_free(&content);
                continue;
            }
            /* Between any two of them one of ours. */
            options.format = format;
            options.chunk_size = 65536;
            assert_code(CINCH_OK,
                        compress_and_wait(pool, scratch_path(scratch, "plain"), ours, &options));
            bytes_append_bytes(&all, &encoded);
            bytes_append_bytes(&all_content, &content);
            bytes_free(&encoded);
            encoded = file_read(ours);
            bytes_append_bytes(&all, &encoded);
            bytes_append_bytes(&all_content, &content);
            bytes_free(&encoded);
            bytes_free(&content);
        }
        cinch_pool_destroy(pool, CINCH_DRAIN);
        assert_pools_decompress(scratch, &all, &all_content, "everything in one file");
        bytes_free(&all);
        bytes_free(&all_content);
    }
}

/* Members that tell their sizes, as several libraries write them. */
static void members_of_every_way_to_tell_a_size(void **state)
{
    static const size_t sizes[] = {0, 1, 100, 20000, 65000, 300000, 2000000};
    struct scratch *scratch = *state;
    char what[100];

    for (int kind = 0; kind < CRAFT_SIZES; kind++) {
        struct bytes encoded = {NULL, 0};
        struct bytes content = {NULL, 0};
        for (uint64_t i = 0; i < 100; i++) {
            uint64_t state_of_random = i + (uint64_t)kind * 1000;
            uint64_t random = random_next(&state_of_random);
            /* A size of 16 bits is enough for 65000 bytes that do not compress. */
            size_t size = sizes[random % (kind == CRAFT_BGZF || i % 8 != 0 ? 5 : 7)];
            struct bytes part = bytes_make((enum bytes_kind)((random >> 8) % BYTES_KINDS), size, i);
            craft_gzip_sized_member(&encoded, &part, 1, (enum craft_size)kind);
            bytes_append_bytes(&content, &part);
            bytes_free(&part);
        }
        snprintf(what, sizeof(what), "members of kind %d", kind);
        assert_pools_decompress(scratch, &encoded, &content, what);
        bytes_free(&encoded);
        bytes_free(&content);
    }
}

/* Frames of every shape, with skippable frames between: pzstd writes such. */
static void frames_of_every_shape(void **state)
{
    struct scratch *scratch = *state;
    struct bytes encoded = {NULL, 0};
    struct bytes content = {NULL, 0};

    for (uint64_t i = 0; i < 400; i++) {
        uint64_t state_of_random = i;
        uint64_t random = random_next(&state_of_random);
        size_t size = (random >> 8) % (i % 100 == 50 ? 3000000 : 3000);
        struct bytes part = bytes_make((enum bytes_kind)((random >> 40) % BYTES_KINDS), size, i);
        craft_zstd_frame(&encoded, &part, (int)(random >> 48) % 4 + 1, random % 4);
        bytes_append_bytes(&content, &part);
        if (random % 3 == 0) {
            craft_zstd_skippable(&encoded, random % 16, &part);
        }
        bytes_free(&part);
    }
    assert_pools_decompress(scratch, &encoded, &content, "frames of every shape");
    bytes_free(&encoded);
    bytes_free(&content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(what_each_tool_writes),
        scratch_test(everything_of_a_format_in_one_file),
        scratch_test(members_of_every_way_to_tell_a_size),
        scratch_test(frames_of_every_shape),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
