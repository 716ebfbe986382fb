/* The gzip header and trailer: hand-made bytes for every field and limit, and zlib's own. */
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

enum {
    FTEXT = 1,
    FHCRC = 2,
    FEXTRA = 4,
    FNAME = 8,
    FCOMMENT = 16
};

/* A header under construction. */
struct builder {
    uint8_t bytes[512];
    size_t size;
};

static void put(struct builder *builder, const void *bytes, size_t size)
{
    assert_true(builder->size + size <= sizeof(builder->bytes));
    memcpy(builder->bytes + builder->size, bytes, size);
    builder->size += size;
}

static struct builder begin(uint8_t flags)
{
    const uint8_t fixed[] = {0x1F, 0x8B, 8, flags, 0x78, 0x56, 0x34, 0x12, 2, 3};
    struct builder builder = {.size = 0};
    put(&builder, fixed, sizeof(fixed));
    return builder;
}

static void put_extra(struct builder *builder, const void *bytes, uint16_t size)
{
    uint8_t length[2];
    store_le16(length, size);
    put(builder, length, sizeof(length));
    put(builder, bytes, size);
}

static void put_header_crc(struct builder *builder)
{
    uint8_t crc[2];
    store_le16(crc, (uint16_t)crc32(0, builder->bytes, (uInt)builder->size));
    put(builder, crc, sizeof(crc));
}

/* Parses a copy that has exactly `size` bytes, so that reading on is seen by a sanitizer. */
static int32_t parse(const uint8_t *bytes, size_t size, struct gzip_header *header, size_t *needed)
{
    uint8_t *copy = malloc(size + (size == 0));
    assert_non_null(copy);
    if (size != 0)
        memcpy(copy, bytes, size);
    const int32_t code = gzip_header_parse(copy, size, header, needed);
    free(copy);
    return code;
}

/* Every beginning of a header must ask for more, and getting what it asks for must end. */
static void check_truncations(const struct builder *builder)
{
    for (size_t size = 0; size < builder->size; size++) {
        struct gzip_header header = {.size = 77};
        size_t needed = 0;
        assert_int_equal(parse(builder->bytes, size, &header, &needed), CINCH_E_TRUNCATED);
        assert_in_range(needed, size + 1, builder->size);
        assert_int_equal(header.size, 77);
    }
}

static struct gzip_header parse_whole(const struct builder *builder)
{
    struct gzip_header header;
    size_t needed = 77;
    check_truncations(builder);
    assert_int_equal(parse(builder->bytes, builder->size, &header, &needed), CINCH_OK);
    assert_int_equal(needed, 77);
    return header;
}

static void writes_what_gzip_n_writes(void **state)
{
    static const struct {
        int level;
        uint8_t extra_flags;
    } cases[] = {{1, 4}, {2, 0}, {6, 0}, {8, 0}, {9, 2}, {12, 2}};

    (void)state;
    assert_int_equal(gzip_header_size(0), 10);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const uint8_t expected[10] = {0x1F, 0x8B, 8, 0, 0, 0, 0, 0, cases[i].extra_flags, 3};
        uint8_t buffer[11];
        memset(buffer, 0xAA, sizeof(buffer));
        assert_int_equal(gzip_header_write(buffer, cases[i].level, 0), 10);
        assert_memory_equal(buffer, expected, sizeof(expected));
        assert_int_equal(buffer[10], 0xAA);
    }
}

static void writes_what_zlib_writes(void **state)
{
    (void)state;
    for (int level = 1; level <= 9; level++) {
        uint8_t theirs[64], ours[10];
        z_stream stream = {.next_out = theirs, .avail_out = sizeof(theirs)};
        assert_int_equal(deflateInit2(&stream, level, Z_DEFLATED, 31, 8, 0), Z_OK);
        assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
        gzip_header_write(ours, level, 0);
        assert_memory_equal(ours, theirs, sizeof(ours));
        assert_int_equal(deflateEnd(&stream), Z_OK);
    }
}

static void writes_room_for_an_extra_field(void **state)
{
    const uint8_t expected[12] = {0x1F, 0x8B, 8, FEXTRA, 0, 0, 0, 0, 0, 3, 0x03, 0x02};
    uint8_t buffer[12 + 0x203];

    (void)state;
    assert_int_equal(gzip_header_size(0x203), sizeof(buffer));
    memset(buffer, 0xAA, sizeof(buffer));
    assert_int_equal(gzip_header_write(buffer, 6, 0x203), sizeof(buffer));
    assert_memory_equal(buffer, expected, sizeof(expected));
    assert_int_equal(buffer[12], 0xAA);
    assert_int_equal(buffer[sizeof(buffer) - 1], 0xAA);
    assert_int_equal(gzip_header_size(65535), 65547);
    gzip_header_write(buffer, 6, 65535);
    assert_int_equal(load_le16(buffer + 10), 65535);
}

static void reads_the_fixed_part(void **state)
{
    (void)state;
    const struct builder builder = begin(FTEXT);
    const struct gzip_header header = parse_whole(&builder);
    assert_int_equal(header.size, 10);
    assert_int_equal(header.mtime, 0x12345678);
    assert_int_equal(header.extra_flags, 2);
    assert_int_equal(header.operating_system, 3);
    assert_true(header.is_text);
    assert_false(header.has_crc);
    assert_int_equal(header.extra_offset, 0);
    assert_int_equal(header.name_offset, 0);
    assert_int_equal(header.comment_offset, 0);
    assert_int_equal(header.index_offset, 0);
    assert_int_equal(header.member_size, 0);
}

static void reads_every_combination_of_parts(void **state)
{
    (void)state;
    for (unsigned flags = 0; flags < 32; flags++) {
        struct builder builder = begin((uint8_t)flags);
        if ((flags & FEXTRA) != 0)
            put_extra(&builder, "XY\3\0abc", 7);
        if ((flags & FNAME) != 0)
            put(&builder, "name", 5);
        if ((flags & FCOMMENT) != 0)
            put(&builder, "a comment", 10);
        if ((flags & FHCRC) != 0)
            put_header_crc(&builder);

        const struct gzip_header header = parse_whole(&builder);
        assert_int_equal(header.size, builder.size);
        assert_int_equal(header.is_text, (flags & FTEXT) != 0);
        assert_int_equal(header.has_crc, (flags & FHCRC) != 0);
        size_t offset = 10;
        if ((flags & FEXTRA) != 0) {
            assert_int_equal(header.extra_offset, 12);
            assert_int_equal(header.extra_size, 7);
            offset = 19;
        }
        assert_int_equal(header.name_offset, (flags & FNAME) != 0 ? offset : 0);
        assert_int_equal(header.name_size, (flags & FNAME) != 0 ? 4 : 0);
        offset += (flags & FNAME) != 0 ? 5 : 0;
        assert_int_equal(header.comment_offset, (flags & FCOMMENT) != 0 ? offset : 0);
        assert_int_equal(header.comment_size, (flags & FCOMMENT) != 0 ? 9 : 0);
    }
}

static void reads_empty_parts(void **state)
{
    (void)state;
    struct builder builder = begin(FEXTRA | FNAME | FCOMMENT);
    put_extra(&builder, "", 0);
    put(&builder, "", 1);
    put(&builder, "", 1);
    const struct gzip_header header = parse_whole(&builder);
    assert_int_equal(header.size, 14);
    assert_int_equal(header.extra_offset, 12);
    assert_int_equal(header.extra_size, 0);
    assert_int_equal(header.name_offset, 12);
    assert_int_equal(header.name_size, 0);
    assert_int_equal(header.comment_offset, 13);
    assert_int_equal(header.comment_size, 0);
}

static void bytes_behind_the_header_do_not_matter(void **state)
{
    (void)state;
    struct builder builder = begin(FNAME);
    put(&builder, "n", 2);
    put(&builder, "deflate data", 12);
    struct gzip_header header;
    size_t needed;
    assert_int_equal(parse(builder.bytes, builder.size, &header, &needed), CINCH_OK);
    assert_int_equal(header.size, 12);
}

static void asks_for_what_it_can_know(void **state)
{
    struct gzip_header header;
    size_t needed = 0;

    (void)state;
    struct builder builder = begin(FEXTRA);
    put_extra(&builder, "XY\3\0abc", 7);
    assert_int_equal(parse(builder.bytes, 0, &header, &needed), CINCH_E_TRUNCATED);
    assert_int_equal(needed, 10);
    assert_int_equal(parse(builder.bytes, 10, &header, &needed), CINCH_E_TRUNCATED);
    assert_int_equal(needed, 12);
    assert_int_equal(parse(builder.bytes, 12, &header, &needed), CINCH_E_TRUNCATED);
    assert_int_equal(needed, 19);
}

static void wrong_magic_is_another_format(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 16; bit++) {
        struct builder builder = begin(0);
        builder.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        struct gzip_header header = {.size = 77};
        size_t needed = 77;
        for (size_t size = bit / 8 + 1; size <= builder.size; size++)
            assert_int_equal(parse(builder.bytes, size, &header, &needed), CINCH_E_FORMAT);
        assert_int_equal(header.size, 77);
        assert_int_equal(needed, 77);
    }
}

static void other_methods_are_unsupported(void **state)
{
    (void)state;
    for (unsigned method = 0; method < 256; method++) {
        struct builder builder = begin(0);
        struct gzip_header header;
        size_t needed;
        builder.bytes[2] = (uint8_t)method;
        assert_int_equal(parse(builder.bytes, 3, &header, &needed),
                         method == 8 ? CINCH_E_TRUNCATED : CINCH_E_UNSUPPORTED);
        assert_int_equal(parse(builder.bytes, 10, &header, &needed),
                         method == 8 ? CINCH_OK : CINCH_E_UNSUPPORTED);
    }
}

static void reserved_flags_are_corrupt(void **state)
{
    (void)state;
    for (unsigned bit = 5; bit < 8; bit++) {
        const struct builder builder = begin((uint8_t)(1u << bit));
        struct gzip_header header;
        size_t needed;
        assert_int_equal(parse(builder.bytes, 4, &header, &needed), CINCH_E_CORRUPT);
        assert_int_equal(parse(builder.bytes, 10, &header, &needed), CINCH_E_CORRUPT);
    }
}

static void a_wrong_header_crc_is_found(void **state)
{
    (void)state;
    struct builder builder = begin(FHCRC | FNAME);
    put(&builder, "name", 5);
    put_header_crc(&builder);
    assert_true(parse_whole(&builder).has_crc);

    /* One flipped bit in time, extra flags, system, name or CRC. */
    for (size_t bit = 4 * 8; bit < builder.size * 8; bit++) {
        struct builder flipped = builder;
        struct gzip_header header;
        size_t needed;
        flipped.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (flipped.bytes[14] != 0)
            continue; /* the name's end is gone: it ends somewhere else, or nowhere */
        assert_int_equal(parse(flipped.bytes, flipped.size, &header, &needed), CINCH_E_CHECKSUM);
    }
}

static void a_header_has_a_longest_size(void **state)
{
    const size_t max = GZIP_HEADER_SIZE_MAX;
    uint8_t *bytes = malloc(max + 1);
    struct gzip_header header;
    size_t needed = 0;

    (void)state;
    assert_non_null(bytes);
    memset(bytes, 'n', max + 1);
    gzip_header_write(bytes, 6, 0);
    bytes[3] = FNAME;
    assert_int_equal(gzip_header_parse(bytes, max - 1, &header, &needed), CINCH_E_TRUNCATED);
    assert_int_equal(needed, max);
    assert_int_equal(gzip_header_parse(bytes, max, &header, &needed), CINCH_E_UNSUPPORTED);
    assert_int_equal(gzip_header_parse(bytes, max + 1, &header, &needed), CINCH_E_UNSUPPORTED);
    bytes[max] = 0;
    assert_int_equal(gzip_header_parse(bytes, max + 1, &header, &needed), CINCH_E_UNSUPPORTED);
    bytes[max - 1] = 0;
    assert_int_equal(gzip_header_parse(bytes, max + 1, &header, &needed), CINCH_OK);
    assert_int_equal(header.size, max);
    assert_int_equal(header.name_size, max - 11);

    /* The CRC behind such a name does not fit any more. */
    bytes[3] = FNAME | FHCRC;
    assert_int_equal(gzip_header_parse(bytes, max + 1, &header, &needed), CINCH_E_UNSUPPORTED);
    free(bytes);
}

static void the_longest_extra_field_is_read(void **state)
{
    uint8_t *bytes = calloc(1, 12 + 65535);
    struct gzip_header header;
    size_t needed;

    (void)state;
    assert_non_null(bytes);
    gzip_header_write(bytes, 6, 65535);
    assert_int_equal(gzip_header_parse(bytes, 12 + 65534, &header, &needed), CINCH_E_TRUNCATED);
    assert_int_equal(needed, 12 + 65535);
    assert_int_equal(gzip_header_parse(bytes, 12 + 65535, &header, &needed), CINCH_OK);
    assert_int_equal(header.extra_size, 65535);
    free(bytes);
}

/* The header that an extra field of these bytes gives. */
static struct gzip_header parse_extra(const void *extra, uint16_t size)
{
    struct builder builder = begin(FEXTRA);
    put_extra(&builder, extra, size);
    return parse_whole(&builder);
}

static void reads_the_member_sizes_of_other_programs(void **state)
{
    (void)state;
    assert_int_equal(parse_extra("BC\2\0\x1B\0", 6).member_size, 28);
    assert_int_equal(parse_extra("BC\2\0\xFF\xFF", 6).member_size, 65536);
    assert_int_equal(parse_extra("IG\4\0\x78\x56\x34\xF2", 8).member_size, 0xF2345678);
    assert_int_equal(parse_extra("SZ\4\0\x78\x56\x34\xF2", 8).member_size, 0xF2345678);
    assert_int_equal(
        parse_extra("IG\x10\0\x08\x07\x06\x05\x04\x03\x02\x01rawsize!", 20).member_size,
        0x0102030405060708);
    /* MiGz counts the deflate data alone: 20 bytes of header and 8 of trailer come on top. */
    assert_int_equal(parse_extra("MZ\4\0\x78\x56\x34\xF2", 8).member_size, 0xF2345678 + 28ULL);
}

static void member_sizes_that_cannot_be_are_not_told(void **state)
{
    (void)state;
    /* The header has 18 bytes, so that no member is shorter than 28. */
    assert_int_equal(parse_extra("BC\2\0\x1A\0", 6).member_size, 0);
    assert_int_equal(parse_extra("BC\2\0\0\0", 6).member_size, 0);
    assert_int_equal(parse_extra("IG\4\0\x1D\0\0\0", 8).member_size, 0);
    assert_int_equal(parse_extra("IG\4\0\x1E\0\0\0", 8).member_size, 30);
    assert_int_equal(parse_extra("IG\4\0\0\0\0\0", 8).member_size, 0);
    assert_int_equal(parse_extra("MZ\4\0\1\0\0\0", 8).member_size, 0);
    assert_int_equal(parse_extra("MZ\4\0\2\0\0\0", 8).member_size, 30);
    assert_true(parse_extra("IG\x10\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFFrawsize!", 20).member_size ==
                UINT64_MAX);
}

static void subfields_of_other_lengths_are_other_subfields(void **state)
{
    (void)state;
    assert_int_equal(parse_extra("BC\1\0\x7F", 5).member_size, 0);
    assert_int_equal(parse_extra("BC\4\0\x7F\0\0\0", 8).member_size, 0);
    assert_int_equal(parse_extra("IG\2\0\x7F\0", 6).member_size, 0);
    assert_int_equal(parse_extra("IG\x08\0\x7F\0\0\0\0\0\0\0", 12).member_size, 0);
    assert_int_equal(parse_extra("SZ\x10\0\x7F\0\0\0\0\0\0\0rawsize!", 20).member_size, 0);
    assert_int_equal(parse_extra("MZ\x08\0\x7F\0\0\0\0\0\0\0", 12).member_size, 0);
    assert_int_equal(parse_extra("bc\2\0\x7F\0", 6).member_size, 0);
    assert_int_equal(parse_extra("CB\2\0\x7F\0", 6).member_size, 0);
}

static void finds_subfields_among_others(void **state)
{
    (void)state;
    struct gzip_header header = parse_extra("XY\1\0zBC\2\0\x7F\0CI\3\0abc", 18);
    assert_int_equal(header.member_size, 128);
    assert_int_equal(header.index_offset, 12 + 5 + 6 + 4);
    assert_int_equal(header.index_size, 3);

    /* Of two the first counts. */
    assert_int_equal(parse_extra("BC\2\0\x7F\0BC\2\0\x6F\0", 12).member_size, 128);
    assert_int_equal(parse_extra("MZ\4\0\x64\0\0\0MZ\4\0\x65\0\0\0", 16).member_size, 100 + 36);
    header = parse_extra("CI\1\0aCI\2\0bb", 11);
    assert_int_equal(header.index_offset, 16);
    assert_int_equal(header.index_size, 1);

    /* An index without data is there all the same. */
    header = parse_extra("CI\0\0", 4);
    assert_int_equal(header.index_offset, 16);
    assert_int_equal(header.index_size, 0);
}

static void malformed_extra_fields_are_skipped(void **state)
{
    (void)state;
    assert_int_equal(parse_extra("BC\2", 3).member_size, 0);
    assert_int_equal(parse_extra("BC\2\0\x7F", 5).member_size, 0);
    assert_int_equal(parse_extra("XY\xFF\xFF"
                                 "BC\2\0\x7F\0",
                                 10)
                         .member_size,
                     0);
    /* What stands before the damage counts. */
    assert_int_equal(parse_extra("BC\2\0\x7F\0CI\4\0abc", 13).member_size, 128);
    assert_int_equal(parse_extra("BC\2\0\x7F\0CI\4\0abc", 13).index_offset, 0);
    /* So does what stands before bytes too few for a subfield. */
    assert_int_equal(parse_extra("BC\2\0\x7F\0\0\0\0", 9).member_size, 128);
}

static void check_file_name(const char *name, const char *expected)
{
    struct builder builder = begin(FNAME);
    put(&builder, name, strlen(name) + 1);
    const struct gzip_header header = parse_whole(&builder);
    size_t offset = 77;
    const size_t size = gzip_header_file_name(builder.bytes, &header, &offset);
    assert_int_equal(size, strlen(expected));
    if (size == 0)
        assert_int_equal(offset, 77);
    else
        assert_string_equal((const char *)builder.bytes + offset, expected);
}

static void a_file_name_has_no_directory(void **state)
{
    (void)state;
    check_file_name("plain.txt", "plain.txt");
    check_file_name("/etc/passwd", "passwd");
    check_file_name("../../up", "up");
    check_file_name("a//b", "b");
    check_file_name("...", "...");
    check_file_name(".hidden", ".hidden");
    check_file_name("a\\b", "a\\b");
    check_file_name("x", "x");
    check_file_name("..x", "..x");
    check_file_name("", "");
    check_file_name(".", "");
    check_file_name("..", "");
    check_file_name("dir/", "");
    check_file_name("dir/..", "");
    check_file_name("/", "");

    size_t offset;
    const struct builder builder = begin(0);
    const struct gzip_header header = parse_whole(&builder);
    assert_int_equal(gzip_header_file_name(builder.bytes, &header, &offset), 0);
}

static void trailer_is_little_endian_and_wraps(void **state)
{
    const uint8_t expected[8] = {0x44, 0x33, 0x22, 0xF1, 0x78, 0x56, 0x34, 0xE2};
    uint8_t buffer[9];

    (void)state;
    memset(buffer, 0xAA, sizeof(buffer));
    gzip_trailer_write(buffer, 0xF1223344, 0x1E2345678);
    assert_memory_equal(buffer, expected, sizeof(expected));
    assert_int_equal(buffer[8], 0xAA);
    const struct gzip_trailer trailer = gzip_trailer_parse(buffer);
    assert_int_equal(trailer.crc32, 0xF1223344);
    assert_int_equal(trailer.length, 0xE2345678);
}

static void reads_what_zlib_writes(void **state)
{
    uint8_t extra[] = {'B', 'C', 2, 0, 99, 0};
    uint8_t name[] = "a name", comment[] = "a comment";
    gz_header theirs = {
        .text = 1,
        .time = 1234567890,
        .os = 11,
        .extra = extra,
        .extra_len = sizeof(extra),
        .name = name,
        .comment = comment,
        .hcrc = 1,
    };
    const char content[] = "content";
    struct builder builder = {.size = 0};
    z_stream stream = {
        .next_out = builder.bytes,
        .avail_out = sizeof(builder.bytes),
        .next_in = (const uint8_t *)content,
        .avail_in = sizeof(content),
    };

    (void)state;
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 31, 8, 0), Z_OK);
    assert_int_equal(deflateSetHeader(&stream, &theirs), Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    const size_t total = stream.total_out;
    assert_int_equal(deflateEnd(&stream), Z_OK);

    builder.size = 12 + sizeof(extra) + sizeof(name) + sizeof(comment) + 2;
    const struct gzip_header header = parse_whole(&builder);
    assert_int_equal(header.size, builder.size);
    assert_int_equal(header.mtime, 1234567890);
    assert_int_equal(header.extra_flags, 2);
    assert_int_equal(header.operating_system, 11);
    assert_true(header.is_text);
    assert_true(header.has_crc);
    assert_int_equal(header.member_size, 100);
    assert_string_equal((const char *)builder.bytes + header.name_offset, name);
    assert_string_equal((const char *)builder.bytes + header.comment_offset, comment);

    const struct gzip_trailer trailer = gzip_trailer_parse(builder.bytes + total - 8);
    assert_int_equal(trailer.crc32, crc32(0, (const uint8_t *)content, sizeof(content)));
    assert_int_equal(trailer.length, sizeof(content));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_what_gzip_n_writes),
        cmocka_unit_test(writes_what_zlib_writes),
        cmocka_unit_test(writes_room_for_an_extra_field),
        cmocka_unit_test(reads_the_fixed_part),
        cmocka_unit_test(reads_every_combination_of_parts),
        cmocka_unit_test(reads_empty_parts),
        cmocka_unit_test(bytes_behind_the_header_do_not_matter),
        cmocka_unit_test(asks_for_what_it_can_know),
        cmocka_unit_test(wrong_magic_is_another_format),
        cmocka_unit_test(other_methods_are_unsupported),
        cmocka_unit_test(reserved_flags_are_corrupt),
        cmocka_unit_test(a_wrong_header_crc_is_found),
        cmocka_unit_test(a_header_has_a_longest_size),
        cmocka_unit_test(the_longest_extra_field_is_read),
        cmocka_unit_test(reads_the_member_sizes_of_other_programs),
        cmocka_unit_test(member_sizes_that_cannot_be_are_not_told),
        cmocka_unit_test(subfields_of_other_lengths_are_other_subfields),
        cmocka_unit_test(finds_subfields_among_others),
        cmocka_unit_test(malformed_extra_fields_are_skipped),
        cmocka_unit_test(a_file_name_has_no_directory),
        cmocka_unit_test(trailer_is_little_endian_and_wraps),
        cmocka_unit_test(reads_what_zlib_writes),
    };
    return cmocka_run_group_tests_name("gzip_header", tests, NULL, NULL);
}
