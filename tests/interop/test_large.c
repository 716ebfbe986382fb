/*
 * Beyond 4 GiB: lengths that 32 bits do not hold. A sparse input of 5 GiB with a few islands of
 * data, decoded as a stream, so that nothing of that size is ever kept.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>

#include "support/bytes.h"
#include "support/decode.h"
#include "support/process.h"
#include "support/scratch.h"
#include "support/test.h"

#define LARGE_SIZE (((uint64_t)5 << 30) + 12345)

enum {
    STEP = 1 << 20
};

/* Where data lies in the hole: at both ends, and on both sides of the 4 GiB border. */
static const uint64_t islands[] = {
    0,
    ((uint64_t)1 << 31) - 100,
    ((uint64_t)1 << 32) - 100,
    ((uint64_t)1 << 32) + 5 * STEP,
    LARGE_SIZE - 1000,
};

static void large_file_make(const char *path)
{
    struct bytes bytes = bytes_make(BYTES_TEXT, 1000, 5);
    int descriptor;

    file_write_sparse(path, LARGE_SIZE);
    descriptor = open(path, O_WRONLY | O_CLOEXEC);
    for (size_t i = 0; i < sizeof(islands) / sizeof(islands[0]); i++) {
        assert_int_equal(bytes.size, pwrite(descriptor, bytes.data, bytes.size, (off_t)islands[i]));
    }
    close(descriptor);
    bytes_free(&bytes);
}

/* What a stream was: how many bytes, and their CRC-32. */
struct digest {
    uint64_t length;
    uint32_t crc;
};

static void digest_add(struct digest *digest, const uint8_t *data, size_t size)
{
    digest->length += size;
    digest->crc = (uint32_t)crc32_z(digest->crc, data, size);
}

static struct digest digest_of_file(const char *path)
{
    struct digest digest = {0, 0};
    uint8_t *buffer = malloc(STEP);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t count;

    assert_non_null(buffer);
    while ((count = read(descriptor, buffer, STEP)) > 0) {
        digest_add(&digest, buffer, (size_t)count);
    }
    assert_int_equal(0, count);
    close(descriptor);
    free(buffer);
    return digest;
}

static struct digest digest_of_zstd(const char *path)
{
    struct digest digest = {0, 0};
    struct bytes encoded = file_read(path);
    ZSTD_DCtx *context = ZSTD_createDCtx();
    ZSTD_inBuffer in = {encoded.data, encoded.size, 0};
    uint8_t *buffer = malloc(STEP);
    size_t result = 0;

    assert_non_null(context);
    assert_non_null(buffer);
    while (in.pos < in.size || result != 0) {
        ZSTD_outBuffer out = {buffer, STEP, 0};
        size_t before = in.pos;
        result = ZSTD_decompressStream(context, &out, &in);
        assert_false(ZSTD_isError(result));
        assert_true(out.pos != 0 || in.pos != before);
        digest_add(&digest, buffer, out.pos);
    }
    ZSTD_freeDCtx(context);
    free(buffer);
    bytes_free(&encoded);
    return digest;
}

static struct digest digest_of_gzip(const char *path)
{
    struct digest digest = {0, 0};
    struct bytes encoded = file_read(path);
    uint8_t *buffer = malloc(STEP);
    z_stream stream;
    int result;

    assert_non_null(buffer);
    memset(&stream, 0, sizeof(stream));
    assert_int_equal(Z_OK, inflateInit2(&stream, 31));
    stream.next_in = encoded.data;
    stream.avail_in = (uInt)encoded.size;
    do {
        stream.next_out = buffer;
        stream.avail_out = STEP;
        result = inflate(&stream, Z_NO_FLUSH);
        assert_true(result == Z_OK || result == Z_STREAM_END);
        digest_add(&digest, buffer, STEP - stream.avail_out);
    } while (result != Z_STREAM_END);
    assert_int_equal(0, stream.avail_in);
    inflateEnd(&stream);
    free(buffer);
    bytes_free(&encoded);
    return digest;
}

static void input_beyond_4_gib(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(0);
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");
    struct digest expected;

    large_file_make(input);
    expected = digest_of_file(input);
    assert_int_equal(LARGE_SIZE, expected.length);
    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_GZIP; format++) {
        cinch_options options = CINCH_OPTIONS_INIT;
        cinch_stats stats = CINCH_STATS_INIT;
        struct digest digest;
        cinch_job *job;
        options.format = format;
        options.level = 1;
        assert_code(CINCH_OK, cinch_compress(pool, input, output, &options, &job));
        assert_code(CINCH_OK, cinch_job_wait(job));
        assert_code(CINCH_OK, cinch_job_stats(job, &stats));
        assert_int_equal(LARGE_SIZE, stats.bytes_in);
        assert_int_equal(LARGE_SIZE, stats.bytes_total);
        cinch_job_release(job);
        digest = format == CINCH_FORMAT_ZSTD ? digest_of_zstd(output) : digest_of_gzip(output);
        assert_int_equal(expected.length, digest.length);
        assert_int_equal(expected.crc, digest.crc);
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* A chunk of the largest size there is. */
static void chunk_of_1_gib(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");
    struct digest expected;

    file_write_sparse(input, ((uint64_t)1 << 30) + 1);
    expected = digest_of_file(input);
    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_GZIP; format++) {
        cinch_options options = CINCH_OPTIONS_INIT;
        struct digest digest;
        options.format = format;
        options.level = 1;
        options.chunk_size = 1u << 30;
        assert_code(CINCH_OK, compress_and_wait(pool, input, output, &options));
        digest = format == CINCH_FORMAT_ZSTD ? digest_of_zstd(output) : digest_of_gzip(output);
        assert_int_equal(expected.length, digest.length);
        assert_int_equal(expected.crc, digest.crc);
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(input_beyond_4_gib),
        scratch_test(chunk_of_1_gib),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
