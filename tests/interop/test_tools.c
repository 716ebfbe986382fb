/*
 * What we write, read by the stock tools and by the libraries of other languages.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/bytes.h"
#include "support/decode.h"
#include "support/process.h"
#include "support/scratch.h"
#include "support/stream.h"
#include "support/test.h"

/* A tool, how it tests and how it decodes to its standard output, reading standard input. */
struct tool {
    const char *name;
    int32_t format;
    const char *test[4];
    const char *decode[4];
};

#define PYTHON(expression)                                                                         \
    {                                                                                              \
        "python3", "-c", "import sys, gzip, zlib\nsys.stdout.buffer.write(" expression ")", NULL   \
    }
#define NODE(name)                                                                                 \
    {                                                                                              \
        "node", "-e", "process.stdin.pipe(require('zlib').create" name "()).pipe(process.stdout)", \
            NULL                                                                                   \
    }

/* libarchive's; it goes on until nothing is compressed any more. */
static const char unwrapper[] = "bsdcat";

static const struct tool tools[] = {
    {"zstd", CINCH_FORMAT_ZSTD, {"zstd", "-tq", NULL}, {"zstd", "-dcq", NULL}},
    {"pzstd", CINCH_FORMAT_ZSTD, {"pzstd", "-tq", NULL}, {"pzstd", "-dcq", NULL}},
    {"gzip", CINCH_FORMAT_GZIP, {"gzip", "-t", NULL}, {"gzip", "-dc", NULL}},
    {"pigz", CINCH_FORMAT_GZIP, {"pigz", "-t", NULL}, {"pigz", "-dc", NULL}},
    {"pigz", CINCH_FORMAT_ZLIB, {"pigz", "-tz", NULL}, {"pigz", "-dcz", NULL}},
    {"libdeflate-gzip", CINCH_FORMAT_GZIP, {NULL}, {"libdeflate-gzip", "-dc", NULL}},
    {"igzip", CINCH_FORMAT_GZIP, {NULL}, {"igzip", "-dc", NULL}},
    {"bgzip", CINCH_FORMAT_GZIP, {NULL}, {"bgzip", "-dc", NULL}},
    {unwrapper, CINCH_FORMAT_ZSTD, {NULL}, {unwrapper, NULL}},
    {unwrapper, CINCH_FORMAT_GZIP, {NULL}, {unwrapper, NULL}},
    /* From here on those that take long to start. */
    {"python3", CINCH_FORMAT_GZIP, {NULL}, PYTHON("gzip.open(sys.stdin.buffer).read()")},
    {"python3", CINCH_FORMAT_ZLIB, {NULL}, PYTHON("zlib.decompress(sys.stdin.buffer.read())")},
    {"node", CINCH_FORMAT_GZIP, {NULL}, NODE("Gunzip")},
    {"node", CINCH_FORMAT_ZLIB, {NULL}, NODE("Inflate")},
};

enum {
    TOOLS = sizeof(tools) / sizeof(tools[0]),
    TOOLS_FAST = TOOLS - 4
};

static void assert_tools_read(struct scratch *scratch, int32_t format, const char *path,
                              const struct bytes *expected, size_t tools_count, const char *what)
{
    const char *decoded = scratch_path(scratch, "decoded");
    const bool is_wrapped = expected->size > 2 && memcmp(expected->data, "\x1F\x8B", 2) == 0;

    for (size_t i = 0; i < tools_count; i++) {
        int status = 0;
        if (tools[i].format != format || !tool_exists(tools[i].name) ||
            (is_wrapped && tools[i].name == unwrapper)) {
            continue;
        }
        if (tools[i].test[0] != NULL) {
            status = tool_run(tools[i].test, path, NULL);
        }
        if (status == 0) {
            status = tool_run(tools[i].decode, path, decoded);
        }
        if (status != 0) {
            fail_msg("%s refuses %s: status %d", tools[i].name, what, status);
        }
        assert_file_holds(decoded, expected);
    }
}

static void files_of_every_size_and_kind(void **state)
{
    struct scratch *scratch = *state;
    static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 1000001};
    static const uint32_t flags[] = {0, CINCH_FLAG_SINGLE_STREAM, CINCH_FLAG_NO_CHECKSUM};
    cinch_pool *pool = pool_with_threads(3);
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");
    char what[100];

    for (int kind = 0; kind < BYTES_KINDS; kind++) {
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            struct bytes bytes = file_make(input, (enum bytes_kind)kind, sizes[i], i + 1);
            for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
                cinch_options options = CINCH_OPTIONS_INIT;
                options.format = format;
                options.chunk_size = 65536;
                options.flags = flags[((size_t)kind + i) % 3];
                assert_code(CINCH_OK, compress_and_wait(pool, input, output, &options));
                snprintf(what, sizeof(what), "%s of %zu bytes of %s", format_suffix(format),
                         sizes[i], bytes_kind_name((enum bytes_kind)kind));
                assert_tools_read(scratch, format, output, &bytes,
                                  kind == BYTES_TEXT ? TOOLS : TOOLS_FAST, what);
            }
            bytes_free(&bytes);
        }
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

static void output_of_a_pipe(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);
    const char *output = scratch_path(scratch, "output");
    struct bytes bytes = bytes_make(BYTES_TEXT, 3000000, 1);

    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
        cinch_options options = CINCH_OPTIONS_INIT;
        struct feeder feeder;
        struct drain drain;
        struct bytes encoded;
        cinch_job *job;
        int in[2];
        int out[2];
        pipe_make(in);
        pipe_make(out);
        options.format = format;
        assert_code(CINCH_OK, cinch_compress_fd(pool, in[0], out[1], &options, &job));
        feeder_start(&feeder, in[1], &bytes);
        drain_start(&drain, out[0]);
        assert_job_ends(CINCH_OK, job);
        feeder_finish(&feeder);
        close(in[0]);
        close(out[1]);
        encoded = drain_finish(&drain);
        file_write(output, &encoded);
        assert_tools_read(scratch, format, output, &bytes, TOOLS, "what a pipe was given");
        bytes_free(&encoded);
    }
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* `zstd -l` lists a file only when it understands every frame in it. */
static void zstd_lists_the_frames(void **state)
{
    struct scratch *scratch = *state;
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output.zst");
    const char *listing = scratch_path(scratch, "listing");
    const char *const arguments[] = {"zstd", "-lv", output, NULL};
    cinch_options options = CINCH_OPTIONS_INIT;
    struct bytes bytes;
    struct bytes text;
    cinch_pool *pool;

    if (!tool_exists("zstd")) {
        skip();
    }
    pool = pool_with_threads(2);
    bytes = file_make(input, BYTES_TEXT, 1000000, 1);
    options.chunk_size = 100000;
    assert_code(CINCH_OK, compress_and_wait(pool, input, output, &options));
    assert_int_equal(0, tool_run(arguments, NULL, listing));
    text = file_read(listing);
    text.data[text.size - 1] = '\0';
    assert_non_null(strstr((const char *)text.data, "Zstandard Frames: 10"));
    assert_non_null(strstr((const char *)text.data, "Skippable Frames: 1"));
    assert_non_null(strstr((const char *)text.data, "XXH64"));
    bytes_free(&text);
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(files_of_every_size_and_kind),
        scratch_test(output_of_a_pipe),
        scratch_test(zstd_lists_the_frames),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
