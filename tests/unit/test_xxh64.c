/* XXH64 beside what libzstd puts at the end of its frames, for every length around a stripe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <zstd.h>

#include "format/bytes.h"
#include "format/xxh64.h"

enum {
    LONGEST = 5000
};

static void hashes_nothing(void **state)
{
    (void)state;
    assert_true(xxh64(NULL, 0) == UINT64_C(0xEF46DB3751D8E999));
}

/* The other 32 bits than those that frames have. */
static void hashes_a_known_text_to_all_64_bits(void **state)
{
    (void)state;
    assert_true(xxh64((const uint8_t *)"abc", 3) == UINT64_C(0x44BC2CF5AD770999));
}

static void agrees_with_the_checksums_of_frames(void **state)
{
    static uint8_t content[LONGEST], frame[2 * LONGEST];
    ZSTD_CCtx *context = ZSTD_createCCtx();

    (void)state;
    assert_non_null(context);
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    for (size_t i = 0; i < LONGEST; i++)
        content[i] = (uint8_t)(i * 2654435761u >> 13);
    for (size_t size = 0; size <= LONGEST; size += size < 300 ? 1 : 97) {
        const size_t frame_size = ZSTD_compress2(context, frame, sizeof frame, content, size);
        assert_false(ZSTD_isError(frame_size));
        const uint32_t expected = load_le32(frame + frame_size - 4);
        if ((uint32_t)xxh64(content, size) != expected)
            fail_msg("%zu bytes: %08x instead of %08x", size, (uint32_t)xxh64(content, size),
                     expected);
    }
    ZSTD_freeCCtx(context);
}

static void parts_have_the_hash_of_the_whole(void **state)
{
    uint8_t content[200];
    (void)state;
    for (size_t i = 0; i < sizeof content; i++)
        content[i] = (uint8_t)(i * 2654435761u >> 13);
    for (size_t part = 1; part < 80; part++) {
        struct xxh64 hash;
        xxh64_begin(&hash);
        for (size_t at = 0; at < sizeof content; at += part) {
            size_t size = sizeof content - at < part ? sizeof content - at : part;
            assert_true(xxh64_end(&hash) == xxh64(content, at));
            xxh64_add(&hash, content + at, size);
            xxh64_add(&hash, NULL, 0);
        }
        assert_true(xxh64_end(&hash) == xxh64(content, sizeof content));
    }
}

/* No byte may be read where none is: the sanitizers look, at every alignment. */
static void reads_at_any_alignment(void **state)
{
    uint8_t bytes[80] = "every alignment of the same text has the same hash, of course!";
    const uint64_t expected = xxh64(bytes, 62);

    (void)state;
    for (size_t shift = 1; shift < 16; shift++) {
        for (size_t i = 62; i-- > 0;)
            bytes[shift + i] = bytes[shift - 1 + i];
        assert_true(xxh64(bytes + shift, 62) == expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_nothing),
        cmocka_unit_test(hashes_a_known_text_to_all_64_bits),
        cmocka_unit_test(agrees_with_the_checksums_of_frames),
        cmocka_unit_test(parts_have_the_hash_of_the_whole),
        cmocka_unit_test(reads_at_any_alignment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
