/* Chunk maps of zstd files, by seek table and by walk, and every way in which they can lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <cinch/cinch.h>

#include "chunk_decode.h"
#include "chunk_map.h"
#include "compressed.h"
#include "format/bytes.h"
#include "mapping.h"

/* --- zstd, by its table ----------------------------------------------------------------- */

static void reads_a_seek_table(void **state)
{
    (void)state;
    struct compressed file = compressed_frames(FRAME_CHECKSUM);
    compressed_add_table(&file, 0);
    assert_maps(&file, 3);
}

static void believes_a_table_whose_frames_tell_nothing(void **state)
{
    (void)state;
    struct compressed file = compressed_frames(FRAME_NO_CONTENT_SIZE);
    compressed_add_table(&file, 0);
    assert_maps(&file, 3);

    file = compressed_frames(FRAME_NO_CONTENT_SIZE);
    compressed_add_table(&file, TABLE_CHECKSUMS);
    assert_maps(&file, 3);
}

static void checks_the_table_s_checksums(void **state)
{
    (void)state;
    struct compressed file = compressed_frames(0);
    struct chunk_map map;
    struct workspace workspace = {.buffers = {{NULL, 0}}};
    uint8_t content[5000];

    file.frames[1].checksum ^= 0x100;
    compressed_add_table(&file, TABLE_CHECKSUMS);
    assert_int_equal(mapping_read(&map, file.bytes, file.size), CINCH_OK);
    const int32_t expected[] = {CINCH_OK, CINCH_E_CHECKSUM, CINCH_OK};
    for (size_t i = 0; i < 3; i++) {
        const struct mapped_chunk chunk = chunk_map_get(&map, i);
        assert_int_equal(chunk_decode(&chunk, file.bytes + chunk.input_offset, content, &workspace),
                         expected[i]);
    }
    workspace_free(&workspace);
    chunk_map_free(&map);
    compressed_free(&file);
}

static void leaves_out_what_has_no_content(void **state)
{
    (void)state;
    struct compressed file = {.bytes = NULL};
    compressed_add_skippable(&file, 3);
    compressed_add_frame(&file, 0, FRAME_CHECKSUM);
    compressed_add_frame(&file, 700, FRAME_CHECKSUM);
    compressed_add_skippable(&file, 0);
    compressed_add_frame(&file, 700, 0);
    compressed_add_table(&file, 0);
    assert_maps(&file, 2);
}

/* A frame that is listed as empty is never decoded, so that nobody would miss its content. */
static void refuses_to_leave_out_content(void **state)
{
    (void)state;
    for (unsigned flags = 0; flags <= FRAME_NO_CONTENT_SIZE; flags += FRAME_NO_CONTENT_SIZE)
        for (uint32_t i = 0; i < 3; i++) {
            struct compressed file = compressed_frames(flags);
            file.frames[i].decompressed_size = 0;
            compressed_add_table(&file, TABLE_CHECKSUMS);
            assert_refused(CINCH_E_CORRUPT, &file);
        }

    /* One that is behind a frame without content, in the same entry. */
    struct compressed file = {.bytes = NULL};
    compressed_add_frame(&file, 100, 0);
    compressed_add_skippable(&file, 7);
    compressed_add_frame(&file, 100, 0);
    file.frames[1].compressed_size += file.frames[2].compressed_size;
    file.frame_count = 2;
    compressed_add_table(&file, 0);
    assert_refused(CINCH_E_CORRUPT, &file);

    /* Frames that are empty, and do not say so. */
    compressed_add_frame(&file, 100, FRAME_NO_CONTENT_SIZE);
    compressed_add_frame(&file, 0, FRAME_NO_CONTENT_SIZE | FRAME_CHECKSUM);
    compressed_add_frame(&file, 0, FRAME_NO_CONTENT_SIZE);
    compressed_add_table(&file, 0);
    assert_maps(&file, 1);
}

/* Walks over an empty frame that is damaged say no more than that the file is. */
static void refuses_empty_frames_that_are_none(void **state)
{
    (void)state;
    for (size_t byte = 0; byte < 4; byte++) {
        struct compressed file = {.bytes = NULL};
        compressed_add_frame(&file, 100, 0);
        const size_t empty = file.size;
        compressed_add_frame(&file, 0, FRAME_CHECKSUM);
        compressed_add_frame(&file, 100, 0);
        compressed_add_table(&file, 0);
        /* The magic number, and the kind of the only block. */
        file.bytes[byte < 3 ? empty + byte : empty + 6] ^= 6;
        assert_refused(CINCH_E_CORRUPT, &file);
    }
    /* Two of them in one entry. */
    struct compressed file = {.bytes = NULL};
    compressed_add_frame(&file, 100, 0);
    compressed_add_frame(&file, 0, 0);
    compressed_add_frame(&file, 0, 0);
    file.frames[1].compressed_size += file.frames[2].compressed_size;
    file.frame_count = 2;
    compressed_add_table(&file, 0);
    assert_refused(CINCH_E_CORRUPT, &file);
}

/* What is listed with content and has none is found out when somebody wants the content. */
static void finds_no_content_in_a_skippable_frame(void **state)
{
    struct chunk_map map;
    struct workspace workspace = {.buffers = {{NULL, 0}}};
    uint8_t content[64];

    (void)state;
    struct compressed file = {.bytes = NULL};
    compressed_add_frame(&file, 50, 0);
    compressed_add_skippable(&file, 20);
    compressed_add_frame(&file, 50, 0);
    file.frames[1].decompressed_size = 40;
    compressed_add_table(&file, 0);
    assert_int_equal(mapping_read(&map, file.bytes, file.size), CINCH_OK);
    assert_int_equal(map.count, 3);
    const struct mapped_chunk chunk = chunk_map_get(&map, 1);
    assert_int_not_equal(chunk_decode(&chunk, file.bytes + chunk.input_offset, content, &workspace),
                         CINCH_OK);
    workspace_free(&workspace);
    chunk_map_free(&map);
    compressed_free(&file);
}

/* As many frames as the map has room for at first: nothing is given back. */
static void fills_its_room(void **state)
{
    (void)state;
    for (size_t count = COMPRESSED_FRAMES_MOST - 1; count <= COMPRESSED_FRAMES_MOST; count++) {
        struct compressed file = {.bytes = NULL};
        for (size_t i = 0; i < count; i++)
            compressed_add_frame(&file, 10, 0);
        compressed_add_table(&file, 0);
        assert_maps(&file, count);
    }
}

/* More than one run of entries. */
static void reads_a_long_table(void **state)
{
    enum {
        FRAMES = 10000
    };
    (void)state;
    struct compressed file = {.bytes = NULL};
    compressed_add_frame(&file, 100, FRAME_CHECKSUM);
    const size_t frame_size = file.size;
    uint8_t *bytes = malloc(FRAMES * frame_size + 17 + FRAMES * 8);
    assert_non_null(bytes);
    for (size_t i = 0; i < FRAMES; i++)
        memcpy(bytes + i * frame_size, file.bytes, frame_size);
    uint8_t *table = bytes + FRAMES * frame_size;
    store_le32(table, 0x184D2A5E);
    store_le32(table + 4, FRAMES * 8 + 9);
    for (size_t i = 0; i < FRAMES; i++) {
        store_le32(table + 8 + i * 8, (uint32_t)frame_size);
        store_le32(table + 8 + i * 8 + 4, 100);
    }
    uint8_t *footer = table + 8 + FRAMES * 8;
    store_le32(footer, FRAMES);
    footer[4] = 0;
    store_le32(footer + 5, 0x8F92EAB1);
    const size_t size = FRAMES * frame_size + 17 + FRAMES * 8;

    struct chunk_map map;
    assert_int_equal(mapping_read(&map, bytes, size), CINCH_OK);
    assert_int_equal(map.count, FRAMES);
    assert_int_equal(map.content_size, FRAMES * 100);
    assert_sound(&map, size);
    chunk_map_free(&map);

    /* One entry that differs, far behind the first run, is compared with its frame. */
    store_le32(table + 8 + (size_t)9000 * 8 + 4, 101);
    assert_int_equal(mapping_read(&map, bytes, size), CINCH_E_CORRUPT);
    free(bytes);
    compressed_free(&file);
}

static void refuses_content_sizes_that_frames_deny(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 3; i++)
        for (unsigned bit = 0; bit < 13; bit++) {
            struct compressed file = compressed_frames(FRAME_CHECKSUM);
            file.frames[i].decompressed_size ^= 1u << bit;
            compressed_add_table(&file, 0);
            if (i == 2) {
                /* All the others are of one size, so the frame itself will tell. */
                struct chunk_map map;
                struct workspace workspace = {.buffers = {{NULL, 0}}};
                uint8_t content[16384];
                const int32_t code = mapping_read(&map, file.bytes, file.size);
                if (code == CINCH_OK) {
                    assert_int_equal(map.count, 3);
                    const struct mapped_chunk chunk = chunk_map_get(&map, 2);
                    assert_int_equal(
                        chunk_decode(&chunk, file.bytes + chunk.input_offset, content, &workspace),
                        CINCH_E_CORRUPT);
                    chunk_map_free(&map);
                } else {
                    assert_int_equal(code, CINCH_E_CORRUPT);
                }
                workspace_free(&workspace);
                compressed_free(&file);
            } else {
                assert_refused(CINCH_E_CORRUPT, &file);
            }
        }
}

static void refuses_impossible_tables(void **state)
{
    (void)state;
    /* More content than so few bytes can hold. */
    struct compressed file = compressed_frames(0);
    file.frames[1].decompressed_size = UINT32_MAX;
    compressed_add_table(&file, 0);
    assert_refused(CINCH_E_CORRUPT, &file);

    /* Frames that reach beyond the table. */
    file = compressed_frames(0);
    file.frames[2].compressed_size = UINT32_MAX;
    compressed_add_table(&file, 0);
    assert_refused(CINCH_E_CORRUPT, &file);

    /* Frames that begin somewhere inside the first one. */
    file = compressed_frames(0);
    file.frames[0].compressed_size -= 1;
    compressed_add_table(&file, 0);
    assert_refused(CINCH_E_CORRUPT, &file);

    /* Where a frame should begin, none does. */
    file = compressed_frames(0);
    file.frames[0].compressed_size += 1;
    file.frames[1].compressed_size -= 1;
    file.frames[1].decompressed_size += 1;
    compressed_add_table(&file, 0);
    assert_refused(CINCH_E_CORRUPT, &file);

    /* A footer with more frames than any table has room for, or with reserved bits. */
    const struct {
        size_t from_end;
        uint8_t value;
    } changes[] = {{6, 0xFF}, {9, 2}, {9, 4}, {5, 4}, {5, 0x80}};
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        file = compressed_frames(0);
        compressed_add_table(&file, 0);
        file.bytes[file.size - changes[i].from_end] = changes[i].value;
        assert_refused(CINCH_E_CORRUPT, &file);
    }

    /* A header that is not the table's: another length; then no skippable frame at all. */
    file = compressed_frames(0);
    compressed_add_table(&file, 0);
    file.bytes[file.size - 37] += 1;
    assert_refused(CINCH_E_TRUNCATED, &file);
    file = compressed_frames(0);
    compressed_add_table(&file, 0);
    file.bytes[file.size - 37] -= 1;
    assert_refused(CINCH_E_TRAILING, &file);
    file = compressed_frames(0);
    compressed_add_table(&file, 0);
    file.bytes[file.size - 41] ^= 0x80;
    assert_refused(CINCH_E_TRAILING, &file);
}

static void reads_a_table_that_is_all(void **state)
{
    (void)state;
    struct compressed file = {.bytes = NULL};
    compressed_add_table(&file, 0);
    assert_maps(&file, 0);
}

/* --- zstd, by a walk -------------------------------------------------------------------- */

static void walks_over_frames(void **state)
{
    (void)state;
    struct compressed file = compressed_frames(FRAME_CHECKSUM);
    assert_maps(&file, 3);

    file = (struct compressed){.bytes = NULL};
    compressed_add_skippable(&file, 9000);
    compressed_add_frame(&file, 0, 0);
    compressed_add_frame(&file, 300000, 0);
    compressed_add_skippable(&file, 1);
    compressed_add_frame(&file, 1, FRAME_CHECKSUM);
    assert_maps(&file, 2);

    file = (struct compressed){.bytes = NULL};
    compressed_add_skippable(&file, 7);
    assert_maps(&file, 0);
}

/* A last block that ends where the file does, and is passed over without a look. */
static void walks_to_the_very_end(void **state)
{
    (void)state;
    for (size_t cut = 0; cut < 3; cut++) {
        struct compressed file = {.bytes = NULL};
        compressed_add_frame(&file, 10, 0);
        compressed_add_frame(&file, 60000, 0);
        file.size -= cut;
        if (cut == 0)
            assert_maps(&file, 2);
        else
            assert_refused(CINCH_E_TRUNCATED, &file);
    }
}

static void reads_concatenated_files(void **state)
{
    (void)state;
    struct compressed file = compressed_frames(FRAME_CHECKSUM);
    compressed_add_table(&file, 0);
    compressed_add_frame(&file, 800, FRAME_CHECKSUM);
    compressed_add_frame(&file, 900, FRAME_CHECKSUM);
    compressed_add_table(&file, TABLE_CHECKSUMS);
    assert_maps(&file, 5);

    /* The last without a table; the last without frames. */
    file = compressed_frames(0);
    compressed_add_table(&file, 0);
    compressed_add_frame(&file, 800, 0);
    assert_maps(&file, 4);
    file = compressed_frames(0);
    compressed_add_table(&file, 0);
    compressed_add_table(&file, 0);
    assert_maps(&file, 3);
}

/* What looks like the footer of a table may be the end of a frame's data. */
static void is_not_taken_in_by_the_footer_s_magic_number(void **state)
{
    static const uint8_t frame[] = {
        0x28, 0xB5, 0x2F, 0xFD, 0x20, 9, /* one segment of 9 bytes */
        0x49, 0,    0,                   /* the last block: 9 bytes, raw */
        1,    2,    3,    4,    5,    0xB1, 0xEA, 0x92, 0x8F,
    };
    struct chunk_map map;

    (void)state;
    assert_int_equal(mapping_read(&map, frame, sizeof frame), CINCH_OK);
    assert_int_equal(map.count, 1);
    assert_int_equal(map.content_size, 9);
    chunk_map_free(&map);
}

static void refuses_frames_that_it_cannot_place(void **state)
{
    (void)state;
    struct compressed file = compressed_frames(0);
    compressed_add_frame(&file, 500, FRAME_NO_CONTENT_SIZE);
    assert_refused(CINCH_E_UNSUPPORTED, &file);

    /* A dictionary: id 7, in a frame of one raw block. */
    static const uint8_t with_dictionary[] = {0x28, 0xB5, 0x2F, 0xFD, 0x21, 7, 1, 9, 0, 0, 'x'};
    file = (struct compressed){.bytes = NULL};
    compressed_add(&file, with_dictionary, sizeof with_dictionary);
    assert_refused(CINCH_E_UNSUPPORTED, &file);

    /* The same, by a table. */
    file = (struct compressed){.bytes = NULL};
    compressed_add(&file, with_dictionary, sizeof with_dictionary);
    file.frames[0].compressed_size = sizeof with_dictionary;
    file.frames[0].decompressed_size = 1;
    file.frame_count = 1;
    compressed_add_table(&file, 0);
    assert_refused(CINCH_E_UNSUPPORTED, &file);

    /* zstd 0.7. */
    file = (struct compressed){.bytes = NULL};
    compressed_add(&file, "\x27\xB5\x2F\xFD rest", 9);
    assert_refused(CINCH_E_UNSUPPORTED, &file);
}

/* A frame of `blocks` blocks that are 128 KiB of zeros each, in four bytes. */
static void add_frame_of_zeros(struct compressed *file, uint32_t blocks, uint32_t content_size)
{
    uint8_t header[] = {0x28, 0xB5, 0x2F, 0xFD, 0xA0, 0, 0, 0, 0};
    store_le32(header + 5, content_size);
    compressed_add(file, header, sizeof header);
    for (uint32_t i = 0; i < blocks; i++) {
        const uint32_t block = (i + 1 == blocks) | 1 << 1 | 128 << 10 << 3;
        const uint8_t bytes[] = {(uint8_t)block, (uint8_t)(block >> 8), (uint8_t)(block >> 16), 0};
        compressed_add(file, bytes, sizeof bytes);
    }
}

static void keeps_the_limit_of_a_chunk(void **state)
{
    (void)state;
    struct compressed file = {.bytes = NULL};
    struct chunk_map map;
    add_frame_of_zeros(&file, 1024, 128 << 20);
    assert_int_equal(mapping_read(&map, file.bytes, file.size), CINCH_OK);
    assert_int_equal(map.content_size, 128 << 20);
    chunk_map_free(&map);
    compressed_free(&file);

    add_frame_of_zeros(&file, 1025, 1025 * (128 << 10));
    assert_refused(CINCH_E_UNSUPPORTED, &file);

    /* One that says more than its blocks can hold. */
    add_frame_of_zeros(&file, 1023, 128 << 20);
    assert_refused(CINCH_E_CORRUPT, &file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_seek_table),
        cmocka_unit_test(believes_a_table_whose_frames_tell_nothing),
        cmocka_unit_test(checks_the_table_s_checksums),
        cmocka_unit_test(leaves_out_what_has_no_content),
        cmocka_unit_test(refuses_to_leave_out_content),
        cmocka_unit_test(refuses_empty_frames_that_are_none),
        cmocka_unit_test(finds_no_content_in_a_skippable_frame),
        cmocka_unit_test(fills_its_room),
        cmocka_unit_test(reads_a_long_table),
        cmocka_unit_test(refuses_content_sizes_that_frames_deny),
        cmocka_unit_test(refuses_impossible_tables),
        cmocka_unit_test(reads_a_table_that_is_all),
        cmocka_unit_test(walks_over_frames),
        cmocka_unit_test(walks_to_the_very_end),
        cmocka_unit_test(reads_concatenated_files),
        cmocka_unit_test(is_not_taken_in_by_the_footer_s_magic_number),
        cmocka_unit_test(refuses_frames_that_it_cannot_place),
        cmocka_unit_test(keeps_the_limit_of_a_chunk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
