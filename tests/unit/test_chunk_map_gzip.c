/* Chunk maps of gzip files, by index, by member and by decoding, and how they can lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <zlib.h>

#include <cinch/cinch.h>

#include "chunk_decode.h"
#include "chunk_map.h"
#include "compressed.h"
#include "mapping.h"

static void reads_an_index(void **state)
{
    (void)state;
    const unsigned tails[] = {0, MEMBER_TAIL};
    for (size_t i = 0; i < 2; i++) {
        struct compressed file = {.bytes = NULL};
        compressed_add_indexed(&file, 10000, 3000, tails[i]);
        assert_maps(&file, 4);
        compressed_add_indexed(&file, 9000, 3000, tails[i]);
        assert_maps(&file, 3);
    }
}

static void reads_members_of_all_kinds_in_one_file(void **state)
{
    (void)state;
    struct compressed file = {.bytes = NULL};
    compressed_add_indexed(&file, 10000, 3000, 0);
    compressed_add_indexed(&file, 5000, 1000, MEMBER_TAIL);
    compressed_add_member(&file, 20000, MEMBER_BGZF);
    compressed_add_member(&file, 333, 0);
    compressed_add_member(&file, 0, MEMBER_BGZF);
    compressed_add_member(&file, 0, 0);
    compressed_add_member(&file, 30000, 0);
    compressed_add_indexed(&file, 3, 2, 0);
    assert_maps(&file, 4 + 5 + 1 + 1 + 1 + 2);
}

static void decodes_members_with_an_index_of_another_version(void **state)
{
    (void)state;
    struct compressed file = {.bytes = NULL};
    const size_t at = compressed_add_indexed(&file, 10000, 3000, 0);
    file.bytes[at + 4] = 2;
    assert_maps(&file, 1);
}

static void refuses_an_index_that_lies(void **state)
{
    (void)state;
    const struct {
        size_t offset; /* in the subfield */
        uint8_t bits;  /* to be changed */
        int32_t code;
    } lies[] = {
        {6, 1, CINCH_E_CORRUPT},       /* reserved */
        {8, 1, CINCH_OK},              /* chunk size: 3001, as many chunks; the pieces will tell */
        {9, 4, CINCH_E_CORRUPT},       /* chunk size: another number of chunks */
        {12, 1, CINCH_E_CORRUPT},      /* input length: not the trailer's */
        {16, 1, CINCH_E_CORRUPT},      /* input length: 4 GiB more */
        {20, 1, CINCH_E_CORRUPT},      /* the first piece: all others are elsewhere */
        {23, 0x7F, CINCH_E_TRUNCATED}, /* the first piece: beyond the file */
        {32, 2, CINCH_E_CORRUPT},      /* the last piece: the trailer is elsewhere */
    };
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        struct compressed file = {.bytes = NULL};
        const size_t at = compressed_add_indexed(&file, 10000, 3000, 0);
        file.bytes[at + lies[i].offset] ^= lies[i].bits;
        if (lies[i].code == CINCH_E_CORRUPT)
            compressed_add_member(&file, 300, MEMBER_BGZF);
        if (lies[i].code != CINCH_OK) {
            assert_refused(lies[i].code, &file);
            continue;
        }
        struct chunk_map map;
        struct workspace workspace = {.buffers = {{NULL, 0}}};
        uint8_t content[4000];
        assert_int_equal(mapping_read(&map, file.bytes, file.size), CINCH_OK);
        for (size_t number = 0; number < map.count; number++) {
            const struct mapped_chunk chunk = chunk_map_get(&map, number);
            assert_int_equal(
                chunk_decode(&chunk, file.bytes + chunk.input_offset, content, &workspace),
                CINCH_E_CORRUPT);
        }
        workspace_free(&workspace);
        chunk_map_free(&map);
        compressed_free(&file);
    }
}

/* The final block stands where the map says, and nowhere else. */
static void checks_where_the_final_block_is(void **state)
{
    (void)state;
    struct workspace workspace = {.buffers = {{NULL, 0}}};
    uint8_t content[4000];

    for (unsigned tail = 0; tail <= MEMBER_TAIL; tail += MEMBER_TAIL) {
        struct compressed file = {.bytes = NULL};
        struct chunk_map map;
        compressed_add_indexed(&file, 10000, 3000, tail);
        assert_int_equal(mapping_read(&map, file.bytes, file.size), CINCH_OK);
        for (size_t i = 0; i < map.count; i++) {
            struct mapped_chunk chunk = chunk_map_get(&map, i);
            const bool is_final = i + 1 == map.count && tail == 0;
            assert_int_equal(chunk.kind, is_final ? CHUNK_PIECE_FINAL : CHUNK_PIECE);
            chunk.kind = is_final ? CHUNK_PIECE : CHUNK_PIECE_FINAL;
            assert_int_equal(
                chunk_decode(&chunk, file.bytes + chunk.input_offset, content, &workspace),
                CINCH_E_CORRUPT);
        }
        chunk_map_free(&map);
        compressed_free(&file);
    }
    workspace_free(&workspace);
}

/* Bits are filled into bytes from the lowest on. */
struct bit_writer {
    uint8_t bytes[24];
    size_t bits;
};

static void put_bit(struct bit_writer *writer, unsigned bit)
{
    writer->bytes[writer->bits / 8] |= (uint8_t)(bit << writer->bits % 8);
    writer->bits++;
}

/* Bits left over behind a piece would be the beginning of the next, which is decoded without
 * them: one or two are too few for a block's header, and so no decoder misses them. */
static void refuses_a_piece_that_ends_within_a_byte(void **state)
{
    struct workspace workspace = {.buffers = {{NULL, 0}}};

    (void)state;
    for (unsigned literals = 3; literals < 12; literals++) {
        struct bit_writer writer = {.bits = 0};
        uint8_t content[16];
        put_bit(&writer, 0); /* not the final block */
        put_bit(&writer, 1); /* fixed codes */
        put_bit(&writer, 0);
        for (unsigned i = 0; i < literals; i++)
            for (unsigned bit = 9; bit-- > 0;)
                put_bit(&writer, 0x190 >> bit & 1); /* byte 144, in nine bits */
        for (unsigned i = 0; i < 7; i++)
            put_bit(&writer, 0); /* the end of the block */
        const struct mapped_chunk chunk = {
            .kind = CHUNK_PIECE, .input_size = (writer.bits + 7) / 8, .content_size = literals};
        assert_int_equal(chunk_decode(&chunk, writer.bytes, content, &workspace),
                         writer.bits % 8 == 0 ? CINCH_OK : CINCH_E_CORRUPT);
    }
    workspace_free(&workspace);
}

static void refuses_members_whose_sizes_lie(void **state)
{
    (void)state;
    /* BGZF: the size, which stands at offset 16. */
    struct compressed file = {.bytes = NULL};
    compressed_add_member(&file, 20000, MEMBER_BGZF);
    file.bytes[16] += 1;
    assert_refused(CINCH_E_TRUNCATED, &file);
    compressed_add_member(&file, 20000, MEMBER_BGZF);
    compressed_add_member(&file, 20000, MEMBER_BGZF);
    file.bytes[16] -= 2;
    assert_refused(CINCH_E_CORRUPT, &file);

    /* More content than so few bytes can hold. */
    compressed_add_member(&file, 20000, MEMBER_BGZF);
    file.bytes[file.size - 1] = 0x40;
    assert_refused(CINCH_E_CORRUPT, &file);

    /* A scanned member knows better than its trailer. */
    compressed_add_member(&file, 20000, 0);
    file.bytes[file.size - 4] ^= 1;
    assert_refused(CINCH_E_CHECKSUM, &file);

    /* Content that is possible but wrong: seen when it is decoded, as is a wrong CRC-32. */
    for (size_t from_end = 1; from_end <= 8; from_end++) {
        struct chunk_map map;
        struct workspace workspace = {.buffers = {{NULL, 0}}};
        static uint8_t content[100000];
        compressed_add_member(&file, 20000, MEMBER_BGZF);
        file.bytes[file.size - from_end] ^= 1;
        const int32_t code = mapping_read(&map, file.bytes, file.size);
        if (code == CINCH_OK) {
            const struct mapped_chunk chunk = chunk_map_get(&map, 0);
            assert_in_range(chunk.content_size, 1, sizeof content);
            assert_int_equal(chunk_decode(&chunk, file.bytes, content, &workspace),
                             from_end > 4 ? CINCH_E_CHECKSUM : CINCH_E_CORRUPT);
            chunk_map_free(&map);
        } else {
            assert_int_equal(code, CINCH_E_CORRUPT);
        }
        workspace_free(&workspace);
        compressed_free(&file);
    }
}

/* Decodes the only chunk of a file. */
static int32_t decode_only_chunk(const struct chunk_map *map, const struct compressed *file)
{
    struct workspace workspace = {.buffers = {{NULL, 0}}};
    static uint8_t content[100000];

    assert_int_equal(map->count, 1);
    const struct mapped_chunk chunk = chunk_map_get(map, 0);
    assert_in_range(chunk.content_size, 1, sizeof content);
    const int32_t code =
        chunk_decode(&chunk, file->bytes + chunk.input_offset, content, &workspace);
    workspace_free(&workspace);
    return code;
}

/* All is right but that the data has no end. */
static void refuses_a_member_without_a_final_block(void **state)
{
    (void)state;
    struct compressed file = {.bytes = NULL};
    struct chunk_map map;
    compressed_add_member(&file, 20000, MEMBER_BGZF | MEMBER_UNFINISHED);
    assert_int_equal(mapping_read(&map, file.bytes, file.size), CINCH_OK);
    assert_int_equal(decode_only_chunk(&map, &file), CINCH_E_CORRUPT);
    chunk_map_free(&map);
    compressed_free(&file);
}

static void notices_members_that_changed_since(void **state)
{
    (void)state;
    struct compressed file = {.bytes = NULL};
    struct chunk_map map;
    compressed_add_member(&file, 20000, MEMBER_BGZF);
    assert_int_equal(mapping_read(&map, file.bytes, file.size), CINCH_OK);
    assert_int_equal(decode_only_chunk(&map, &file), CINCH_OK);
    const struct {
        size_t offset;
        int32_t code;
    } changes[] = {
        {0, CINCH_E_CORRUPT},              /* the magic number */
        {3, CINCH_E_CORRUPT},              /* a reserved flag */
        {10, CINCH_E_CORRUPT},             /* the header's length: beyond the member */
        {file.size - 8, CINCH_E_CHECKSUM}, /* CRC-32 */
        {file.size - 1, CINCH_E_CHECKSUM}, /* length */
    };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        file.bytes[changes[i].offset] ^= 0xE0;
        file.bytes[11] ^= changes[i].offset == 10 ? 0xFF : 0;
        assert_int_equal(decode_only_chunk(&map, &file), changes[i].code);
        file.bytes[11] ^= changes[i].offset == 10 ? 0xFF : 0;
        file.bytes[changes[i].offset] ^= 0xE0;
    }
    assert_int_equal(decode_only_chunk(&map, &file), CINCH_OK);
    chunk_map_free(&map);
    compressed_free(&file);
}

/* Where the last piece has no final block, an empty one must stand, and nothing else. */
static void refuses_a_tail_that_is_no_final_block(void **state)
{
    (void)state;
    for (size_t from_end = 9; from_end <= 10; from_end++) {
        struct compressed file = {.bytes = NULL};
        compressed_add_indexed(&file, 10000, 3000, MEMBER_TAIL);
        file.bytes[file.size - from_end] ^= 4;
        assert_refused(CINCH_E_CORRUPT, &file);
    }
}

/* Zeros compress to a thousandth, so that content spends the budget alone. */
static void add_member_of_zeros(struct compressed *file, size_t content_size)
{
    const size_t room = content_size / 100 + 1000;
    uint8_t *zeros = calloc(1, content_size);
    uint8_t *member = malloc(room);
    z_stream stream = {.next_in = zeros, .avail_in = (uInt)content_size};

    assert_non_null(zeros);
    assert_non_null(member);
    assert_int_equal(deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_out = member;
    stream.avail_out = (uInt)room;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    compressed_add(file, member, room - stream.avail_out);
    deflateEnd(&stream);
    free(member);
    free(zeros);
}

static void decodes_only_so_much_to_find_members(void **state)
{
    (void)state;
    struct compressed file = {.bytes = NULL};
    struct chunk_map map;
    for (size_t i = 0; i < 15; i++)
        add_member_of_zeros(&file, 1 << 20);
    assert_int_equal(mapping_read(&map, file.bytes, file.size), CINCH_OK);
    assert_int_equal(map.count, 15);
    assert_int_equal(map.content_size, 15 << 20);
    assert_sound(&map, file.size);
    chunk_map_free(&map);

    add_member_of_zeros(&file, 1 << 20);
    assert_refused(CINCH_E_UNSUPPORTED, &file);
    add_member_of_zeros(&file, 17 << 20);
    assert_refused(CINCH_E_UNSUPPORTED, &file);
}

/* What is looked through of a member is its header, too. */
static void long_headers_are_counted(void **state)
{
    enum {
        HEADER = 60000
    };
    struct compressed file = {.bytes = NULL};
    struct compressed tail = {.bytes = NULL};
    struct chunk_map map;

    (void)state;
    /* With a comment so long, and hardly anything behind it. */
    compressed_add_member(&tail, 1, 0);
    tail.bytes[3] |= 16;
    for (int is_too_long = 0; is_too_long < 2; is_too_long++) {
        size_t left = CHUNK_MAP_SCAN_MOST - (is_too_long ? HEADER / 2 : HEADER * 2);
        while (left > 10000) {
            size_t size = left > 1 << 20 ? 1 << 20 : left - 5000;
            size_t before = file.size;
            add_member_of_zeros(&file, size);
            left -= size + (file.size - before);
        }
        compressed_add(&file, tail.bytes, 10);
        for (size_t i = 0; i < HEADER; i++)
            compressed_add(&file, "c", 1);
        compressed_add(&file, "", 1);
        compressed_add(&file, tail.bytes + 10, tail.size - 10);
        if (is_too_long) {
            assert_refused(CINCH_E_UNSUPPORTED, &file);
        } else {
            assert_int_equal(mapping_read(&map, file.bytes, file.size), CINCH_OK);
            chunk_map_free(&map);
            compressed_free(&file);
        }
    }
    compressed_free(&tail);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_an_index),
        cmocka_unit_test(reads_members_of_all_kinds_in_one_file),
        cmocka_unit_test(decodes_members_with_an_index_of_another_version),
        cmocka_unit_test(refuses_an_index_that_lies),
        cmocka_unit_test(checks_where_the_final_block_is),
        cmocka_unit_test(refuses_a_piece_that_ends_within_a_byte),
        cmocka_unit_test(refuses_members_whose_sizes_lie),
        cmocka_unit_test(refuses_a_member_without_a_final_block),
        cmocka_unit_test(notices_members_that_changed_since),
        cmocka_unit_test(refuses_a_tail_that_is_no_final_block),
        cmocka_unit_test(decodes_only_so_much_to_find_members),
        cmocka_unit_test(long_headers_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
