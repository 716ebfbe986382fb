/* libzstd errs: what it answers becomes the right code, and its slips are found before a file is
 * published. */
#include "support/test.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#define ZSTD_STATIC_LINKING_ONLY /* for ZSTD_d_stableOutBuffer */
#include <zstd.h>
#include <zstd_errors.h>

#include "codec/codec.h"
#include "support/bytes.h"
#include "support/gate.h"
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
    SLIP_PLEDGE,    /* ZSTD_CCtx_setPledgedSrcSize() fails */
    SLIP_CREATE,    /* ZSTD_createDCtx() and ZSTD_createCCtx_advanced() find no memory */
    SLIP_STABLE,    /* ZSTD_DCtx_setParameter() does not know ZSTD_d_stableOutBuffer */
    SLIP_IDLE,      /* ZSTD_decompressStream() does nothing, and wants more */
    SLIP_UNENDED,   /* it does all, but never says that a frame has ended */
    SLIP_CANCEL     /* ZSTD_CCtx_setPledgedSrcSize() succeeds, while the job is cancelled */
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
#define WRAP(result, function, parameters, arguments, here, failed)                                \
    result __real_##function parameters;                                                           \
    result __wrap_##function parameters;                                                           \
    result __wrap_##function parameters                                                            \
    {                                                                                              \
        return slips_now(here) ? failed : __real_##function arguments;                             \
    }

WRAP(size_t, ZSTD_CCtx_reset, (ZSTD_CCtx * context, ZSTD_ResetDirective what), (context, what),
     SLIP_RESET, slip_result())
WRAP(size_t, ZSTD_DCtx_reset, (ZSTD_DCtx * context, ZSTD_ResetDirective what), (context, what),
     SLIP_RESET, slip_result())
WRAP(ZSTD_CCtx *, ZSTD_createCCtx_advanced, (ZSTD_customMem memory), (memory), SLIP_CREATE, NULL)
WRAP(ZSTD_DCtx *, ZSTD_createDCtx, (void), (), SLIP_CREATE, NULL)

/* The job that is cancelled while a frame of it begins; the first waits until it is known. */
static _Atomic(cinch_job *) job_to_cancel;
static struct gate job_is_known;

size_t __real_ZSTD_CCtx_setPledgedSrcSize(ZSTD_CCtx *context, unsigned long long size);
size_t __wrap_ZSTD_CCtx_setPledgedSrcSize(ZSTD_CCtx *context, unsigned long long size);
size_t __wrap_ZSTD_CCtx_setPledgedSrcSize(ZSTD_CCtx *context, unsigned long long size)
{
    if (slips_now(SLIP_CANCEL)) {
        gate_pass(&job_is_known);
        cinch_job_cancel(atomic_load(&job_to_cancel));
    }
    return slips_now(SLIP_PLEDGE) ? slip_result()
                                  : __real_ZSTD_CCtx_setPledgedSrcSize(context, size);
}

size_t __real_ZSTD_DCtx_setParameter(ZSTD_DCtx *context, ZSTD_dParameter which, int value);
size_t __wrap_ZSTD_DCtx_setParameter(ZSTD_DCtx *context, ZSTD_dParameter which, int value);
size_t __wrap_ZSTD_DCtx_setParameter(ZSTD_DCtx *context, ZSTD_dParameter which, int value)
{
    if (slips_now(SLIP_PARAMETER) || (which == ZSTD_d_stableOutBuffer && slips_now(SLIP_STABLE)))
        return slip_result();
    return __real_ZSTD_DCtx_setParameter(context, which, value);
}

size_t __real_ZSTD_decompressStream(ZSTD_DStream *context, ZSTD_outBuffer *o, ZSTD_inBuffer *i);
size_t __wrap_ZSTD_decompressStream(ZSTD_DStream *context, ZSTD_outBuffer *o, ZSTD_inBuffer *i);
size_t __wrap_ZSTD_decompressStream(ZSTD_DStream *context, ZSTD_outBuffer *o, ZSTD_inBuffer *i)
{
    if (slips_now(SLIP_DECODE))
        return slip_result();
    if (slips_now(SLIP_IDLE))
        return 1;
    size_t result = __real_ZSTD_decompressStream(context, o, i);
    return result == 0 && slips_now(SLIP_UNENDED) ? 1 : result;
}

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
    /* Where no memory was refused, a frame by libzstd's threads lacks one of these. */
    static const struct {
        uint32_t flags;
        int32_t without_memory;
    } ways[] = {{0, CINCH_E_NO_MEMORY}, {CINCH_FLAG_SINGLE_STREAM, CINCH_E_NO_THREAD}};
    for (size_t i = 0; i < 2; i++) {
        check_job(*state, ways[i].flags, SLIP_COMPRESS, ZSTD_error_memory_allocation,
                  ways[i].without_memory);
        check_job(*state, ways[i].flags, SLIP_COMPRESS, ZSTD_error_GENERIC, CINCH_E_INTERNAL);
    }
}

/* At once, before anything was read. */
static void one_frame_without_a_context_is_told(void **state)
{
    check_job(*state, CINCH_FLAG_SINGLE_STREAM, SLIP_CREATE, 0, CINCH_E_NO_MEMORY);
}

/* A context of the highest levels takes long to make; nobody waits for it who has cancelled. */
static void a_job_is_cancelled_while_a_context_is_made(void **state)
{
    struct scratch *scratch = *state;
    cinch_options options = CINCH_OPTIONS_INIT;
    cinch_pool *pool = pool_with_threads(1);
    struct bytes content = file_make(scratch_path(scratch, "input"), BYTES_TEXT, 1000, 1);
    cinch_job *job;

    options.level = 20;
    gate_init(&job_is_known);
    atomic_store(&slips, 0);
    slip = SLIP_CANCEL;
    assert_code(CINCH_OK, cinch_compress(pool, scratch_path(scratch, "input"),
                                         scratch_path(scratch, "output"), &options, &job));
    atomic_store(&job_to_cancel, job);
    gate_open(&job_is_known);
    assert_code(CINCH_E_CANCELLED, cinch_job_wait(job));
    slip = SLIP_NONE;
    assert_int_equal(1, atomic_load(&slips));
    cinch_job_release(job);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    scratch_assert_holds(scratch, "input", NULL);
    bytes_free(&content);
}

/* More than one slice is read of, than one piece is written of, and than is decoded at a time, the
 * last of which may be full when the frame ends; and more is read than libzstd can take at once. */
static void one_frame_of_much_is_verified(void **state)
{
    static const struct {
        enum bytes_kind kind;
        size_t size;
        int32_t level;
        uint32_t window_log; /* small ones make libzstd's parts small */
    } cases[] = {
        {BYTES_RANDOM, 3 << 20, 1, 0},       {BYTES_ZEROS, 3 << 20, 1, 0},
        {BYTES_RANDOM, (3 << 20) + 1, 1, 0}, {BYTES_ZEROS, (3 << 20) + 1, 1, 0},
        {BYTES_TEXT, 6 << 20, 12, 12},
    };
    struct scratch *scratch = *state;
    cinch_options options = CINCH_OPTIONS_INIT;
    cinch_pool *pool = pool_with_threads(1);

    options.flags = CINCH_FLAG_SINGLE_STREAM | CINCH_FLAG_VERIFY;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bytes content =
            file_make(scratch_path(scratch, "input"), cases[i].kind, cases[i].size, 1);
        struct bytes decoded = bytes_make(BYTES_ZEROS, content.size, 0);
        options.level = cases[i].level;
        options.window_log = cases[i].window_log;
        assert_code(CINCH_OK, compress_and_wait(pool, scratch_path(scratch, "input"),
                                                scratch_path(scratch, "output"), &options));
        struct bytes frame = file_read(scratch_path(scratch, "output"));
        assert_int_equal(content.size,
                         ZSTD_decompress(decoded.data, decoded.size, frame.data, frame.size));
        assert_bytes_equal(&content, &decoded);
        bytes_free(&frame);
        bytes_free(&decoded);
        bytes_free(&content);
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);
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

static bool never_stop(void *owner, size_t used)
{
    (void)owner;
    (void)used;
    return true;
}

/* A frame in slices has a context of its own. Where libzstd lacks what that is for, the frame is
 * decoded in one call; whatever else is wrong with it is told, and ends. */
static void slices_that_fail_are_told(void **state)
{
    static const struct {
        enum slip slip;
        int32_t code;
    } cases[] = {
        {SLIP_NONE, CINCH_OK},
        {SLIP_STABLE, CINCH_OK},
        {SLIP_CREATE, CINCH_E_NO_MEMORY},
        {SLIP_RESET, CINCH_E_INTERNAL},
        {SLIP_DECODE, CINCH_E_CHECKSUM},
        {SLIP_IDLE, CINCH_E_CORRUPT},
        {SLIP_UNENDED, CINCH_E_CORRUPT},
    };
    const struct codec_watch watch = {.go_on = never_stop};
    struct bytes content = bytes_make(BYTES_TEXT, 300000, 1);
    struct bytes room = bytes_make(BYTES_ZEROS, content.size, 0);
    struct bytes piece = bytes_make(BYTES_ZEROS, ZSTD_compressBound(content.size), 0);
    void *context = zstd_decoder.context.create();

    (void)state;
    assert_non_null(context);
    piece.size = ZSTD_compress(piece.data, piece.size, content.data, content.size, 1);
    slip_error = ZSTD_error_checksum_wrong;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct decoded decoded;
        memset(room.data, 0, room.size);
        atomic_store(&slips, 0);
        slip = cases[i].slip;
        int32_t code = zstd_decoder.decode_in_slices(context, piece.data, piece.size, room.data,
                                                     room.size, &watch, &decoded);
        slip = SLIP_NONE;
        assert_code(cases[i].code, code);
        assert_int_equal(cases[i].slip != SLIP_NONE, atomic_load(&slips) > 0);
        if (code == CINCH_OK) {
            assert_int_equal(content.size, decoded.size);
            assert_bytes_equal(&content, &room);
        }
    }
    zstd_decoder.context.destroy(context);
    bytes_free(&piece);
    bytes_free(&room);
    bytes_free(&content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_job_ends_with_the_code_of_what_failed),
        scratch_test(one_frame_without_a_context_is_told),
        scratch_test(a_job_is_cancelled_while_a_context_is_made),
        scratch_test(one_frame_of_much_is_verified),
        scratch_test(one_frame_has_the_pool_s_threads),
        scratch_test(verifying_finds_every_slip),
        cmocka_unit_test(a_frame_that_cannot_begin_is_told),
        cmocka_unit_test(a_piece_without_room_is_told),
        cmocka_unit_test(every_refusal_to_decode_has_its_code),
        cmocka_unit_test(a_stream_that_cannot_begin_is_told),
        cmocka_unit_test(slices_that_fail_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
