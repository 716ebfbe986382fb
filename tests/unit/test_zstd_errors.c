/* libzstd errs: what it answers becomes the right code, and its slips are found before a file is
 * published. */
#include "support/test.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "codec/codec.h"
#include "support/bytes.h"
#include "support/scratch.h"

/* --- Between the library and libzstd ---------------------------------------------------- */

enum slip {
    SLIP_NONE,
    SLIP_COMPRESS,  /* ZSTD_compressStream2() fails */
    SLIP_FLIP,      /* it succeeds, but one byte of what it wrote is another */
    SLIP_SHORT,     /* ZSTD_decompressDCtx() succeeds with a byte less */
    SLIP_DECODE,    /* ZSTD_decompressStream() and ZSTD_decompressDCtx() fail */
    SLIP_RESET,     /* ZSTD_CCtx_reset() and ZSTD_DCtx_reset() fail */
    SLIP_PARAMETER, /* ZSTD_CCtx_setParameter() and ZSTD_DCtx_setParameter() fail */
    SLIP_PLEDGE     /* ZSTD_CCtx_setPledgedSrcSize() fails */
};

/* Set while no job runs. */
static enum slip slip;
static ZSTD_ErrorCode slip_error;
static atomic_uint slips; /* that happened */

static bool slips_now(enum slip here)
{
    if (slip != here)
        return false;
    atomic_fetch_add(&slips, 1);
    return true;
}

static size_t slip_result(void)
{
    return (size_t) - (int)slip_error;
}

/* Each wrapper stands before the function of libzstd that it is named after. */
#define WRAP(result, function, parameters, arguments, here)                                        \
    result __real_##function parameters;                                                           \
    result __wrap_##function parameters;                                                           \
    result __wrap_##function parameters                                                            \
    {                                                                                              \
        return slips_now(here) ? slip_result() : __real_##function arguments;                      \
    }

WRAP(size_t, ZSTD_decompressStream, (ZSTD_DStream * context, ZSTD_outBuffer *o, ZSTD_inBuffer *i),
     (context, o, i), SLIP_DECODE)
WRAP(size_t, ZSTD_CCtx_reset, (ZSTD_CCtx * context, ZSTD_ResetDirective what), (context, what),
     SLIP_RESET)
WRAP(size_t, ZSTD_DCtx_reset, (ZSTD_DCtx * context, ZSTD_ResetDirective what), (context, what),
     SLIP_RESET)
WRAP(size_t, ZSTD_DCtx_setParameter, (ZSTD_DCtx * context, ZSTD_dParameter which, int value),
     (context, which, value), SLIP_PARAMETER)
WRAP(size_t, ZSTD_CCtx_setPledgedSrcSize, (ZSTD_CCtx * context, unsigned long long size),
     (context, size), SLIP_PLEDGE)

size_t __real_ZSTD_compressStream2(ZSTD_CCtx *context, ZSTD_outBuffer *output, ZSTD_inBuffer *input,
                                   ZSTD_EndDirective end);
size_t __wrap_ZSTD_compressStream2(ZSTD_CCtx *context, ZSTD_outBuffer *output, ZSTD_inBuffer *input,
                                   ZSTD_EndDirective end);
size_t __wrap_ZSTD_compressStream2(ZSTD_CCtx *context, ZSTD_outBuffer *output, ZSTD_inBuffer *input,
                                   ZSTD_EndDirective end)
{
    size_t before = output->pos;
    if (slips_now(SLIP_COMPRESS))
        return slip_result();
    size_t result = __real_ZSTD_compressStream2(context, output, input, end);
    /* Random bytes are stored, so that in the middle there is content. */
    if (output->pos - before > 1000 && atomic_load(&slips) == 0 && slips_now(SLIP_FLIP))
        ((uint8_t *)output->dst)[before + (output->pos - before) / 2] ^= 1;
    return result;
}

/* What libzstd was last told of its own threads. */
static atomic_int workers_told;

size_t __real_ZSTD_CCtx_setParameter(ZSTD_CCtx *context, ZSTD_cParameter which, int value);
size_t __wrap_ZSTD_CCtx_setParameter(ZSTD_CCtx *context, ZSTD_cParameter which, int value);
size_t __wrap_ZSTD_CCtx_setParameter(ZSTD_CCtx *context, ZSTD_cParameter which, int value)
{
    if (which == ZSTD_c_nbWorkers)
        atomic_store(&workers_told, value);
    return slips_now(SLIP_PARAMETER) ? slip_result()
                                     : __real_ZSTD_CCtx_setParameter(context, which, value);
}

size_t __real_ZSTD_decompressDCtx(ZSTD_DCtx *context, void *data, size_t room, const void *piece,
                                  size_t size);
size_t __wrap_ZSTD_decompressDCtx(ZSTD_DCtx *context, void *data, size_t room, const void *piece,
                                  size_t size);
size_t __wrap_ZSTD_decompressDCtx(ZSTD_DCtx *context, void *data, size_t room, const void *piece,
                                  size_t size)
{
    if (slips_now(SLIP_DECODE))
        return slip_result();
    size_t result = __real_ZSTD_decompressDCtx(context, data, room, piece, size);
    return slips_now(SLIP_SHORT) ? result - 1 : result;
}

/* --- Whole jobs ------------------------------------------------------------------------- */

/* Compresses random bytes while libzstd slips: must end with `expected`, and without a file. */
static void check_job(struct scratch *scratch, uint32_t flags, enum slip what, ZSTD_ErrorCode error,
                      int32_t expected)
{
    cinch_options options = CINCH_OPTIONS_INIT;
    cinch_pool *pool = pool_with_threads(2);
    struct bytes content = file_make(scratch_path(scratch, "input"), BYTES_RANDOM, 100000, 1);
    options.flags = flags;
    atomic_store(&slips, 0);
    slip_error = error;
    slip = what;
    int32_t code = compress_and_wait(pool, scratch_path(scratch, "input"),
                                     scratch_path(scratch, "output"), &options);
    slip = SLIP_NONE;
    cinch_pool_destroy(pool, CINCH_DRAIN);
    assert_true(what == SLIP_NONE || atomic_load(&slips) > 0);
    assert_code(expected, code);
    if (expected == CINCH_OK)
        scratch_assert_holds(scratch, "input", "output", NULL);
    else
        scratch_assert_holds(scratch, "input", NULL);
    bytes_free(&content);
}

static void a_job_ends_with_the_code_of_what_failed(void **state)
{
    static const uint32_t ways[] = {0, CINCH_FLAG_SINGLE_STREAM};
    for (size_t i = 0; i < 2; i++) {
        check_job(*state, ways[i], SLIP_COMPRESS, ZSTD_error_memory_allocation, CINCH_E_NO_MEMORY);
        check_job(*state, ways[i], SLIP_COMPRESS, ZSTD_error_GENERIC, CINCH_E_INTERNAL);
    }
}

/* One frame is made by libzstd's threads: as many as the pool has, as the memory limit leaves, and
 * as there can be. */
static void one_frame_has_the_pool_s_threads(void **state)
{
    const int most = ZSTD_cParam_getBounds(ZSTD_c_nbWorkers).upperBound;
    static const uint32_t threads[] = {1, 3, 1024};
    cinch_options options = CINCH_OPTIONS_INIT;

    options.flags = CINCH_FLAG_SINGLE_STREAM;
    file_write_text(scratch_path(*state, "input"), "words");
    for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++) {
        cinch_pool *pool = pool_with_threads(threads[i]);
        int expected = (int)threads[i] < most ? (int)threads[i] : most;
        options.memory_limit = 0;
        assert_code(CINCH_OK, compress_and_wait(pool, scratch_path(*state, "input"),
                                                scratch_path(*state, "output"), &options));
        assert_int_equal(expected, atomic_load(&workers_told));
        /* Under a limit the first that is enough is so for one, and twice that for two. */
        int32_t code = CINCH_E_MEMORY_LIMIT;
        for (uint64_t limit = 1 << 20; code == CINCH_E_MEMORY_LIMIT; limit += 1 << 20) {
            options.memory_limit = limit;
            code = compress_and_wait(pool, scratch_path(*state, "input"),
                                     scratch_path(*state, "output"), &options);
        }
        assert_code(CINCH_OK, code);
        assert_int_equal(1, atomic_load(&workers_told));
        options.memory_limit *= 2;
        assert_code(CINCH_OK, compress_and_wait(pool, scratch_path(*state, "input"),
                                                scratch_path(*state, "output"), &options));
        assert_int_equal(expected < 2 ? expected : 2, atomic_load(&workers_told));
        cinch_pool_destroy(pool, CINCH_DRAIN);
    }
}

static void verifying_finds_every_slip(void **state)
{
    static const uint32_t ways[] = {
        CINCH_FLAG_VERIFY,
        CINCH_FLAG_VERIFY | CINCH_FLAG_NO_CHECKSUM,
        CINCH_FLAG_VERIFY | CINCH_FLAG_SINGLE_STREAM,
        CINCH_FLAG_VERIFY | CINCH_FLAG_SINGLE_STREAM | CINCH_FLAG_NO_CHECKSUM,
    };
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        check_job(*state, ways[i], SLIP_FLIP, 0, CINCH_E_CHECKSUM);
        check_job(*state, ways[i], SLIP_DECODE, ZSTD_error_corruption_detected, CINCH_E_CHECKSUM);
        if ((ways[i] & CINCH_FLAG_SINGLE_STREAM) == 0)
            check_job(*state, ways[i], SLIP_SHORT, 0, CINCH_E_CHECKSUM);
        check_job(*state, ways[i], SLIP_DECODE, ZSTD_error_memory_allocation, CINCH_E_NO_MEMORY);
        check_job(*state, ways[i], SLIP_NONE, 0, CINCH_OK);
        (void)remove(scratch_path(*state, "output"));
    }
}

/* --- One call --------------------------------------------------------------------------- */

static void a_frame_that_cannot_begin_is_told(void **state)
{
    static const enum slip ways[] = {SLIP_RESET, SLIP_PARAMETER, SLIP_PLEDGE};
    const struct encoder_settings settings = {.level = 3, .chunk_size = 4096};
    void *context = zstd_encoder.context.create();
    (void)state;
    assert_non_null(context);
    slip_error = ZSTD_error_GENERIC;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        slip = ways[i];
        int32_t code = zstd_encoder.begin(context, &settings, 10, true);
        slip = SLIP_NONE;
        assert_code(CINCH_E_INTERNAL, code);
        assert_code(CINCH_OK, zstd_encoder.begin(context, &settings, 10, true));
    }
    zstd_encoder.context.destroy(context);
}

/* A piece with less room than was asked for is an error of ours, and no endless loop. */
static void a_piece_without_room_is_told(void **state)
{
    const struct encoder_settings settings = {.level = 3, .chunk_size = 4096};
    struct bytes content = bytes_make(BYTES_RANDOM, 4096, 1);
    uint8_t room[8];
    struct piece piece = {room, sizeof room, 0};
    void *context = zstd_encoder.context.create();
    (void)state;
    assert_non_null(context);
    assert_code(CINCH_OK, zstd_encoder.begin(context, &settings, content.size, true));
    assert_code(CINCH_E_INTERNAL,
                zstd_encoder.feed(context, content.data, content.size, true, &piece));
    zstd_encoder.context.destroy(context);
    bytes_free(&content);
}

static void every_refusal_to_decode_has_its_code(void **state)
{
    static const struct {
        ZSTD_ErrorCode error;
        int32_t code;
    } cases[] = {
        {ZSTD_error_memory_allocation, CINCH_E_NO_MEMORY},
        {ZSTD_error_checksum_wrong, CINCH_E_CHECKSUM},
        {ZSTD_error_srcSize_wrong, CINCH_E_TRUNCATED},
        {ZSTD_error_dictionary_wrong, CINCH_E_UNSUPPORTED},
        {ZSTD_error_version_unsupported, CINCH_E_UNSUPPORTED},
        {ZSTD_error_frameParameter_unsupported, CINCH_E_UNSUPPORTED},
        {ZSTD_error_frameParameter_windowTooLarge, CINCH_E_UNSUPPORTED},
        {ZSTD_error_corruption_detected, CINCH_E_CORRUPT},
        {ZSTD_error_prefix_unknown, CINCH_E_CORRUPT},
        {ZSTD_error_dstSize_tooSmall, CINCH_E_CORRUPT},
    };
    void *context = zstd_decoder.context.create();
    (void)state;
    assert_non_null(context);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t byte = 0;
        struct decoded decoded;
        struct decoder_flow flow = {
            .input = &byte, .input_size = 1, .output = &byte, .output_room = 1};
        bool ended;
        assert_code(CINCH_OK, zstd_decoder.begin(context));
        slip_error = cases[i].error;
        slip = SLIP_DECODE;
        int32_t whole = zstd_decoder.decode(context, &byte, 1, &byte, 1, &decoded);
        int32_t stream = zstd_decoder.run(context, &flow, &ended);
        slip = SLIP_NONE;
        assert_code(cases[i].code, whole);
        assert_code(cases[i].code, stream);
    }
    zstd_decoder.context.destroy(context);
}

static void a_stream_that_cannot_begin_is_told(void **state)
{
    static const enum slip ways[] = {SLIP_RESET, SLIP_PARAMETER};
    void *context = zstd_decoder.context.create();
    (void)state;
    assert_non_null(context);
    slip_error = ZSTD_error_GENERIC;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        slip = ways[i];
        int32_t code = zstd_decoder.begin(context);
        slip = SLIP_NONE;
        assert_code(CINCH_E_INTERNAL, code);
    }
    zstd_decoder.context.destroy(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_job_ends_with_the_code_of_what_failed),
        scratch_test(one_frame_has_the_pool_s_threads),
        scratch_test(verifying_finds_every_slip),
        cmocka_unit_test(a_frame_that_cannot_begin_is_told),
        cmocka_unit_test(a_piece_without_room_is_told),
        cmocka_unit_test(every_refusal_to_decode_has_its_code),
        cmocka_unit_test(a_stream_that_cannot_begin_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
