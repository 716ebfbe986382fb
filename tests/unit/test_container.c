/* What stands around the pieces of an output: headers, checks, indexes and trailers, by format,
 * read back with the parsers of src/format. */
#include "container.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "format/bytes.h"
#include "format/gzip_header.h"
#include "format/gzip_index.h"
#include "format/seek_table.h"
#include "format/zlib_header.h"
#include "support/bytes.h"
#include "support/test.h"

enum {
    CHUNK = 1000
};

/* --- Memory that runs out --------------------------------------------------------------- */

static bool is_memory_short;

int __real_posix_memalign(void **result, size_t unit, size_t size);
int __wrap_posix_memalign(void **result, size_t unit, size_t size);
int __wrap_posix_memalign(void **result, size_t unit, size_t size)
{
    return is_memory_short ? 12 : __real_posix_memalign(result, unit, size);
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    return is_memory_short ? NULL : __real_malloc(size);
}

/* --- Containers ------------------------------------------------------------------------- */

/* One for an output with room for an index, wherever the format has one. */
static struct container container_of(int32_t format, uint64_t pieces)
{
    struct container container = {.has_index = true};
    container_init(&container, format, 6, CHUNK, pieces, true);
    return container;
}

/* Adds pieces of full chunks, each of `size` bytes. */
static void add_pieces(struct container *container, uint64_t count, size_t size)
{
    for (uint64_t i = 0; i < count; i++)
        assert_code(CINCH_OK, container_add(container, size, CHUNK, 0));
}

/* The caller frees it. */
static struct bytes header_of(const struct container *container)
{
    struct bytes header = bytes_make(BYTES_RANDOM, container_header_size(container) + 1, 1);
    uint8_t behind = header.data[header.size - 1];
    container_header(container, header.data);
    header.size--;
    assert_int_equal(behind, header.data[header.size]);
    return header;
}

static struct bytes trailer_of(const struct container *container)
{
    struct bytes trailer = bytes_make(BYTES_RANDOM, container_trailer_size(container) + 1, 1);
    uint8_t behind = trailer.data[trailer.size - 1];
    container_trailer(container, trailer.data);
    trailer.size--;
    assert_int_equal(behind, trailer.data[trailer.size]);
    return trailer;
}

static struct gzip_header gzip_header_of(const struct bytes *header)
{
    struct gzip_header parsed;
    size_t needed;
    assert_code(CINCH_OK, gzip_header_parse(header->data, header->size, &parsed, &needed));
    assert_int_equal(header->size, parsed.size);
    return parsed;
}

/* --- Chunks ----------------------------------------------------------------------------- */

/* Only gzip's index has an upper limit of chunks, and only a size that options may have will do. */
static void chunks_grow_for_an_index_alone(void **state)
{
    const uint64_t most = (uint64_t)GZIP_INDEX_CHUNKS_MAX << 30;

    (void)state;
    assert_int_equal(CHUNK, container_chunk_size(CINCH_FORMAT_ZSTD, CHUNK, UINT64_MAX));
    assert_int_equal(CHUNK, container_chunk_size(CINCH_FORMAT_ZLIB, CHUNK, UINT64_MAX));
    assert_int_equal(CHUNK, container_chunk_size(CINCH_FORMAT_GZIP, CHUNK, 0));
    assert_int_equal(CHUNK, container_chunk_size(CINCH_FORMAT_GZIP, CHUNK, 16378 * CHUNK));
    assert_int_equal(1024, container_chunk_size(CINCH_FORMAT_GZIP, CHUNK, 16378 * CHUNK + 1));
    assert_int_equal(1 << 30, container_chunk_size(CINCH_FORMAT_GZIP, CHUNK, most));
    assert_int_equal(CHUNK, container_chunk_size(CINCH_FORMAT_GZIP, CHUNK, most + 1));
    assert_int_equal(CHUNK, container_chunk_size(CINCH_FORMAT_GZIP, CHUNK, UINT64_MAX));
}

/* --- zstd ------------------------------------------------------------------------------- */

static void frames_have_a_table_from_two_on(void **state)
{
    (void)state;
    for (uint32_t count = 0; count <= 40; count++) {
        struct container container = container_of(CINCH_FORMAT_ZSTD, UINT64_MAX);
        assert_int_equal(0, container_header_size(&container));
        assert_false(container_rewrites_header(&container));
        for (uint32_t i = 0; i < count; i++)
            assert_code(CINCH_OK, container_add(&container, 100 + i, CHUNK - i, 0));
        struct bytes trailer = trailer_of(&container);
        assert_int_equal(count < 2 ? 0 : seek_table_size(count), trailer.size);
        struct seek_table table;
        uint64_t sizes[41], contents[41];
        if (count >= 2) {
            const uint8_t *footer = trailer.data + trailer.size - SEEK_TABLE_FOOTER_SIZE;
            assert_code(CINCH_OK, seek_table_parse_footer(footer, 1 << 20, &table));
            assert_int_equal(count, table.frames);
            assert_code(CINCH_OK, seek_table_parse_header(trailer.data, &table));
            assert_code(CINCH_OK,
                        seek_table_parse_entries(&table, trailer.data + SEEK_TABLE_HEADER_SIZE, 0,
                                                 count, sizes, contents));
            for (uint32_t i = 0; i < count; i++) {
                assert_int_equal(100 + i, sizes[i + 1] - sizes[i]);
                assert_int_equal(CHUNK - i, contents[i + 1] - contents[i]);
            }
        }
        bytes_free(&trailer);
        container_free(&container);
    }
}

static void an_index_that_is_not_wanted_is_not_written(void **state)
{
    (void)state;
    struct container frames = {.has_index = false};
    container_init(&frames, CINCH_FORMAT_ZSTD, 3, CHUNK, 2, true);
    add_pieces(&frames, 2, 10);
    assert_int_equal(0, container_trailer_size(&frames));
    assert_null(frames.sizes.data);

    struct container member = {.has_index = false};
    container_init(&member, CINCH_FORMAT_GZIP, 6, CHUNK, 2, true);
    assert_int_equal(GZIP_HEADER_SIZE_MIN, container_header_size(&member));
    add_pieces(&member, 2, 10);
    assert_false(container_rewrites_header(&member));
    assert_null(member.sizes.data);
}

/* A table cannot list more frames than the format allows: then there is none. */
static void too_many_frames_have_no_table(void **state)
{
    (void)state;
    struct container container = container_of(CINCH_FORMAT_ZSTD, UINT64_MAX);
    container.pieces = SEEK_TABLE_MAX_FRAMES;
    assert_int_equal(seek_table_size(SEEK_TABLE_MAX_FRAMES), container_trailer_size(&container));
    container.pieces++;
    assert_int_equal(0, container_trailer_size(&container));
}

/* zstd's frames carry their own checks. */
static void frames_need_no_check_here(void **state)
{
    (void)state;
    struct container container = container_of(CINCH_FORMAT_ZSTD, 1);
    uint32_t check = container_check_start(&container);
    assert_int_equal(check, container_check(&container, check, "content", 7));
}

/* --- gzip ------------------------------------------------------------------------------- */

static void a_member_has_a_plain_header_and_its_trailer(void **state)
{
    static const char content[] = "what is in the file";
    static const size_t cuts[] = {0, 1, 10, sizeof content - 1};

    (void)state;
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        struct container container = container_of(CINCH_FORMAT_GZIP, UINT64_MAX);
        struct bytes header = header_of(&container);
        size_t rest = sizeof content - 1 - cuts[i];
        uint32_t start = container_check_start(&container);
        assert_int_equal(0, gzip_header_of(&header).index_offset);
        assert_code(CINCH_OK, container_add(&container, 7, cuts[i],
                                            container_check(&container, start, content, cuts[i])));
        assert_code(CINCH_OK,
                    container_add(&container, 9, rest,
                                  container_check(&container, start, content + cuts[i], rest)));
        struct bytes trailer = trailer_of(&container);
        assert_int_equal(GZIP_TRAILER_SIZE, trailer.size);
        struct gzip_trailer parsed = gzip_trailer_parse(trailer.data);
        assert_int_equal(crc32(0, (const Bytef *)content, sizeof content - 1), parsed.crc32);
        assert_int_equal(sizeof content - 1, parsed.length);
        bytes_free(&trailer);
        bytes_free(&header);
        container_free(&container);
    }
}

/* The index takes its room at once, and is all zeros until every piece was added. */
static void an_index_is_filled_in_at_the_end(void **state)
{
    (void)state;
    struct container container = container_of(CINCH_FORMAT_GZIP, 3);
    assert_true(container_rewrites_header(&container));
    for (size_t added = 0; added <= 3; added++) {
        struct bytes header = header_of(&container);
        struct gzip_header parsed = gzip_header_of(&header);
        assert_int_equal(gzip_header_size(gzip_index_size(3)), header.size);
        struct gzip_index index;
        if (added < 3) {
            assert_int_equal(0, parsed.index_offset);
            for (size_t i = header.size - gzip_index_size(3); i < header.size; i++)
                assert_int_equal(0, header.data[i]);
            assert_code(CINCH_OK, container_add(&container, 500 + added, CHUNK - added / 2, 0));
        } else {
            uint64_t offsets[4];
            const uint8_t *data = header.data + parsed.index_offset;
            assert_int_not_equal(0, parsed.index_offset);
            assert_code(CINCH_OK, gzip_index_parse(data, parsed.index_size, &index));
            assert_int_equal(CHUNK, index.chunk_size);
            assert_int_equal(3 * CHUNK - 1, index.input_length);
            assert_code(CINCH_OK,
                        gzip_index_parse_pieces(data, &index, header.size, 1 << 20, offsets));
            for (size_t i = 0; i < 3; i++)
                assert_int_equal(500 + i, offsets[i + 1] - offsets[i]);
        }
        bytes_free(&header);
    }
    container_free(&container);
}

static void an_index_needs_room_in_the_header(void **state)
{
    static const struct {
        uint64_t pieces;
        bool can_rewrite;
        bool has_index;
    } cases[] = {
        {0, true, false},
        {1, true, false},
        {2, true, true},
        {2, false, false},
        {GZIP_INDEX_CHUNKS_MAX, true, true},
        {GZIP_INDEX_CHUNKS_MAX + 1, true, false},
        {UINT64_MAX, true, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct container container = {.has_index = true};
        container_init(&container, CINCH_FORMAT_GZIP, 6, CHUNK, cases[i].pieces,
                       cases[i].can_rewrite);
        assert_int_equal(cases[i].has_index, container_rewrites_header(&container));
    }
    /* Only gzip's header has one. */
    struct container stream = container_of(CINCH_FORMAT_ZLIB, 2);
    assert_false(container_rewrites_header(&stream));
}

/* The name stands behind the index, which keeps its place. */
static void a_name_goes_into_the_header(void **state)
{
    static const uint64_t pieces[] = {1, 3};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct container container = {.has_index = true, .name = "a name", .mtime = 1234567890};
        container_init(&container, CINCH_FORMAT_GZIP, 6, CHUNK, pieces[i], true);
        add_pieces(&container, pieces[i], 500);
        struct bytes header = header_of(&container);
        struct gzip_header parsed = gzip_header_of(&header);
        assert_int_equal(1234567890, parsed.mtime);
        assert_int_equal(6, parsed.name_size);
        assert_memory_equal("a name", header.data + parsed.name_offset, 6);
        assert_int_equal(pieces[i] > 1, parsed.index_offset != 0);
        bytes_free(&header);
        container_free(&container);
    }
}

/* --- zlib ------------------------------------------------------------------------------- */

static void a_stream_has_its_header_and_check(void **state)
{
    static const char content[] = "what is in the stream";
    static const uint8_t magic[] = {0x78, 0x9C};

    (void)state;
    struct container container = container_of(CINCH_FORMAT_ZLIB, 1);
    struct bytes header = header_of(&container);
    assert_int_equal(sizeof magic, header.size);
    assert_memory_equal(magic, header.data, sizeof magic);
    uint32_t start = container_check_start(&container);
    for (size_t done = 0; done < sizeof content; done += 11)
        assert_code(CINCH_OK,
                    container_add(&container, 7, 11,
                                  container_check(&container, start, content + done, 11)));
    struct bytes trailer = trailer_of(&container);
    assert_int_equal(ZLIB_TRAILER_SIZE, trailer.size);
    assert_int_equal(adler32(1, (const Bytef *)content, sizeof content),
                     zlib_trailer_parse(trailer.data));
    bytes_free(&trailer);
    bytes_free(&header);
    container_free(&container);
}

/* --- Memory ----------------------------------------------------------------------------- */

/* A piece that cannot be listed is not counted either. */
static void a_list_without_memory_adds_nothing(void **state)
{
    static const int32_t formats[] = {CINCH_FORMAT_ZSTD, CINCH_FORMAT_GZIP};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct container container = container_of(formats[i], 1000);
        is_memory_short = true;
        int32_t code = container_add(&container, 1, CHUNK, 0);
        is_memory_short = false;
        assert_code(CINCH_E_NO_MEMORY, code);
        assert_int_equal(0, container.pieces);
        assert_int_equal(0, container.input_length);
        add_pieces(&container, 1000, 1);
        assert_int_equal(1000, container.pieces);
        assert_int_equal(1000 * CHUNK, container.input_length);
        container_free(&container);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_grow_for_an_index_alone),
        cmocka_unit_test(frames_have_a_table_from_two_on),
        cmocka_unit_test(an_index_that_is_not_wanted_is_not_written),
        cmocka_unit_test(too_many_frames_have_no_table),
        cmocka_unit_test(frames_need_no_check_here),
        cmocka_unit_test(a_member_has_a_plain_header_and_its_trailer),
        cmocka_unit_test(an_index_is_filled_in_at_the_end),
        cmocka_unit_test(an_index_needs_room_in_the_header),
        cmocka_unit_test(a_name_goes_into_the_header),
        cmocka_unit_test(a_stream_has_its_header_and_check),
        cmocka_unit_test(a_list_without_memory_adds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
