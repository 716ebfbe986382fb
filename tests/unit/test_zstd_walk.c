/* The walk over zstd frames: hand-made frames for every limit, and what libzstd writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <cinch/cinch.h>
#include <zstd.h>

#include "format/bytes.h"
#include "format/zstd_walk.h"

enum {
    FRAMES_MAX = 16,
    WHOLE = 1 << 30
};

/* What a walk over a whole file found. */
struct found {
    int32_t code;
    size_t count;
    struct zstd_frame frames[FRAMES_MAX];
    struct zstd_frame last; /* as the walk left it */
    uint64_t unread;        /* bytes passed over by skipping */
};

static void note_end(const struct zstd_walk *walk, struct found *found)
{
    if (!walk->has_ended)
        return;
    assert_true(found->count < FRAMES_MAX);
    assert_int_equal(walk->offset, walk->frame.offset + walk->frame.size);
    assert_int_equal(walk->skip, 0);
    found->frames[found->count++] = walk->frame;
}

/* Feeds all bytes in pieces of `piece`, each of them a copy of exactly that size. */
static struct found walk_pipe(const uint8_t *bytes, size_t size, size_t piece)
{
    struct found found = {.code = CINCH_OK};
    struct zstd_walk walk;
    size_t offset = 0;

    zstd_walk_begin(&walk, 0);
    while (offset < size && found.code == CINCH_OK) {
        const size_t count = piece < size - offset ? piece : size - offset;
        uint8_t *copy = malloc(count);
        size_t consumed = 77;
        assert_non_null(copy);
        memcpy(copy, bytes + offset, count);
        found.code = zstd_walk_feed(&walk, copy, count, &consumed);
        free(copy);
        if (found.code == CINCH_OK) {
            assert_in_range(consumed, 1, count);
            assert_true(consumed == count || walk.has_ended);
            offset += consumed;
            assert_int_equal(walk.offset, offset);
            note_end(&walk, &found);
        } else {
            assert_int_equal(consumed, 0);
        }
    }
    if (found.code == CINCH_OK)
        found.code = zstd_walk_finish(&walk);
    found.last = walk.frame;
    return found;
}

/* Feeds headers and skips the rest, as over a file. */
static struct found walk_file(const uint8_t *bytes, size_t size, size_t piece)
{
    struct found found = {.code = CINCH_OK};
    struct zstd_walk walk;
    const uint64_t base = UINT64_C(1) << 40; /* somewhere in a large file */

    zstd_walk_begin(&walk, base);
    while (walk.offset - base < size && found.code == CINCH_OK) {
        const uint64_t left = size - (walk.offset - base);
        if (walk.skip > left) {
            found.code = CINCH_E_TRUNCATED;
        } else if (walk.skip != 0) {
            found.unread += walk.skip;
            found.code = zstd_walk_skip(&walk, walk.skip);
        } else {
            size_t consumed;
            found.code = zstd_walk_feed(&walk, bytes + (walk.offset - base),
                                        piece < left ? piece : (size_t)left, &consumed);
        }
        if (found.code == CINCH_OK)
            note_end(&walk, &found);
    }
    if (found.code == CINCH_OK)
        found.code = zstd_walk_finish(&walk);
    for (size_t i = 0; i < found.count; i++)
        found.frames[i].offset -= base;
    found.last = walk.frame;
    found.last.offset -= base;
    return found;
}

static void check_same(const struct found *a, const struct found *b)
{
    assert_int_equal(a->code, b->code);
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        assert_int_equal(a->frames[i].offset, b->frames[i].offset);
        assert_int_equal(a->frames[i].size, b->frames[i].size);
        assert_int_equal(a->frames[i].content_min, b->frames[i].content_min);
        assert_int_equal(a->frames[i].content_max, b->frames[i].content_max);
    }
}

/* Walks in many ways, which must agree. */
static struct found walk(const uint8_t *bytes, size_t size)
{
    static const size_t pieces[] = {1, 2, 3, 5, 4096};
    const struct found whole = walk_pipe(bytes, size, WHOLE);

    for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
        if (size > 10000 && pieces[i] < 4096)
            continue;
        const struct found pipe = walk_pipe(bytes, size, pieces[i]);
        const struct found file = walk_file(bytes, size, pieces[i]);
        check_same(&whole, &pipe);
        check_same(&whole, &file);
    }
    /* The first frame at once. */
    struct zstd_walk first;
    const int32_t code = zstd_walk_over(&first, bytes, size);
    if (whole.count > 0) {
        assert_int_equal(code, CINCH_OK);
        assert_int_equal(first.frame.size, whole.frames[0].size);
        assert_int_equal(first.frame.content_max, whole.frames[0].content_max);
    } else {
        assert_int_equal(code, size > 0 ? whole.code : CINCH_E_TRUNCATED);
    }
    return whole;
}

/* A file under construction. */
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

static void put_block(struct builder *builder, bool is_last, uint32_t type, uint32_t size)
{
    const uint32_t bits = (uint32_t)is_last | type << 1 | size << 3;
    const uint8_t header[3] = {(uint8_t)bits, (uint8_t)(bits >> 8), (uint8_t)(bits >> 16)};
    put(builder, header, sizeof(header));
    for (uint32_t i = 0; i < (type == 1 ? 1 : size); i++)
        put(builder, "\x28", 1); /* the first byte of a magic number */
}

/* A frame's header: single segment, content size in one byte. */
static void put_single(struct builder *builder, bool has_checksum, uint8_t content_size)
{
    const uint8_t header[6] = {0x28, 0xB5, 0x2F, 0xFD, has_checksum ? 0x24 : 0x20, content_size};
    put(builder, header, sizeof(header));
}

/* A frame's header: a window of 1 KiB, nothing else. */
static void put_windowed(struct builder *builder)
{
    put(builder, "\x28\xB5\x2F\xFD\0\0", 6);
}

static void walks_over_a_hand_made_frame(void **state)
{
    struct builder builder = {.size = 0};

    (void)state;
    put_single(&builder, true, 60);
    put_block(&builder, false, 0, 10);
    put_block(&builder, false, 0, 0);
    put_block(&builder, false, 1, 20);
    put_block(&builder, true, 2, 7);
    put(&builder, "\x28\xB5\x2F\xFD", 4); /* the checksum, to be taken for no frame */

    const struct found found = walk(builder.bytes, builder.size);
    assert_int_equal(found.code, CINCH_OK);
    assert_int_equal(found.count, 1);
    assert_int_equal(found.frames[0].offset, 0);
    assert_int_equal(found.frames[0].size, 6 + 13 + 3 + 4 + 10 + 4);
    assert_int_equal(found.frames[0].content_min, 30);
    assert_int_equal(found.frames[0].content_max, 90);
    assert_true(found.frames[0].header.has_checksum);
    assert_int_equal(found.frames[0].header.content_size, 60);
}

static void an_empty_file_has_no_frames(void **state)
{
    (void)state;
    const struct found found = walk(NULL, 0);
    assert_int_equal(found.code, CINCH_OK);
    assert_int_equal(found.count, 0);
}

static void walks_over_many_frames_of_both_kinds(void **state)
{
    struct builder builder = {.size = 0};

    (void)state;
    put(&builder, "\x50\x2A\x4D\x18\0\0\0\0", 8);
    put_single(&builder, false, 5);
    put_block(&builder, true, 0, 5);
    put(&builder, "\x5F\x2A\x4D\x18\6\0\0\0\x28\xB5\x2F\xFD..", 14);
    put_single(&builder, true, 0);
    put_block(&builder, true, 0, 0);
    put(&builder, "hash", 4);
    put_windowed(&builder);
    put_block(&builder, true, 1, 9);

    static const uint64_t sizes[] = {8, 14, 14, 13, 10};
    const struct found found = walk(builder.bytes, builder.size);
    assert_int_equal(found.code, CINCH_OK);
    assert_int_equal(found.count, 5);
    uint64_t offset = 0;
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(found.frames[i].offset, offset);
        assert_int_equal(found.frames[i].size, sizes[i]);
        assert_int_equal(found.frames[i].header.is_skippable, i == 0 || i == 2);
        offset += sizes[i];
    }
}

static void every_truncation_is_told(void **state)
{
    struct builder builder = {.size = 0};

    (void)state;
    put_single(&builder, true, 12);
    put_block(&builder, false, 0, 5);
    put_block(&builder, true, 1, 7);
    put(&builder, "hash", 4);
    const size_t first = builder.size;
    put(&builder, "\x5E\x2A\x4D\x18\3\0\0\0abc", 11);
    for (size_t size = 1; size < builder.size; size++) {
        const struct found found = walk(builder.bytes, size);
        assert_int_equal(found.code, size == first ? CINCH_OK : CINCH_E_TRUNCATED);
        assert_int_equal(found.count, size >= first);
    }
}

static void trailing_bytes_are_told_with_their_place(void **state)
{
    struct builder builder = {.size = 0};

    (void)state;
    put_single(&builder, false, 5);
    put_block(&builder, true, 0, 5);
    const size_t size = builder.size;
    static const char *const trailing[] = {"\0", "garbage", "\x28\xB5\x2F\xFE", "\x1F\x8B"};
    for (size_t i = 0; i < sizeof(trailing) / sizeof(*trailing); i++) {
        builder.size = size;
        put(&builder, trailing[i], strlen(trailing[i]) + 1);
        const struct found found = walk(builder.bytes, builder.size);
        assert_int_equal(found.code, CINCH_E_FORMAT);
        assert_int_equal(found.count, 1);
        assert_int_equal(found.last.offset, size);
    }
}

static void old_frames_are_unsupported(void **state)
{
    (void)state;
    const struct found found = walk((const uint8_t *)"\x25\xB5\x2F\xFD\0\0\0\0", 8);
    assert_int_equal(found.code, CINCH_E_UNSUPPORTED);
}

static void reserved_bits_and_types_are_corrupt(void **state)
{
    struct builder builder = {.size = 0};

    (void)state;
    put(&builder, "\x28\xB5\x2F\xFD\x28\0", 6);
    assert_int_equal(walk(builder.bytes, builder.size).code, CINCH_E_CORRUPT);
    builder.size = 0;
    put_windowed(&builder);
    put(&builder, "\x07\0\0", 3);
    assert_int_equal(walk(builder.bytes, builder.size).code, CINCH_E_CORRUPT);
}

static void blocks_larger_than_the_window_are_corrupt(void **state)
{
    (void)state;
    for (uint32_t type = 0; type < 3; type++)
        for (uint32_t size = 40; size <= 41; size++) {
            struct builder builder = {.size = 0};
            put_single(&builder, false, 40);
            put_block(&builder, true, type, size);
            assert_int_equal(walk(builder.bytes, builder.size).code,
                             size == 40 ? CINCH_OK : CINCH_E_CORRUPT);
        }
}

static void content_sizes_that_blocks_contradict_are_corrupt(void **state)
{
    (void)state;
    for (uint8_t content_size = 15; content_size <= 30; content_size++) {
        struct builder raw = {.size = 0}, mixed = {.size = 0};
        put_single(&raw, false, content_size);
        put_block(&raw, false, 0, 10);
        put_block(&raw, true, 1, 10);
        assert_int_equal(walk(raw.bytes, raw.size).code,
                         content_size == 20 ? CINCH_OK : CINCH_E_CORRUPT);

        /* With a compressed block that may hold up to the window, here the content size. */
        put_single(&mixed, true, content_size);
        put_block(&mixed, false, 0, 14);
        put_block(&mixed, false, 2, 3);
        put_block(&mixed, true, 1, 6);
        put(&mixed, "hash", 4);
        assert_int_equal(walk(mixed.bytes, mixed.size).code,
                         content_size >= 20 ? CINCH_OK : CINCH_E_CORRUPT);
    }
}

static void a_content_size_is_checked_when_the_end_is_skipped(void **state)
{
    struct builder builder = {.size = 0};
    struct zstd_walk walk_;
    size_t consumed;

    (void)state;
    put_single(&builder, true, 20);
    put_block(&builder, true, 0, 10);
    zstd_walk_begin(&walk_, 0);
    assert_int_equal(zstd_walk_feed(&walk_, builder.bytes, 9, &consumed), CINCH_OK);
    assert_int_equal(consumed, 9);
    assert_int_equal(walk_.skip, 14);
    assert_int_equal(zstd_walk_skip(&walk_, 13), CINCH_OK);
    assert_int_equal(walk_.skip, 1);
    assert_false(walk_.has_ended);
    assert_int_equal(zstd_walk_skip(&walk_, 1), CINCH_E_CORRUPT);
    assert_false(walk_.has_ended);
}

static void dictionary_and_window_are_told_as_soon_as_known(void **state)
{
    const uint8_t bytes[9] = {0x28, 0xB5, 0x2F, 0xFD, 2, 0xFF, 0x34, 0x12, 1};
    struct zstd_walk walk_;
    size_t consumed;

    (void)state;
    zstd_walk_begin(&walk_, 0);
    assert_int_equal(zstd_walk_feed(&walk_, bytes, 7, &consumed), CINCH_OK);
    assert_false(walk_.frame.has_header);
    assert_int_equal(zstd_walk_feed(&walk_, bytes + 7, 1, &consumed), CINCH_OK);
    assert_true(walk_.frame.has_header);
    assert_int_equal(walk_.frame.header.dictionary_id, 0x1234);
    assert_int_equal(walk_.frame.header.window_size, (UINT64_C(1) << 42) - (UINT64_C(1) << 38));
}

static void the_longest_skippable_frames_do_not_overflow(void **state)
{
    const uint8_t bytes[8] = {0x50, 0x2A, 0x4D, 0x18, 0xFF, 0xFF, 0xFF, 0xFF};
    struct zstd_walk walk_;
    uint64_t offset = 0;

    (void)state;
    zstd_walk_begin(&walk_, 0);
    for (int i = 0; i < 3; i++) {
        size_t consumed;
        assert_int_equal(zstd_walk_feed(&walk_, bytes, 8, &consumed), CINCH_OK);
        assert_int_equal(walk_.skip, UINT32_MAX);
        assert_int_equal(walk_.frame.offset, offset);
        assert_int_equal(zstd_walk_skip(&walk_, walk_.skip), CINCH_OK);
        assert_true(walk_.has_ended);
        assert_int_equal(walk_.frame.size, UINT32_MAX + UINT64_C(8));
        offset += walk_.frame.size;
        assert_int_equal(walk_.offset, offset);
    }
    assert_int_equal(zstd_walk_finish(&walk_), CINCH_OK);
}

/* --- What libzstd writes ---------------------------------------------------------------- */

/* Content that compresses well, not at all, or to RLE blocks, by turns of 100,000 bytes. */
static void make_content(uint8_t *content, size_t size)
{
    uint32_t random = 1;

    for (size_t i = 0; i < size; i++) {
        random = random * 1664525 + 1013904223;
        switch (i / 100000 % 3) {
        case 0:
            content[i] = "some words that come again "[random >> 24 & 15];
            break;
        case 1:
            content[i] = (uint8_t)(random >> 24);
            break;
        default:
            content[i] = 0;
            break;
        }
    }
}

/* One way to compress. */
struct parameters {
    size_t size;
    int level, window_log, has_checksum, has_content_size, is_streamed;
};

static size_t compress(const struct parameters *parameters, const uint8_t *content, uint8_t *buffer,
                       size_t capacity)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    ZSTD_outBuffer out = {buffer, capacity, 0};

    assert_non_null(context);
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, parameters->level);
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, parameters->window_log);
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, parameters->has_checksum);
    ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, parameters->has_content_size);
    if (parameters->is_streamed) {
        /* In two parts, the first flushed: no content size, and a block cut short. */
        ZSTD_inBuffer first = {content, parameters->size / 3, 0};
        ZSTD_inBuffer rest = {content, parameters->size, parameters->size / 3};
        assert_int_equal(ZSTD_compressStream2(context, &out, &first, ZSTD_e_flush), 0);
        assert_int_equal(ZSTD_compressStream2(context, &out, &rest, ZSTD_e_end), 0);
    } else {
        out.pos = ZSTD_compress2(context, buffer, capacity, content, parameters->size);
        assert_false(ZSTD_isError(out.pos));
    }
    ZSTD_freeCCtx(context);
    return out.pos;
}

static void check_frame(const struct parameters *parameters, const uint8_t *bytes, size_t size)
{
    const struct found found = walk(bytes, size);
    const struct zstd_frame *frame = found.frames;

    assert_int_equal(found.code, CINCH_OK);
    assert_int_equal(found.count, 1);
    assert_int_equal(frame->offset, 0);
    assert_int_equal(frame->size, size);
    assert_int_equal(frame->size, ZSTD_findFrameCompressedSize(bytes, size));
    assert_int_equal(frame->header.has_checksum, parameters->has_checksum);
    const unsigned long long content_size = ZSTD_getFrameContentSize(bytes, size);
    assert_int_equal(frame->header.has_content_size, content_size != ZSTD_CONTENTSIZE_UNKNOWN);
    if (frame->header.has_content_size)
        assert_int_equal(frame->header.content_size, content_size);
    assert_in_range(parameters->size, frame->content_min, frame->content_max);
    assert_int_equal(frame->header.dictionary_id, 0);
}

static void walks_over_whatever_libzstd_writes(void **state)
{
    static const size_t sizes[] = {0, 1, 255, 256, 1000, 65791, 65792, 131072, 131073, 300001};
    static const int levels[] = {-5, 1, 3, 7};
    const size_t capacity = ZSTD_compressBound(300001) + 1000;
    uint8_t *content = malloc(300001);
    uint8_t *buffer = malloc(capacity);

    (void)state;
    assert_non_null(content);
    assert_non_null(buffer);
    make_content(content, 300001);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
        for (size_t j = 0; j < sizeof(levels) / sizeof(*levels); j++)
            for (int bits = 0; bits < 16; bits++) {
                const struct parameters parameters = {
                    .size = sizes[i],
                    .level = levels[j],
                    .window_log = (bits & 8) != 0 ? 10 : 0,
                    .has_checksum = bits & 1,
                    .has_content_size = bits >> 1 & 1,
                    .is_streamed = bits >> 2 & 1,
                };
                check_frame(&parameters, buffer, compress(&parameters, content, buffer, capacity));
            }
    free(buffer);
    free(content);
}

static void every_truncation_of_libzstd_s_frames_is_told(void **state)
{
    uint8_t content[600], buffer[1000];

    (void)state;
    make_content(content, sizeof(content));
    for (int bits = 0; bits < 8; bits++) {
        const struct parameters parameters = {
            .size = sizeof(content),
            .level = 3,
            .has_checksum = bits & 1,
            .has_content_size = bits >> 1 & 1,
            .is_streamed = bits >> 2 & 1,
        };
        const size_t size = compress(&parameters, content, buffer, sizeof(buffer));
        for (size_t i = 1; i < size; i++) {
            assert_int_equal(walk(buffer, i).code, CINCH_E_TRUNCATED);
            assert_true(ZSTD_isError(ZSTD_findFrameCompressedSize(buffer, i)));
        }
    }
}

static void a_file_is_walked_over_almost_unread(void **state)
{
    const size_t size = 5 << 20;
    const size_t capacity = ZSTD_compressBound(size);
    uint8_t *content = malloc(size);
    uint8_t *buffer = malloc(capacity);

    (void)state;
    assert_non_null(content);
    assert_non_null(buffer);
    uint32_t random = 1;
    for (size_t i = 0; i < size; i++) {
        random = random * 1664525 + 1013904223;
        content[i] = (uint8_t)(random >> 24);
    }
    const size_t compressed = ZSTD_compress(buffer, capacity, content, size, 1);
    assert_false(ZSTD_isError(compressed));
    const struct found found = walk_file(buffer, compressed, 16);
    assert_int_equal(found.code, CINCH_OK);
    assert_int_equal(found.frames[0].size, compressed);
    /* 40 blocks; at most 16 bytes were read for each, and for the frame's own header. */
    assert_in_range(found.unread, compressed - 41 * 16, compressed);
    free(buffer);
    free(content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walks_over_a_hand_made_frame),
        cmocka_unit_test(an_empty_file_has_no_frames),
        cmocka_unit_test(walks_over_many_frames_of_both_kinds),
        cmocka_unit_test(every_truncation_is_told),
        cmocka_unit_test(trailing_bytes_are_told_with_their_place),
        cmocka_unit_test(old_frames_are_unsupported),
        cmocka_unit_test(reserved_bits_and_types_are_corrupt),
        cmocka_unit_test(blocks_larger_than_the_window_are_corrupt),
        cmocka_unit_test(content_sizes_that_blocks_contradict_are_corrupt),
        cmocka_unit_test(a_content_size_is_checked_when_the_end_is_skipped),
        cmocka_unit_test(dictionary_and_window_are_told_as_soon_as_known),
        cmocka_unit_test(the_longest_skippable_frames_do_not_overflow),
        cmocka_unit_test(walks_over_whatever_libzstd_writes),
        cmocka_unit_test(every_truncation_of_libzstd_s_frames_is_told),
        cmocka_unit_test(a_file_is_walked_over_almost_unread),
    };
    return cmocka_run_group_tests_name("zstd_walk", tests, NULL, NULL);
}
