/*
 * Inputs that are not decompressed, one by one: each has its own code, the same by every way.
 */
#include <stdio.h>
#include <string.h>

#include <zlib.h>

#include "support/craft.h"
#include "support/decompress.h"
#include "support/scratch.h"
#include "support/test.h"

enum {
    CONTENT = 1000,
    WINDOW_128_MIB = (27 - 10) << 3, /* window descriptors, RFC 8878 section 3.1.1.1.2 */
    WINDOW_144_MIB = (27 - 10) << 3 | 1,
    WINDOW_2_GIB = (31 - 10) << 3,
    WINDOW_LARGEST = 0xFF
};

static struct bytes content(void)
{
    return bytes_make(BYTES_TEXT, CONTENT, 1);
}

/* An input that is made of text alone. */
static struct bytes literally(const char *text, size_t size)
{
    struct bytes bytes = {NULL, 0};

    bytes_append(&bytes, text, size);
    return bytes;
}

/* One raw block of `content` under a header of the test's choice. */
static struct bytes raw_frame(const struct craft_zstd_header *header)
{
    struct bytes bytes = {NULL, 0};
    struct bytes plain = content();

    craft_zstd_header(&bytes, header);
    craft_zstd_block(&bytes, CRAFT_RAW, true, CONTENT);
    bytes_append_bytes(&bytes, &plain);
    bytes_free(&plain);
    return bytes;
}

static void assert_refused(struct scratch *scratch, struct bytes bytes, int32_t code,
                           const char *what)
{
    cinch_pool *pool = pool_with_threads(2);

    assert_refuses(scratch, pool, &bytes, code, what);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    bytes_free(&bytes);
}

static void assert_accepted(struct scratch *scratch, struct bytes bytes, const char *what)
{
    cinch_pool *pool = pool_with_threads(2);
    struct bytes plain = content();

    assert_decompresses(scratch, pool, &bytes, &plain, what);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    bytes_free(&plain);
    bytes_free(&bytes);
}

/* --- No format -------------------------------------------------------------------------- */

static void no_format(void **state)
{
    static const char *const texts[] = {"a text\n",
                                        "PK\003\004",
                                        "BZh91AY&SY",
                                        ("\xFD"
                                         "7zXZ"),
                                        "\x04\x22\x4D\x18",
                                        "GET / HTTP/1.0"};
    struct scratch *scratch = *state;

    assert_refused(scratch, literally("", 0), CINCH_E_TRUNCATED, "an empty file");
    assert_refused(scratch, literally("\0\0\0\0", 4), CINCH_E_FORMAT, "zeros");
    assert_refused(scratch, literally("a", 1), CINCH_E_FORMAT, "one letter");
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_refused(scratch, literally(texts[i], strlen(texts[i])), CINCH_E_FORMAT, texts[i]);
    }
    assert_refused(scratch, bytes_make(BYTES_TEXT, 1000000, 3), CINCH_E_FORMAT, "a long text");
}

/* --- zstd ------------------------------------------------------------------------------- */

static void zstd_windows(void **state)
{
    struct scratch *scratch = *state;
    struct craft_zstd_header header = {.has_content_size = true, .content_size = CONTENT};

    for (int has_size = 0; has_size < 2; has_size++) {
        header.has_content_size = has_size;
        header.window = WINDOW_128_MIB;
        assert_accepted(scratch, raw_frame(&header), "a window of 128 MiB");
        header.window = WINDOW_144_MIB;
        assert_refused(scratch, raw_frame(&header), CINCH_E_MEMORY_LIMIT, "a window of 144 MiB");
        header.window = WINDOW_2_GIB;
        assert_refused(scratch, raw_frame(&header), CINCH_E_MEMORY_LIMIT, "a window of 2 GiB");
        header.window = WINDOW_LARGEST;
        assert_refused(scratch, raw_frame(&header), CINCH_E_MEMORY_LIMIT, "the largest window");
    }
    header = (struct craft_zstd_header){
        .has_content_size = true, .is_single_segment = true, .content_size = UINT64_C(1) << 60};
    assert_refused(scratch, raw_frame(&header), CINCH_E_MEMORY_LIMIT, "2^60 bytes in one segment");
}

/* A comment of hundreds of KiB has to be at hand as a whole: under a limit that is too much. */
static void gzip_comments_under_a_limit(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    struct bytes plain = content();
    struct bytes member = {NULL, 0};
    struct bytes encoded;

    craft_gzip_member(&member, &plain, 6, NULL);
    encoded = bytes_slice(&member, 0, 10);
    encoded.data[3] |= 16; /* FCOMMENT */
    bytes_append_run(&encoded, 'c', 400000);
    bytes_append_run(&encoded, 0, 1);
    bytes_append(&encoded, member.data + 10, member.size - 10);
    for (int way = 0; way < WAYS; way++) {
        cinch_options options = CINCH_OPTIONS_INIT;
        struct outcome outcome;
        options.memory_limit = UINT64_C(2) << 20;
        outcome = decompress_bytes(scratch, pool, (enum way)way, &encoded, &options);
        assert_code(CINCH_E_MEMORY_LIMIT, outcome.code);
        bytes_free(&outcome.content);
        options.memory_limit = UINT64_C(16) << 20;
        outcome = decompress_bytes(scratch, pool, (enum way)way, &encoded, &options);
        assert_code(CINCH_OK, outcome.code);
        assert_bytes_equal(&plain, &outcome.content);
        bytes_free(&outcome.content);
    }
    bytes_free(&encoded);
    bytes_free(&member);
    bytes_free(&plain);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* A raised limit lets larger windows in, as far as libzstd goes. */
static void zstd_windows_by_wish(void **state)
{
    struct scratch *scratch = *state;
    struct craft_zstd_header header = {.has_content_size = true, .content_size = CONTENT};
    cinch_options options = CINCH_OPTIONS_INIT;
    cinch_pool *pool = pool_with_threads(2);
    struct bytes plain = content();

    for (int way = 0; way < WAYS; way++) {
        struct bytes encoded;
        struct outcome outcome;

        header.window = WINDOW_144_MIB;
        encoded = raw_frame(&header);
        options.memory_limit = UINT64_C(150) << 20;
        outcome = decompress_bytes(scratch, pool, (enum way)way, &encoded, &options);
        assert_code(CINCH_OK, outcome.code);
        assert_bytes_equal(&plain, &outcome.content);
        bytes_free(&outcome.content);
        options.memory_limit = UINT64_C(144) << 20;
        outcome = decompress_bytes(scratch, pool, (enum way)way, &encoded, &options);
        assert_code(CINCH_E_MEMORY_LIMIT, outcome.code);
        bytes_free(&outcome.content);
        bytes_free(&encoded);

        /* No limit to speak of: but libzstd's own is 2 GiB. */
        header.window = WINDOW_LARGEST;
        header.has_content_size = false;
        encoded = raw_frame(&header);
        options.memory_limit = UINT64_C(1) << 62;
        outcome = decompress_bytes(scratch, pool, (enum way)way, &encoded, &options);
        if (outcome.code != CINCH_OK) { /* a frame that is decoded in one piece has no window */
            assert_code(CINCH_E_UNSUPPORTED, outcome.code);
        }
        bytes_free(&outcome.content);
        bytes_free(&encoded);
        header.has_content_size = true;
    }
    bytes_free(&plain);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

static void zstd_features(void **state)
{
    static const char old[] = "\x1E\xB5\x2F\xFD\0\0\0\0\0\0\0\0";
    struct scratch *scratch = *state;
    struct craft_zstd_header header = {.has_content_size = true, .content_size = CONTENT};
    struct bytes bytes;

    assert_accepted(scratch, raw_frame(&header), "a raw block");
    header.dictionary_id = 1;
    assert_refused(scratch, raw_frame(&header), CINCH_E_UNSUPPORTED, "a dictionary");
    header.has_content_size = false;
    assert_refused(scratch, raw_frame(&header), CINCH_E_UNSUPPORTED, "a dictionary, no size");
    header.dictionary_id = 0;
    header.is_reserved_bit_set = true;
    assert_refused(scratch, raw_frame(&header), CINCH_E_CORRUPT, "the reserved bit");
    bytes = literally(old, sizeof(old) - 1);
    bytes_replace_number(&bytes, 0, 0x1EB52FFD, 4);
    assert_refused(scratch, bytes, CINCH_E_UNSUPPORTED, "zstd 0.1");
    bytes = literally(old, sizeof(old) - 1);
    bytes_replace_number(&bytes, 0, 0xFD2FB527, 4);
    assert_refused(scratch, bytes, CINCH_E_UNSUPPORTED, "zstd 0.7");
}

static void zstd_blocks(void **state)
{
    struct scratch *scratch = *state;
    struct craft_zstd_header header = {.window = 0};
    struct bytes bytes;

    for (int has_size = 0; has_size < 2; has_size++) {
        header.has_content_size = has_size;
        header.content_size = CONTENT;

        bytes = (struct bytes){NULL, 0};
        craft_zstd_header(&bytes, &header);
        craft_zstd_block(&bytes, CRAFT_RESERVED, true, CONTENT);
        bytes_append_run(&bytes, 0, CONTENT);
        assert_refused(scratch, bytes, CINCH_E_CORRUPT, "a block of the reserved type");

        /* A window of 1 KiB has blocks of 1 KiB. */
        bytes = (struct bytes){NULL, 0};
        craft_zstd_header(&bytes, &header);
        craft_zstd_block(&bytes, CRAFT_RAW, true, 1025);
        bytes_append_run(&bytes, 0, 1025);
        assert_refused(scratch, bytes, CINCH_E_CORRUPT, "a block larger than the window");

        bytes = (struct bytes){NULL, 0};
        craft_zstd_header(&bytes, &header);
        craft_zstd_block(&bytes, CRAFT_COMPRESSED, true, 100);
        bytes_append_run(&bytes, 0xFF, 100);
        assert_refused(scratch, bytes, CINCH_E_CORRUPT, "a block that is no block");
    }
}

/* What a frame says of its size, and what is in it. */
static void zstd_sizes(void **state)
{
    static const uint64_t lies[] = {0, 1, CONTENT - 1, CONTENT + 1, 100 * CONTENT, 1 << 20};
    struct scratch *scratch = *state;
    struct craft_zstd_header header = {.has_content_size = true, .window = 8 << 3};
    char what[100];

    header.content_size = CONTENT;
    assert_accepted(scratch, raw_frame(&header), "the right size");
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        struct bytes plain = content();
        struct bytes bytes = {NULL, 0};
        header.content_size = lies[i];
        snprintf(what, sizeof(what), "a raw block that is called %d bytes", (int)lies[i]);
        assert_refused(scratch, raw_frame(&header), CINCH_E_CORRUPT, what);

        /* The same in a compressed block, whose size only the decoder sees. */
        craft_zstd_frame(&bytes, &plain, 3, CRAFT_CHECKSUM | CRAFT_CONTENT_SIZE);
        assert_int_equal(0x64, bytes.data[4]); /* two bytes of size, a single segment, a check */
        if (lies[i] >= 256 && lies[i] < 65536 + 256) {
            bytes_replace_number(&bytes, 5, lies[i] - 256, 2);
            snprintf(what, sizeof(what), "a block that is called %d bytes", (int)lies[i]);
            assert_refused(scratch, bytes, CINCH_E_CORRUPT, what);
        } else {
            bytes_free(&bytes);
        }
        bytes_free(&plain);
    }
}

/* A frame that is too large for one piece of memory is decoded by the way: its size is checked
 * all the same. */
static void zstd_sizes_of_large_frames(void **state)
{
    struct scratch *scratch = *state;
    struct bytes bytes = {NULL, 0};
    const uint64_t size = UINT64_C(100) << 20; /* beyond half of what a piece may take */

    craft_zstd_zeros(&bytes, size, 8 << 3);
    bytes_replace_number(&bytes, 6, size + 1, 8);
    assert_refused(scratch, bytes, CINCH_E_CORRUPT, "a large frame that is called larger");
    bytes = (struct bytes){NULL, 0};
    craft_zstd_zeros(&bytes, size, 8 << 3);
    bytes_replace_number(&bytes, 6, size - 1, 8);
    assert_refused(scratch, bytes, CINCH_E_CORRUPT, "a large frame that is called smaller");
}

static void zstd_checksums(void **state)
{
    struct scratch *scratch = *state;

    for (unsigned int flags = CRAFT_CHECKSUM; flags <= (CRAFT_CHECKSUM | CRAFT_CONTENT_SIZE);
         flags += CRAFT_CONTENT_SIZE) {
        struct bytes plain = content();
        struct bytes bytes = {NULL, 0};
        craft_zstd_frame(&bytes, &plain, 3, flags);
        bytes.data[bytes.size - 1] ^= 0x80;
        assert_refused(scratch, bytes, CINCH_E_CHECKSUM, "a wrong checksum");
        bytes_free(&plain);
    }
}

/* --- gzip ------------------------------------------------------------------------------- */

/* A member whose byte at `offset` is another. */
static struct bytes member_with(size_t offset, uint8_t byte)
{
    struct bytes plain = content();
    struct bytes bytes = {NULL, 0};

    craft_gzip_member(&bytes, &plain, 6, NULL);
    bytes.data[offset] = byte;
    bytes_free(&plain);
    return bytes;
}

/* The same, with another byte counted from the end. */
static struct bytes member_with_last(size_t offset, uint8_t change)
{
    struct bytes bytes = member_with(0, 0x1F);

    bytes.data[bytes.size - offset] ^= change;
    return bytes;
}

static void gzip_headers(void **state)
{
    struct scratch *scratch = *state;
    struct bytes bytes;

    assert_accepted(scratch, member_with(3, 0), "a member");
    assert_accepted(scratch, member_with(3, 1), "a text");
    assert_accepted(scratch, member_with(8, 77), "strange extra flags");
    assert_accepted(scratch, member_with(9, 77), "a strange operating system");
    assert_refused(scratch, member_with(2, 7), CINCH_E_UNSUPPORTED, "method 7");
    for (int bit = 5; bit < 8; bit++) {
        assert_refused(scratch, member_with(3, (uint8_t)(1 << bit)), CINCH_E_CORRUPT,
                       "a reserved flag");
    }

    /* A header's own checksum. */
    bytes = member_with(3, 2);
    struct bytes checked = bytes_slice(&bytes, 0, 10);
    bytes_append_number(&checked, crc32_z(0, bytes.data, 10) & 0xFFFF, 2);
    bytes_append(&checked, bytes.data + 10, bytes.size - 10);
    bytes_free(&bytes);
    bytes = bytes_slice(&checked, 0, checked.size);
    bytes.data[10] ^= 1;
    assert_accepted(scratch, checked, "a header with a checksum");
    assert_refused(scratch, bytes, CINCH_E_CHECKSUM, "a header with a wrong checksum");
}

static void gzip_trailers(void **state)
{
    struct scratch *scratch = *state;

    for (size_t i = 1; i <= 8; i++) {
        assert_refused(scratch, member_with_last(i, 1), CINCH_E_CHECKSUM,
                       "a trailer that is wrong");
    }
}

/* Names without end are not kept for ever: but long ones are read, in no time to speak of. */
static void gzip_names(void **state)
{
    static const size_t sizes[] = {1, 1000, 900000, 2000000};
    struct scratch *scratch = *state;

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (uint8_t flag = 8; flag <= 16; flag = (uint8_t)(flag * 2)) { /* name, comment */
            struct bytes member = member_with(3, flag);
            struct bytes bytes = bytes_slice(&member, 0, 10);
            bytes_append_run(&bytes, 'n', sizes[i]);
            bytes_append_run(&bytes, 0, 1);
            bytes_append(&bytes, member.data + 10, member.size - 10);
            bytes_free(&member);
            if (sizes[i] < 1000000) {
                assert_accepted(scratch, bytes, "a long name");
            } else {
                assert_refused(scratch, bytes, CINCH_E_UNSUPPORTED, "a name without end");
            }
        }
    }
}

static void deflate_data(void **state)
{
    struct scratch *scratch = *state;

    assert_refused(scratch, member_with(10, 7), CINCH_E_CORRUPT, "a block of the reserved type");
    /* 19 of 286 codes of literals and lengths: more than there are. */
    assert_refused(scratch, member_with(10, 0xFD), CINCH_E_CORRUPT, "a tree that is none");
}

/* --- zlib ------------------------------------------------------------------------------- */

static struct bytes stream_with(uint8_t method, uint8_t flags)
{
    struct bytes plain = content();
    struct bytes bytes = {NULL, 0};

    craft_zlib(&bytes, &plain, 6);
    bytes.data[0] = method;
    bytes.data[1] = flags;
    bytes_free(&plain);
    return bytes;
}

static void zlib_streams(void **state)
{
    struct scratch *scratch = *state;
    struct bytes bytes = stream_with(0x78, 0x9C);

    for (size_t i = 1; i <= 4; i++) {
        struct bytes wrong = bytes_slice(&bytes, 0, bytes.size);
        wrong.data[wrong.size - i] ^= 0x10;
        assert_refused(scratch, wrong, CINCH_E_CHECKSUM, "a wrong Adler-32");
    }
    assert_accepted(scratch, bytes, "a stream");
    assert_refused(scratch, stream_with(0x78, 0xBB), CINCH_E_UNSUPPORTED, "a dictionary");
    assert_refused(scratch, stream_with(0x78, 0x9D), CINCH_E_FORMAT, "wrong check bits");
    assert_refused(scratch, stream_with(0x79, 0x9C), CINCH_E_FORMAT, "method 9");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(no_format),
        scratch_test(zstd_windows),
        scratch_test(gzip_comments_under_a_limit),
        scratch_test(zstd_windows_by_wish),
        scratch_test(zstd_features),
        scratch_test(zstd_blocks),
        scratch_test(zstd_sizes),
        scratch_test(zstd_sizes_of_large_frames),
        scratch_test(zstd_checksums),
        scratch_test(gzip_headers),
        scratch_test(gzip_trailers),
        scratch_test(gzip_names),
        scratch_test(deflate_data),
        scratch_test(zlib_streams),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
