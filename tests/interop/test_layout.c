/*
 * What is in our files beyond the content: the zstd seek table, frames and their headers, the
 * index of a gzip member. Checked byte by byte against the formats' own documents, with none of
 * the library's parsers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>

#include "support/bytes.h"
#include "support/decode.h"
#include "support/scratch.h"
#include "support/stream.h"
#include "support/test.h"

enum {
    CHUNK = 10000
};

static struct bytes compress_with(struct scratch *scratch, const struct bytes *bytes,
                                  const cinch_options *options)
{
    cinch_pool *pool = pool_with_threads(2);
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");

    file_write(input, bytes);
    assert_code(CINCH_OK, compress_and_wait(pool, input, output, options));
    cinch_pool_destroy(pool, CINCH_DRAIN);
    return file_read(output);
}

/* --- zstd ------------------------------------------------------------------------------- */

/* A file of several frames ends in a table that lists them all (seekable format 0.1.0). */
static void assert_seek_table(const struct bytes *encoded, const struct bytes *content,
                              size_t chunk_size)
{
    size_t frames = (content->size + chunk_size - 1) / chunk_size;
    size_t table_size = 8 + frames * 8 + 9;
    const uint8_t *footer = encoded->data + encoded->size - 9;
    const uint8_t *table;
    const uint8_t *frame = encoded->data;
    size_t at = 0;

    assert_true(encoded->size > table_size);
    table = encoded->data + encoded->size - table_size;
    assert_int_equal(0x8F92EAB1u, little_endian_32(footer + 5));
    /* No checksums in the table, and the reserved bits are 0. */
    assert_int_equal(0, footer[4]);
    assert_int_equal(frames, little_endian_32(footer));
    assert_int_equal(0x184D2A5Eu, little_endian_32(table));
    assert_int_equal(table_size - 8, little_endian_32(table + 4));
    for (size_t i = 0; i < frames; i++) {
        size_t compressed = little_endian_32(table + 8 + i * 8);
        size_t length = little_endian_32(table + 8 + i * 8 + 4);
        size_t expected = content->size - at < chunk_size ? content->size - at : chunk_size;
        uint8_t *decoded = malloc(chunk_size);
        assert_non_null(decoded);
        assert_int_equal(expected, length);
        assert_int_equal(compressed, ZSTD_findFrameCompressedSize(frame, (size_t)(table - frame)));
        assert_int_equal(length, ZSTD_getFrameContentSize(frame, compressed));
        /* The frame alone is its chunk. */
        assert_int_equal(length, ZSTD_decompress(decoded, chunk_size, frame, compressed));
        assert_memory_equal(content->data + at, decoded, length);
        free(decoded);
        frame += compressed;
        at += length;
    }
    assert_int_equal(content->size, at);
    assert_ptr_equal(table, frame);
}

static void zstd_file_of_several_frames_has_a_seek_table(void **state)
{
    static const size_t sizes[] = {CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1, 30 * CHUNK + 77};

    for (int kind = 0; kind < BYTES_KINDS; kind++) {
        for (size_t i = 0; i < 4; i++) {
            struct bytes bytes = bytes_make((enum bytes_kind)kind, sizes[i], 1);
            cinch_options options = CINCH_OPTIONS_INIT;
            struct bytes encoded;
            options.chunk_size = CHUNK;
            encoded = compress_with(*state, &bytes, &options);
            assert_seek_table(&encoded, &bytes, CHUNK);
            bytes_free(&encoded);
            bytes_free(&bytes);
        }
    }
}

static void zstd_file_of_one_chunk_is_one_plain_frame(void **state)
{
    static const size_t sizes[] = {0, 1, CHUNK - 1, CHUNK};

    for (size_t i = 0; i < 4; i++) {
        struct bytes bytes = bytes_make(BYTES_TEXT, sizes[i], 1);
        cinch_options options = CINCH_OPTIONS_INIT;
        struct bytes encoded;
        options.chunk_size = CHUNK;
        encoded = compress_with(*state, &bytes, &options);
        assert_int_equal(encoded.size, ZSTD_findFrameCompressedSize(encoded.data, encoded.size));
        assert_int_equal(sizes[i], ZSTD_getFrameContentSize(encoded.data, encoded.size));
        bytes_free(&encoded);
        bytes_free(&bytes);
    }
}

static void zstd_frames_have_checksums_unless_told_otherwise(void **state)
{
    struct bytes bytes = bytes_make(BYTES_TEXT, 5 * CHUNK, 1);

    for (int single = 0; single < 2; single++) {
        for (int without = 0; without < 2; without++) {
            cinch_options options = CINCH_OPTIONS_INIT;
            struct bytes encoded;
            struct decoded decoded;
            options.chunk_size = CHUNK;
            options.flags =
                (single ? CINCH_FLAG_SINGLE_STREAM : 0u) | (without ? CINCH_FLAG_NO_CHECKSUM : 0u);
            encoded = compress_with(*state, &bytes, &options);
            decoded = decode_bytes(CINCH_FORMAT_ZSTD, &encoded);
            assert_null(decoded.error);
            assert_int_equal(single ? 1 : 5, decoded.pieces);
            assert_int_equal(single ? 0 : 1, decoded.skipped);
            assert_int_equal(without ? decoded.pieces : 0, decoded.unchecked);
            bytes_free(&decoded.bytes);
            bytes_free(&encoded);
        }
    }
    bytes_free(&bytes);
}

/* One frame, although the input has many chunks, and it tells its content's size. */
static void single_stream_is_one_frame(void **state)
{
    struct bytes bytes = bytes_make(BYTES_TEXT, 5000000, 1);
    cinch_options options = CINCH_OPTIONS_INIT;
    struct bytes encoded;

    options.flags = CINCH_FLAG_SINGLE_STREAM;
    encoded = compress_with(*state, &bytes, &options);
    assert_int_equal(encoded.size, ZSTD_findFrameCompressedSize(encoded.data, encoded.size));
    assert_int_equal(bytes.size, ZSTD_getFrameContentSize(encoded.data, encoded.size));
    assert_bytes_decode(&encoded, CINCH_FORMAT_ZSTD, &bytes);
    bytes_free(&encoded);
    bytes_free(&bytes);
}

/* --- gzip ------------------------------------------------------------------------------- */

/* Decodes raw deflate data that stands alone; returns the bytes of content, or -1 where it is
 * damaged. `*ended` tells whether it had a final block. */
static long inflate_alone(const uint8_t *data, size_t size, uint8_t *content, size_t room,
                          bool *ended)
{
    z_stream stream;
    int result;

    memset(&stream, 0, sizeof(stream));
    assert_int_equal(Z_OK, inflateInit2(&stream, -15));
    stream.next_in = (uint8_t *)(uintptr_t)data;
    stream.avail_in = (uInt)size;
    stream.next_out = content;
    stream.avail_out = (uInt)room;
    result = inflate(&stream, Z_SYNC_FLUSH);
    *ended = result == Z_STREAM_END;
    inflateEnd(&stream);
    if ((result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) ||
        stream.avail_in != 0) {
        return -1;
    }
    return (long)(room - stream.avail_out);
}

/* The subfield `CI` of the header, or NULL; RFC 1952 2.3.1. */
static const uint8_t *index_find(const struct bytes *encoded, size_t *size, size_t *header_size)
{
    const uint8_t *field;
    const uint8_t *end;

    assert_int_equal(0x8B1F, little_endian_16(encoded->data));
    assert_int_equal(8, encoded->data[2]);
    /* No name, no comment, no header CRC, no time; Unix. */
    assert_int_equal(0, encoded->data[3] & ~4);
    assert_int_equal(0, little_endian_32(encoded->data + 4));
    assert_int_equal(3, encoded->data[9]);
    *header_size = 10;
    if ((encoded->data[3] & 4) == 0) {
        return NULL;
    }
    *header_size = 12 + (size_t)little_endian_16(encoded->data + 10);
    field = encoded->data + 12;
    end = encoded->data + *header_size;
    while (field + 4 <= end) {
        *size = little_endian_16(field + 2);
        assert_true(field + 4 + *size <= end);
        if (field[0] == 'C' && field[1] == 'I') {
            return field + 4;
        }
        field += 4 + *size;
    }
    return NULL;
}

/* Cuts the member along its index and inflates each piece on its own. */
static void assert_index(const struct bytes *encoded, const struct bytes *content,
                         size_t chunk_size)
{
    size_t size = 0;
    size_t header_size = 0;
    const uint8_t *index = index_find(encoded, &size, &header_size);
    size_t chunks = (content->size + chunk_size - 1) / chunk_size;
    uint8_t *decoded = malloc(chunk_size + 1);
    size_t at = header_size;
    size_t trailer = encoded->size - 8;
    bool ended = false;

    assert_non_null(index);
    assert_non_null(decoded);
    assert_int_equal(16 + 4 * chunks, size);
    assert_int_equal(1, little_endian_16(index));
    assert_int_equal(0, little_endian_16(index + 2));
    assert_int_equal(chunk_size, little_endian_32(index + 4));
    assert_int_equal(content->size, little_endian_64(index + 8));
    for (size_t i = 0; i < chunks; i++) {
        size_t length = little_endian_32(index + 16 + 4 * i);
        size_t begin = i * chunk_size;
        size_t expected = content->size - begin < chunk_size ? content->size - begin : chunk_size;
        assert_true(at + length <= trailer);
        assert_int_equal(
            expected, inflate_alone(encoded->data + at, length, decoded, chunk_size + 1, &ended));
        assert_memory_equal(content->data + begin, decoded, expected);
        if (i + 1 < chunks) {
            assert_false(ended);
        }
        at += length;
    }
    if (!ended) {
        /* An empty final block stands between the last piece and the trailer. */
        assert_int_equal(0, inflate_alone(encoded->data + at, trailer - at, decoded, 1, &ended));
        assert_true(ended);
        assert_int_equal(2, trailer - at);
    } else {
        assert_int_equal(trailer, at);
    }
    assert_int_equal(crc32_z(0, content->data, content->size),
                     little_endian_32(encoded->data + trailer));
    assert_int_equal((uint32_t)content->size, little_endian_32(encoded->data + trailer + 4));
    free(decoded);
}

static void gzip_file_has_an_index(void **state)
{
    static const size_t sizes[] = {CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1, 30 * CHUNK + 77};
    static const int32_t levels[] = {1, 6, 9};

    for (int kind = 0; kind < BYTES_KINDS; kind++) {
        for (size_t i = 0; i < 4; i++) {
            for (size_t j = 0; j < 3; j++) {
                struct bytes bytes = bytes_make((enum bytes_kind)kind, sizes[i], 1);
                cinch_options options = CINCH_OPTIONS_INIT;
                struct bytes encoded;
                options.format = CINCH_FORMAT_GZIP;
                options.level = levels[j];
                options.chunk_size = CHUNK;
                encoded = compress_with(*state, &bytes, &options);
                assert_index(&encoded, &bytes, CHUNK);
                bytes_free(&encoded);
                bytes_free(&bytes);
            }
        }
    }
}

/* So many chunks that the index would not fit: they are made larger. */
static void gzip_chunks_grow_until_the_index_fits(void **state)
{
    struct bytes bytes = bytes_make(BYTES_TEXT, (size_t)66 << 20, 1);
    cinch_options options = CINCH_OPTIONS_INIT;
    struct bytes encoded;
    const uint8_t *index;
    size_t size;
    size_t header_size;
    size_t chunk_size;

    options.format = CINCH_FORMAT_GZIP;
    options.level = 1;
    options.chunk_size = 4096;
    encoded = compress_with(*state, &bytes, &options);
    index = index_find(&encoded, &size, &header_size);
    assert_non_null(index);
    chunk_size = little_endian_32(index + 4);
    assert_in_range(chunk_size, 4097, 65536);
    assert_index(&encoded, &bytes, chunk_size);
    bytes_free(&encoded);
    bytes_free(&bytes);
}

/* Where the length is not known, or the output is a descriptor, there is no index. */
static void gzip_to_a_descriptor_has_no_index(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);
    const char *input = scratch_path(scratch, "input");
    struct bytes bytes = file_make(input, BYTES_TEXT, 5 * CHUNK, 1);
    cinch_options options = CINCH_OPTIONS_INIT;
    struct bytes encoded;
    size_t header_size;
    size_t size;
    FILE *reading = fopen(input, "re");
    FILE *writing = fopen(scratch_path(scratch, "output"), "we");
    cinch_job *job;

    assert_non_null(reading);
    assert_non_null(writing);
    options.format = CINCH_FORMAT_GZIP;
    options.chunk_size = CHUNK;
    assert_code(CINCH_OK,
                cinch_compress_fd(pool, fileno(reading), fileno(writing), &options, &job));
    assert_job_ends(CINCH_OK, job);
    fclose(reading);
    fclose(writing);
    encoded = file_read(scratch_path(scratch, "output"));
    assert_null(index_find(&encoded, &size, &header_size));
    assert_bytes_decode(&encoded, CINCH_FORMAT_GZIP, &bytes);
    bytes_free(&encoded);
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* RFC 1952: XFL is 2 for the slowest, 4 for the fastest, as zlib writes it. */
static void gzip_header_tells_the_level(void **state)
{
    struct bytes bytes = bytes_make(BYTES_TEXT, 100, 1);
    static const uint8_t expected[] = {0, 4, 0, 0, 0, 0, 0, 0, 0, 2};

    for (int32_t level = 1; level <= 9; level++) {
        cinch_options options = CINCH_OPTIONS_INIT;
        struct bytes encoded;
        options.format = CINCH_FORMAT_GZIP;
        options.level = level;
        encoded = compress_with(*state, &bytes, &options);
        assert_int_equal(expected[level], encoded.data[8]);
        bytes_free(&encoded);
    }
    bytes_free(&bytes);
}

/* RFC 1950: the header is a multiple of 31, has no dictionary, and ends in Adler-32. */
static void zlib_stream_has_its_header(void **state)
{
    struct bytes bytes = bytes_make(BYTES_TEXT, 3 * CHUNK, 1);

    for (int32_t level = 1; level <= 9; level++) {
        cinch_options options = CINCH_OPTIONS_INIT;
        struct bytes encoded;
        const uint8_t *end;
        options.format = CINCH_FORMAT_ZLIB;
        options.level = level;
        options.chunk_size = CHUNK;
        encoded = compress_with(*state, &bytes, &options);
        assert_int_equal(0x78, encoded.data[0]);
        assert_int_equal(0, (encoded.data[0] << 8 | encoded.data[1]) % 31);
        assert_int_equal(0, encoded.data[1] & 0x20);
        end = encoded.data + encoded.size - 4;
        assert_int_equal(adler32_z(1, bytes.data, bytes.size), (uint32_t)end[0] << 24 |
                                                                   (uint32_t)end[1] << 16 |
                                                                   (uint32_t)end[2] << 8 | end[3]);
        bytes_free(&encoded);
    }
    bytes_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(zstd_file_of_several_frames_has_a_seek_table),
        scratch_test(zstd_file_of_one_chunk_is_one_plain_frame),
        scratch_test(zstd_frames_have_checksums_unless_told_otherwise),
        scratch_test(single_stream_is_one_frame),
        scratch_test(gzip_file_has_an_index),
        scratch_test(gzip_chunks_grow_until_the_index_fits),
        scratch_test(gzip_to_a_descriptor_has_no_index),
        scratch_test(gzip_header_tells_the_level),
        scratch_test(zlib_stream_has_its_header),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
