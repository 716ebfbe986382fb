/* The gzip index: hand-made bytes for every field and limit, and zlib reading what it lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <cinch/cinch.h>
#ifndef ZLIB_CONST
#define ZLIB_CONST /* next_in points to const */
#endif
#include <zlib.h>

#include "format/bytes.h"
#include "format/gzip_header.h"
#include "format/gzip_index.h"

/* Three chunks of 1000, 1000 and 500 bytes in pieces of 300, 20 and 70000. */
static const uint8_t three_chunks[32] = {'C',  'I', 28, 0,              /* identifier, length */
                                         1,    0,   0,  0,              /* version, reserved */
                                         0xE8, 3,   0,  0,              /* chunk size */
                                         0xC4, 9,   0,  0, 0,  0, 0, 0, /* input length */
                                         0x2C, 1,   0,  0, 20, 0, 0, 0, 0x70, 0x11, 1, 0};

/* The data of that subfield, for the tests to damage. */
static void make_data(uint8_t data[28])
{
    memcpy(data, three_chunks + 4, 28);
}

static void counts_chunks(void **state)
{
    (void)state;
    assert_int_equal(gzip_index_chunks(0, 1), 0);
    assert_int_equal(gzip_index_chunks(1, 1000), 1);
    assert_int_equal(gzip_index_chunks(999, 1000), 1);
    assert_int_equal(gzip_index_chunks(1000, 1000), 1);
    assert_int_equal(gzip_index_chunks(1001, 1000), 2);
    assert_true(gzip_index_chunks(UINT64_MAX, 1) == UINT64_MAX);
    assert_int_equal(gzip_index_chunks(UINT64_MAX, UINT32_MAX), 0x100000001);
}

static void chunk_size_grows_with_the_input(void **state)
{
    const uint64_t max = GZIP_INDEX_CHUNKS_MAX;

    (void)state;
    assert_int_equal(max, 16378);
    assert_int_equal(gzip_index_chunk_size(0, 1000), 1000);
    assert_int_equal(gzip_index_chunk_size(max * 1000, 1000), 1000);
    assert_int_equal(gzip_index_chunk_size(max * 1000 + 1, 1000), 1024);
    assert_int_equal(gzip_index_chunk_size(max * 1024, 1000), 1024);
    assert_int_equal(gzip_index_chunk_size(max * 1024 + 1, 1000), 2048);
    assert_int_equal(gzip_index_chunk_size(max * 1024 + 1, 1024), 2048);
    assert_int_equal(gzip_index_chunk_size(max * 65536, 1), 65536);
    assert_int_equal(gzip_index_chunk_size(max << 31, 1), UINT32_C(1) << 31);
    assert_int_equal(gzip_index_chunk_size((max << 31) + 1, 1), 0);
    assert_int_equal(gzip_index_chunk_size((max << 31) + 1, UINT32_MAX), UINT32_MAX);
    assert_int_equal(gzip_index_chunk_size(UINT64_MAX, UINT32_MAX), 0);
}

static void tells_the_content_of_each_chunk(void **state)
{
    const struct gzip_index index = {.chunk_size = 1000, .chunks = 3, .input_length = 2500};
    const struct gzip_index even = {.chunk_size = 1000, .chunks = 2, .input_length = 2000};
    const struct gzip_index large = {
        .chunk_size = UINT32_MAX, .chunks = 16378, .input_length = 16377ULL * UINT32_MAX + 1};

    (void)state;
    assert_int_equal(gzip_index_content_size(&index, 0), 1000);
    assert_int_equal(gzip_index_content_size(&index, 1), 1000);
    assert_int_equal(gzip_index_content_size(&index, 2), 500);
    assert_int_equal(gzip_index_content_size(&even, 1), 1000);
    assert_int_equal(gzip_index_content_size(&large, 16376), UINT32_MAX);
    assert_int_equal(gzip_index_content_size(&large, 16377), 1);
}

static void writes_the_bytes_it_documents(void **state)
{
    const struct gzip_index index = {.chunk_size = 1000, .chunks = 3, .input_length = 2500};
    const uint32_t pieces[] = {300, 20, 70000};
    uint8_t buffer[sizeof(three_chunks) + 1];

    (void)state;
    memset(buffer, 0xAA, sizeof(buffer));
    assert_int_equal(gzip_index_size(3), sizeof(three_chunks));
    assert_int_equal(gzip_index_write(buffer, &index, pieces), sizeof(three_chunks));
    assert_memory_equal(buffer, three_chunks, sizeof(three_chunks));
    assert_int_equal(buffer[sizeof(three_chunks)], 0xAA);
}

static void writes_lengths_beyond_32_bits(void **state)
{
    const struct gzip_index index = {
        .chunk_size = UINT32_C(0xF0000000), .chunks = 3, .input_length = UINT64_C(0x2345678901)};
    const uint32_t pieces[] = {UINT32_MAX, 1, 2};
    const uint8_t expected[12] = {0, 0, 0, 0xF0, 0x01, 0x89, 0x67, 0x45, 0x23, 0, 0, 0};
    uint8_t buffer[32];

    (void)state;
    assert_int_equal(gzip_index_write(buffer, &index, pieces), sizeof(buffer));
    assert_memory_equal(buffer + 8, expected, sizeof(expected));
    assert_int_equal(load_le32(buffer + 20), UINT32_MAX);
}

static void reads_what_it_wrote(void **state)
{
    struct gzip_index index;
    uint64_t offsets[4];

    (void)state;
    assert_int_equal(gzip_index_parse(three_chunks + 4, 28, &index), CINCH_OK);
    assert_int_equal(index.chunk_size, 1000);
    assert_int_equal(index.chunks, 3);
    assert_int_equal(index.input_length, 2500);
    assert_int_equal(gzip_index_parse_pieces(three_chunks + 4, &index, 44, 80000, offsets),
                     CINCH_OK);
    assert_int_equal(offsets[0], 44);
    assert_int_equal(offsets[1], 344);
    assert_int_equal(offsets[2], 364);
    assert_int_equal(offsets[3], 70364);
}

static void a_wrong_size_is_corrupt(void **state)
{
    uint8_t data[32] = {0};

    (void)state;
    make_data(data);
    for (size_t size = 0; size <= 32; size++) {
        struct gzip_index index = {.chunks = 77};
        /* A copy of exactly that size, so that reading on is seen by a sanitizer. */
        uint8_t *copy = malloc(size + (size == 0));
        assert_non_null(copy);
        memcpy(copy, data, size);
        assert_int_equal(gzip_index_parse(copy, size, &index),
                         size == 28 ? CINCH_OK : CINCH_E_CORRUPT);
        assert_int_equal(index.chunks, size == 28 ? 3 : 77);
        free(copy);
    }
}

static void another_version_is_unsupported(void **state)
{
    struct gzip_index index;

    (void)state;
    for (unsigned bit = 0; bit < 16; bit++) {
        uint8_t data[28];
        make_data(data);
        data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(gzip_index_parse(data, 28, &index), CINCH_E_UNSUPPORTED);
        assert_int_equal(gzip_index_parse(data, 2, &index), CINCH_E_UNSUPPORTED);
    }
}

static void every_other_bit_of_the_fixed_part_matters(void **state)
{
    (void)state;
    for (unsigned bit = 16; bit < 128; bit++) {
        struct gzip_index index;
        uint8_t data[28];
        make_data(data);
        data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        /* Small changes leave three chunks: the chunks' own sizes then tell. */
        const uint32_t chunk_size = load_le32(data + 4);
        const uint64_t input_length = load_le64(data + 8);
        const bool fits = load_le16(data + 2) == 0 && chunk_size != 0 &&
                          input_length > 2 * (uint64_t)chunk_size &&
                          input_length <= 3 * (uint64_t)chunk_size;
        assert_int_equal(gzip_index_parse(data, 28, &index), fits ? CINCH_OK : CINCH_E_CORRUPT);
    }
}

static void a_chunk_size_of_zero_is_corrupt(void **state)
{
    struct gzip_index index;
    uint8_t data[28];

    (void)state;
    make_data(data);
    store_le32(data + 4, 0);
    assert_int_equal(gzip_index_parse(data, 28, &index), CINCH_E_CORRUPT);
}

static void the_number_of_chunks_has_limits(void **state)
{
    const size_t largest = gzip_index_size(GZIP_INDEX_CHUNKS_MAX) - 4;
    uint8_t *data = calloc(1, largest + 4);
    struct gzip_index index;

    (void)state;
    assert_non_null(data);
    assert_in_range(largest + 4, 65532, 65535);
    store_le16(data, 1);
    store_le32(data + 4, 10);

    store_le64(data + 8, 0);
    assert_int_equal(gzip_index_parse(data, 16, &index), CINCH_E_CORRUPT);
    store_le64(data + 8, 10);
    assert_int_equal(gzip_index_parse(data, 20, &index), CINCH_E_CORRUPT);
    store_le64(data + 8, 11);
    assert_int_equal(gzip_index_parse(data, 24, &index), CINCH_OK);
    assert_int_equal(index.chunks, 2);
    store_le64(data + 8, 10 * GZIP_INDEX_CHUNKS_MAX);
    assert_int_equal(gzip_index_parse(data, largest, &index), CINCH_OK);
    assert_int_equal(index.chunks, GZIP_INDEX_CHUNKS_MAX);
    store_le64(data + 8, 10 * GZIP_INDEX_CHUNKS_MAX + 1);
    assert_int_equal(gzip_index_parse(data, largest + 4, &index), CINCH_E_CORRUPT);

    /* A length that would wrap around to the right number of chunks. */
    store_le32(data + 4, 1);
    store_le64(data + 8, (UINT64_C(1) << 62) + 3);
    assert_int_equal(gzip_index_parse(data, 28, &index), CINCH_E_CORRUPT);
    store_le64(data + 8, UINT64_MAX);
    assert_int_equal(gzip_index_parse(data, 28, &index), CINCH_E_CORRUPT);
    free(data);
}

static void a_piece_too_short_for_its_chunk_is_corrupt(void **state)
{
    struct gzip_index index;
    uint64_t offsets[4];
    uint8_t data[28];

    (void)state;
    make_data(data);
    store_le32(data + 4, 1032);
    store_le64(data + 8, 2 * 1032 + 1);
    for (int i = 0; i < 3; i++)
        store_le32(data + 16 + 4 * i, 1);
    assert_int_equal(gzip_index_parse(data, 28, &index), CINCH_OK);
    assert_int_equal(gzip_index_parse_pieces(data, &index, 44, 1000, offsets), CINCH_OK);
    for (int i = 0; i < 3; i++) {
        store_le32(data + 16 + 4 * i, 0);
        assert_int_equal(gzip_index_parse_pieces(data, &index, 44, 1000, offsets), CINCH_E_CORRUPT);
        store_le32(data + 16 + 4 * i, 1);
    }
    store_le32(data + 4, 1033);
    store_le64(data + 8, 2 * 1033 + 1);
    assert_int_equal(gzip_index_parse(data, 28, &index), CINCH_OK);
    assert_int_equal(gzip_index_parse_pieces(data, &index, 44, 1000, offsets), CINCH_E_CORRUPT);
}

static void pieces_beyond_the_file_are_truncated(void **state)
{
    struct gzip_index index;
    uint64_t offsets[4];

    (void)state;
    assert_int_equal(gzip_index_parse(three_chunks + 4, 28, &index), CINCH_OK);
    assert_int_equal(gzip_index_parse_pieces(three_chunks + 4, &index, 44, 70372, offsets),
                     CINCH_OK);
    assert_int_equal(gzip_index_parse_pieces(three_chunks + 4, &index, 44, 70371, offsets),
                     CINCH_E_TRUNCATED);
    assert_int_equal(gzip_index_parse_pieces(three_chunks + 4, &index, 44, 44, offsets),
                     CINCH_E_TRUNCATED);
}

static void sums_pass_32_bits(void **state)
{
    const size_t size = gzip_index_size(GZIP_INDEX_CHUNKS_MAX) - 4;
    const uint64_t input_length = (uint64_t)GZIP_INDEX_CHUNKS_MAX * UINT32_MAX;
    uint8_t *data = malloc(size);
    uint64_t *offsets = calloc(GZIP_INDEX_CHUNKS_MAX + 1, sizeof(*offsets));
    struct gzip_index index;

    (void)state;
    assert_non_null(data);
    assert_non_null(offsets);
    memset(data, 0xFF, size);
    store_le32(data, 1);
    store_le64(data + 8, input_length);
    assert_int_equal(gzip_index_parse(data, size, &index), CINCH_OK);
    assert_int_equal(gzip_index_parse_pieces(data, &index, 100, UINT64_MAX, offsets), CINCH_OK);
    assert_true(offsets[GZIP_INDEX_CHUNKS_MAX] == 100 + input_length);
    free(offsets);
    free(data);
}

/* One chunk as a piece: raw deflate that ends with a full flush. */
static uint32_t deflate_piece(const uint8_t *chunk, size_t size, uint8_t *buffer, size_t capacity)
{
    z_stream stream = {
        .next_in = chunk, .avail_in = (uInt)size, .next_out = buffer, .avail_out = (uInt)capacity};
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, -15, 8, 0), Z_OK);
    assert_int_equal(deflate(&stream, Z_FULL_FLUSH), Z_OK);
    assert_true(stream.avail_out > 0);
    assert_int_equal(deflateEnd(&stream), Z_DATA_ERROR); /* not finished: as it should be */
    return (uint32_t)stream.total_out;
}

static void zlib_reads_a_member_with_an_index(void **state)
{
    uint8_t content[2500], member[4096], back[2500];
    const struct gzip_index index = {.chunk_size = 1000, .chunks = 3, .input_length = 2500};
    uint32_t pieces[3];

    (void)state;
    for (size_t i = 0; i < sizeof(content); i++)
        content[i] = (uint8_t)(i * i >> 7);
    const size_t header_size = gzip_header_size(gzip_index_size(3));
    size_t size = header_size;
    for (uint32_t i = 0; i < 3; i++) {
        pieces[i] = deflate_piece(content + 1000 * i, gzip_index_content_size(&index, i),
                                  member + size, sizeof(member) - size - 16);
        size += pieces[i];
    }
    member[size++] = 3;
    member[size++] = 0;
    gzip_trailer_write(member + size, (uint32_t)crc32(0, content, sizeof(content)),
                       sizeof(content));
    size += GZIP_TRAILER_SIZE;
    gzip_header_write(member, 6, gzip_index_size(3));
    gzip_index_write(member + 12, &index, pieces);

    /* zlib reads the whole... */
    z_stream stream = {
        .next_in = member, .avail_in = (uInt)size, .next_out = back, .avail_out = sizeof(back)};
    assert_int_equal(inflateInit2(&stream, 31), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.avail_in, 0);
    assert_int_equal(inflateEnd(&stream), Z_OK);
    assert_memory_equal(back, content, sizeof(content));

    /* ...and each piece alone. */
    struct gzip_header header;
    struct gzip_index found;
    uint64_t offsets[4];
    size_t needed;
    assert_int_equal(gzip_header_parse(member, size, &header, &needed), CINCH_OK);
    assert_int_equal(header.size, header_size);
    assert_int_equal(gzip_index_parse(member + header.index_offset, header.index_size, &found),
                     CINCH_OK);
    assert_int_equal(
        gzip_index_parse_pieces(member + header.index_offset, &found, header.size, size, offsets),
        CINCH_OK);
    assert_int_equal(offsets[3] + GZIP_INDEX_TAIL_SIZE_MAX + GZIP_TRAILER_SIZE, size);
    for (uint32_t i = 3; i-- > 0;) {
        z_stream piece = {.next_in = member + offsets[i],
                          .avail_in = (uInt)(offsets[i + 1] - offsets[i]),
                          .next_out = back,
                          .avail_out = 1000};
        assert_int_equal(inflateInit2(&piece, -15), Z_OK);
        assert_int_equal(inflate(&piece, Z_SYNC_FLUSH), Z_OK);
        assert_int_equal(piece.total_out, gzip_index_content_size(&found, i));
        assert_int_equal(inflateEnd(&piece), Z_OK);
        assert_memory_equal(back, content + 1000 * i, piece.total_out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_chunks),
        cmocka_unit_test(chunk_size_grows_with_the_input),
        cmocka_unit_test(tells_the_content_of_each_chunk),
        cmocka_unit_test(writes_the_bytes_it_documents),
        cmocka_unit_test(writes_lengths_beyond_32_bits),
        cmocka_unit_test(reads_what_it_wrote),
        cmocka_unit_test(a_wrong_size_is_corrupt),
        cmocka_unit_test(another_version_is_unsupported),
        cmocka_unit_test(every_other_bit_of_the_fixed_part_matters),
        cmocka_unit_test(a_chunk_size_of_zero_is_corrupt),
        cmocka_unit_test(the_number_of_chunks_has_limits),
        cmocka_unit_test(a_piece_too_short_for_its_chunk_is_corrupt),
        cmocka_unit_test(pieces_beyond_the_file_are_truncated),
        cmocka_unit_test(sums_pass_32_bits),
        cmocka_unit_test(zlib_reads_a_member_with_an_index),
    };
    return cmocka_run_group_tests_name("gzip_index", tests, NULL, NULL);
}
