/* A transfer before it is open: which kind a request is, and one that was refused. */
#include "transfer.h"

#include <string.h>

#include "support/test.h"

static struct transfer transfer;

static void begin(const struct request *request)
{
    memset(&transfer, 0, sizeof transfer);
    transfer.request = *request;
    assert_code(CINCH_OK, transfer_init(&transfer));
}

/* One frame is what zstd alone has, asked for by its name or by a window; whatever is to be done
 * with what comes out, decompression is one kind. */
static void a_request_is_of_one_kind(void **state)
{
    static const struct {
        enum operation operation;
        int32_t format;
        uint32_t flags, window_log;
        const struct transfer_kind *kind;
    } cases[] = {
        {OPERATION_COMPRESS, CINCH_FORMAT_ZSTD, 0, 0, &compress_kind},
        {OPERATION_COMPRESS, CINCH_FORMAT_GZIP, 0, 0, &compress_kind},
        {OPERATION_COMPRESS, CINCH_FORMAT_ZSTD, CINCH_FLAG_VERIFY, 0, &compress_kind},
        {OPERATION_COMPRESS, CINCH_FORMAT_ZSTD, CINCH_FLAG_SINGLE_STREAM, 0, &compress_single_kind},
        {OPERATION_COMPRESS, CINCH_FORMAT_ZSTD, 0, 20, &compress_single_kind},
        {OPERATION_COMPRESS, CINCH_FORMAT_GZIP, CINCH_FLAG_SINGLE_STREAM, 0, &compress_kind},
        {OPERATION_COMPRESS, CINCH_FORMAT_ZLIB, CINCH_FLAG_SINGLE_STREAM, 0, &compress_kind},
        {OPERATION_DECOMPRESS, CINCH_FORMAT_ZSTD, CINCH_FLAG_SINGLE_STREAM, 0, &decompress_kind},
        {OPERATION_INSPECT, CINCH_FORMAT_AUTO, 0, 0, &decompress_kind},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin(&(struct request){
            .operation = cases[i].operation,
            .options = {.format = cases[i].format,
                        .flags = cases[i].flags,
                        .window_log = cases[i].window_log},
        });
        assert_ptr_equal(cases[i].kind, transfer.kind);
        assert_code(CINCH_OK, failure_latch_get(&transfer.failure).code);
        assert_false(pipeline_is_stopped(&transfer.pipeline));
        /* Nothing is open, so nothing is left to close; and once more does no harm. */
        transfer_close(&transfer);
        transfer_close(&transfer);
        transfer_dispose(&transfer);
        transfer_free(&transfer);
    }
}

/* One that was refused before has failed, and nobody works on it. */
static void a_refused_request_has_failed(void **state)
{
    (void)state;
    begin(&(struct request){.operation = OPERATION_COMPRESS, .refusal = CINCH_E_INVALID});
    assert_code(CINCH_E_INVALID, failure_latch_get(&transfer.failure).code);
    assert_true(pipeline_is_stopped(&transfer.pipeline));
    transfer_close(&transfer);
    transfer_free(&transfer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_of_one_kind),
        cmocka_unit_test(a_refused_request_has_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
