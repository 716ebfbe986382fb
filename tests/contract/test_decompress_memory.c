/*
 * memory_limit when decompressing: what a job allocates never passes it, whatever the input, the
 * way and the number of threads; and a limit that is large enough for a format is enough.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zstd.h>

#include "heap.h"
#include "support/bytes.h"
#include "support/craft.h"
#include "support/scratch.h"
#include "support/stream.h"
#include "support/test.h"

enum {
    KIB = 1024,
    MIB = 1024 * KIB,
    CONTENT = 9 * MIB,
    FEW = 700000 /* of these, where there is much beside them */
};

/* An input, and the smallest of the limits below that must do, from a file and from a pipe. */
struct sample {
    const char *name;
    struct bytes encoded;
    uint64_t content;
    uint64_t enough_of_file;
    uint64_t enough_of_pipe;
};

static const uint64_t limits[] = {1 * MIB, 2 * MIB, 5 * MIB, 16 * MIB};
static const uint32_t thread_counts[] = {1, 4};

/* --- Inputs ----------------------------------------------------------------------------- */

/* Frames of `size` bytes of content each. */
static void append_frames(struct bytes *encoded, const struct bytes *content, size_t size,
                          unsigned int flags)
{
    for (size_t at = 0; at < content->size; at += size) {
        size_t rest = content->size - at;
        struct bytes part = bytes_slice(content, at, rest < size ? rest : size);
        craft_zstd_frame(encoded, &part, 1, flags);
        bytes_free(&part);
    }
}

/* One frame with a window of 2^window_log bytes that does not tell its size. */
static void append_stream(struct bytes *encoded, const struct bytes *content, int window_log)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    size_t before = encoded->size;
    size_t room = ZSTD_compressBound(content->size) + 100;
    ZSTD_inBuffer in = {content->data, content->size, 0};

    assert_non_null(context);
    assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 1)));
    assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log)));
    bytes_append_run(encoded, 0, room);
    ZSTD_outBuffer out = {encoded->data + before, room, 0};
    while (in.pos < in.size) {
        assert_false(ZSTD_isError(ZSTD_compressStream2(context, &out, &in, ZSTD_e_continue)));
    }
    assert_int_equal(0, ZSTD_compressStream2(context, &out, &in, ZSTD_e_end));
    encoded->size = before + out.pos;
    ZSTD_freeCCtx(context);
}

static void append_members(struct bytes *encoded, const struct bytes *content, size_t size,
                           enum craft_size kind)
{
    for (size_t at = 0; at < content->size; at += size) {
        size_t rest = content->size - at;
        struct bytes part = bytes_slice(content, at, rest < size ? rest : size);
        craft_gzip_sized_member(encoded, &part, 1, kind);
        bytes_free(&part);
    }
}

/* Members with a comment of so many bytes, each with `size` bytes of the content. */
static void append_commented(struct bytes *encoded, const struct bytes *content, size_t size,
                             size_t comment)
{
    for (size_t at = 0; at < content->size; at += size) {
        size_t rest = content->size - at;
        struct bytes part = bytes_slice(content, at, rest < size ? rest : size);
        struct bytes member = {NULL, 0};
        craft_gzip_member(&member, &part, 1, NULL);
        bytes_append(encoded, "\x1F\x8B\x08\x10\0\0\0\0\0\x03", 10);
        bytes_append_run(encoded, 'c', comment);
        bytes_append_run(encoded, 0, 1);
        bytes_append(encoded, member.data + 10, member.size - 10);
        bytes_free(&member);
        bytes_free(&part);
    }
}

/* In chunks of `chunk_size` bytes; 0: as large as usual. */
static struct bytes written_by_us(struct scratch *scratch, const struct bytes *content,
                                  int32_t format, uint32_t chunk_size)
{
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");
    cinch_options options = CINCH_OPTIONS_INIT;
    cinch_pool *pool = pool_with_threads(1);

    options.format = format;
    options.level = 1;
    options.chunk_size = chunk_size;
    file_write(input, content);
    assert_code(CINCH_OK, compress_and_wait(pool, input, output, &options));
    cinch_pool_destroy(pool, CINCH_DRAIN);
    return file_read(output);
}

enum {
    SAMPLES = 19
};

static struct sample sample_make(struct scratch *scratch, int number, const struct bytes *content)
{
    static const uint64_t never = UINT64_MAX;
    struct sample sample = {.content = content->size};
    struct bytes bytes = {NULL, 0};
    struct bytes header;

    switch (number) {
    case 0:
        sample.name = "zstd of ours";
        sample.encoded = written_by_us(scratch, content, CINCH_FORMAT_ZSTD, 0);
        sample.enough_of_file = sample.enough_of_pipe = 5 * MIB;
        return sample;
    case 1:
        sample.name = "gzip of ours";
        sample.encoded = written_by_us(scratch, content, CINCH_FORMAT_GZIP, 0);
        sample.enough_of_file = sample.enough_of_pipe = 1 * MIB;
        return sample;
    case 2:
        sample.name = "zlib of ours";
        sample.encoded = written_by_us(scratch, content, CINCH_FORMAT_ZLIB, 0);
        sample.enough_of_file = sample.enough_of_pipe = 1 * MIB;
        return sample;
    case 3:
        sample.name = "frames of 2 MiB without size";
        append_frames(&bytes, content, 2 * MIB, CRAFT_CHECKSUM);
        sample.enough_of_file = sample.enough_of_pipe = 5 * MIB;
        break;
    case 4:
        sample.name = "frames of 7 bytes";
        sample.content = FEW;
        header = bytes_slice(content, 0, FEW);
        append_frames(&bytes, &header, 7, CRAFT_CHECKSUM | CRAFT_CONTENT_SIZE);
        bytes_free(&header);
        sample.enough_of_file = sample.enough_of_pipe = 1 * MIB;
        break;
    case 5:
        sample.name = "one frame with a window of 8 MiB";
        append_stream(&bytes, content, 23);
        sample.enough_of_file = sample.enough_of_pipe = 16 * MIB;
        break;
    case 6:
        sample.name = "wide windows among small frames";
        append_frames(&bytes, content, 300 * KIB, CRAFT_CONTENT_SIZE);
        append_stream(&bytes, content, 22);
        append_frames(&bytes, content, 300 * KIB, CRAFT_CONTENT_SIZE);
        append_stream(&bytes, content, 23);
        append_frames(&bytes, content, 300 * KIB, CRAFT_CONTENT_SIZE);
        sample.content *= 5;
        sample.enough_of_file = sample.enough_of_pipe = 16 * MIB;
        break;
    case 7:
        sample.name = "a window of 2 GiB";
        craft_zstd_header(&bytes, &(struct craft_zstd_header){.window = (31 - 10) << 3});
        craft_zstd_block(&bytes, CRAFT_RAW, true, 1000);
        bytes_append(&bytes, content->data, 1000);
        sample.content = 1000;
        sample.enough_of_file = sample.enough_of_pipe = never;
        break;
    case 8:
        sample.name = "60 MiB of zeros in a frame";
        sample.content = 60 * MIB;
        craft_zstd_zeros(&bytes, sample.content, 10 << 3); /* a window of 1 MiB */
        sample.enough_of_file = sample.enough_of_pipe = 5 * MIB;
        break;
    case 9:
        sample.name = "a member";
        craft_gzip_member(&bytes, content, 1, NULL);
        sample.enough_of_file = sample.enough_of_pipe = 1 * MIB;
        break;
    case 10:
        sample.name = "BGZF";
        append_members(&bytes, content, 32 * KIB, CRAFT_BGZF);
        craft_bgzf_end(&bytes);
        sample.enough_of_file = sample.enough_of_pipe = 1 * MIB;
        break;
    case 11:
        sample.name = "Mgzip members of 3 MiB";
        append_members(&bytes, content, 3 * MIB, CRAFT_MGZIP);
        sample.enough_of_file = sample.enough_of_pipe = 1 * MIB;
        break;
    case 12:
        sample.name = "a Mgzip member of 60 MiB of zeros";
        sample.content = 60 * MIB;
        header = bytes_make(BYTES_ZEROS, (size_t)sample.content, 0);
        craft_gzip_sized_member(&bytes, &header, 1, CRAFT_MGZIP);
        bytes_free(&header);
        sample.enough_of_file = sample.enough_of_pipe = 1 * MIB;
        break;
    case 13:
        sample.name = "a comment of 900 kB";
        append_commented(&bytes, content, content->size, 900000);
        sample.enough_of_file = sample.enough_of_pipe = 16 * MIB;
        break;
    case 14:
        sample.name = "frames that do not compress";
        header = bytes_make(BYTES_RANDOM, CONTENT, 3);
        append_frames(&bytes, &header, 2 * MIB, CRAFT_CONTENT_SIZE | CRAFT_CHECKSUM);
        bytes_free(&header);
        sample.enough_of_file = sample.enough_of_pipe = 16 * MIB;
        break;
    case 15:
        sample.name = "members with comments of 5 kB";
        sample.content = FEW;
        header = bytes_slice(content, 0, FEW);
        append_commented(&bytes, &header, 100000, 5000);
        bytes_free(&header);
        sample.enough_of_file = sample.enough_of_pipe = 1 * MIB;
        break;
    case 16:
        sample.name = "an index of many pieces";
        bytes = written_by_us(scratch, content, CINCH_FORMAT_GZIP, 4 * KIB);
        sample.enough_of_file = sample.enough_of_pipe = 1 * MIB;
        break;
    case 17:
        sample.name = "a frame of 300,000 empty blocks and a byte";
        sample.content = 1;
        craft_zstd_header(&bytes, &(struct craft_zstd_header){.is_single_segment = true,
                                                              .has_content_size = true,
                                                              .content_size = 1});
        for (int i = 0; i < 300000; i++) {
            craft_zstd_block(&bytes, CRAFT_RAW, false, 0);
        }
        craft_zstd_block(&bytes, CRAFT_RLE, true, 1);
        bytes_append_run(&bytes, 'x', 1);
        /* From a pipe it can be collected, or not at all: what has been taken is gone. */
        sample.enough_of_file = 2 * MIB;
        sample.enough_of_pipe = 16 * MIB;
        break;
    default:
        sample.name = "pieces that do not compress";
        header = bytes_make(BYTES_RANDOM, CONTENT, 3);
        bytes = written_by_us(scratch, &header, CINCH_FORMAT_GZIP, 0);
        bytes_free(&header);
        sample.enough_of_file = sample.enough_of_pipe = 1 * MIB;
        break;
    }
    sample.encoded = bytes;
    return sample;
}

/* --- Measuring -------------------------------------------------------------------------- */

/* Decompresses into nothing and fails the test if that has taken more memory than allowed. */
static int32_t decompress_within(struct scratch *scratch, const struct sample *sample,
                                 bool from_pipe, uint32_t threads, uint64_t limit)
{
    const char *path = scratch_path(scratch, "encoded");
    cinch_pool *pool = pool_with_threads(threads);
    cinch_options options = CINCH_OPTIONS_INIT;
    cinch_stats stats = CINCH_STATS_INIT;
    int writing = open("/dev/null", O_WRONLY | O_CLOEXEC);
    struct feeder feeder;
    cinch_job *job;
    int input[2] = {-1, -1};

    if (from_pipe) {
        pipe_make(input);
        feeder_start(&feeder, input[1], &sample->encoded);
    } else {
        input[0] = open(path, O_RDONLY | O_CLOEXEC);
    }
    options.memory_limit = limit;
    size_t before = heap_size();
    heap_peak_reset();
    assert_code(CINCH_OK, cinch_decompress_fd(pool, input[0], writing, &options, &job));
    int32_t code = cinch_job_wait(job);
    size_t peak = heap_peak() - before;
    assert_code(CINCH_OK, cinch_job_stats(job, &stats));
    cinch_job_release(job);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    close(input[0]);
    close(writing);
    if (from_pipe) {
        feeder_finish(&feeder);
    }

    if (peak > limit) {
        fail_msg("%s, %s, %u threads: %zu bytes allocated, %llu allowed", sample->name,
                 from_pipe ? "pipe" : "file", (unsigned int)threads, peak,
                 (unsigned long long)limit);
    }
    if (code != CINCH_OK && code != CINCH_E_MEMORY_LIMIT) {
        fail_msg("%s, %s, %u threads, %llu bytes: %s", sample->name, from_pipe ? "pipe" : "file",
                 (unsigned int)threads, (unsigned long long)limit, code_name(code));
    }
    if (code == CINCH_OK) {
        assert_int_equal(sample->content, stats.bytes_out);
    }
    return code;
}

static void no_job_passes_its_limit(void **state)
{
    struct scratch *scratch = *state;
    struct bytes content;

    if (!heap_is_counted()) {
        skip();
    }
    content = bytes_make(BYTES_TEXT, CONTENT, 1);
    for (int i = 0; i < SAMPLES; i++) {
        struct sample sample = sample_make(scratch, i, &content);
        file_write(scratch_path(scratch, "encoded"), &sample.encoded);
        for (size_t k = 0; k < sizeof(limits) / sizeof(limits[0]); k++) {
            for (int from_pipe = 0; from_pipe < 2; from_pipe++) {
                uint64_t enough = from_pipe ? sample.enough_of_pipe : sample.enough_of_file;
                for (size_t t = 0; t < 2; t++) {
                    int32_t code =
                        decompress_within(scratch, &sample, from_pipe, thread_counts[t], limits[k]);
                    if (code != CINCH_OK && limits[k] >= enough) {
                        fail_msg("%s, %s, %u threads: %llu bytes are not enough", sample.name,
                                 from_pipe ? "pipe" : "file", (unsigned int)thread_counts[t],
                                 (unsigned long long)limits[k]);
                    }
                }
            }
        }
        bytes_free(&sample.encoded);
    }
    bytes_free(&content);
}

/* A reader that comes late: the ring fills up meanwhile, as far as the limit lets it. */
static void what_waits_for_a_reader_counts(void **state)
{
    struct scratch *scratch = *state;
    struct bytes content;
    static const struct {
        int sample;
        uint64_t limit;
    } cases[] = {{5, 10 * MIB + 240 * KIB}, {0, 5 * MIB}, {9, 2 * MIB}, {10, 2 * MIB}};

    if (!heap_is_counted()) {
        skip();
    }
    content = bytes_make(BYTES_TEXT, CONTENT, 1);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sample sample = sample_make(scratch, cases[i].sample, &content);
        cinch_pool *pool = pool_with_threads(4);
        cinch_options options = CINCH_OPTIONS_INIT;
        cinch_stats stats = CINCH_STATS_INIT;
        uint64_t in_before = 0;
        unsigned int unchanged = 0;
        uint8_t buffer[4096];
        cinch_job *job;
        int output[2];
        int reading;

        file_write(scratch_path(scratch, "encoded"), &sample.encoded);
        reading = open(scratch_path(scratch, "encoded"), O_RDONLY | O_CLOEXEC);
        pipe_make(output);
        options.memory_limit = cases[i].limit;
        size_t before = heap_size();
        heap_peak_reset();
        assert_code(CINCH_OK, cinch_decompress_fd(pool, reading, output[1], &options, &job));
        /* How long this waits decides only how much of the ring is tried. */
        while (unchanged < 20) {
            usleep(1000);
            assert_code(CINCH_OK, cinch_job_stats(job, &stats));
            unchanged = stats.bytes_in > 0 && stats.bytes_in == in_before ? unchanged + 1 : 0;
            in_before = stats.bytes_in;
        }
        for (uint64_t left = sample.content; left > 0;) {
            ssize_t count = read(output[0], buffer, sizeof(buffer));
            assert_true(count > 0);
            left -= (uint64_t)count;
        }
        assert_job_ends(CINCH_OK, job);
        if (heap_peak() - before > cases[i].limit) {
            fail_msg("%s: %zu bytes allocated, %llu allowed", sample.name, heap_peak() - before,
                     (unsigned long long)cases[i].limit);
        }
        cinch_pool_destroy(pool, CINCH_DRAIN);
        close(reading);
        close(output[0]);
        close(output[1]);
        bytes_free(&sample.encoded);
    }
    bytes_free(&content);
}

/* Where the limit allows it, the largest window that libzstd knows is given, and no more. */
static void a_window_of_two_gigabytes(void **state)
{
    struct scratch *scratch = *state;
    struct bytes content;
    struct sample sample;

    if (!heap_is_counted() || sizeof(size_t) < 8) {
        skip();
    }
    content = bytes_make(BYTES_TEXT, CONTENT, 1);
    sample = sample_make(scratch, 7, &content);
    file_write(scratch_path(scratch, "encoded"), &sample.encoded);
    for (int from_pipe = 0; from_pipe < 2; from_pipe++) {
        for (size_t t = 0; t < 2; t++) {
            uint32_t threads = thread_counts[t];
            assert_code(CINCH_E_MEMORY_LIMIT, decompress_within(scratch, &sample, from_pipe,
                                                                threads, UINT64_C(2048) * MIB));
            /* Of a file such a frame is decoded in one piece, and from a pipe with its window. */
            assert_code(CINCH_OK, decompress_within(scratch, &sample, from_pipe, threads,
                                                    UINT64_C(2100) * MIB));
        }
    }
    bytes_free(&sample.encoded);
    bytes_free(&content);
}

/* What a file says of itself costs nothing that is not there. */
static void lies_cost_no_memory(void **state)
{
    struct scratch *scratch = *state;
    const char *path = scratch_path(scratch, "encoded");
    struct sample sample = {.name = "an index of long pieces"};
    cinch_options options = CINCH_OPTIONS_INIT;
    struct bytes content;
    cinch_pool *pool;

    if (!heap_is_counted()) {
        skip();
    }
    content = bytes_make(BYTES_TEXT, 3 * 4096, 1);
    pool = pool_with_threads(1);
    /* An index whose first piece takes 3 GiB, which the file really has: as a hole. */
    options.format = CINCH_FORMAT_GZIP;
    options.chunk_size = 4096;
    file_write(scratch_path(scratch, "input"), &content);
    assert_code(CINCH_OK, compress_and_wait(pool, scratch_path(scratch, "input"), path, &options));
    cinch_pool_destroy(pool, CINCH_DRAIN);
    sample.encoded = file_read(path);
    /* Fixed header 10, length of the extra field 2, CI and length 4, 16 bytes, then the pieces. */
    assert_memory_equal(sample.encoded.data + 12, "CI", 2);
    bytes_replace_number(&sample.encoded, 32, UINT64_C(3) << 30, 4);
    file_write(path, &sample.encoded);
    assert_int_equal(0, truncate(path, (off_t)4 << 30));
    sample.content = content.size;
    for (size_t t = 0; t < 2; t++) {
        int writing = open("/dev/null", O_WRONLY | O_CLOEXEC);
        int reading = open(path, O_RDONLY | O_CLOEXEC);
        cinch_job *job;
        pool = pool_with_threads(thread_counts[t]);
        options.memory_limit = 64 * MIB;
        size_t before = heap_size();
        heap_peak_reset();
        assert_code(CINCH_OK, cinch_decompress_fd(pool, reading, writing, &options, &job));
        assert_int_not_equal(CINCH_OK, cinch_job_wait(job));
        assert_in_range(heap_peak() - before, 0, 64 * MIB);
        cinch_job_release(job);
        cinch_pool_destroy(pool, CINCH_DRAIN);
        close(reading);
        close(writing);
    }
    bytes_free(&sample.encoded);
    bytes_free(&content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(no_job_passes_its_limit),
        scratch_test(what_waits_for_a_reader_counts),
        scratch_test(a_window_of_two_gigabytes),
        scratch_test(lies_cost_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
