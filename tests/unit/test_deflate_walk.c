/* The walk over deflate blocks, held against zlib's inflate() going from block to block. */
#include "support/test.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "codec/deflate_walk.h"
#include "engines.h"

static struct deflate_walk walk;

/* Where zlib finds the last block. */
static struct deflate_last_block find_with_zlib(const struct bytes *stream, size_t content_size)
{
    struct deflate_last_block last = {0, 0};
    uint64_t begin = 0;
    uint8_t *content = malloc(content_size + 1);
    z_stream inflater = {.next_in = stream->data, .avail_in = (uInt)stream->size};
    int result;

    assert_non_null(content);
    assert_int_equal(inflateInit2(&inflater, -MAX_WBITS), Z_OK);
    inflater.next_out = content;
    inflater.avail_out = (uInt)content_size + 1;
    do {
        result = inflate(&inflater, Z_BLOCK);
        assert_true(result == Z_OK || result == Z_STREAM_END);
        const uint64_t bit = inflater.total_in * 8 - (unsigned)(inflater.data_type & 63);
        if ((inflater.data_type & 128) == 0)
            continue;
        if (result == Z_STREAM_END || (inflater.data_type & 64) != 0)
            last = (struct deflate_last_block){begin, bit};
        else
            begin = bit;
    } while (result != Z_STREAM_END);
    inflateEnd(&inflater);
    free(content);
    return last;
}

/* A stream of zlib's, with blocks of `flush` between portions. */
static struct bytes make_stream(const struct bytes *content, int level, int strategy,
                                size_t portion)
{
    const size_t room = compressBound((uLong)content->size) + content->size / portion * 64 + 64;
    struct bytes stream = {malloc(room), 0};
    z_stream deflater = {.next_in = content->data};
    size_t done = 0;

    assert_non_null(stream.data);
    assert_int_equal(deflateInit2(&deflater, level, Z_DEFLATED, -MAX_WBITS, 8, strategy), Z_OK);
    deflater.next_out = stream.data;
    deflater.avail_out = (uInt)room;
    do {
        const size_t size = content->size - done < portion ? content->size - done : portion;
        deflater.avail_in = (uInt)size;
        done += size;
        const bool end = done == content->size;
        assert_int_equal(deflate(&deflater, end ? Z_FINISH : Z_BLOCK), end ? Z_STREAM_END : Z_OK);
    } while (done < content->size);
    stream.size = deflater.total_out;
    deflateEnd(&deflater);
    return stream;
}

static void assert_finds_last(const struct bytes *stream, const struct bytes *content,
                              const char *what)
{
    const struct deflate_last_block expected = find_with_zlib(stream, content->size);
    struct bytes copy = bytes_slice(stream, 0, stream->size);
    struct deflate_last_block last;
    if (!deflate_walk(&walk, copy.data, copy.size, content->data, content->size, &last))
        fail_msg("%s: does not pass", what);
    assert_true(last.begin == expected.begin);
    assert_true(last.end == expected.end);
    bytes_free(&copy);
}

static void finds_the_last_block(void **state)
{
    static const int strategies[] = {Z_DEFAULT_STRATEGY, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED};
    static const size_t sizes[] = {0, 1, 100, 60000};

    (void)state;
    for (int kind = 0; kind < CONTENT_KINDS; kind++)
        for (size_t s = 0; s < 4; s++)
            for (int strategy = 0; strategy < 4; strategy++)
                for (int level = 0; level <= 9; level += 3) {
                    struct bytes content = content_make(kind, sizes[s]);
                    struct bytes stream = make_stream(&content, level, strategies[strategy], 7777);
                    assert_finds_last(&stream, &content, content_name(kind));
                    bytes_free(&stream);
                    bytes_free(&content);
                }
}

/* Bytes as frequent as Fibonacci's numbers have codes of every length, up to the longest of 15
 * bits. */
static void takes_codes_of_every_length(void **state)
{
    uint8_t bytes[10000];
    struct bytes content = {bytes, 0};
    struct bytes stream;

    (void)state;
    for (size_t symbol = 0, count = 1, next = 2; symbol < 17; symbol++) {
        const size_t sum = count + next;
        assert_true(content.size + count <= sizeof bytes);
        memset(bytes + content.size, (int)symbol, count);
        content.size += count;
        count = next;
        next = sum;
    }
    stream = make_stream(&content, 6, Z_HUFFMAN_ONLY, sizeof bytes);
    assert_finds_last(&stream, &content, "Fibonacci's numbers");
    bytes_free(&stream);
}

static void passes_every_engine(void **state)
{
    (void)state;
    for (size_t i = 0; deflate_encoders[i] != NULL; i++)
        for (int kind = 0; kind < CONTENT_KINDS; kind++) {
            struct bytes content = content_make(kind, 30000);
            struct bytes stream = encode_chunk_anew(deflate_encoders[i], 3, &content, true);
            assert_finds_last(&stream, &content, deflate_encoders[i]->name);
            bytes_free(&stream);
            bytes_free(&content);
        }
}

/* Other content than the stream's does not pass, wherever it differs. */
static void sees_every_difference(void **state)
{
    struct bytes content = content_make(BYTES_KINDS + 1, 3000);
    struct deflate_last_block last;

    (void)state;
    for (int level = 0; level <= 9; level += 3) {
        struct bytes stream = make_stream(&content, level, Z_DEFAULT_STRATEGY, 1000);
        assert_true(
            deflate_walk(&walk, stream.data, stream.size, content.data, content.size, &last));
        for (size_t i = 0; i < content.size; i++) {
            content.data[i] ^= 1;
            assert_false(
                deflate_walk(&walk, stream.data, stream.size, content.data, content.size, &last));
            content.data[i] ^= 1;
        }
        for (size_t size = 0; size < content.size; size += 37)
            assert_false(deflate_walk(&walk, stream.data, stream.size, content.data, size, &last));
        struct bytes longer = bytes_slice(&content, 0, content.size);
        bytes_append_run(&longer, 0, 1);
        assert_false(
            deflate_walk(&walk, stream.data, stream.size, longer.data, longer.size, &last));
        bytes_free(&longer);
        bytes_free(&stream);
    }
    bytes_free(&content);
}

/* A stream that is cut off, or where any bit is another, passes only if zlib decodes it to
 * the same. */
static void agrees_with_zlib_on_damage(void **state)
{
    struct bytes content = content_make(BYTES_TEXT, 900);
    struct deflate_last_block last;

    (void)state;
    for (int level = 0; level <= 9; level += 3) {
        struct bytes stream = make_stream(&content, level, Z_DEFAULT_STRATEGY, 300);
        for (size_t size = 0; size < stream.size; size++) {
            struct bytes part = bytes_slice(&stream, 0, size);
            assert_false(
                deflate_walk(&walk, part.data, part.size, content.data, content.size, &last));
            bytes_free(&part);
        }
        for (size_t bit = 0; bit < stream.size * 8; bit++) {
            uint8_t decoded[1000];
            z_stream inflater = {.next_in = stream.data,
                                 .avail_in = (uInt)stream.size,
                                 .next_out = decoded,
                                 .avail_out = sizeof decoded};
            stream.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
            assert_int_equal(inflateInit2(&inflater, -MAX_WBITS), Z_OK);
            const bool expected = inflate(&inflater, Z_FINISH) == Z_STREAM_END &&
                                  inflater.total_out == content.size &&
                                  memcmp(decoded, content.data, content.size) == 0;
            inflateEnd(&inflater);
            if (deflate_walk(&walk, stream.data, stream.size, content.data, content.size, &last) !=
                expected)
                fail_msg("level %d, bit %zu: zlib says %d", level, bit, expected);
            stream.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
        bytes_free(&stream);
    }
    bytes_free(&content);
}

/* Headers of blocks with codes of their own that no encoder writes, and blocks that end too early.
 */
static void refuses_headers_of_no_block(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *what;
    } headers[] = {
        {"\x05\xC0\x81\x08\x00\x00\x00\x00\xA0\xF7\x97\x6E\x00\x00", 14,
         "no code for a block's end"},
        {"\x05\x00\x00\x00\x00\x00", 6, "no code for the lengths"},
        {"\x05\x20\x00\x20\x00\x00", 6, "a code of one symbol for the lengths"},
        {"\xF5\xC0\x01\x04\x00\x00\x00\x00\x10\x00\x00", 11, "287 symbols"},
        {"\x05\xDF\x01\x04\x00\x00\x00\x00\x10\x00\x00", 11, "32 distances"},
        {"\x05\xC0\x03\x08\x00\x00\x00\x00\x20\x00\x00\x00", 12, "a repeat before any length"},
        {"\x05\xC0\x81\x08\x00\x00\x00\x00\x20\x7F\x7F\x7F\x00\x00", 14,
         "a repeat beyond the last length"},
    };
    struct deflate_last_block last;

    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        for (size_t size = 0; size <= headers[i].size; size++)
            if (deflate_walk(&walk, (const uint8_t *)headers[i].bytes, size, (const uint8_t *)"", 0,
                             &last))
                fail_msg("%s, of %zu bytes, is passed", headers[i].what, size);

    /* A static block that is not the last, of literals of nine bits: 0 to 7 bits are left behind it
     * of the last byte, and no header is in them. */
    static const uint8_t content[] = {255, 255, 255, 255, 255, 255, 255, 255};
    for (size_t literals = 0; literals < 8; literals++) {
        uint8_t bytes[16] = {2};
        size_t bit = 3;
        for (size_t end = bit + 9 * literals; bit < end; bit++)
            bytes[bit / 8] |= (uint8_t)(1U << bit % 8);
        const size_t size = (bit + 7 + 7) / 8;
        assert_false(deflate_walk(&walk, bytes, size, content, literals, &last));
        bytes[0] |= 1;
        assert_true(deflate_walk(&walk, bytes, size, content, literals, &last));
        assert_int_equal(bit + 7, last.end);
    }
}

/* A block whose codes are complete, for two literals and one distance, but without a code for its
 * end. Least significant bits first; of codes, most significant. */
static void a_block_without_an_end_is_none(void **state)
{
    static const struct {
        unsigned value, count;
    } fields[] = {
        {1, 1},  {2, 2},                 /* the last block, with codes of its own */
        {0, 5},  {0, 5},        {14, 4}, /* 257 literals, a distance, 18 lengths of lengths */
        {0, 3},  {0, 3},        {2, 3},  /* 16, 17; 18 has two bits: 11 */
        {2, 3},                          /* 0 has two bits: 10 */
        {0, 24}, {0, 15},                /* 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14 */
        {1, 3},                          /* 1 has one bit: 0 */
        {0, 1},  {0, 1},                 /* two literals of one bit */
        {3, 2},  {138 - 11, 7},          /* 138 zeros, */
        {3, 2},  {117 - 11, 7},          /* and 117, the end's among them */
        {0, 1},                          /* a distance of one bit */
        {0, 1},  {0, 7},                 /* a literal, and what else there is */
    };
    uint8_t bytes[32] = {0};
    size_t bit = 0;
    struct deflate_last_block last;
    uint8_t content[4] = {0};
    z_stream inflater = {.next_in = bytes, .next_out = content, .avail_out = sizeof content};

    (void)state;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        for (unsigned k = 0; k < fields[i].count; k++, bit++)
            bytes[bit / 8] |= (uint8_t)((fields[i].value >> k & 1) << bit % 8);
    assert_int_equal(inflateInit2(&inflater, -MAX_WBITS), Z_OK);
    inflater.avail_in = (uInt)(bit + 7) / 8;
    assert_int_equal(inflate(&inflater, Z_FINISH), Z_DATA_ERROR);
    assert_string_equal(inflater.msg, "invalid code -- missing end-of-block");
    inflateEnd(&inflater);
    for (size_t size = 0; size <= sizeof content; size++)
        assert_false(deflate_walk(&walk, bytes, sizeof bytes, content, size, &last));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_last_block),
        cmocka_unit_test(takes_codes_of_every_length),
        cmocka_unit_test(passes_every_engine),
        cmocka_unit_test(sees_every_difference),
        cmocka_unit_test(agrees_with_zlib_on_damage),
        cmocka_unit_test(refuses_headers_of_no_block),
        cmocka_unit_test(a_block_without_an_end_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
