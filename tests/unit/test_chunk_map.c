/* Chunk maps of files of every kind: padding, truncation, damage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include <cinch/cinch.h>

#include "chunk_decode.h"
#include "chunk_map.h"
#include "compressed.h"
#include "io/input_window.h"
#include "mapping.h"
#include "refusal.h"
#include "support/test.h"

static void accepts_padding_and_nothing_else(void **state)
{
    static const uint8_t zeros[10000];
    (void)state;
    for (size_t size = 1; size <= sizeof zeros; size += size < 20 ? 1 : 1247) {
        struct compressed file = compressed_frames(FRAME_CHECKSUM);
        compressed_add_table(&file, 0);
        compressed_add(&file, zeros, size);
        assert_maps(&file, 3);

        file = compressed_frames(FRAME_CHECKSUM);
        compressed_add(&file, zeros, size);
        compressed_add(&file, "x", 1);
        assert_refused(CINCH_E_TRAILING, &file);

        file = (struct compressed){.bytes = NULL};
        compressed_add_member(&file, 1000, 0);
        compressed_add(&file, zeros, size);
        assert_maps(&file, 1);

        file = (struct compressed){.bytes = NULL};
        compressed_add_member(&file, 1000, MEMBER_BGZF);
        compressed_add(&file, zeros, size);
        compressed_add(&file, "\x1F", 1);
        assert_refused(CINCH_E_TRAILING, &file);
    }
    struct compressed file = compressed_frames(0);
    compressed_add(&file, "garbage", 7);
    assert_refused(CINCH_E_TRAILING, &file);
    file = (struct compressed){.bytes = NULL};
    compressed_add_indexed(&file, 1000, 400, 0);
    compressed_add(&file, "garbage garbage", 15);
    assert_refused(CINCH_E_TRAILING, &file);
}

static void refuses_other_formats(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        int32_t code;
    } others[] = {
        {"", 0, CINCH_E_TRUNCATED},
        {"\x1F", 1, CINCH_E_TRUNCATED},
        {"\x28\xB5\x2F", 3, CINCH_E_TRUNCATED},
        {"\x28\xB5\x2F\xFD", 4, CINCH_E_TRUNCATED},
        {"text, and no more", 17, CINCH_E_FORMAT},
        {"\0\0\0\0\0\0\0\0", 8, CINCH_E_FORMAT},
        {"\x78\x9C\x03\0\0\0\0\1", 8, CINCH_E_UNSUPPORTED},
        {"\x1F\x8B\x09\0\0\0\0\0\0\3 more than this", 25, CINCH_E_UNSUPPORTED},
        {"\x1F\x8B\x08\x80\0\0\0\0\0\3 more than this", 25, CINCH_E_CORRUPT},
    };
    struct chunk_map map;

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (mapping_read(&map, others[i].bytes, others[i].size) != others[i].code)
            fail_msg("number %zu is not '%s'", i, cinch_strerror(others[i].code));
}

/* The files that are cut short and damaged below. */
static struct compressed sample(unsigned number)
{
    struct compressed file = {.bytes = NULL};
    switch (number) {
    case 0:
        compressed_add_frame(&file, 300, FRAME_CHECKSUM);
        compressed_add_frame(&file, 300, FRAME_CHECKSUM);
        compressed_add_frame(&file, 40, FRAME_CHECKSUM);
        compressed_add_table(&file, 0);
        break;
    case 1:
        compressed_add_frame(&file, 300, FRAME_CHECKSUM);
        compressed_add_skippable(&file, 5);
        compressed_add_frame(&file, 40, FRAME_CHECKSUM);
        break;
    case 2:
        compressed_add_indexed(&file, 900, 300, 0);
        compressed_add_indexed(&file, 400, 300, MEMBER_TAIL);
        break;
    case 3:
        compressed_add_member(&file, 300, MEMBER_BGZF);
        compressed_add_member(&file, 200, MEMBER_BGZF);
        compressed_add_member(&file, 0, MEMBER_BGZF);
        break;
    default:
        compressed_add_member(&file, 300, 0);
        compressed_add_member(&file, 200, 0);
        break;
    }
    return file;
}

enum {
    SAMPLES = 5
};

/* Whatever the map says, it is sound, and what decodes can be held in memory. */
static int32_t map_and_decode_all(const uint8_t *bytes, size_t size, uint64_t *content_size)
{
    struct chunk_map map;
    struct workspace workspace = {.buffers = {{NULL, 0}}};
    int32_t code = mapping_read(&map, bytes, size);

    if (code != CINCH_OK)
        return code;
    assert_sound(&map, size);
    *content_size = map.content_size;
    for (size_t i = 0; i < map.count && code == CINCH_OK; i++) {
        const struct mapped_chunk chunk = chunk_map_get(&map, i);
        uint8_t *expected = content_at(chunk.content_offset, (size_t)chunk.content_size);
        uint8_t *content = malloc((size_t)chunk.content_size);
        assert_non_null(content);
        code = chunk_decode(&chunk, bytes + chunk.input_offset, content, &workspace);
        assert_int_not_equal(code, CINCH_E_TRUNCATED);
        assert_int_not_equal(code, CINCH_E_INTERNAL);
        /* A piece has no checksum of its own. */
        if (code == CINCH_OK && chunk.kind != CHUNK_PIECE && chunk.kind != CHUNK_PIECE_FINAL)
            assert_memory_equal(content, expected, (size_t)chunk.content_size);
        free(content);
        free(expected);
    }
    workspace_free(&workspace);
    chunk_map_free(&map);
    return code;
}

static void survives_every_truncation(void **state)
{
    (void)state;
    for (unsigned number = 0; number < SAMPLES; number++) {
        struct compressed file = sample(number);
        for (size_t size = 0; size < file.size; size++) {
            uint64_t content_size = 0;
            const int32_t code = map_and_decode_all(file.bytes, size, &content_size);
            /* A file that is cut between two members or frames is a whole one. */
            if (code == CINCH_OK)
                assert_in_range(content_size, 1, file.content_size);
            else if (code != CINCH_E_TRUNCATED)
                fail_msg("sample %u cut to %zu bytes: %s", number, size, cinch_strerror(code));
        }
        compressed_free(&file);
    }
}

static void survives_every_flipped_bit(void **state)
{
    (void)state;
    for (unsigned number = 0; number < SAMPLES; number++) {
        struct compressed file = sample(number);
        unsigned errors = 0;
        for (size_t bit = 0; bit < file.size * 8; bit++) {
            uint64_t content_size = 0;
            file.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            const int32_t code = map_and_decode_all(file.bytes, file.size, &content_size);
            file.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            if (code != CINCH_OK)
                errors++;
            else if (content_size != file.content_size)
                fail_msg("sample %u, bit %zu: %llu bytes of content instead of %llu", number, bit,
                         (unsigned long long)content_size, (unsigned long long)file.content_size);
        }
        /* Of a piece's bits some are literals, which nothing guards; of the rest, most. */
        assert_in_range(errors, file.size * 4, file.size * 8);
        compressed_free(&file);
    }
}

/* --- What the system refuses ------------------------------------------------------------ */

/* Reads the map while one call is refused; returns whether there was such a call. */
static bool read_refused(const struct compressed *file, enum refusal refusal, unsigned number,
                         int32_t *code)
{
    struct input input = input_of_memory(file->bytes, file->size);
    struct chunk_map map;

    refusal_begin(refusal, number);
    *code = chunk_map_read(&map, &input);
    const bool was_refused = refusal_end();
    if (*code == CINCH_OK) {
        assert_int_equal(map.content_size, file->content_size);
        assert_sound(&map, file->size);
        chunk_map_free(&map);
    }
    input_close_memory(&input);
    return was_refused;
}

/* Two members, the first of which ends where a read does that began at the file's beginning. */
static struct compressed members_apart(void)
{
    struct compressed file = {.bytes = NULL};
    struct compressed member = {.bytes = NULL};

    compressed_add_member(&member, 20000, 0);
    const size_t size = (member.size / INPUT_WINDOW_READ + 1) * INPUT_WINDOW_READ;
    member.bytes[3] |= 16; /* a comment, as long as it takes */
    compressed_add(&file, member.bytes, 10);
    while (file.size + member.size - 10 + 1 < size)
        compressed_add(&file, "c", 1);
    compressed_add(&file, "", 1);
    compressed_add(&file, member.bytes + 10, member.size - 10);
    assert_int_equal(size, file.size);
    file.content_size = member.content_size;
    compressed_add_member(&file, 300, 0);
    compressed_free(&member);
    return file;
}

/* Every allocation and every read in turn. Only memory that was to be given back may be refused
 * without anybody noticing. */
static void tells_what_the_system_refuses(void **state)
{
    static const struct {
        enum refusal refusal;
        int32_t code;
    } kinds[] = {
        {REFUSE_MEMORY, CINCH_E_NO_MEMORY},
        {REFUSE_READ, CINCH_E_IO},
        {REFUSE_REST, CINCH_E_INPUT_CHANGED},
        {INTERRUPT, CINCH_OK},
    };

    static const uint8_t padding[10000];

    (void)state;
    for (unsigned sample_number = 0; sample_number < SAMPLES + 4; sample_number++) {
        struct compressed file = {.bytes = NULL};
        if (sample_number < SAMPLES) {
            file = sample(sample_number);
        } else if (sample_number == SAMPLES) {
            file = sample(3);
            compressed_add(&file, padding, sizeof padding);
        } else if (sample_number == SAMPLES + 3) {
            file = members_apart();
        } else if (sample_number == SAMPLES + 1) {
            /* Frames that are listed without content are walked over, here with a read each. */
            compressed_add_frame(&file, 60000, FRAME_CHECKSUM);
            compressed_add_frame(&file, 0, FRAME_CHECKSUM);
            compressed_add_frame(&file, 60000, FRAME_CHECKSUM);
            compressed_add_frame(&file, 0, FRAME_CHECKSUM);
            compressed_add_table(&file, 0);
        } else {
            /* A header that takes several reads, and members that are far apart. */
            compressed_add_indexed(&file, 40000, 20, 0);
            compressed_add_member(&file, 60000, MEMBER_BGZF);
            compressed_add_member(&file, 60000, 0);
            compressed_add_member(&file, 60000, MEMBER_BGZF);
        }
        for (size_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++) {
            unsigned number = 0, passed = 0;
            int32_t code;
            while (read_refused(&file, kinds[kind].refusal, number, &code)) {
                if (code == CINCH_OK && kinds[kind].refusal == REFUSE_MEMORY)
                    passed++;
                else
                    assert_code(kinds[kind].code, code);
                number++;
            }
            assert_code(CINCH_OK, code);
            assert_true(number > 0);
            assert_in_range(passed, 0, 1);
        }
        compressed_free(&file);
    }
}

/* Of frames that are alike, as the table says, only the first is looked at, and each chunk proves
 * the offsets of the others when it is decoded; where one differs, each is held against its header.
 */
static void looks_at_frames_that_differ_alone(void **state)
{
    enum {
        FRAMES = 12
    };
    unsigned reads[2];

    (void)state;
    for (unsigned differ = 0; differ < 2; differ++) {
        struct compressed file = {.bytes = NULL};
        int32_t code;
        for (size_t i = 0; i < FRAMES; i++)
            compressed_add_frame(&file, i == 5 ? 60000 - differ : 60000, FRAME_CHECKSUM);
        compressed_add_frame(&file, 10, FRAME_CHECKSUM);
        compressed_add_table(&file, 0);
        assert_true(file.size > (size_t)FRAMES * 2 * INPUT_WINDOW_READ);
        reads[differ] = 0;
        while (read_refused(&file, REFUSE_READ, reads[differ], &code))
            reads[differ]++;
        compressed_free(&file);
    }
    assert_in_range(reads[0], 1, 5);
    assert_in_range(reads[1], FRAMES, FRAMES + 6);
}

/* A map holds what a reader can: chunks within the limits, and offsets that a caller can tell. */
static void adds_what_it_can_hold(void **state)
{
    struct chunk_map map = {.records = NULL};
    struct mapped_chunk chunk = {.kind = CHUNK_MEMBER, .input_size = 1, .content_size = 1};

    (void)state;
    chunk.content_size = (uint64_t)CHUNK_CONTENT_MOST + 1;
    assert_code(CINCH_E_UNSUPPORTED, chunk_map_add(&map, &chunk));
    chunk.content_size = CHUNK_CONTENT_MOST;
    chunk.input_size = (uint64_t)CHUNK_INPUT_MOST + 1;
    assert_code(CINCH_E_UNSUPPORTED, chunk_map_add(&map, &chunk));
    chunk.input_size = CHUNK_INPUT_MOST;
    assert_code(CINCH_OK, chunk_map_add(&map, &chunk));
    map.content_size = INT64_MAX - CHUNK_CONTENT_MOST;
    assert_code(CINCH_OK, chunk_map_add(&map, &chunk));
    assert_int_equal(map.content_size, INT64_MAX);
    chunk.content_size = 1;
    assert_code(CINCH_E_UNSUPPORTED, chunk_map_add(&map, &chunk));
    chunk.content_size = 0;
    assert_code(CINCH_OK, chunk_map_add(&map, &chunk));
    assert_int_equal(map.count, 2);
    chunk_map_free(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_padding_and_nothing_else),
        cmocka_unit_test(refuses_other_formats),
        cmocka_unit_test(survives_every_truncation),
        cmocka_unit_test(survives_every_flipped_bit),
        cmocka_unit_test(tells_what_the_system_refuses),
        cmocka_unit_test(looks_at_frames_that_differ_alone),
        cmocka_unit_test(adds_what_it_can_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
