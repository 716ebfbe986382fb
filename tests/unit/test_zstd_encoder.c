/* What zstd's encoder does beside encoding: large contexts can be given up while they are made. */
#include "support/test.h"

#include <zstd.h>

#include "codec/codec.h"
#include "refusal.h"
#include "support/bytes.h"

enum {
    LEVEL = 20, /* the first with a context of hundreds of MiB */
    CHUNK_SIZE = 64 << 20
};

struct patience {
    unsigned asked;
    unsigned lasts; /* so many times the answer is yes */
};

static bool go_on(void *owner, size_t used)
{
    struct patience *patience = owner;
    assert_int_equal(0, used);
    return patience->asked++ < patience->lasts;
}

static int32_t prepare(void *context, const struct encoder_settings *settings, size_t size,
                       struct patience *patience)
{
    const struct codec_watch watch = {go_on, patience};
    assert_code(CINCH_OK, zstd_encoder.begin(context, settings, size, false));
    return zstd_encoder.prepare(context, settings, &watch);
}

/* Encodes something in a context that may have been given up before. */
static void assert_encodes(void *context)
{
    struct bytes content = bytes_make(BYTES_TEXT, 300000, 1);
    const struct encoder_settings settings = {LEVEL, true, content.size};
    struct bytes piece_bytes = bytes_make(BYTES_ZEROS, zstd_encoder.bound(content.size), 0);
    struct piece piece = {piece_bytes.data, piece_bytes.size, 0};
    struct patience patience = {0, UINT32_MAX};
    size_t slice = zstd_encoder.slice(&settings);

    assert_code(CINCH_OK, prepare(context, &settings, content.size, &patience));
    for (size_t done = 0; done < content.size; done += slice) {
        size_t part = content.size - done < slice ? content.size - done : slice;
        assert_code(CINCH_OK, zstd_encoder.feed(context, content.data + done, part,
                                                done + part == content.size, &piece));
        assert_true(piece.size > 0); /* no slice waits for the next one */
    }
    struct bytes decoded = bytes_make(BYTES_ZEROS, content.size, 0);
    assert_int_equal(ZSTD_decompress(decoded.data, decoded.size, piece.data, piece.size),
                     content.size);
    assert_memory_equal(decoded.data, content.data, content.size);
    bytes_free(&decoded);
    bytes_free(&piece_bytes);
    bytes_free(&content);
}

static void a_large_context_is_given_up_on_the_way(void **state)
{
    (void)state;
    const struct encoder_settings settings = {LEVEL, true, CHUNK_SIZE};
    void *context = zstd_encoder.context.create();
    assert_non_null(context);
    size_t empty = zstd_encoder.context.size(context);

    /* At once, and in the middle: nothing of it is kept, and nobody is asked for long. */
    for (unsigned lasts = 0; lasts < 8; lasts += 7) {
        struct patience patience = {0, lasts};
        assert_code(CINCH_E_CANCELLED, prepare(context, &settings, CHUNK_SIZE, &patience));
        assert_int_equal(patience.asked, lasts + 2);
        assert_true(zstd_encoder.context.size(context) < empty + (1 << 20));
    }
    assert_encodes(context);

    /* Nobody wants it to be given up; who is asked is asked often. */
    struct patience patience = {0, UINT32_MAX};
    assert_code(CINCH_OK, prepare(context, &settings, CHUNK_SIZE, &patience));
    assert_true(patience.asked > 10);
    assert_true(zstd_encoder.context.size(context) <= zstd_encoder.memory(&settings));

    /* What is there need not be made again, and does not keep from encoding. */
    patience.asked = 0;
    assert_code(CINCH_OK, prepare(context, &settings, CHUNK_SIZE, &patience));
    assert_int_equal(patience.asked, 1);
    assert_encodes(context);
    zstd_encoder.context.destroy(context);
}

/* Each allocation in its turn; then there is enough for all. */
static void a_large_context_without_memory_is_told(void **state)
{
    (void)state;
    const struct encoder_settings settings = {LEVEL, true, CHUNK_SIZE};
    void *context = zstd_encoder.context.create();
    assert_non_null(context);
    for (unsigned number = 0;; number++) {
        struct patience patience = {0, UINT32_MAX};
        refusal_begin(REFUSE_MEMORY, number);
        int32_t code = prepare(context, &settings, CHUNK_SIZE, &patience);
        if (!refusal_end()) {
            assert_code(CINCH_OK, code);
            assert_true(number > 0);
            break;
        }
        assert_code(CINCH_E_NO_MEMORY, code);
    }
    assert_encodes(context);
    zstd_encoder.context.destroy(context);
}

static void small_contexts_ask_nobody(void **state)
{
    (void)state;
    const struct encoder_settings settings = {3, true, 4 << 20};
    void *context = zstd_encoder.context.create();
    assert_non_null(context);
    struct patience patience = {0, 0};
    assert_code(CINCH_OK, prepare(context, &settings, 4 << 20, &patience));
    assert_int_equal(patience.asked, 0);
    zstd_encoder.context.destroy(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_context_is_given_up_on_the_way),
        cmocka_unit_test(a_large_context_without_memory_is_told),
        cmocka_unit_test(small_contexts_ask_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
