/*
 * Random access: files of this library and of the stock tools, reads at every boundary, damage,
 * threads, forks.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/bytes.h"
#include "support/decode.h"
#include "support/process.h"
#include "support/scratch.h"
#include "support/test.h"

/* --- Helpers ---------------------------------------------------------------------------- */

static cinch_reader *reader_open(const char *path)
{
    cinch_reader *reader = NULL;

    assert_code(CINCH_OK, cinch_reader_open(path, &reader));
    assert_non_null(reader);
    return reader;
}

/* A guard behind each read: nothing may be written there. */
enum {
    GUARD = 0xA5
};

/* Reads, and fails the test unless the result is what `expected` has there. */
static void assert_reads(cinch_reader *reader, const struct bytes *expected, uint64_t offset,
                         size_t size)
{
    const size_t rest = offset < expected->size ? expected->size - (size_t)offset : 0;
    const size_t count = size < rest ? size : rest;
    uint8_t *buffer = malloc(size + 1);

    assert_non_null(buffer);
    memset(buffer, GUARD, size + 1);
    const int64_t result = cinch_reader_pread(reader, buffer, size, offset);
    if (result != (int64_t)count)
        fail_msg("%zu bytes at %llu: %lld instead of %zu", size, (unsigned long long)offset,
                 (long long)result, count);
    if (count > 0 && memcmp(buffer, expected->data + offset, count) != 0)
        fail_msg("%zu bytes at %llu are wrong", size, (unsigned long long)offset);
    assert_int_equal(buffer[count], GUARD);
    free(buffer);
}

/* Reads around every multiple of `step`, and at the end. */
static void assert_reads_around(cinch_reader *reader, const struct bytes *expected, size_t step)
{
    static const int before[] = {-2, -1, 0, 1};
    const size_t sizes[] = {0, 1, 2, 3, step - 1, step, step + 1, 2 * step, 3 * step + 2};

    for (size_t middle = 0; middle <= expected->size + step; middle += step)
        for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
            for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++)
                if (middle > 0 || before[i] >= 0)
                    assert_reads(reader, expected, middle + (size_t)before[i], sizes[k]);
}

static void assert_reads_anywhere(cinch_reader *reader, const struct bytes *expected,
                                  unsigned int count, uint64_t seed)
{
    for (unsigned int i = 0; i < count; i++) {
        const uint64_t random = random_next(&seed);
        const uint64_t offset = (random >> 20) % (expected->size + 100);
        assert_reads(reader, expected, offset, random % (random & 0x800 ? 60 : 60000));
    }
}

/* Opens the file, and fails the test unless it reads as `expected` everywhere. */
static void assert_file_reads(const char *path, const struct bytes *expected, size_t step)
{
    cinch_reader *reader = reader_open(path);

    assert_int_equal(cinch_reader_size(reader), expected->size);
    assert_reads(reader, expected, 0, expected->size);
    assert_reads(reader, expected, 0, expected->size + 1000);
    assert_reads_around(reader, expected, step);
    assert_reads_anywhere(reader, expected, 200, step);
    cinch_reader_close(reader);
}

static void assert_refused(const char *path, int32_t code)
{
    cinch_reader *reader = (cinch_reader *)(uintptr_t)1;

    assert_code(code, cinch_reader_open(path, &reader));
    assert_null(reader);
}

/* Compresses a file of its own making into "NAME.zst" or "NAME.gz". */
static const char *compressed_make(struct scratch *scratch, const char *name, int32_t format,
                                   uint32_t chunk_size, const struct bytes *bytes)
{
    char output_name[100];
    cinch_options options = CINCH_OPTIONS_INIT;
    cinch_pool *pool = pool_with_threads(2);
    const char *input = scratch_path(scratch, name);

    snprintf(output_name, sizeof(output_name), "%s%s", name, format_suffix(format));
    const char *output = scratch_path(scratch, output_name);
    file_write(input, bytes);
    options.format = format;
    options.chunk_size = chunk_size;
    assert_code(CINCH_OK, compress_and_wait(pool, input, output, &options));
    cinch_pool_destroy(pool, CINCH_DRAIN);
    return output;
}

/* Puts files one behind the other. */
static void concatenate(const char *output, const char *first, const char *second)
{
    struct bytes both = file_read(first);
    struct bytes more = file_read(second);

    both.data = realloc(both.data, both.size + more.size);
    assert_non_null(both.data);
    memcpy(both.data + both.size, more.data, more.size);
    both.size += more.size;
    file_write(output, &both);
    bytes_free(&more);
    bytes_free(&both);
}

/* --- Our own files ---------------------------------------------------------------------- */

static void reads_files_of_every_size_and_chunk_size(void **state)
{
    static const size_t sizes[] = {0, 1, 4095, 4096, 4097, 8192, 100001};
    static const uint32_t chunk_sizes[] = {0, 4096, 5000, 65536};
    struct scratch *scratch = *state;

    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_GZIP; format++)
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
            for (size_t k = 0; k < sizeof(chunk_sizes) / sizeof(chunk_sizes[0]); k++) {
                const size_t step = chunk_sizes[k] != 0 ? chunk_sizes[k] : 30000;
                struct bytes bytes = bytes_make((enum bytes_kind)((i + k) % 3), sizes[i], i);
                const char *path =
                    compressed_make(scratch, "input", format, chunk_sizes[k], &bytes);
                assert_file_reads(path, &bytes, step);
                bytes_free(&bytes);
            }
}

/* More content than the cache holds, in chunks of the default size. */
static void reads_large_files(void **state)
{
    struct scratch *scratch = *state;
    struct bytes bytes = bytes_make(BYTES_TEXT, (size_t)17 << 20, 1);

    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_GZIP; format++) {
        const char *path = compressed_make(scratch, "input", format, 0, &bytes);
        cinch_reader *reader = reader_open(path);
        assert_int_equal(cinch_reader_size(reader), bytes.size);
        assert_reads_anywhere(reader, &bytes, 50, 7);
        assert_reads(reader, &bytes, 0, bytes.size);
        assert_reads(reader, &bytes, 2345678, (size_t)14 << 20);
        assert_reads_anywhere(reader, &bytes, 50, 8);
        cinch_reader_close(reader);
    }
    bytes_free(&bytes);
}

static void reads_concatenated_files(void **state)
{
    struct scratch *scratch = *state;
    const char *both = scratch_path(scratch, "both");

    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_GZIP; format++) {
        struct bytes bytes = bytes_make(BYTES_TEXT, 90000, 3);
        struct bytes head = {bytes.data, 50001};
        struct bytes tail = {bytes.data + 50001, 90000 - 50001};
        const char *first = compressed_make(scratch, "first", format, 8192, &head);
        const char *second = compressed_make(scratch, "second", format, 4096, &tail);
        concatenate(both, first, second);
        assert_file_reads(both, &bytes, 4096);

        /* A third, of nothing. */
        struct bytes none = {bytes.data, 0};
        concatenate(both, both, compressed_make(scratch, "third", format, 4096, &none));
        assert_file_reads(both, &bytes, 8192);
        bytes_free(&bytes);
    }
}

/* --- Files of the stock tools ----------------------------------------------------------- */

struct tool_case {
    const char *arguments[6]; /* compresses standard input to standard output */
    int32_t code;             /* of opening */
};

static void reads_what_stock_tools_write_where_it_can(void **state)
{
    static const struct tool_case cases[] = {
        {{"bgzip", "-c", NULL}, CINCH_OK},
        {{"bgzip", "-c", "-@", "2", NULL}, CINCH_OK},
        {{"zstd", "-q", "-c", "--stream-size=14680064", NULL}, CINCH_OK},
        {{"zstd", "-q", "-c", "--no-check", "--stream-size=14680064", NULL}, CINCH_OK},
        {{"zstd", "-q", "-c", "-T2", NULL}, CINCH_E_UNSUPPORTED},
        {{"pzstd", "-q", "-c", NULL}, CINCH_E_UNSUPPORTED},
        {{"gzip", "-c", NULL}, CINCH_E_UNSUPPORTED},
        {{"pigz", "-c", NULL}, CINCH_E_UNSUPPORTED},
        {{"pigz", "-c", "-z", NULL}, CINCH_E_UNSUPPORTED},
    };
    struct scratch *scratch = *state;
    const char *input = scratch_path(scratch, "input");
    const char *path = scratch_path(scratch, "compressed");
    struct bytes bytes = file_make(input, BYTES_TEXT, 14 << 20, 5);

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (!tool_exists(cases[i].arguments[0]))
            continue;
        assert_int_equal(tool_run(cases[i].arguments, input, path), 0);
        if (cases[i].code != CINCH_OK) {
            assert_refused(path, cases[i].code);
            continue;
        }
        cinch_reader *reader = reader_open(path);
        assert_int_equal(cinch_reader_size(reader), bytes.size);
        assert_reads(reader, &bytes, 0, bytes.size);
        assert_reads_anywhere(reader, &bytes, 300, i);
        cinch_reader_close(reader);
    }
    bytes_free(&bytes);
}

/* Small files need no index: whole members are found by decoding them. */
static void reads_small_gzip_files_of_any_tool(void **state)
{
    static const char *const tools[][3] = {
        {"gzip", "-c", NULL}, {"pigz", "-c", NULL}, {"libdeflate-gzip", "-c", NULL}};
    struct scratch *scratch = *state;
    const char *input = scratch_path(scratch, "input");
    const char *path = scratch_path(scratch, "compressed");
    const char *twice = scratch_path(scratch, "twice");
    struct bytes bytes = file_make(input, BYTES_TEXT, 300000, 5);

    for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++) {
        if (!tool_exists(tools[i][0]))
            continue;
        assert_int_equal(tool_run(tools[i], input, path), 0);
        assert_file_reads(path, &bytes, 100000);
        concatenate(twice, path, path);
        cinch_reader *reader = reader_open(twice);
        assert_int_equal(cinch_reader_size(reader), 2 * bytes.size);
        uint8_t across[10];
        assert_int_equal(cinch_reader_pread(reader, across, 10, bytes.size - 4), 10);
        assert_memory_equal(across, bytes.data + bytes.size - 4, 4);
        assert_memory_equal(across + 4, bytes.data, 6);
        cinch_reader_close(reader);
    }
    bytes_free(&bytes);
}

/* --- What cannot be read ---------------------------------------------------------------- */

static void refuses_bad_arguments(void **state)
{
    struct scratch *scratch = *state;
    struct bytes bytes = bytes_make(BYTES_TEXT, 10000, 1);
    const char *path = compressed_make(scratch, "input", CINCH_FORMAT_ZSTD, 4096, &bytes);
    uint8_t byte;

    assert_refused(NULL, CINCH_E_INVALID);
    assert_refused("", CINCH_E_INVALID);
    assert_code(CINCH_E_INVALID, cinch_reader_open(path, NULL));
    assert_int_equal(cinch_reader_size(NULL), -CINCH_E_INVALID);
    assert_int_equal(cinch_reader_pread(NULL, &byte, 1, 0), -CINCH_E_INVALID);
    cinch_reader_close(NULL);

    cinch_reader *reader = reader_open(path);
    assert_int_equal(cinch_reader_pread(reader, NULL, 1, 0), -CINCH_E_INVALID);
    assert_int_equal(cinch_reader_pread(reader, NULL, 0, 0), 0);
    assert_int_equal(cinch_reader_pread(reader, &byte, 1, UINT64_MAX), 0);
    assert_int_equal(cinch_reader_pread(reader, &byte, 1, bytes.size), 0);
    assert_int_equal(cinch_reader_pread(reader, &byte, 1, bytes.size - 1), 1);
    assert_int_equal(byte, bytes.data[bytes.size - 1]);
    cinch_reader_close(reader);
    bytes_free(&bytes);
}

static void refuses_what_is_no_compressed_file(void **state)
{
    struct scratch *scratch = *state;
    const char *path = scratch_path(scratch, "file");
    const char *fifo = scratch_path(scratch, "fifo");
    struct bytes bytes = bytes_make(BYTES_TEXT, 10000, 1);

    assert_refused(scratch_path(scratch, "missing"), CINCH_E_NOT_FOUND);
    assert_refused(scratch->folder, CINCH_E_FILE_TYPE);
    assert_refused("/dev/null", CINCH_E_FILE_TYPE);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_refused(fifo, CINCH_E_FILE_TYPE);
    file_write_text(path, "");
    assert_refused(path, CINCH_E_TRUNCATED);
    file_write_text(path, "this is no compressed file");
    assert_refused(path, CINCH_E_FORMAT);
    assert_refused(compressed_make(scratch, "file", CINCH_FORMAT_ZLIB, 4096, &bytes),
                   CINCH_E_UNSUPPORTED);
    bytes_free(&bytes);
}

/* --- Files that change or are damaged --------------------------------------------------- */

static void notices_a_file_that_was_cut_short(void **state)
{
    struct scratch *scratch = *state;
    struct bytes bytes = bytes_make(BYTES_RANDOM, 100000, 1);

    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_GZIP; format++) {
        const char *path = compressed_make(scratch, "input", format, 10000, &bytes);
        cinch_reader *reader = reader_open(path);
        uint8_t *buffer = malloc(bytes.size);
        assert_non_null(buffer);
        assert_int_equal(truncate(path, 45000), 0);
        assert_int_equal(cinch_reader_pread(reader, buffer, 10, 60000), -CINCH_E_INPUT_CHANGED);
        assert_int_equal(cinch_reader_pread(reader, buffer, 10000, 60000), -CINCH_E_INPUT_CHANGED);
        assert_int_equal(cinch_reader_pread(reader, buffer, bytes.size, 0), -CINCH_E_INPUT_CHANGED);
        /* What is left can still be read. */
        assert_reads(reader, &bytes, 0, 30000);
        assert_reads(reader, &bytes, 25000, 10);
        assert_int_equal(cinch_reader_size(reader), bytes.size);
        free(buffer);
        cinch_reader_close(reader);
    }
    bytes_free(&bytes);
}

/* Damage costs the chunk it is in, and no other is looked at. */
static void reads_around_damage(void **state)
{
    struct scratch *scratch = *state;
    struct bytes bytes = bytes_make(BYTES_RANDOM, 50000, 1);
    const char *path = compressed_make(scratch, "input", CINCH_FORMAT_ZSTD, 10000, &bytes);
    struct bytes file = file_read(path);

    file.data[25000] ^= 0x10;
    file_write(path, &file);
    cinch_reader *reader = reader_open(path);
    uint8_t *buffer = malloc(bytes.size);
    assert_non_null(buffer);
    for (unsigned int turn = 0; turn < 2; turn++) {
        assert_reads(reader, &bytes, 0, 20000);
        assert_reads(reader, &bytes, 19990, 10);
        assert_int_equal(cinch_reader_pread(reader, buffer, 11, 19990), -CINCH_E_CHECKSUM);
        assert_int_equal(cinch_reader_pread(reader, buffer, 10000, 20000), -CINCH_E_CHECKSUM);
        assert_int_equal(cinch_reader_pread(reader, buffer, bytes.size, 0), -CINCH_E_CHECKSUM);
        assert_reads(reader, &bytes, 30000, 1);
        assert_reads(reader, &bytes, 30000, 20000);
    }
    cinch_reader_close(reader);
    free(buffer);
    bytes_free(&file);
    bytes_free(&bytes);
}

/* The codes that a damaged file may end with. */
static bool is_code_of_damage(int64_t code)
{
    switch (code) {
    case CINCH_E_FORMAT:
    case CINCH_E_CORRUPT:
    case CINCH_E_TRUNCATED:
    case CINCH_E_CHECKSUM:
    case CINCH_E_TRAILING:
    case CINCH_E_UNSUPPORTED:
        return true;
    default:
        return false;
    }
}

/*
 * Reads the file, whole and in parts: it must be an error of the data, or the right bytes.
 * `is_exact`: its checksums prove all of the content; else only lengths are proved. Returns
 * whether all of it could be read. `change` is for the message.
 */
static bool try_file(const char *path, const struct bytes *expected, bool is_exact, size_t change)
{
    static uint8_t buffer[1 << 20];
    cinch_reader *reader;

    const int32_t code = cinch_reader_open(path, &reader);
    if (code != CINCH_OK) {
        if (!is_code_of_damage(code))
            fail_msg("change %zu: %s", change, code_name(code));
        return false;
    }
    const int64_t size = cinch_reader_size(reader);
    assert_true(size >= 0);
    const size_t room = size < (int64_t)sizeof(buffer) ? (size_t)size : sizeof(buffer);
    const int64_t result = cinch_reader_pread(reader, buffer, room, 0);
    if (result < 0 && !is_code_of_damage(-result))
        fail_msg("change %zu: %s", change, code_name((int32_t)-result));
    if (result >= 0 && ((uint64_t)size > expected->size || result != size))
        fail_msg("change %zu: %lld bytes of %lld instead of %zu", change, (long long)result,
                 (long long)size, expected->size);
    if (result > 0 && is_exact && memcmp(buffer, expected->data, (size_t)result) != 0)
        fail_msg("change %zu: wrong bytes", change);
    for (int64_t offset = 0; offset < size; offset += 1 + size / 20)
        (void)cinch_reader_pread(reader, buffer, 50, (uint64_t)offset);
    cinch_reader_close(reader);
    return result == (int64_t)expected->size;
}

/* Flips each bit of the file, one after the other, and cuts it to each length. */
static void assert_survives(const char *path, const struct bytes *expected, bool is_exact)
{
    struct bytes file = file_read(path);
    const int fd = open(path, O_RDWR | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_true(try_file(path, expected, is_exact, 0));
    for (size_t bit = 0; bit < file.size * 8; bit++) {
        const off_t offset = (off_t)(bit / 8);
        const uint8_t flipped = file.data[offset] ^ (uint8_t)(1u << bit % 8);
        assert_int_equal(pwrite(fd, &flipped, 1, offset), 1);
        (void)try_file(path, expected, is_exact, bit);
        assert_int_equal(pwrite(fd, &file.data[offset], 1, offset), 1);
    }
    assert_true(try_file(path, expected, is_exact, 0));
    for (size_t size = file.size; size-- > 0;) {
        assert_int_equal(ftruncate(fd, (off_t)size), 0);
        (void)try_file(path, expected, is_exact, size);
    }
    close(fd);
    bytes_free(&file);
}

static void survives_damage_to_every_bit_and_length(void **state)
{
    struct scratch *scratch = *state;

    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_GZIP; format++) {
        /* In one chunk: a frame, or a member, which its CRC-32 guards. */
        struct bytes bytes = bytes_make(BYTES_TEXT, 600, 9);
        const char *path = compressed_make(scratch, "input", format, 4096, &bytes);
        assert_survives(path, &bytes, true);
        bytes_free(&bytes);

        /* In three, with a seek table or an index. */
        bytes = bytes_make(BYTES_ZEROS, 3 * 4096 - 100, 9);
        memcpy(bytes.data + 4090, "not only zeros", 14);
        path = compressed_make(scratch, "input", format, 4096, &bytes);
        assert_survives(path, &bytes, format == CINCH_FORMAT_ZSTD);
        bytes_free(&bytes);
    }
}

/* --- Threads and processes -------------------------------------------------------------- */

enum {
    THREADS = 4
};

struct browser {
    pthread_t thread;
    cinch_reader *reader;
    const struct bytes *expected;
    uint64_t random;
    unsigned int wrong;
};

static void *browse(void *argument)
{
    struct browser *browser = argument;
    static _Thread_local uint8_t buffer[200000];

    for (unsigned int i = 0; i < 300; i++) {
        const uint64_t random = random_next(&browser->random);
        const size_t offset = (size_t)((random >> 20) % browser->expected->size);
        const size_t wanted = (size_t)(random % ((random & 0x80000) != 0 ? sizeof(buffer) : 100));
        const size_t rest = browser->expected->size - offset;
        const size_t count = wanted < rest ? wanted : rest;
        const int64_t result = cinch_reader_pread(browser->reader, buffer, wanted, offset);
        if (result != (int64_t)count ||
            memcmp(buffer, browser->expected->data + offset, count) != 0)
            browser->wrong++;
    }
    return NULL;
}

static void serves_several_threads_at_once(void **state)
{
    struct scratch *scratch = *state;
    struct bytes bytes = bytes_make(BYTES_TEXT, (size_t)18 << 20, 2);

    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_GZIP; format++) {
        const char *path = compressed_make(scratch, "input", format, 65536, &bytes);
        cinch_reader *reader = reader_open(path);
        struct browser browsers[THREADS];
        for (size_t i = 0; i < THREADS; i++) {
            browsers[i] = (struct browser){.reader = reader, .expected = &bytes, .random = i};
            assert_int_equal(pthread_create(&browsers[i].thread, NULL, browse, &browsers[i]), 0);
        }
        for (size_t i = 0; i < THREADS; i++) {
            pthread_join(browsers[i].thread, NULL);
            assert_int_equal(browsers[i].wrong, 0);
        }
        cinch_reader_close(reader);
    }
    bytes_free(&bytes);
}

static int use_the_parent_s_reader(void *context)
{
    cinch_reader *reader = context;
    const size_t descriptors = process_descriptor_count();
    uint8_t byte;

    if (cinch_reader_size(reader) != -CINCH_E_SHUTDOWN)
        return 1;
    if (cinch_reader_pread(reader, &byte, 1, 0) != -CINCH_E_SHUTDOWN)
        return 2;
    cinch_reader_close(reader);
    return process_descriptor_count() == descriptors ? 0 : 3;
}

/* A child may open the file anew, and that reader works. */
static int open_a_reader(void *context)
{
    const char *path = context;
    cinch_reader *reader;
    uint8_t byte = 0;

    if (cinch_reader_open(path, &reader) != CINCH_OK)
        return 1;
    if (cinch_reader_pread(reader, &byte, 1, 9999) != 1)
        return 2;
    cinch_reader_close(reader);
    return 0;
}

static void belongs_to_the_process_that_opened_it(void **state)
{
    struct scratch *scratch = *state;
    struct bytes bytes = bytes_make(BYTES_TEXT, 10000, 1);
    const char *path = compressed_make(scratch, "input", CINCH_FORMAT_ZSTD, 4096, &bytes);
    cinch_reader *reader = reader_open(path);

    assert_reads(reader, &bytes, 5000, 100);
    assert_int_equal(child_run(use_the_parent_s_reader, reader), 0);
    assert_int_equal(child_run(open_a_reader, (void *)(uintptr_t)path), 0);
    assert_reads(reader, &bytes, 5000, 100);
    assert_reads(reader, &bytes, 0, 10000);
    cinch_reader_close(reader);
    bytes_free(&bytes);
}

/* One descriptor, which programs that are started do not get; no thread. */
static void takes_one_descriptor_and_no_thread(void **state)
{
    struct scratch *scratch = *state;
    struct bytes bytes = bytes_make(BYTES_TEXT, 10000, 1);
    const char *path = compressed_make(scratch, "input", CINCH_FORMAT_GZIP, 4096, &bytes);
    const size_t descriptors = process_descriptor_count();
    const size_t threads = process_thread_count();
    cinch_reader *reader = reader_open(path);
    struct stat file, status;

    assert_reads(reader, &bytes, 5000, 100);
    assert_int_equal(process_descriptor_count(), descriptors + 1);
    assert_int_equal(process_thread_count(), threads);
    assert_int_equal(stat(path, &file), 0);
    unsigned int found = 0;
    for (int fd = 0; fd < 1000; fd++)
        if (fstat(fd, &status) == 0 && status.st_dev == file.st_dev &&
            status.st_ino == file.st_ino) {
            assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
            found++;
        }
    assert_int_equal(found, 1);
    cinch_reader_close(reader);
    assert_int_equal(process_descriptor_count(), descriptors);
    bytes_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(reads_files_of_every_size_and_chunk_size),
        scratch_test(reads_large_files),
        scratch_test(reads_concatenated_files),
        scratch_test(reads_what_stock_tools_write_where_it_can),
        scratch_test(reads_small_gzip_files_of_any_tool),
        scratch_test(refuses_bad_arguments),
        scratch_test(refuses_what_is_no_compressed_file),
        scratch_test(notices_a_file_that_was_cut_short),
        scratch_test(reads_around_damage),
        scratch_test(survives_damage_to_every_bit_and_length),
        scratch_test(serves_several_threads_at_once),
        scratch_test(belongs_to_the_process_that_opened_it),
        scratch_test(takes_one_descriptor_and_no_thread),
    };
    return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
