/* Every engine's encoder: its pieces put together are a stream that zlib reads. */
#include "support/test.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "engines.h"
#include "format/zstd_frame.h"

/* Around what the engines take at a time; few, as this runs in Valgrind, too. */
static const size_t sizes[] = {0, 1, 2, 3, 257, 5000, 70000};

enum {
    SIZES = sizeof sizes / sizeof sizes[0]
};

/* Must be one whole deflate stream with this content. */
static void assert_stream_is(const struct bytes *stream, const struct bytes *content,
                             const char *what, int32_t level)
{
    z_stream inflater = {.next_in = stream->data, .avail_in = (uInt)stream->size};
    uint8_t *decoded = malloc(content->size + 1);

    assert_non_null(decoded);
    assert_int_equal(inflateInit2(&inflater, -MAX_WBITS), Z_OK);
    inflater.next_out = decoded;
    inflater.avail_out = (uInt)content->size + 1;
    const int result = inflate(&inflater, Z_FINISH);
    if (result != Z_STREAM_END || inflater.avail_in != 0 || inflater.total_out != content->size ||
        memcmp(decoded, content->data, content->size) != 0)
        fail_msg("%s at level %d: %d %s, %u bytes left", what, (int)level, result,
                 inflater.msg != NULL ? inflater.msg : "", inflater.avail_in);
    inflateEnd(&inflater);
    free(decoded);
}

/* Three chunks, the last of them the stream's; in one context, as a worker does it. */
static void check_pieces(const struct encoder *encoder, void *context, int32_t level, int kind,
                         size_t size)
{
    struct bytes content = content_make(kind, size);
    struct bytes all = {NULL, 0};
    struct bytes stream = {NULL, 0};
    for (int i = 0; i < 3; i++) {
        int32_t code;
        struct bytes piece =
            encode_chunk(encoder, context, level, &content, i == 2, SIZE_MAX, &code);
        if (code != CINCH_OK)
            fail_msg("%s at level %d: %zu bytes of %s: %s", encoder->name, (int)level, size,
                     content_name(kind), code_name(code));
        bytes_append_bytes(&stream, &piece);
        bytes_append_bytes(&all, &content);
        bytes_free(&piece);
    }
    assert_stream_is(&stream, &all, encoder->name, level);
    bytes_free(&stream);
    bytes_free(&all);
    bytes_free(&content);
}

static void pieces_make_a_stream(void **state)
{
    (void)state;
    for (size_t i = 0; deflate_encoders[i] != NULL; i++) {
        const struct encoder *encoder = deflate_encoders[i];
        void *context = encoder->context.create();
        assert_non_null(context);
        for (int32_t level = encoder->level_min; level <= encoder->level_max; level++)
            for (int kind = 0; kind < CONTENT_KINDS; kind++)
                for (size_t s = 0; s < SIZES; s++)
                    if (sizes[s] < 10000 || kind >= BYTES_KINDS || level % 3 == kind % 3)
                        check_pieces(encoder, context, level, kind, sizes[s]);
        encoder->context.destroy(context);
    }
}

static void stored_pieces_make_a_stream(void **state)
{
    (void)state;
    for (size_t i = 0; deflate_encoders[i] != NULL; i++) {
        const struct encoder *encoder = deflate_encoders[i];
        if (!encoder->can_store)
            continue;
        void *context = encoder->context.create();
        for (size_t s = 0; s < SIZES; s++)
            check_pieces(encoder, context, CINCH_LEVEL_STORED, 0, sizes[s]);
        encoder->context.destroy(context);
    }
}

/* Chunks of several portions or slices, with one more or fewer than these have. */
static void long_chunks_are_portioned(void **state)
{
    (void)state;
    for (size_t i = 0; deflate_encoders[i] != NULL; i++) {
        const struct encoder *encoder = deflate_encoders[i];
        void *context = encoder->context.create();
        const int32_t level = encoder->level_max;
        for (int one = -1; one <= 1; one++)
            check_pieces(encoder, context, level, BYTES_KINDS, (size_t)((128 << 10) + one));
        check_pieces(encoder, context, level, BYTES_TEXT, (384 << 10) + 1);
        encoder->context.destroy(context);
    }
}

/* A call on data of few values takes a multiple of the usual time, so it gets less. */
static void portions_fit_the_data(void **state)
{
    (void)state;
    for (size_t i = 0; deflate_encoders[i] != NULL; i++) {
        const struct encoder *encoder = deflate_encoders[i];
        const struct encoder_settings settings = {.level = encoder->level_max,
                                                  .chunk_size = 1 << 20};
        if (encoder->portion == NULL)
            continue;
        struct bytes few = content_make(BYTES_KINDS, 1 << 20);
        struct bytes text = content_make(BYTES_TEXT, 1 << 20);
        assert_true(encoder->portion(&settings, few.data, few.size) <
                    encoder->portion(&settings, text.data, text.size));
        for (size_t size = 1; size < 300; size++)
            assert_int_equal(encoder->portion(&settings, few.data, size), size);
        bytes_free(&few);
        bytes_free(&text);
    }
}

/* Without enough room there is an error and nothing is written behind it; the context is then
 * as good as a new one, at this level and at others. */
static void recovers_from_little_room(void **state)
{
    (void)state;
    struct bytes content = content_make(BYTES_TEXT, 20000);
    struct bytes other = content_make(BYTES_COMPRESSED, 3000);
    for (size_t i = 0; deflate_encoders[i] != NULL; i++) {
        const struct encoder *encoder = deflate_encoders[i];
        void *context = encoder->context.create();
        for (int32_t level = encoder->level_min; level <= encoder->level_max; level++) {
            int32_t code;
            struct bytes expected = encode_chunk_anew(encoder, level, &content, false);
            struct bytes expected_other = encode_chunk_anew(encoder, level, &other, true);
            const size_t rooms[] = {0, 1, 5, 300, expected.size / 2, expected.size - 1};
            for (size_t k = 0; k < sizeof rooms / sizeof rooms[0]; k++) {
                encode_chunk(encoder, context, level, &content, false, rooms[k], &code);
                assert_code(CINCH_E_INTERNAL, code);
                struct bytes piece =
                    encode_chunk(encoder, context, level, &other, true, SIZE_MAX, &code);
                assert_code(CINCH_OK, code);
                assert_bytes_equal(&expected_other, &piece);
                bytes_free(&piece);
            }
            struct bytes piece =
                encode_chunk(encoder, context, level, &content, false, SIZE_MAX, &code);
            assert_bytes_equal(&expected, &piece);
            bytes_free(&piece);
            bytes_free(&expected);
            bytes_free(&expected_other);
        }
        encoder->context.destroy(context);
    }
    bytes_free(&content);
    bytes_free(&other);
}

/* The bytes do not depend on what the context did before. */
static void bytes_depend_on_nothing_else(void **state)
{
    (void)state;
    for (size_t i = 0; deflate_encoders[i] != NULL; i++) {
        const struct encoder *encoder = deflate_encoders[i];
        void *context = encoder->context.create();
        for (int32_t level = encoder->level_min; level <= encoder->level_max; level++)
            for (int kind = 0; kind < CONTENT_KINDS; kind++) {
                int32_t code;
                struct bytes content = content_make(kind, 9000);
                struct bytes expected = encode_chunk_anew(encoder, level, &content, true);
                struct bytes piece =
                    encode_chunk(encoder, context, level, &content, true, SIZE_MAX, &code);
                assert_bytes_equal(&expected, &piece);
                bytes_free(&piece);
                bytes_free(&expected);
                bytes_free(&content);
            }
        encoder->context.destroy(context);
    }
}

/* What an engine says that it holds covers what the memory limit counts on. */
static void tells_its_memory(void **state)
{
    (void)state;
    for (size_t i = 0; deflate_encoders[i] != NULL; i++) {
        const struct encoder *encoder = deflate_encoders[i];
        struct bytes content = content_make(BYTES_TEXT, 100);
        for (int32_t level = encoder->level_min; level <= encoder->level_max; level++) {
            const struct encoder_settings settings = {.level = level, .chunk_size = 1 << 20};
            void *context = encoder->context.create();
            int32_t code;
            struct bytes piece =
                encode_chunk(encoder, context, level, &content, true, SIZE_MAX, &code);
            assert_true(encoder->context.size(context) >= 1000);
            assert_true(encoder->memory(&settings) >= encoder->context.size(context));
            bytes_free(&piece);
            encoder->context.destroy(context);
        }
        bytes_free(&content);
    }
}

/* Each level has the engine that codec.c's table says, and none is beyond them. */
static void levels_have_engines(void **state)
{
    static const int32_t formats[] = {CINCH_FORMAT_GZIP, CINCH_FORMAT_ZLIB};
    (void)state;
    for (size_t f = 0; f < 2; f++) {
        for (int32_t level = 1; level <= 9; level++) {
            const struct encoder *encoder = encoder_find(formats[f], level);
            assert_non_null(encoder);
            assert_true(level >= encoder->level_min && level <= encoder->level_max);
        }
        const struct encoder *highest = encoder_find(formats[f], 12);
#if CINCH_HAVE_LIBDEFLATE
        assert_ptr_equal(highest, &deflate_libdeflate_encoder);
        assert_ptr_equal(encoder_find(formats[f], 6), &deflate_libdeflate_encoder);
#else
        assert_null(highest);
        assert_null(encoder_find(formats[f], 10));
        assert_ptr_equal(encoder_find(formats[f], 6), &deflate_zlib_encoder);
#endif
#if CINCH_HAVE_ISAL
        assert_ptr_equal(encoder_find(formats[f], 1), &deflate_isal_encoder);
#endif
        assert_null(encoder_find(formats[f], 13));
        assert_null(encoder_find(formats[f], 0));
        assert_null(encoder_find(formats[f], -1));
        assert_true(encoder_find(formats[f], CINCH_LEVEL_STORED)->can_store);
    }
}

/* A chunk of a long input is four of the windows that libzstd has at the level, and of a shorter
 * one not less than two, however many of them there would be. */
static void zstd_s_chunks_follow_the_window(void **state)
{
    (void)state;
    for (int32_t level = 1; level <= 19; level++) {
        ZSTD_CCtx *context = ZSTD_createCCtx();
        uint8_t frame[64];
        ZSTD_inBuffer input = {"x", 1, 0};
        ZSTD_outBuffer output = {frame, sizeof frame, 0};
        struct zstd_frame_header header;
        size_t needed;
        assert_non_null(context);
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
        assert_false(ZSTD_isError(ZSTD_compressStream2(context, &output, &input, ZSTD_e_flush)));
        ZSTD_freeCCtx(context);
        assert_code(CINCH_OK, zstd_frame_header_parse(frame, output.pos, &header, &needed));
        assert_int_equal(4 * header.window_size, zstd_encoder.chunk_size(level, UINT64_MAX));
        size_t before = zstd_encoder.chunk_size(level, 0);
        assert_true(before >= 2 * header.window_size);
        for (uint64_t length = 1; length < UINT64_C(1) << 40; length *= 2) {
            size_t size = zstd_encoder.chunk_size(level, length);
            assert_in_range(size, before, 4 * header.window_size);
            before = size;
        }
        assert_int_equal(4 * header.window_size, before);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_make_a_stream),
        cmocka_unit_test(stored_pieces_make_a_stream),
        cmocka_unit_test(long_chunks_are_portioned),
        cmocka_unit_test(portions_fit_the_data),
        cmocka_unit_test(recovers_from_little_room),
        cmocka_unit_test(bytes_depend_on_nothing_else),
        cmocka_unit_test(tells_its_memory),
        cmocka_unit_test(levels_have_engines),
        cmocka_unit_test(zstd_s_chunks_follow_the_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
