/* zlib errs, and memory runs out in any engine for deflate: what becomes of it is the right code,
 * and a context that can be used again. */
#include "support/test.h"

#include <stdlib.h>
#include <string.h>
#ifndef ZLIB_CONST
#define ZLIB_CONST /* next_in points to const */
#endif
#include <zlib.h>

#include "codec/codec.h"
#include "codec/deflate.h"
#include "engines.h"
#include "refusal.h"
#include "support/bytes.h"

/* --- Between the library and zlib ------------------------------------------------------- */

enum slip {
    SLIP_NONE,
    SLIP_DEFLATE_INIT,
    SLIP_DEFLATE_RESET,
    SLIP_DEFLATE,
    SLIP_INFLATE_INIT,
    SLIP_INFLATE_RESET,
    SLIP_INFLATE
};

static enum slip slip;  /* the function that fails */
static int slip_result; /* with what */

/* Each wrapper stands before the function of zlib that it is named after. */
#define WRAP(function, parameters, arguments, here)                                                \
    int __real_##function parameters;                                                              \
    int __wrap_##function parameters;                                                              \
    int __wrap_##function parameters                                                               \
    {                                                                                              \
        return slip == here ? slip_result : __real_##function arguments;                           \
    }

/* Bytes that zlib has asked for since `held` was 0. */
static size_t held;

static void *count_memory(void *opaque, unsigned count, unsigned size)
{
    (void)opaque;
    held += (size_t)count * size;
    return malloc((size_t)count * size);
}

static void give_memory(void *opaque, void *memory)
{
    (void)opaque;
    free(memory);
}

static void count_memory_of(z_stream *stream)
{
    stream->zalloc = count_memory;
    stream->zfree = give_memory;
}

int __real_deflateInit2_(z_stream *stream, int level, int method, int window, int memory,
                         int strategy, const char *version, int size);
int __wrap_deflateInit2_(z_stream *stream, int level, int method, int window, int memory,
                         int strategy, const char *version, int size);
int __wrap_deflateInit2_(z_stream *stream, int level, int method, int window, int memory,
                         int strategy, const char *version, int size)
{
    count_memory_of(stream);
    return slip == SLIP_DEFLATE_INIT ? slip_result
                                     : __real_deflateInit2_(stream, level, method, window, memory,
                                                            strategy, version, size);
}

int __real_inflateInit2_(z_stream *stream, int window, const char *version, int size);
int __wrap_inflateInit2_(z_stream *stream, int window, const char *version, int size);
int __wrap_inflateInit2_(z_stream *stream, int window, const char *version, int size)
{
    count_memory_of(stream);
    return slip == SLIP_INFLATE_INIT ? slip_result
                                     : __real_inflateInit2_(stream, window, version, size);
}

WRAP(deflateReset, (z_stream * stream), (stream), SLIP_DEFLATE_RESET)
WRAP(deflate, (z_stream * stream, int flush), (stream, flush), SLIP_DEFLATE)
WRAP(inflateReset, (z_stream * stream), (stream), SLIP_INFLATE_RESET)
WRAP(inflate, (z_stream * stream, int flush), (stream, flush), SLIP_INFLATE)

static void slip_begin(enum slip what, int result)
{
    slip_result = result;
    slip = what;
}

/* --- Encoders --------------------------------------------------------------------------- */

static const struct encoder_settings settings = {.level = 6, .chunk_size = 100};

static void zlib_s_encoder_tells_what_fails(void **state)
{
    struct bytes content = bytes_make(BYTES_TEXT, 100, 1);
    uint8_t room[200];
    struct piece piece = {room, sizeof room, 0};
    void *context = deflate_zlib_encoder.context.create();

    (void)state;
    assert_non_null(context);
    size_t size_before = deflate_zlib_encoder.context.size(context);
    slip_begin(SLIP_DEFLATE_INIT, Z_MEM_ERROR);
    int32_t code = deflate_zlib_encoder.begin(context, &settings, content.size, true);
    slip = SLIP_NONE;
    assert_code(CINCH_E_NO_MEMORY, code);
    assert_int_equal(size_before, deflate_zlib_encoder.context.size(context));

    /* The next time it works, and the state of the first level is used again. */
    assert_code(CINCH_OK, deflate_zlib_encoder.begin(context, &settings, content.size, true));
    assert_true(deflate_zlib_encoder.context.size(context) > size_before);
    slip_begin(SLIP_DEFLATE_RESET, Z_STREAM_ERROR);
    code = deflate_zlib_encoder.begin(context, &settings, content.size, true);
    slip = SLIP_NONE;
    assert_code(CINCH_E_INTERNAL, code);
    for (int end = 0; end < 2; end++) {
        assert_code(CINCH_OK, deflate_zlib_encoder.begin(context, &settings, content.size, true));
        slip_begin(SLIP_DEFLATE, Z_STREAM_ERROR);
        code = deflate_zlib_encoder.feed(context, content.data, content.size, end, &piece);
        slip = SLIP_NONE;
        assert_code(CINCH_E_INTERNAL, code);
    }

    /* Without memory for another level, the context is one that has none. */
    const struct encoder_settings other = {.level = 1, .chunk_size = 100};
    slip_begin(SLIP_DEFLATE_INIT, Z_MEM_ERROR);
    code = deflate_zlib_encoder.begin(context, &other, content.size, true);
    slip = SLIP_NONE;
    assert_code(CINCH_E_NO_MEMORY, code);
    assert_int_equal(size_before, deflate_zlib_encoder.context.size(context));
    deflate_zlib_encoder.context.destroy(context);
    bytes_free(&content);
}

static void contexts_need_memory(void **state)
{
    (void)state;
    for (size_t i = 0; deflate_encoders[i] != NULL; i++) {
        const struct context_kind *kinds[] = {&deflate_encoders[i]->context,
                                              &deflate_decoders[i]->context};
        for (size_t k = 0; k < 2; k++) {
            refusal_begin(REFUSE_MEMORY, 0);
            void *context = kinds[k]->create();
            assert_true(refusal_end());
            assert_null(context);
            /* One that was never used is freed as any other. */
            context = kinds[k]->create();
            assert_non_null(context);
            kinds[k]->destroy(context);
        }
    }
}

/* A memory limit is kept by what the engines say they hold: not less than that, and not far more.
 */
static void memory_is_told_as_it_is(void **state)
{
    struct bytes content = bytes_make(BYTES_TEXT, 100000, 1);
    struct bytes piece = encode_chunk_anew(&deflate_zlib_encoder, 6, &content, true);
    struct decoder_flow flow = {piece.data, piece.size, 0, content.data, content.size, 0};
    void *context = deflate_zlib_encoder.context.create();
    bool ended;

    (void)state;
    assert_non_null(context);
    held = 0;
    assert_code(CINCH_OK, deflate_zlib_encoder.begin(context, &settings, 10, true));
    assert_in_range(deflate_zlib_encoder.memory(&settings), held, held + held / 8);
    assert_in_range(deflate_zlib_encoder.context.size(context), held, held + held / 8);
    deflate_zlib_encoder.context.destroy(context);

    /* A decoder has its window when it has decoded. */
    context = deflate_zlib_decoder.context.create();
    assert_non_null(context);
    held = 0;
    assert_code(CINCH_OK, deflate_zlib_decoder.begin(context));
    while (flow.output_size < content.size) {
        flow.output_room = flow.output_size + 1000;
        assert_code(CINCH_OK, deflate_zlib_decoder.run(context, &flow, &ended));
    }
    assert_true(held > 1 << MAX_WBITS);
    assert_in_range(deflate_zlib_decoder.context.size(context), held, held + held / 8);
    deflate_zlib_decoder.context.destroy(context);

    /* Who hands a piece on to zlib holds zlib's context from then on. */
    for (size_t i = 1; deflate_decoders[i] != NULL; i++) {
        struct decoded decoded;
        context = deflate_decoders[i]->context.create();
        assert_non_null(context);
        const size_t before = deflate_decoders[i]->context.size(context);
        assert_code(CINCH_E_TRUNCATED,
                    deflate_decoders[i]->decode(context, piece.data, piece.size - 1, content.data,
                                                content.size, &decoded));
        assert_true(deflate_decoders[i]->context.size(context) >= before + (1 << MAX_WBITS));
        deflate_decoders[i]->context.destroy(context);
    }
    bytes_free(&piece);
    bytes_free(&content);
}

/* --- Decoders --------------------------------------------------------------------------- */

static void zlib_s_decoder_tells_what_fails(void **state)
{
    static const struct {
        int result;
        int32_t code;
    } cases[] = {
        {Z_MEM_ERROR, CINCH_E_NO_MEMORY},
        {Z_DATA_ERROR, CINCH_E_CORRUPT},
        {Z_NEED_DICT, CINCH_E_CORRUPT},
        {Z_STREAM_ERROR, CINCH_E_INTERNAL},
    };
    static const uint8_t empty[] = {3, 0};
    struct decoded decoded;
    uint8_t byte;
    bool ended;

    (void)state;
    void *context = deflate_zlib_decoder.context.create();
    assert_non_null(context);
    slip_begin(SLIP_INFLATE_INIT, Z_MEM_ERROR);
    int32_t code = deflate_zlib_decoder.begin(context);
    int32_t whole = deflate_zlib_decoder.decode(context, empty, 2, &byte, 0, &decoded);
    slip = SLIP_NONE;
    assert_code(CINCH_E_NO_MEMORY, code);
    assert_code(CINCH_E_NO_MEMORY, whole);

    assert_code(CINCH_OK, deflate_zlib_decoder.begin(context));
    slip_begin(SLIP_INFLATE_RESET, Z_STREAM_ERROR);
    code = deflate_zlib_decoder.begin(context);
    slip = SLIP_NONE;
    assert_code(CINCH_E_INTERNAL, code);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct decoder_flow flow = {empty, 2, 0, &byte, 1, 0};
        assert_code(CINCH_OK, deflate_zlib_decoder.begin(context));
        slip_begin(SLIP_INFLATE, cases[i].result);
        code = deflate_zlib_decoder.run(context, &flow, &ended);
        whole = deflate_zlib_decoder.decode(context, empty, 2, &byte, 1, &decoded);
        slip = SLIP_NONE;
        assert_code(cases[i].code, code);
        assert_code(cases[i].code, whole);
        assert_false(ended);
    }
    assert_code(CINCH_OK, deflate_zlib_decoder.decode(context, empty, 2, &byte, 0, &decoded));
    assert_true(decoded.is_final);
    deflate_zlib_decoder.context.destroy(context);
}

/* What an engine cannot decode goes to zlib, which has a context of its own then, made late; a
 * piece that is open is copied. Whichever allocation is refused, the next try has all it needs. */
static void pieces_need_memory(void **state)
{
    struct bytes content = bytes_make(BYTES_TEXT, 3000, 1);
    uint8_t output[3000];

    (void)state;
    for (size_t i = 0; deflate_decoders[i] != NULL; i++) {
        for (size_t e = 0; deflate_encoders[e] != NULL; e++) {
            struct bytes piece = encode_chunk_anew(deflate_encoders[e], 2, &content, false);
            struct bytes cut = bytes_slice(&piece, 0, piece.size - 1);
            struct bytes *pieces[] = {&piece, &cut};
            bool was_refused = true;
            for (unsigned number = 0; was_refused; number++) {
                struct decoded decoded;
                void *fresh = deflate_decoders[i]->context.create();
                assert_non_null(fresh);
                refusal_begin(REFUSE_MEMORY, number);
                int32_t codes[2];
                for (size_t p = 0; p < 2; p++)
                    codes[p] = deflate_decoders[i]->decode(fresh, pieces[p]->data, pieces[p]->size,
                                                           output, sizeof output, &decoded);
                was_refused = refusal_end();
                if (was_refused)
                    assert_true(codes[0] == CINCH_E_NO_MEMORY || codes[1] == CINCH_E_NO_MEMORY);
                assert_code(CINCH_OK, deflate_decoders[i]->decode(fresh, piece.data, piece.size,
                                                                  output, sizeof output, &decoded));
                assert_int_equal(content.size, decoded.size);
                assert_memory_equal(content.data, output, content.size);
                assert_code(CINCH_E_TRUNCATED,
                            deflate_decoders[i]->decode(fresh, cut.data, cut.size, output,
                                                        sizeof output, &decoded));
                deflate_decoders[i]->context.destroy(fresh);
                assert_in_range(number, 0, 10);
            }
            bytes_free(&cut);
            bytes_free(&piece);
        }
    }
    bytes_free(&content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zlib_s_encoder_tells_what_fails),
        cmocka_unit_test(contexts_need_memory),
        cmocka_unit_test(memory_is_told_as_it_is),
        cmocka_unit_test(zlib_s_decoder_tells_what_fails),
        cmocka_unit_test(pieces_need_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
