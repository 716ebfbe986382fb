/*
 * The flags and fields that change what a job reads and writes: ranges, descriptors by path, files
 * without an index, names, inspection, trailing bytes, stored data, long windows.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/bytes.h"
#include "support/craft.h"
#include "support/decode.h"
#include "support/decompress.h"
#include "support/jobs.h"
#include "support/monitor.h"
#include "support/process.h"
#include "support/scratch.h"
#include "support/stream.h"
#include "support/test.h"

enum {
    CHUNK = 4096,
    SIZE = 10 * CHUNK + 123
};

/* --- Ranges ----------------------------------------------------------------------------- */

/* Parts of one file, compressed apart and put together in order, are one file: whole, decoded by
 * the formats' own libraries and by us. */
static void ranges_put_together_are_the_file(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);
    const char *input = scratch_path(scratch, "input");
    const char *part = scratch_path(scratch, "part");
    struct bytes bytes = file_make(input, BYTES_TEXT, SIZE, 1);
    static const uint64_t borders[] = {0, 5, 5, CHUNK, 3 * CHUNK + 7, SIZE};

    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_GZIP; format++) {
        struct bytes whole = {NULL, 0};
        struct decoded decoded;
        for (size_t i = 0; i + 1 < sizeof(borders) / sizeof(borders[0]); i++) {
            struct monitor *monitor = monitor_new();
            cinch_options options = options_watched_by(monitor);
            struct bytes piece;
            options.format = format;
            options.chunk_size = CHUNK;
            options.flags = CINCH_FLAG_RANGE | CINCH_FLAG_NO_INDEX;
            options.input_offset = borders[i];
            options.input_length = borders[i + 1] - borders[i];
            assert_code(CINCH_OK, cinch_compress(pool, input, part, &options, &monitor->job));
            assert_job_ends(CINCH_OK, monitor->job);
            monitor_assert_ended(monitor, CINCH_OK);
            assert_int_equal(options.input_length, monitor->last_total);
            monitor_free(monitor);
            piece = file_read(part);
            bytes_append_bytes(&whole, &piece);
            bytes_free(&piece);
        }
        decoded = decode_bytes(format, &whole);
        assert_null(decoded.error);
        assert_int_equal(0, decoded.skipped);
        assert_bytes_equal(&bytes, &decoded.bytes);
        bytes_free(&decoded.bytes);
        assert_decompresses(scratch, pool, &whole, &bytes, "ranges put together");
        bytes_free(&whole);
    }
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

static void ranges_beyond_the_end_are_errors(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");
    struct bytes bytes = file_make(input, BYTES_TEXT, SIZE, 1);
    static const uint64_t cases[][2] = {
        {0, SIZE + 1},
        {SIZE, 1},
        {SIZE + 1, 0},
        {1, UINT64_MAX},
        {UINT64_MAX, 1},
        {UINT64_MAX, 0},
        {UINT64_MAX, UINT64_MAX},
        {1, SIZE},
        {(uint64_t)1 << 63, (uint64_t)1 << 63},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cinch_options options = CINCH_OPTIONS_INIT;
        options.flags = CINCH_FLAG_RANGE;
        options.input_offset = cases[i][0];
        options.input_length = cases[i][1];
        assert_code(CINCH_E_INPUT_CHANGED, compress_and_wait(pool, input, output, &options));
        assert_no_file(output);
        assert_code(CINCH_E_INPUT_CHANGED, decompress_and_wait(pool, input, output, &options));
        assert_no_file(output);
    }
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

static void ranges_need_a_regular_file(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    const char *fifo = scratch_path(scratch, "fifo");
    cinch_options options = CINCH_OPTIONS_INIT;
    cinch_job *job;
    int ends[2];

    options.flags = CINCH_FLAG_RANGE;
    options.input_length = 1;
    assert_int_equal(0, mkfifo(fifo, 0600));
    assert_code(CINCH_E_FILE_TYPE,
                compress_and_wait(pool, fifo, scratch_path(scratch, "output"), &options));
    pipe_make(ends);
    assert_code(CINCH_OK, cinch_compress_fd(pool, ends[0], ends[1], &options, &job));
    assert_job_ends(CINCH_E_FILE_TYPE, job);
    close(ends[0]);
    close(ends[1]);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    scratch_assert_holds(scratch, "fifo", NULL);
}

/* Of a descriptor, counted from its current offset. */
static void ranges_of_a_descriptor(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");
    struct bytes bytes = file_make(input, BYTES_TEXT, SIZE, 1);
    struct bytes expected = {bytes.data + 1000 + 77, 9000};
    cinch_options options = CINCH_OPTIONS_INIT;
    int reading = open(input, O_RDONLY | O_CLOEXEC);
    int writing = open(output, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    cinch_job *job;

    options.flags = CINCH_FLAG_RANGE;
    options.chunk_size = CHUNK;
    options.input_offset = 77;
    options.input_length = 9000;
    assert_int_equal(1000, lseek(reading, 1000, SEEK_SET));
    assert_code(CINCH_OK, cinch_compress_fd(pool, reading, writing, &options, &job));
    assert_job_ends(CINCH_OK, job);
    assert_file_decodes(output, CINCH_FORMAT_ZSTD, &expected);
    close(reading);
    close(writing);
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* A compressed file inside another file, between things that are none. */
static void ranges_of_a_container(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);
    const char *input = scratch_path(scratch, "input");
    const char *encoded_path = scratch_path(scratch, "encoded");
    const char *output = scratch_path(scratch, "output");
    struct bytes bytes = file_make(input, BYTES_TEXT, SIZE, 1);

    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
        cinch_options options = CINCH_OPTIONS_INIT;
        struct bytes container = {NULL, 0};
        struct bytes encoded;
        options.format = format;
        options.chunk_size = CHUNK;
        assert_code(CINCH_OK, compress_and_wait(pool, input, encoded_path, &options));
        encoded = file_read(encoded_path);
        bytes_append(&container, "what stands before", 18);
        bytes_append_bytes(&container, &encoded);
        bytes_append(&container, "and behind", 10);
        file_write(encoded_path, &container);
        options.flags = CINCH_FLAG_RANGE;
        options.input_offset = 18;
        options.input_length = encoded.size;
        assert_code(CINCH_OK, decompress_and_wait(pool, encoded_path, output, &options));
        assert_file_holds(output, &bytes);
        options.input_length = encoded.size - 1;
        assert_int_equal(0, unlink(output));
        assert_code(CINCH_E_TRUNCATED, decompress_and_wait(pool, encoded_path, output, &options));
        assert_no_file(output);
        bytes_free(&encoded);
        bytes_free(&container);
    }
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* --- Without an index ------------------------------------------------------------------- */

static void files_without_an_index(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");
    struct bytes bytes = file_make(input, BYTES_TEXT, SIZE, 1);

    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
        cinch_options options = CINCH_OPTIONS_INIT;
        struct bytes encoded;
        struct decoded decoded;
        options.format = format;
        options.chunk_size = CHUNK;
        options.flags = CINCH_FLAG_NO_INDEX;
        assert_code(CINCH_OK, compress_and_wait(pool, input, output, &options));
        encoded = file_read(output);
        decoded = decode_bytes(format, &encoded);
        assert_null(decoded.error);
        assert_bytes_equal(&bytes, &decoded.bytes);
        assert_int_equal(format == CINCH_FORMAT_ZSTD ? 11 : 1, decoded.pieces);
        assert_int_equal(0, decoded.skipped);
        if (format == CINCH_FORMAT_GZIP) {
            assert_int_equal(0, encoded.data[3]); /* no extra field, nor anything else */
        }
        assert_decompresses(scratch, pool, &encoded, &bytes, "a file without an index");
        bytes_free(&decoded.bytes);
        bytes_free(&encoded);
    }
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* --- A descriptor in, a path out -------------------------------------------------------- */

static void input_is_a_descriptor(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output.gz");
    struct bytes bytes = file_make(input, BYTES_TEXT, SIZE, 1);
    struct bytes rest = {bytes.data + 1000, SIZE - 1000};
    cinch_options options = CINCH_OPTIONS_INIT;
    struct stat status;
    mode_t mask = umask(022);

    options.flags = CINCH_FLAG_INPUT_FD;
    options.input_fd = open(input, O_RDONLY | O_CLOEXEC);
    assert_int_equal(0, fchmod(options.input_fd, 0755));
    assert_int_equal(1000, lseek(options.input_fd, 1000, SEEK_SET));
    /* The path is a name, and need not be one of a file. */
    assert_code(CINCH_OK, compress_and_wait(pool, "(a name)", output, &options));
    umask(mask);
    assert_file_decodes(output, CINCH_FORMAT_GZIP, &rest);
    assert_int_equal(0, stat(output, &status));
    assert_int_equal(0644, status.st_mode & 07777);
    assert_true(fcntl(options.input_fd, F_GETFD) >= 0);
    assert_int_equal(SIZE, lseek(options.input_fd, 0, SEEK_CUR));
    /* The same file by its descriptor. */
    assert_code(CINCH_E_SAME_FILE, compress_and_wait(pool, "(a name)", input, &options));
    close(options.input_fd);
    /* What is written decompresses the same way. */
    options.input_fd = open(output, O_RDONLY | O_CLOEXEC);
    assert_code(CINCH_OK,
                decompress_and_wait(pool, "(a name)", scratch_path(scratch, "again"), &options));
    assert_file_holds(scratch_path(scratch, "again"), &rest);
    close(options.input_fd);
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

static void input_is_a_pipe_and_output_a_path(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);
    const char *output = scratch_path(scratch, "output");
    struct bytes bytes = bytes_make(BYTES_TEXT, 500000, 1);

    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
        cinch_options options = CINCH_OPTIONS_INIT;
        struct feeder feeder;
        int ends[2];
        pipe_make(ends);
        feeder_start(&feeder, ends[1], &bytes);
        options.format = format;
        options.chunk_size = 65536;
        options.flags = CINCH_FLAG_INPUT_FD;
        options.input_fd = ends[0];
        assert_code(CINCH_OK, compress_and_wait(pool, "(a pipe)", output, &options));
        feeder_finish(&feeder);
        close(ends[0]);
        assert_file_decodes(output, format, &bytes);
    }
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

static void bad_descriptor_is_told_by_its_name(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    cinch_options options = CINCH_OPTIONS_INIT;
    char message[200] = "";
    cinch_job *job;

    options.flags = CINCH_FLAG_INPUT_FD;
    options.input_fd = -1;
    assert_code(CINCH_OK,
                cinch_compress(pool, "(my input)", scratch_path(scratch, "out"), &options, &job));
    assert_code(CINCH_E_IO, cinch_job_wait(job));
    assert_code(CINCH_OK, cinch_job_message(job, message, sizeof(message)));
    assert_non_null(strstr(message, "(my input)"));
    cinch_job_release(job);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    scratch_assert_holds(scratch, NULL);
}

/* --- Names and times in gzip headers ---------------------------------------------------- */

static void gzip_header_has_name_and_time(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);
    const char *input = scratch_path(scratch, "a name\n\xff");
    const char *output = scratch_path(scratch, "output.gz");
    struct bytes bytes = file_make(input, BYTES_TEXT, SIZE, 1);
    struct timespec times[2] = {{1234567890, 5}, {1111111111, 987654321}};
    cinch_options options = CINCH_OPTIONS_INIT;
    struct bytes encoded;
    struct stat status;
    size_t name;

    assert_int_equal(0, utimensat(AT_FDCWD, input, times, 0));
    options.flags = CINCH_FLAG_NAME;
    options.chunk_size = CHUNK;
    assert_code(CINCH_OK, compress_and_wait(pool, input, output, &options));
    assert_file_decodes(output, CINCH_FORMAT_GZIP, &bytes);
    encoded = file_read(output);
    /* RFC 1952: FEXTRA for the index and FNAME, which stands behind it. */
    assert_int_equal(4 | 8, encoded.data[3]);
    assert_int_equal(1111111111, little_endian_32(encoded.data + 4));
    name = 12 + (size_t)little_endian_16(encoded.data + 10);
    assert_string_equal("a name\n\xff", (const char *)encoded.data + name);
    /* Coming back: the header's time, and no name. */
    assert_code(CINCH_OK,
                decompress_and_wait(pool, output, scratch_path(scratch, "again"), &options));
    assert_int_equal(0, stat(scratch_path(scratch, "again"), &status));
    assert_int_equal(1111111111, status.st_mtim.tv_sec);
    assert_int_equal(0, status.st_mtim.tv_nsec);
    scratch_assert_holds(scratch, "a name\n\xff", "output.gz", "again", NULL);
    assert_decompresses(scratch, pool, &encoded, &bytes, "a member with a name");
    bytes_free(&encoded);
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* Without the flag there is neither: what `gzip -n` writes. */
static void gzip_header_has_neither_unless_asked(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output.gz");
    struct bytes encoded;

    file_write_text(input, "words");
    assert_code(CINCH_OK, compress_and_wait(pool, input, output, NULL));
    encoded = file_read(output);
    assert_int_equal(0, encoded.data[3] & 8);
    assert_int_equal(0, little_endian_32(encoded.data + 4));
    bytes_free(&encoded);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* Seconds that the header's field cannot hold are not told, and the way back leaves the time of the
 * compressed file, as with any header that tells none. */
static void times_beyond_the_header_are_not_told(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output.gz");
    const char *again = scratch_path(scratch, "again");
    static const struct {
        int64_t time;
        uint32_t told;
    } cases[] = {
        {-1, 0}, {0, 0}, {1, 1}, {UINT32_MAX, UINT32_MAX}, {INT64_C(1) << 32, 0},
    };
    cinch_options options = CINCH_OPTIONS_INIT;

    file_write_text(input, "words");
    options.flags = CINCH_FLAG_NAME;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct timespec times[2] = {{1, 0}, {(time_t)cases[i].time, 0}};
        struct bytes encoded;
        struct stat status;
        if (utimensat(AT_FDCWD, input, times, 0) != 0 || stat(input, &status) != 0 ||
            status.st_mtim.tv_sec != cases[i].time) {
            continue; /* a file system without such times */
        }
        assert_code(CINCH_OK, compress_and_wait(pool, input, output, &options));
        encoded = file_read(output);
        assert_int_equal(cases[i].told, little_endian_32(encoded.data + 4));
        bytes_free(&encoded);
        assert_code(CINCH_OK, decompress_and_wait(pool, output, again, &options));
        assert_int_equal(0, stat(again, &status));
        assert_int_equal(cases[i].time, status.st_mtim.tv_sec);
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* In a child, which has a folder of its own to be in: a path without one is the name. */
static int compress_a_name_alone(void *context)
{
    cinch_pool *pool = NULL;
    cinch_options options = CINCH_OPTIONS_INIT;
    cinch_job *job;

    options.flags = CINCH_FLAG_NAME;
    if (chdir(context) != 0 || cinch_pool_create(NULL, &pool) != CINCH_OK ||
        cinch_compress(pool, "words", "words.gz", &options, &job) != CINCH_OK ||
        cinch_job_wait(job) != CINCH_OK) {
        return 1;
    }
    cinch_job_release(job);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    return 0;
}

/* The name is that of the path as it was given; a descriptor has none, and no time either. */
static void gzip_header_has_the_name_that_was_given(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool;
    const char *input = scratch_path(scratch, "words");
    const char *output = scratch_path(scratch, "words.gz");
    cinch_options options = CINCH_OPTIONS_INIT;
    struct bytes encoded;
    cinch_job *job;
    int ends[2];

    file_write_text(input, "words");
    assert_int_equal(0, child_run(compress_a_name_alone, scratch->folder));
    encoded = file_read(output);
    assert_int_equal(8, encoded.data[3]);
    assert_string_equal("words", (const char *)encoded.data + 10);
    bytes_free(&encoded);

    pool = pool_with_threads(1);
    ends[0] = open(input, O_RDONLY | O_CLOEXEC);
    ends[1] = open(output, O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert_true(ends[0] >= 0 && ends[1] >= 0);
    options.flags = CINCH_FLAG_NAME;
    options.format = CINCH_FORMAT_GZIP;
    assert_code(CINCH_OK, cinch_compress_fd(pool, ends[0], ends[1], &options, &job));
    assert_job_ends(CINCH_OK, job);
    close(ends[0]);
    close(ends[1]);
    encoded = file_read(output);
    assert_int_equal(0, encoded.data[3]);
    assert_int_equal(0, little_endian_32(encoded.data + 4));
    bytes_free(&encoded);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* --- Inspection ------------------------------------------------------------------------- */

static cinch_stats inspect(cinch_pool *pool, const char *input, const char *output, uint32_t flags,
                           int32_t expected)
{
    cinch_options options = CINCH_OPTIONS_INIT;
    cinch_stats stats = CINCH_STATS_INIT;
    cinch_job *job = NULL;

    options.flags = CINCH_FLAG_INSPECT | flags;
    assert_code(CINCH_OK, cinch_decompress(pool, input, output, &options, &job));
    assert_code(expected, cinch_job_wait(job));
    assert_code(CINCH_OK, cinch_job_stats(job, &stats));
    cinch_job_release(job);
    return stats;
}

static void inspection_tells_what_a_file_is(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);
    const char *input = scratch_path(scratch, "input");
    const char *encoded = scratch_path(scratch, "encoded");
    static const uint32_t checks[] = {0, CINCH_CHECK_XXH64, CINCH_CHECK_CRC32, CINCH_CHECK_ADLER32};
    struct bytes bytes = file_make(input, BYTES_TEXT, SIZE, 1);

    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
        cinch_options options = CINCH_OPTIONS_INIT;
        cinch_stats stats;
        struct stat status;
        options.format = format;
        options.chunk_size = CHUNK;
        assert_code(CINCH_OK, compress_and_wait(pool, input, encoded, &options));
        stats = inspect(pool, encoded, NULL, 0, CINCH_OK);
        assert_int_equal(format, stats.format);
        assert_int_equal(checks[format], stats.check);
        assert_int_equal(SIZE, stats.bytes_out);
        assert_int_equal(0, stat(encoded, &status));
        assert_int_equal(status.st_size, stats.bytes_total);
        assert_int_equal(format == CINCH_FORMAT_ZSTD ? 11 : 1, stats.frames);
        assert_int_equal(format == CINCH_FORMAT_ZLIB ? 1 : 11, stats.chunks);
        if (format == CINCH_FORMAT_ZSTD) {
            options.flags = CINCH_FLAG_NO_CHECKSUM;
            assert_code(CINCH_OK, compress_and_wait(pool, input, encoded, &options));
            stats = inspect(pool, encoded, NULL, 0, CINCH_OK);
            assert_int_equal(CINCH_CHECK_NONE, stats.check);
        }
    }
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    scratch_assert_holds(scratch, "input", "encoded", NULL);
}

/* The output is not looked at, whatever it is. */
static void inspection_writes_nothing(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    const char *input = scratch_path(scratch, "input");
    const char *encoded = scratch_path(scratch, "encoded");

    file_write_text(input, "words");
    assert_code(CINCH_OK, compress_and_wait(pool, input, encoded, NULL));
    inspect(pool, encoded, input, CINCH_FLAG_NO_REPLACE, CINCH_OK);
    inspect(pool, encoded, encoded, 0, CINCH_OK);
    inspect(pool, encoded, "/nonexistent/output", 0, CINCH_OK);
    inspect(pool, encoded, scratch_path(scratch, "other"), CINCH_FLAG_DURABLE, CINCH_OK);
    assert_file_holds_text(input, "words");
    inspect(pool, input, NULL, 0, CINCH_E_FORMAT);
    inspect(pool, scratch_path(scratch, "missing"), NULL, 0, CINCH_E_NOT_FOUND);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    scratch_assert_holds(scratch, "input", "encoded", NULL);
}

/* --- Trailing bytes --------------------------------------------------------------------- */

/* Decompresses what has garbage at its end to `output`, which is gone afterwards. */
static cinch_stats ignore_trailing(cinch_pool *pool, const char *path, const char *output,
                                   const cinch_options *options, const struct bytes *content)
{
    cinch_stats stats = CINCH_STATS_INIT;
    cinch_job *job;

    assert_code(CINCH_OK, cinch_decompress(pool, path, output, options, &job));
    assert_code(CINCH_OK, cinch_job_wait(job));
    assert_code(CINCH_OK, cinch_job_stats(job, &stats));
    cinch_job_release(job);
    assert_file_holds(output, content);
    assert_int_equal(0, unlink(output));
    return stats;
}

static void trailing_bytes_may_be_ignored(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);
    const char *input = scratch_path(scratch, "input");
    const char *path = scratch_path(scratch, "encoded");
    const char *output = scratch_path(scratch, "output");
    struct bytes bytes = file_make(input, BYTES_TEXT, SIZE, 1);

    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
        cinch_options options = CINCH_OPTIONS_INIT;
        cinch_stats stats;
        struct bytes encoded;
        options.format = format;
        options.chunk_size = CHUNK;
        assert_code(CINCH_OK, compress_and_wait(pool, input, path, &options));
        encoded = file_read(path);
        bytes_append(&encoded, "trailing garbage", 16);
        file_write(path, &encoded);
        assert_code(CINCH_E_TRAILING, decompress_and_wait(pool, path, output, NULL));
        assert_no_file(output);
        options.flags = CINCH_FLAG_IGNORE_TRAILING;
        stats = ignore_trailing(pool, path, output, &options, &bytes);
        assert_int_equal(16, stats.trailing);
        assert_int_equal(encoded.size, stats.bytes_total);
        bytes_free(&encoded);
    }
    /* The flag makes nothing else right: damage and truncation stay what they are. */
    for (size_t cut = 1; cut < 10; cut += 4) {
        cinch_options options = CINCH_OPTIONS_INIT;
        struct bytes encoded;
        options.format = CINCH_FORMAT_GZIP;
        assert_code(CINCH_OK, compress_and_wait(pool, input, path, &options));
        encoded = file_read(path);
        encoded.size -= cut;
        file_write(path, &encoded);
        options.flags = CINCH_FLAG_IGNORE_TRAILING;
        assert_code(CINCH_E_TRUNCATED, decompress_and_wait(pool, path, output, &options));
        assert_no_file(output);
        bytes_free(&encoded);
    }
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* Of a pipe those are told that were read. */
static void trailing_bytes_of_a_pipe_are_left(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);
    const char *input = scratch_path(scratch, "input");
    const char *path = scratch_path(scratch, "encoded");
    const char *output = scratch_path(scratch, "output");
    struct bytes bytes = file_make(input, BYTES_TEXT, SIZE, 1);

    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
        cinch_options options = CINCH_OPTIONS_INIT;
        cinch_stats stats;
        struct bytes encoded;
        int ends[2];
        options.format = format;
        assert_code(CINCH_OK, compress_and_wait(pool, input, path, &options));
        encoded = file_read(path);
        bytes_append(&encoded, "trailing garbage", 16);
        pipe_make(ends);
        assert_int_equal(encoded.size, write(ends[1], encoded.data, encoded.size));
        close(ends[1]);
        options.flags = CINCH_FLAG_IGNORE_TRAILING | CINCH_FLAG_INPUT_FD;
        options.input_fd = ends[0];
        stats = ignore_trailing(pool, path, output, &options, &bytes);
        assert_in_range(stats.trailing, 1, 16);
        close(ends[0]);
        bytes_free(&encoded);
    }
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* --- One frame -------------------------------------------------------------------------- */

/* Content that does not compress fills one part of the output while more of the input is at hand;
 * from a file and from a pipe, and verified. */
static void one_frame_may_be_larger_than_its_parts(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");
    struct bytes bytes = file_make(input, BYTES_RANDOM, 1500000, 1);

    for (uint32_t way = 0; way < 4; way++) {
        cinch_options options = CINCH_OPTIONS_INIT;
        struct feeder feeder;
        cinch_job *job;
        int ends[2];
        options.flags = CINCH_FLAG_SINGLE_STREAM | ((way & 1) != 0 ? CINCH_FLAG_VERIFY : 0);
        if ((way & 2) != 0) {
            pipe_make(ends);
            feeder_start(&feeder, ends[1], &bytes);
            options.flags |= CINCH_FLAG_INPUT_FD;
            options.input_fd = ends[0];
        }
        assert_code(CINCH_OK, cinch_compress(pool, input, output, &options, &job));
        assert_job_ends(CINCH_OK, job);
        if ((way & 2) != 0) {
            close(ends[0]);
            feeder_finish(&feeder);
        }
        assert_int_equal(1, assert_file_decodes(output, CINCH_FORMAT_ZSTD, &bytes));
    }
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* --- Stored ----------------------------------------------------------------------------- */

static void stored_data_is_wrapped_only(void **state)
{
    struct scratch *scratch = *state;
    static const size_t sizes[] = {0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 65535, 65536, 200000};
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");

    for (uint32_t threads = 1; threads <= 3; threads += 2) {
        cinch_pool *pool = pool_with_threads(threads);
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            struct bytes bytes = file_make(input, BYTES_TEXT, sizes[i], 1);
            for (int32_t format = CINCH_FORMAT_GZIP; format <= CINCH_FORMAT_ZLIB; format++) {
                cinch_options options = CINCH_OPTIONS_INIT;
                struct bytes encoded;
                options.format = format;
                options.level = CINCH_LEVEL_STORED;
                options.chunk_size = i % 2 == 0 ? CHUNK : 0;
                assert_code(CINCH_OK, compress_and_wait(pool, input, output, &options));
                assert_file_decodes(output, format, &bytes);
                encoded = file_read(output);
                /* Not smaller, and no more larger than its headers: 5 bytes for each block, and
                 * an index of 4 more for each chunk. */
                assert_in_range(encoded.size, bytes.size, bytes.size + bytes.size / 200 + 200);
                assert_decompresses(scratch, pool, &encoded, &bytes, "stored data");
                bytes_free(&encoded);
            }
            bytes_free(&bytes);
        }
        cinch_pool_destroy(pool, CINCH_DRAIN);
    }
}

static void stored_is_no_level_of_zstd(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    cinch_options options = CINCH_OPTIONS_INIT;

    /* The number is one of zstd's own fast levels there. */
    file_write_text(scratch_path(scratch, "input"), "words");
    options.format = CINCH_FORMAT_ZSTD;
    options.level = CINCH_LEVEL_STORED;
    assert_code(CINCH_OK, compress_and_wait(pool, scratch_path(scratch, "input"),
                                            scratch_path(scratch, "output"), &options));
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* --- Windows ---------------------------------------------------------------------------- */

static void windows_have_a_range(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");
    const uint32_t highest = sizeof(void *) == 8 ? 31 : 30;
    cinch_options options = CINCH_OPTIONS_INIT;

    file_write_text(input, "words");
    for (uint32_t log = 0; log <= 40; log++) {
        options.format = CINCH_FORMAT_ZSTD;
        options.window_log = log;
        assert_code(log == 0 || (log >= 10 && log <= highest) ? CINCH_OK : CINCH_E_INVALID,
                    compress_and_wait(pool, input, output, &options));
        options.format = CINCH_FORMAT_GZIP;
        assert_code(log == 0 ? CINCH_OK : CINCH_E_INVALID,
                    compress_and_wait(pool, input, output, &options));
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* From a pipe, whose length nobody knows, so that the window is as large as was asked for. */
static void windows_are_as_asked_for(void **state)
{
    struct scratch *scratch = *state;
    static const uint32_t logs[] = {10, 17, 24, 27};
    const char *output = scratch_path(scratch, "output");
    struct bytes bytes = bytes_make(BYTES_TEXT, 300000, 1);

    for (size_t i = 0; i < sizeof(logs) / sizeof(logs[0]); i++) {
        cinch_pool *pool = pool_with_threads(1);
        cinch_options options = CINCH_OPTIONS_INIT;
        struct feeder feeder;
        struct bytes encoded;
        unsigned int exponent;
        int ends[2];
        pipe_make(ends);
        feeder_start(&feeder, ends[1], &bytes);
        options.level = 1;
        options.window_log = logs[i];
        options.flags = CINCH_FLAG_INPUT_FD;
        options.input_fd = ends[0];
        assert_code(CINCH_OK, compress_and_wait(pool, "(a pipe)", output, &options));
        feeder_finish(&feeder);
        close(ends[0]);
        assert_int_equal(1, assert_file_decodes(output, CINCH_FORMAT_ZSTD, &bytes));
        encoded = file_read(output);
        /* RFC 8878 3.1.1.1: no single segment, so the window descriptor comes next. */
        assert_int_equal(0, encoded.data[4] & 0x20);
        exponent = encoded.data[5] >> 3;
        assert_int_equal(logs[i], exponent + 10);
        assert_decompresses(scratch, pool, &encoded, &bytes, "a long window");
        bytes_free(&encoded);
        cinch_pool_destroy(pool, CINCH_DRAIN);
    }
    bytes_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(ranges_put_together_are_the_file),
        scratch_test(ranges_beyond_the_end_are_errors),
        scratch_test(ranges_need_a_regular_file),
        scratch_test(ranges_of_a_descriptor),
        scratch_test(ranges_of_a_container),
        scratch_test(files_without_an_index),
        scratch_test(input_is_a_descriptor),
        scratch_test(input_is_a_pipe_and_output_a_path),
        scratch_test(bad_descriptor_is_told_by_its_name),
        scratch_test(gzip_header_has_name_and_time),
        scratch_test(gzip_header_has_neither_unless_asked),
        scratch_test(gzip_header_has_the_name_that_was_given),
        scratch_test(times_beyond_the_header_are_not_told),
        scratch_test(inspection_tells_what_a_file_is),
        scratch_test(inspection_writes_nothing),
        scratch_test(trailing_bytes_may_be_ignored),
        scratch_test(trailing_bytes_of_a_pipe_are_left),
        scratch_test(one_frame_may_be_larger_than_its_parts),
        scratch_test(stored_data_is_wrapped_only),
        scratch_test(stored_is_no_level_of_zstd),
        scratch_test(windows_have_a_range),
        scratch_test(windows_are_as_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
