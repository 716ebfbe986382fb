/* Every engine's decoder, held against zlib's: of whole pieces, of streams, and the checks. */
#include "support/test.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "codec/check.h"
#include "codec/deflate.h"
#include "engines.h"
#include "format/bytes.h"

/* What came of decoding a piece, in room of exactly `capacity` bytes. */
struct outcome {
    int32_t code;
    struct decoded decoded;
    struct bytes content;
};

static struct outcome decode(const struct decoder *decoder, void *context,
                             const struct bytes *piece, size_t capacity)
{
    /* Exact copies, so that a sanitizer or Valgrind sees a byte too far. */
    struct bytes copy = bytes_slice(piece, 0, piece->size);
    struct outcome outcome = {.content = {malloc(capacity + 1), capacity}};
    assert_non_null(outcome.content.data);
    memset(outcome.content.data, 0xA5, capacity + 1);
    outcome.code = decoder->decode(context, copy.data, copy.size, outcome.content.data, capacity,
                                   &outcome.decoded);
    assert_int_equal(outcome.content.data[capacity], 0xA5);
    bytes_free(&copy);
    return outcome;
}

static void assert_same_outcome(const struct decoder *decoder, const struct outcome *expected,
                                const struct outcome *actual, const char *what, size_t number)
{
    if (expected->code != actual->code)
        fail_msg("%s: %s %zu: %s instead of %s", decoder_name(decoder), what, number,
                 code_name(actual->code), code_name(expected->code));
    if (expected->code != CINCH_OK)
        return;
    if (expected->decoded.size != actual->decoded.size ||
        expected->decoded.is_final != actual->decoded.is_final ||
        memcmp(expected->content.data, actual->content.data, expected->decoded.size) != 0)
        fail_msg("%s: %s %zu: decoded to something else", decoder_name(decoder), what, number);
}

/* Decodes with zlib and with `decoder`; both must agree. Returns the code. */
static int32_t assert_agrees(const struct decoder *decoder, void *context,
                             const struct bytes *piece, size_t capacity, const char *what,
                             size_t number)
{
    void *reference = deflate_zlib_decoder.context.create();
    struct outcome expected = decode(&deflate_zlib_decoder, reference, piece, capacity);
    struct outcome actual = decode(decoder, context, piece, capacity);
    assert_same_outcome(decoder, &expected, &actual, what, number);
    deflate_zlib_decoder.context.destroy(reference);
    bytes_free(&expected.content);
    bytes_free(&actual.content);
    return expected.code;
}

/* What zlib decodes, the decoder must decode to the same. What zlib refuses it may decode to
 * something: ISA-L takes codes that are incomplete, say, and it is the check of the content that
 * tells. */
static void assert_no_stricter(const struct decoder *decoder, void *context,
                               const struct bytes *piece, size_t capacity, size_t bit)
{
    void *reference = deflate_zlib_decoder.context.create();
    struct outcome expected = decode(&deflate_zlib_decoder, reference, piece, capacity);
    struct outcome actual = decode(decoder, context, piece, capacity);
    const bool is_lenient = actual.code == CINCH_OK && decoder == deflate_decoders[1];
    if (expected.code == CINCH_OK || !is_lenient)
        assert_same_outcome(decoder, &expected, &actual, "flipped bit", bit);
    deflate_zlib_decoder.context.destroy(reference);
    bytes_free(&expected.content);
    bytes_free(&actual.content);
}

typedef void decoder_test(const struct decoder *decoder, void *context);

/* Runs a test for every decoder that has what it needs, in one context each: every error before
 * is a state that must not show. */
static void for_pieces(decoder_test *test)
{
    for (size_t i = 0; deflate_decoders[i] != NULL; i++) {
        void *context = deflate_decoders[i]->context.create();
        assert_non_null(context);
        if (deflate_decoders[i]->decode != NULL)
            test(deflate_decoders[i], context);
        assert_true(deflate_decoders[i]->context.size(context) > 0);
        deflate_decoders[i]->context.destroy(context);
    }
}

static void for_streams(decoder_test *test)
{
    for (size_t i = 0; deflate_decoders[i] != NULL; i++) {
        void *context = deflate_decoders[i]->context.create();
        assert_non_null(context);
        if (deflate_decoders[i]->run != NULL)
            test(deflate_decoders[i], context);
        deflate_decoders[i]->context.destroy(context);
    }
}

static void decode_all_encoders(const struct decoder *decoder, void *context)
{
    static const size_t sizes[] = {0, 1, 300, 40000};
    for (size_t e = 0; deflate_encoders[e] != NULL; e++)
        for (int kind = 0; kind < CONTENT_KINDS; kind++)
            for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
                for (int last = 0; last < 2; last++) {
                    const int32_t level = 1 + (int32_t)(s + (size_t)kind) % 3;
                    struct bytes content = content_make(kind, sizes[s]);
                    struct bytes piece =
                        encode_chunk_anew(deflate_encoders[e], level, &content, last);
                    struct outcome outcome = decode(decoder, context, &piece, sizes[s]);
                    assert_code(CINCH_OK, outcome.code);
                    assert_int_equal(outcome.decoded.size, sizes[s]);
                    assert_int_equal(outcome.decoded.is_final, last);
                    assert_memory_equal(outcome.content.data, content.data, content.size);
                    bytes_free(&outcome.content);
                    /* Room for more is fine, for less not. */
                    assert_code(CINCH_OK, assert_agrees(decoder, context, &piece, sizes[s] + 9,
                                                        "more room", sizes[s]));
                    if (sizes[s] > 0)
                        assert_code(CINCH_E_CORRUPT,
                                    assert_agrees(decoder, context, &piece, sizes[s] - 1,
                                                  "less room", sizes[s]));
                    bytes_free(&piece);
                    bytes_free(&content);
                }
}

static void decodes_every_encoders_pieces(void **state)
{
    (void)state;
    for_pieces(decode_all_encoders);
}

static void decode_damaged(const struct decoder *decoder, void *context)
{
    for (size_t e = 0; deflate_encoders[e] != NULL; e++)
        for (int last = 0; last < 2; last++) {
            struct bytes content = content_make(BYTES_TEXT, 1500);
            struct bytes piece = encode_chunk_anew(deflate_encoders[e], 3, &content, last);
            /* Cut between two blocks it is a piece still. */
            unsigned pieces = 0;
            for (size_t size = 0; size < piece.size; size++) {
                struct bytes part = bytes_slice(&piece, 0, size);
                if (assert_agrees(decoder, context, &part, content.size, "cut to", size) ==
                    CINCH_OK)
                    pieces++;
                bytes_free(&part);
            }
            assert_true(pieces <= 2);
            for (size_t bit = 0; bit < piece.size * 8; bit += bit < 800 ? 1 : 7) {
                piece.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
                assert_no_stricter(decoder, context, &piece, content.size, bit);
                piece.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
            }
            bytes_append_run(&piece, 0, 1);
            assert_code(last ? CINCH_E_CORRUPT : CINCH_E_TRUNCATED,
                        assert_agrees(decoder, context, &piece, content.size, "byte more", 1));
            bytes_free(&piece);
            bytes_free(&content);
        }
}

static void tells_damage_as_zlib_does(void **state)
{
    (void)state;
    for_pieces(decode_damaged);
}

/* Static blocks of n literals leave from 0 to 7 bits of the last byte: whatever these are, the
 * piece is not one, except where none is left. */
static void decode_left_bits(const struct decoder *decoder, void *context)
{
    for (unsigned literals = 0; literals < 8; literals++)
        for (unsigned fill = 0; fill < 128; fill++) {
            uint8_t bytes[32] = {0};
            size_t bit = 0;
            /* 0 01, then 8 bits for 'A' or 9 for 0xFF, and 7 zeros as the end. */
            bytes[0] = 2;
            bit = 3;
            for (unsigned i = 0; i < literals; i++) {
                /* 111111111, most significant bit first. */
                for (unsigned k = 0; k < 9; k++, bit++)
                    bytes[bit / 8] |= (uint8_t)(1U << bit % 8);
            }
            bit += 7;
            const unsigned left = (unsigned)(8 - bit % 8) % 8;
            if (fill >= 1U << left)
                continue;
            if (left > 0)
                bytes[bit / 8] |= (uint8_t)(fill << bit % 8);
            struct bytes piece = {bytes, (bit + 7) / 8};
            const int32_t code =
                assert_agrees(decoder, context, &piece, 16, "left bits", literals << 8 | fill);
            assert_int_equal(code == CINCH_OK, left == 0);
        }
}

static void refuses_left_bits(void **state)
{
    (void)state;
    for_pieces(decode_left_bits);
}

/* Ends that no encoder of ours writes, and that are right all the same. */
static void decode_other_ends(const struct decoder *decoder, void *context)
{
    static const uint8_t stored[] = {0, 3, 0, 0xFC, 0xFF, 'a', 'b', 'c'};
    static const uint8_t final_stored_empty[] = {0, 1, 0, 0xFE, 0xFF, 'x', 1, 0, 0, 0xFF, 0xFF};
    static const uint8_t looks_open[] = {1, 4, 0, 0xFB, 0xFF, 0, 0, 0xFF, 0xFF};
    static const struct {
        const uint8_t *data;
        size_t size, content;
        bool is_final;
    } pieces[] = {{stored, sizeof stored, 3, false},
                  {final_stored_empty, sizeof final_stored_empty, 1, true},
                  {looks_open, sizeof looks_open, 4, true}};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        struct bytes piece = {(uint8_t *)pieces[i].data, pieces[i].size};
        assert_code(CINCH_OK,
                    assert_agrees(decoder, context, &piece, pieces[i].content, "other end", i));
        struct outcome outcome = decode(decoder, context, &piece, pieces[i].content);
        assert_int_equal(outcome.decoded.is_final, pieces[i].is_final);
        bytes_free(&outcome.content);
    }
}

static void takes_other_ends(void **state)
{
    (void)state;
    for_pieces(decode_other_ends);
}

/* Beyond what libdeflate's decoder copies. */
static void decode_large(const struct decoder *decoder, void *context)
{
    struct bytes content = content_make(BYTES_RANDOM, (5 << 19) + 1);
    struct bytes piece =
        encode_chunk_anew(&deflate_zlib_encoder, CINCH_LEVEL_STORED, &content, false);
    assert_code(CINCH_OK,
                assert_agrees(decoder, context, &piece, content.size, "large", piece.size));
    bytes_free(&piece);
    bytes_free(&content);
}

static void decodes_large_pieces(void **state)
{
    (void)state;
    for_pieces(decode_large);
}

/* --- Streams ---------------------------------------------------------------------------- */

/* Decodes with input and output in portions of random sizes up to these. Bytes stand behind the
 * stream, none of which may be taken. */
static void run_in_portions(const struct decoder *decoder, void *context,
                            const struct bytes *stream, const struct bytes *content,
                            size_t input_most, size_t output_most)
{
    static const uint8_t behind[] = "behind the stream";
    struct bytes input = bytes_slice(stream, 0, stream->size);
    uint8_t *output = malloc(content->size + 1);
    uint64_t random = input_most * 31 + output_most;
    size_t used = 0, written = 0, idle = 0;
    bool ended = false;

    assert_non_null(output);
    bytes_append(&input, behind, sizeof behind);
    assert_code(CINCH_OK, decoder->begin(context));
    while (!ended) {
        size_t size = 1 + random_next(&random) % input_most;
        size_t room = 1 + random_next(&random) % output_most;
        size = size < input.size - used ? size : input.size - used;
        /* There is always room, for a byte too many if there should be one. */
        room = room <= content->size - written ? room : content->size - written + 1;
        /* A buffer of its own each time, as the source's moves. */
        struct bytes part = bytes_slice(&input, used, size);
        struct bytes space = {malloc(room + 1), room};
        struct decoder_flow flow = {part.data, size, 0, space.data, room, 0};
        const int32_t code = decoder->run(context, &flow, &ended);
        if (code != CINCH_OK)
            fail_msg("%s: %s after %zu bytes of %zu", decoder_name(decoder), code_name(code), used,
                     stream->size);
        assert_true(flow.input_used <= size && flow.output_size <= room);
        /* It goes on as far as it can. */
        assert_true(ended || flow.input_used == size || flow.output_size == room);
        assert_true(flow.output_size <= content->size - written);
        memcpy(output + written, space.data, flow.output_size);
        idle = flow.input_used == 0 && flow.output_size == 0 ? idle + 1 : 0;
        if (idle > 1000)
            fail_msg("%s: stands still at %zu of %zu, %zu of %zu", decoder_name(decoder), used,
                     stream->size, written, content->size);
        used += flow.input_used;
        written += flow.output_size;
        bytes_free(&part);
        bytes_free(&space);
    }
    assert_int_equal(used, stream->size);
    assert_int_equal(written, content->size);
    assert_memory_equal(output, content->data, content->size);
    free(output);
    bytes_free(&input);
}

static void run_streams(const struct decoder *decoder, void *context)
{
    /* Input beside room for one byte is copied again for each of them, so it is not much. */
    static const size_t mosts[][2] = {{1, 1},       {1, 100000},    {3, 70},         {2000, 1},
                                      {700, 33000}, {65536, 40000}, {100000, 300000}};
    for (size_t e = 0; deflate_encoders[e] != NULL; e++)
        for (int kind = 0; kind < CONTENT_KINDS; kind++) {
            struct bytes content = content_make(kind, e == 0 ? 150000 : 4000);
            struct bytes stream = encode_chunk_anew(deflate_encoders[e], 2, &content, true);
            for (size_t i = 0; i < sizeof mosts / sizeof mosts[0]; i++)
                if (mosts[i][0] + mosts[i][1] > 100 || content.size < 10000)
                    run_in_portions(decoder, context, &stream, &content, mosts[i][0], mosts[i][1]);
            bytes_free(&stream);
            bytes_free(&content);
        }
}

static void runs_streams_in_any_portions(void **state)
{
    (void)state;
    for_streams(run_streams);
}

static void runs_frames_in_any_portions(void **state)
{
    static const size_t mosts[][2] = {{1, 100000}, {3, 70}, {700, 33000}, {100000, 300000}};
    void *context = zstd_decoder.context.create();

    (void)state;
    assert_non_null(context);
    for (int kind = 0; kind < CONTENT_KINDS; kind++) {
        struct bytes content = content_make(kind, 150000);
        struct bytes frame = encode_chunk_anew(&zstd_encoder, 2, &content, true);
        for (size_t i = 0; i < sizeof mosts / sizeof mosts[0]; i++)
            run_in_portions(&zstd_decoder, context, &frame, &content, mosts[i][0], mosts[i][1]);
        bytes_free(&frame);
        bytes_free(&content);
    }
    zstd_decoder.context.destroy(context);
}

/* A stream that is cut never ends, and one that is damaged fails or gives other bytes; after
 * both the context is as good as new. */
static void run_damaged(const struct decoder *decoder, void *context)
{
    struct bytes content = content_make(BYTES_TEXT, 3000);
    struct bytes stream = encode_chunk_anew(&deflate_zlib_encoder, 6, &content, true);
    uint8_t *output = malloc(content.size + 300);
    for (size_t size = 0; size < stream.size; size++) {
        struct bytes part = bytes_slice(&stream, 0, size);
        struct decoder_flow flow = {part.data, size, 0, output, content.size, 0};
        bool ended = false;
        assert_code(CINCH_OK, decoder->begin(context));
        assert_code(CINCH_OK, decoder->run(context, &flow, &ended));
        assert_false(ended);
        bytes_free(&part);
    }
    struct bytes damaged = bytes_slice(&stream, 0, stream.size);
    damaged.data[0] = 7; /* a block of a kind that there is not */
    for (int i = 0; i < 3; i++) {
        struct decoder_flow flow = {damaged.data, damaged.size, 0, output, content.size, 0};
        bool ended = false;
        assert_code(CINCH_OK, decoder->begin(context));
        assert_code(CINCH_E_CORRUPT, decoder->run(context, &flow, &ended));
        run_in_portions(decoder, context, &stream, &content, 50, 500);
    }
    bytes_free(&damaged);
    bytes_free(&stream);
    bytes_free(&content);
    free(output);
}

static void recovers_from_damaged_streams(void **state)
{
    (void)state;
    for_streams(run_damaged);
}

/* --- Checks ----------------------------------------------------------------------------- */

static void checks_are_zlibs(void **state)
{
    struct bytes content = content_make(BYTES_RANDOM, 6000);

    (void)state;
    for (size_t size = 0; size < 5000; size += size < 300 ? 1 : 211)
        for (size_t shift = 0; shift < 3; shift++) {
            const uint8_t *data = content.data + shift;
            const size_t half = size / 3;
            const uint32_t crc = (uint32_t)crc32_z(0, data, size);
            const uint32_t adler = (uint32_t)adler32_z(1, data, size);
            assert_int_equal(check_crc32(CHECK_CRC32_START, data, size), crc);
            assert_int_equal(check_adler32(CHECK_ADLER32_START, data, size), adler);
            assert_int_equal(
                check_crc32(check_crc32(CHECK_CRC32_START, data, half), data + half, size - half),
                crc);
            assert_int_equal(check_adler32(check_adler32(CHECK_ADLER32_START, data, half),
                                           data + half, size - half),
                             adler);
        }
    bytes_free(&content);
}

static void there_is_a_decoder_for_everything(void **state)
{
    static const int32_t formats[] = {CINCH_FORMAT_ZSTD, CINCH_FORMAT_GZIP, CINCH_FORMAT_ZLIB};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        assert_non_null(decoder_find(formats[i])->decode);
        assert_non_null(stream_decoder_find(formats[i])->begin);
        assert_non_null(stream_decoder_find(formats[i])->run);
    }
}

/* --- In slices -------------------------------------------------------------------------- */

enum {
    MIB = 1 << 20,
    LONG_CONTENT = 9 * MIB
};

/* Says no when it is asked for the `last`th time. */
struct asking {
    size_t asked;
    size_t last;
    size_t used;
};

static bool ask(void *owner, size_t used)
{
    struct asking *asking = owner;
    asking->used = used;
    return ++asking->asked < asking->last;
}

static struct outcome decode_slices(const struct decoder *decoder, void *context,
                                    const struct bytes *piece, size_t capacity,
                                    struct asking *asking)
{
    struct outcome outcome = {.content = {malloc(capacity), capacity}};
    struct codec_watch watch = {.go_on = ask, .owner = asking};
    assert_non_null(outcome.content.data);
    memset(outcome.content.data, 0xA5, capacity);
    outcome.code =
        decoder->decode_in_slices(context, piece->data, piece->size, outcome.content.data, capacity,
                                  &watch, &outcome.decoded);
    assert_true(asking->used <= piece->size);
    return outcome;
}

/* What is asked for the last time says no: nothing more is decoded, but a block under way. */
static void assert_stops(const struct decoder *decoder, void *context, const struct bytes *piece)
{
    for (size_t last = 1; last <= LONG_CONTENT / DECODER_SLICE; last++) {
        struct asking asking = {.last = last};
        struct outcome outcome = decode_slices(decoder, context, piece, LONG_CONTENT, &asking);
        assert_code(CINCH_E_CANCELLED, outcome.code);
        assert_int_equal(last, asking.asked);
        for (size_t i = last * DECODER_SLICE + MIB / 4; i < LONG_CONTENT; i += 997)
            assert_int_equal(0xA5, outcome.content.data[i]);
        bytes_free(&outcome.content);
    }
}

/* The same as in one call, whatever is wrong. */
static void assert_slices_agree(const struct decoder *decoder, void *context,
                                const struct bytes *piece, size_t capacity, const char *what,
                                size_t number)
{
    struct asking asking = {.last = SIZE_MAX};
    struct outcome expected = decode(decoder, context, piece, capacity);
    struct outcome actual = decode_slices(decoder, context, piece, capacity, &asking);
    assert_same_outcome(decoder, &expected, &actual, what, number);
    bytes_free(&expected.content);
    bytes_free(&actual.content);
}

static void decode_long(const struct decoder *decoder, void *context, const struct encoder *encoder,
                        const struct bytes *content, bool last)
{
    struct bytes piece = encode_chunk_anew(encoder, 1, content, last);
    struct asking asking = {.last = SIZE_MAX};
    struct outcome outcome = decode_slices(decoder, context, &piece, content->size, &asking);
    assert_code(CINCH_OK, outcome.code);
    assert_int_equal(content->size, outcome.decoded.size);
    assert_memory_equal(content->data, outcome.content.data, content->size);
    /* No more often either: nothing is decoded twice. */
    assert_in_range(asking.asked, LONG_CONTENT / DECODER_SLICE, LONG_CONTENT / DECODER_SLICE);
    bytes_free(&outcome.content);

    assert_stops(decoder, context, &piece);
    assert_slices_agree(decoder, context, &piece, content->size - 1, "less room", 1);
    assert_slices_agree(decoder, context, &piece, content->size + 1, "more room", 1);
    for (size_t i = 1; i <= 2; i++) {
        struct bytes cut = bytes_slice(&piece, 0, piece.size - piece.size / 4 * (i - 1) - 1);
        assert_slices_agree(decoder, context, &cut, content->size, "cut", i);
        bytes_free(&cut);
        piece.data[piece.size / 3 * i] ^= 0x10;
        assert_slices_agree(decoder, context, &piece, content->size, "flipped bit", i);
        piece.data[piece.size / 3 * i] ^= 0x10;
    }
    bytes_free(&piece);
}

static void long_pieces(void **state)
{
    struct bytes content = content_make(BYTES_TEXT, LONG_CONTENT);
    void *context = zstd_decoder.context.create();
    (void)state;
    assert_non_null(context);
    decode_long(&zstd_decoder, context, &zstd_encoder, &content, true);
    zstd_decoder.context.destroy(context);
    for (size_t i = 0; deflate_decoders[i] != NULL; i++) {
        if (deflate_decoders[i]->decode_in_slices == NULL)
            continue;
        context = deflate_decoders[i]->context.create();
        assert_non_null(context);
        for (int last = 0; last < 2; last++)
            decode_long(deflate_decoders[i], context, &deflate_zlib_encoder, &content, last);
        deflate_decoders[i]->context.destroy(context);
    }
    bytes_free(&content);
}

/* Cut anywhere, with a byte behind it, or with a bit turned, it is refused, if not always for the
 * same reason as in one call; or that decodes it as well. */
static void assert_damage_is_seen(struct bytes *frame, size_t content_size)
{
    void *context = zstd_decoder.context.create();
    assert_non_null(context);
    for (size_t size = 0; size < frame->size; size++) {
        struct bytes cut = bytes_slice(frame, 0, size);
        struct asking asking = {.last = SIZE_MAX};
        struct outcome outcome = decode_slices(&zstd_decoder, context, &cut, content_size, &asking);
        assert_code(CINCH_E_TRUNCATED, outcome.code);
        bytes_free(&outcome.content);
        bytes_free(&cut);
    }
    for (size_t bit = 0; bit < frame->size * 8; bit++) {
        struct asking asking = {.last = SIZE_MAX};
        frame->data[bit / 8] ^= (uint8_t)(1U << bit % 8);
        struct outcome expected = decode(&zstd_decoder, context, frame, content_size);
        struct outcome actual = decode_slices(&zstd_decoder, context, frame, content_size, &asking);
        assert_int_not_equal(CINCH_E_FORMAT, actual.code);
        if (expected.code != CINCH_OK && actual.code != CINCH_OK)
            actual.code = expected.code;
        assert_same_outcome(&zstd_decoder, &expected, &actual, "flipped bit", bit);
        frame->data[bit / 8] ^= (uint8_t)(1U << bit % 8);
        bytes_free(&expected.content);
        bytes_free(&actual.content);
    }
    struct bytes longer = bytes_slice(frame, 0, frame->size);
    bytes_append_run(&longer, 0, 1);
    struct asking asking = {.last = SIZE_MAX};
    struct outcome outcome = decode_slices(&zstd_decoder, context, &longer, content_size, &asking);
    assert_code(CINCH_E_CORRUPT, outcome.code);
    bytes_free(&outcome.content);
    bytes_free(&longer);
    zstd_decoder.context.destroy(context);
}

static void damaged_frames(void **state)
{
    static const struct {
        enum bytes_kind kind;
        size_t size;
    } cases[] = {{BYTES_TEXT, 0}, {BYTES_TEXT, 400}, {BYTES_ZEROS, 300000}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bytes content = content_make(cases[i].kind, cases[i].size);
        struct bytes frame = encode_chunk_anew(&zstd_encoder, 1, &content, true);
        assert_damage_is_seen(&frame, content.size);
        bytes_free(&frame);
        bytes_free(&content);
    }
}

/* A frame that ends with a block of its own that has nothing. */
static struct bytes open_frame(const struct bytes *content, bool tells_size)
{
    struct bytes frame = bytes_make(BYTES_ZEROS, ZSTD_compressBound(content->size) + 3, 0);
    ZSTD_CCtx *encoder = ZSTD_createCCtx();
    ZSTD_inBuffer input = {content->data, content->size, 0};
    ZSTD_outBuffer output = {frame.data, frame.size, 0};

    assert_non_null(encoder);
    assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(encoder, ZSTD_c_compressionLevel, 1)));
    if (tells_size)
        assert_false(ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(encoder, content->size)));
    assert_int_equal(0, ZSTD_compressStream2(encoder, &output, &input, ZSTD_e_flush));
    assert_int_equal(0, ZSTD_compressStream2(encoder, &output, &input, ZSTD_e_end));
    frame.size = output.pos;
    ZSTD_freeCCtx(encoder);
    return frame;
}

/* libzstd, given such a frame in parts, does not notice; nor does who knows no more of a block than
 * that it has no more than 128 KiB. */
static void a_frame_that_tells_more_than_it_has(void **state)
{
    struct bytes content = content_make(BYTES_TEXT, DECODER_SLICE + MIB + 1000);
    struct bytes frame = open_frame(&content, true);
    void *context = zstd_decoder.context.create();

    (void)state;
    assert_non_null(context);
    assert_slices_agree(&zstd_decoder, context, &frame, content.size, "all that it tells", 0);
    /* Behind the magic number, the descriptor and the window: the content's size. */
    assert_int_equal(0x80, frame.data[4]);
    assert_int_equal(content.size, load_le32(frame.data + 6));
    frame.data[6]++;
    struct asking asking = {.last = SIZE_MAX};
    struct outcome outcome =
        decode_slices(&zstd_decoder, context, &frame, content.size + 1, &asking);
    assert_code(CINCH_E_CORRUPT, outcome.code);
    assert_int_equal(content.size, outcome.decoded.size);
    bytes_free(&outcome.content);
    zstd_decoder.context.destroy(context);
    bytes_free(&frame);
    bytes_free(&content);
}

static void a_frame_that_does_not_tell_its_size(void **state)
{
    struct bytes content = content_make(BYTES_TEXT, DECODER_SLICE + MIB);
    struct bytes frame = open_frame(&content, false);
    void *context = zstd_decoder.context.create();

    (void)state;
    assert_non_null(context);
    for (size_t capacity = content.size - 1; capacity <= content.size + 1; capacity++)
        assert_slices_agree(&zstd_decoder, context, &frame, capacity, "room for", capacity);
    zstd_decoder.context.destroy(context);
    bytes_free(&frame);
    bytes_free(&content);
}

/* Stored blocks, the last of which ends where a slice does: a further call would not tell that the
 * piece has ended there. */
static void decode_stored(const struct decoder *decoder, void *context)
{
    if (decoder->decode_in_slices == NULL)
        return;
    struct bytes content = content_make(BYTES_RANDOM, DECODER_SLICE);
    struct bytes piece =
        encode_chunk_anew(&deflate_zlib_encoder, CINCH_LEVEL_STORED, &content, false);
    for (size_t more = 0; more < 2; more++) {
        struct asking asking = {.last = SIZE_MAX};
        struct outcome outcome =
            decode_slices(decoder, context, &piece, content.size + more, &asking);
        assert_code(CINCH_OK, outcome.code);
        assert_int_equal(content.size, outcome.decoded.size);
        assert_false(outcome.decoded.is_final);
        assert_memory_equal(content.data, outcome.content.data, content.size);
        bytes_free(&outcome.content);
    }
    bytes_free(&piece);
    bytes_free(&content);
}

static void a_piece_that_ends_with_a_slice(void **state)
{
    (void)state;
    for_pieces(decode_stored);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_every_encoders_pieces),
        cmocka_unit_test(tells_damage_as_zlib_does),
        cmocka_unit_test(refuses_left_bits),
        cmocka_unit_test(takes_other_ends),
        cmocka_unit_test(decodes_large_pieces),
        cmocka_unit_test(runs_streams_in_any_portions),
        cmocka_unit_test(runs_frames_in_any_portions),
        cmocka_unit_test(recovers_from_damaged_streams),
        cmocka_unit_test(checks_are_zlibs),
        cmocka_unit_test(there_is_a_decoder_for_everything),
        cmocka_unit_test(long_pieces),
        cmocka_unit_test(damaged_frames),
        cmocka_unit_test(a_frame_that_tells_more_than_it_has),
        cmocka_unit_test(a_frame_that_does_not_tell_its_size),
        cmocka_unit_test(a_piece_that_ends_with_a_slice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
