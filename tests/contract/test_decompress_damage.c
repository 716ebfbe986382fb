/*
 * Damaged files: cut off at every byte, every bit turned, something behind the end.
 *
 * A file that is not what was written never becomes output: from file to file nothing is
 * published, and a descriptor gets no byte that is wrong, as far as the format can tell.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "support/craft.h"
#include "support/decode.h"
#include "support/decompress.h"
#include "support/scratch.h"
#include "support/test.h"

enum {
    CONTENT = 240, /* bytes of content, where each file can be small */
    THIRD = CONTENT / 3,
    CHUNK = 4096, /* the smallest that we write */
    ENDS_MOST = 8
};

/* A file, and where it could end as well. */
struct sample {
    const char *name;
    int32_t format;
    struct bytes encoded;
    struct bytes content;
    bool is_checked; /* each bit of the content is vouched for */

    /* Offsets at which a frame or member ends: a file that is cut there has lost nothing that it
     * could miss, but for its own index. With how much of the content it has then. */
    struct {
        size_t offset;
        size_t content;
    } ends[ENDS_MOST];
    size_t ends_count;
};

static void sample_end(struct sample *sample, size_t content)
{
    assert_true(sample->ends_count < ENDS_MOST);
    sample->ends[sample->ends_count].offset = sample->encoded.size;
    sample->ends[sample->ends_count].content = content;
    sample->ends_count++;
}

static void sample_free(struct sample *sample)
{
    bytes_free(&sample->encoded);
    bytes_free(&sample->content);
}

static struct sample sample_begin(const char *name, int32_t format)
{
    return (struct sample){
        .name = name,
        .format = format,
        .content = bytes_make(BYTES_TEXT, CONTENT, 1),
        .is_checked = true,
    };
}

/* --- The files -------------------------------------------------------------------------- */

static struct sample one_frame(void)
{
    struct sample sample = sample_begin("one frame", CINCH_FORMAT_ZSTD);

    craft_zstd_frame(&sample.encoded, &sample.content, 3, CRAFT_CHECKSUM | CRAFT_CONTENT_SIZE);
    return sample;
}

static struct sample one_frame_that_tells_nothing(void)
{
    struct sample sample = sample_begin("a frame without size and checksum", CINCH_FORMAT_ZSTD);

    craft_zstd_frame(&sample.encoded, &sample.content, 3, 0);
    sample.is_checked = false;
    return sample;
}

static struct sample frames_with_a_table(void)
{
    struct sample sample = sample_begin("frames with a seek table", CINCH_FORMAT_ZSTD);
    struct bytes note = bytes_make(BYTES_TEXT, 10, 2);
    uint32_t sizes[2 * 4] = {0};

    craft_zstd_skippable(&sample.encoded, 3, &note);
    sizes[0] = (uint32_t)sample.encoded.size;
    sample_end(&sample, 0);
    for (size_t i = 0; i < 3; i++) {
        struct bytes third = bytes_slice(&sample.content, i * THIRD, THIRD);
        size_t before = sample.encoded.size;
        craft_zstd_frame(&sample.encoded, &third, 3, CRAFT_CHECKSUM | CRAFT_CONTENT_SIZE);
        sizes[2 * i + 2] = (uint32_t)(sample.encoded.size - before);
        sizes[2 * i + 3] = THIRD;
        sample_end(&sample, (i + 1) * THIRD);
        bytes_free(&third);
    }
    craft_seek_table(&sample.encoded, sizes, 4);
    bytes_free(&note);
    return sample;
}

/* As pzstd writes them: before each frame a skippable one that tells its size. */
static struct sample frames_of_pzstd(void)
{
    struct sample sample = sample_begin("frames of pzstd", CINCH_FORMAT_ZSTD);

    for (size_t i = 0; i < 3; i++) {
        struct bytes third = bytes_slice(&sample.content, i * THIRD, THIRD);
        struct bytes frame = {NULL, 0};
        struct bytes size = {NULL, 0};
        craft_zstd_frame(&frame, &third, 3, CRAFT_CHECKSUM | (i == 1 ? CRAFT_CONTENT_SIZE : 0));
        bytes_append_number(&size, frame.size, 4);
        craft_zstd_skippable(&sample.encoded, 0, &size);
        sample_end(&sample, i * THIRD);
        bytes_append_bytes(&sample.encoded, &frame);
        sample_end(&sample, (i + 1) * THIRD);
        bytes_free(&size);
        bytes_free(&frame);
        bytes_free(&third);
    }
    return sample;
}

/* Raw and RLE blocks, empty ones and empty frames among them. */
static struct sample frames_of_every_block(void)
{
    struct sample sample = sample_begin("frames of every kind of block", CINCH_FORMAT_ZSTD);
    const struct craft_zstd_header header = {.window = 0};
    struct bytes nothing = {NULL, 0};

    bytes_free(&sample.content);
    bytes_append_run(&sample.content, 'r', 100);
    bytes_append(&sample.content, "raw bytes", 9);
    craft_zstd_frame(&sample.encoded, &nothing, 3, CRAFT_CONTENT_SIZE);
    sample_end(&sample, 0);
    craft_zstd_header(&sample.encoded, &header);
    craft_zstd_block(&sample.encoded, CRAFT_RAW, false, 0);
    craft_zstd_block(&sample.encoded, CRAFT_RLE, false, 100);
    bytes_append(&sample.encoded, "r", 1);
    craft_zstd_block(&sample.encoded, CRAFT_RAW, true, 0);
    sample_end(&sample, 100);
    craft_zstd_frame(&sample.encoded, &nothing, 3, CRAFT_CHECKSUM);
    sample_end(&sample, 100);
    craft_zstd_header(&sample.encoded, &header);
    craft_zstd_block(&sample.encoded, CRAFT_RAW, true, 9);
    bytes_append(&sample.encoded, "raw bytes", 9);
    sample.is_checked = false;
    return sample;
}

static struct sample plain_member(void)
{
    struct sample sample = sample_begin("a gzip member with a name", CINCH_FORMAT_GZIP);
    const uint8_t header[] = {0x1F, 0x8B, 8, 8, 1, 2, 3, 4, 0, 3, 'n', 'a', 'm', 'e', 0};

    bytes_append(&sample.encoded, header, sizeof(header));
    struct bytes member = {NULL, 0};
    craft_gzip_member(&member, &sample.content, 6, NULL);
    bytes_append(&sample.encoded, member.data + 10, member.size - 10);
    bytes_free(&member);
    return sample;
}

/* A header with everything that it may have, its own checksum too. */
static struct sample member_with_all_fields(void)
{
    struct sample sample = sample_begin("a gzip member with all fields", CINCH_FORMAT_GZIP);
    const uint8_t header[] = {
        0x1F, 0x8B, 8,   0x1F, 1,   2, 3,   4,   2,   3, /* as above, all flags */
        9,    0,    'X', 'Y',  5,   0, 'e', 'x', 't', 'r',
        'a',  'n',  'a', 'm',  'e', 0, 's', 'a', 'y', 0};
    struct bytes member = {NULL, 0};

    bytes_append(&sample.encoded, header, sizeof(header));
    bytes_append_number(&sample.encoded, crc32_z(0, header, sizeof(header)) & 0xFFFF, 2);
    craft_gzip_member(&member, &sample.content, 6, NULL);
    bytes_append(&sample.encoded, member.data + 10, member.size - 10);
    bytes_free(&member);
    return sample;
}

static struct sample members(void)
{
    struct sample sample = sample_begin("gzip members", CINCH_FORMAT_GZIP);

    for (size_t i = 0; i < 3; i++) {
        struct bytes third = bytes_slice(&sample.content, i * THIRD, THIRD);
        craft_gzip_member(&sample.encoded, &third, 6, NULL);
        sample_end(&sample, (i + 1) * THIRD);
        bytes_free(&third);
    }
    return sample;
}

static struct sample sized_members(const char *name, enum craft_size kind)
{
    struct sample sample = sample_begin(name, CINCH_FORMAT_GZIP);

    for (size_t i = 0; i < 3; i++) {
        struct bytes third = bytes_slice(&sample.content, i * THIRD, THIRD);
        craft_gzip_sized_member(&sample.encoded, &third, 6, kind);
        sample_end(&sample, (i + 1) * THIRD);
        bytes_free(&third);
    }
    if (kind == CRAFT_BGZF) {
        craft_bgzf_end(&sample.encoded);
    }
    return sample;
}

static struct sample bgzf(void)
{
    return sized_members("BGZF", CRAFT_BGZF);
}

static struct sample mgzip(void)
{
    return sized_members("Mgzip", CRAFT_MGZIP);
}

static struct sample mgzip_long(void)
{
    return sized_members("Mgzip of 16 bytes", CRAFT_MGZIP_LONG);
}

static struct sample migz(void)
{
    return sized_members("MiGz", CRAFT_MIGZ);
}

static struct sample zlib_stream(void)
{
    struct sample sample = sample_begin("a zlib stream", CINCH_FORMAT_ZLIB);

    craft_zlib(&sample.encoded, &sample.content, 6);
    return sample;
}

/* Three chunks as we write them: with content that repeats itself they are small, too. */
static struct sample written_by_us(struct scratch *scratch, const char *name, int32_t format)
{
    struct sample sample = {.name = name, .format = format, .is_checked = true};
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");
    cinch_options options = CINCH_OPTIONS_INIT;
    struct bytes word = bytes_make(BYTES_TEXT, 16, 5);
    cinch_pool *pool = pool_with_threads(1);

    while (sample.content.size < 2 * CHUNK + CHUNK / 2) {
        bytes_append_bytes(&sample.content, &word);
    }
    file_write(input, &sample.content);
    options.format = format;
    options.chunk_size = CHUNK;
    assert_code(CINCH_OK, compress_and_wait(pool, input, output, &options));
    sample.encoded = file_read(output);
    if (format == CINCH_FORMAT_ZSTD) {
        /* The table tells where the frames end: 8 bytes an entry, a footer of 9. */
        size_t end = 0;
        for (size_t i = 0; i < 3; i++) {
            end += little_endian_32(sample.encoded.data + sample.encoded.size - 9 - 8 * (3 - i));
            sample.ends[i].offset = end;
            sample.ends[i].content = i < 2 ? (i + 1) * CHUNK : sample.content.size;
        }
        sample.ends_count = 3;
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);
    bytes_free(&word);
    return sample;
}

enum {
    SAMPLES = 16
};

static struct sample sample_make(struct scratch *scratch, int number)
{
    switch (number) {
    case 0:
        return one_frame();
    case 1:
        return one_frame_that_tells_nothing();
    case 2:
        return frames_with_a_table();
    case 3:
        return plain_member();
    case 4:
        return members();
    case 5:
        return bgzf();
    case 6:
        return mgzip();
    case 7:
        return zlib_stream();
    case 8:
        return written_by_us(scratch, "zstd of ours", CINCH_FORMAT_ZSTD);
    case 9:
        return written_by_us(scratch, "zlib of ours", CINCH_FORMAT_ZLIB);
    case 10:
        return frames_of_pzstd();
    case 11:
        return frames_of_every_block();
    case 12:
        return member_with_all_fields();
    case 13:
        return mgzip_long();
    case 14:
        return migz();
    default:
        return written_by_us(scratch, "gzip of ours", CINCH_FORMAT_GZIP);
    }
}

/* --- Undamaged -------------------------------------------------------------------------- */

static void samples_are_right(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);

    for (int i = 0; i < SAMPLES; i++) {
        struct sample sample = sample_make(scratch, i);
        assert_decompresses(scratch, pool, &sample.encoded, &sample.content, sample.name);
        sample_free(&sample);
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* --- Cut off ---------------------------------------------------------------------------- */

/* What a descriptor got before the failure was right. */
static void assert_is_prefix(const struct bytes *content, const struct bytes *written)
{
    assert_true(written->size <= content->size);
    if (written->size > 0) {
        assert_memory_equal(content->data, written->data, written->size);
    }
}

static void assert_cut(struct scratch *scratch, cinch_pool *pool, const struct sample *sample,
                       size_t size)
{
    struct bytes cut = bytes_slice(&sample->encoded, 0, size);
    struct bytes content = {NULL, 0};
    int32_t expected = CINCH_E_TRUNCATED;

    for (size_t i = 0; i < sample->ends_count; i++) {
        if (sample->ends[i].offset == size) {
            expected = CINCH_OK;
            content = bytes_slice(&sample->content, 0, sample->ends[i].content);
        }
    }
    for (int way = 0; way < WAYS; way++) {
        struct outcome outcome = decompress_bytes(scratch, pool, (enum way)way, &cut, NULL);
        if (outcome.code != expected) {
            fail_msg("%s, cut off after %zu of %zu bytes, %s: expected %s, got %s", sample->name,
                     size, sample->encoded.size, way_name((enum way)way), code_name(expected),
                     code_name(outcome.code));
        }
        if (expected == CINCH_OK) {
            assert_bytes_equal(&content, &outcome.content);
        } else {
            assert_is_prefix(&sample->content, &outcome.content);
        }
        bytes_free(&outcome.content);
    }
    bytes_free(&content);
    bytes_free(&cut);
}

static void every_truncation_is_seen(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);

    for (int i = 0; i < SAMPLES; i++) {
        struct sample sample = sample_make(scratch, i);
        for (size_t size = 0; size < sample.encoded.size; size++) {
            assert_cut(scratch, pool, &sample, size);
        }
        sample_free(&sample);
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* --- One bit turned --------------------------------------------------------------------- */

static bool is_of_data(int32_t code)
{
    return code >= CINCH_E_FORMAT && code <= CINCH_E_UNSUPPORTED && code != CINCH_E_OUTPUT_LIMIT;
}

/* From a file in memory to another, which costs a fraction of what names and threads do. */
static struct outcome decompress_in_memory(cinch_pool *pool, const struct bytes *encoded)
{
    int input = memfd_create("input", MFD_CLOEXEC);
    int output = memfd_create("output", MFD_CLOEXEC);
    struct outcome outcome = {0};
    cinch_job *job;

    assert_true(input >= 0 && output >= 0);
    assert_int_equal(encoded->size, pwrite(input, encoded->data, encoded->size, 0));
    assert_code(CINCH_OK, cinch_decompress_fd(pool, input, output, NULL, &job));
    outcome.code = cinch_job_wait(job);
    cinch_job_release(job);
    assert_int_equal(0, lseek(output, 0, SEEK_SET));
    outcome.content = descriptor_read(output);
    close(input);
    close(output);
    return outcome;
}

enum {
    IN_MEMORY = WAYS
};

/* Returns whether the file was decompressed all the same. */
static bool flip_is_harmless(struct scratch *scratch, cinch_pool *pool, const struct sample *sample,
                             int way, size_t bit)
{
    const char *name = way == IN_MEMORY ? "in memory" : way_name((enum way)way);
    struct bytes flipped = bytes_slice(&sample->encoded, 0, sample->encoded.size);
    struct outcome outcome;
    bool is_harmless;

    flipped.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    outcome = way == IN_MEMORY ? decompress_in_memory(pool, &flipped)
                               : decompress_bytes(scratch, pool, (enum way)way, &flipped, NULL);
    is_harmless = outcome.code == CINCH_OK;
    if (!is_harmless && !is_of_data(outcome.code)) {
        fail_msg("%s, bit %zu of byte %zu turned, %s: got %s", sample->name, bit % 8, bit / 8, name,
                 code_name(outcome.code));
    }
    if (is_harmless && sample->is_checked && !bytes_are_equal(&sample->content, &outcome.content)) {
        fail_msg("%s, bit %zu of byte %zu turned, %s: other content is taken for right",
                 sample->name, bit % 8, bit / 8, name);
    }
    if (is_harmless && !sample->is_checked) {
        /* Nothing vouches for the content; it is then what libzstd takes it for. */
        struct decoded decoded = decode_bytes(sample->format, &flipped);
        assert_null(decoded.error);
        assert_bytes_equal(&decoded.bytes, &outcome.content);
        bytes_free(&decoded.bytes);
    }
    bytes_free(&outcome.content);
    bytes_free(&flipped);
    return is_harmless;
}

static void every_flipped_bit_is_seen_or_harmless(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);
    const size_t step = TEST_SLOWNESS >= 20 ? 13 : 1;

    for (int i = 0; i < SAMPLES; i++) {
        struct sample sample = sample_make(scratch, i);
        size_t harmless = 0;
        for (size_t bit = 0; bit < sample.encoded.size * 8; bit += step) {
            /* Every bit in memory; some also by the ways that cost more. */
            bool is_harmless = flip_is_harmless(scratch, pool, &sample, IN_MEMORY, bit);
            if (bit % 5 == 0)
                is_harmless &= flip_is_harmless(scratch, pool, &sample, FILE_TO_FILE, bit);
            if (bit % 5 == 1)
                is_harmless &= flip_is_harmless(scratch, pool, &sample, PIPE_TO_PIPE, bit);
            harmless += is_harmless;
        }
        /* Time, operating system, a skippable frame's bytes: but a few. */
        if (sample.is_checked && harmless > sample.encoded.size * 8 / 4) {
            fail_msg("%s: %zu of %zu bits may be turned", sample.name, harmless,
                     sample.encoded.size * 8);
        }
        sample_free(&sample);
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* --- Something behind the end ------------------------------------------------------------ */

static void zeros_behind_the_end_are_padding(void **state)
{
    static const size_t counts[] = {1, 3, 17, 18, 63, 64, 511, 512, 300000};
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);

    for (int i = 0; i < SAMPLES; i++) {
        struct sample sample = sample_make(scratch, i);
        for (size_t k = 0; k < sizeof(counts) / sizeof(counts[0]); k++) {
            struct bytes padded = bytes_slice(&sample.encoded, 0, sample.encoded.size);
            bytes_append_run(&padded, 0, counts[k]);
            assert_decompresses(scratch, pool, &padded, &sample.content, sample.name);
            bytes_free(&padded);
        }
        sample_free(&sample);
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* What is refused is refused behind valid data, all of which a descriptor has got. */
static void assert_trailing(struct scratch *scratch, cinch_pool *pool, const struct sample *sample,
                            const struct bytes *trailing, int32_t expected)
{
    struct bytes longer = bytes_slice(&sample->encoded, 0, sample->encoded.size);

    bytes_append_bytes(&longer, trailing);
    for (int way = 0; way < WAYS; way++) {
        struct outcome outcome = decompress_bytes(scratch, pool, (enum way)way, &longer, NULL);
        if (outcome.code != expected) {
            fail_msg("%s and %zu bytes (%02x ..), %s: expected %s, got %s", sample->name,
                     trailing->size, trailing->data[0], way_name((enum way)way),
                     code_name(expected), code_name(outcome.code));
        }
        if (way != FILE_TO_FILE) {
            assert_bytes_equal(&sample->content, &outcome.content);
        }
        bytes_free(&outcome.content);
    }
    bytes_free(&longer);
}

static void anything_else_behind_the_end_is_trailing(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);

    for (int i = 0; i < SAMPLES; i++) {
        struct sample sample = sample_make(scratch, i);
        struct bytes trailing = {NULL, 0};

        bytes_append_run(&trailing, 'x', 1);
        assert_trailing(scratch, pool, &sample, &trailing, CINCH_E_TRAILING);
        bytes_append_run(&trailing, 'y', 99);
        assert_trailing(scratch, pool, &sample, &trailing, CINCH_E_TRAILING);

        /* Padding that goes on as something else. */
        memset(trailing.data, 0, 70);
        assert_trailing(scratch, pool, &sample, &trailing, CINCH_E_TRAILING);
        bytes_append_run(&trailing, 0, 300000);
        bytes_append_run(&trailing, 'z', 1);
        memset(trailing.data, 0, 100);
        assert_trailing(scratch, pool, &sample, &trailing, CINCH_E_TRAILING);
        bytes_free(&trailing);
        sample_free(&sample);
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* Only files of the same format may follow one another. */
static void another_format_behind_the_end_is_trailing(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);

    for (int i = 0; i < SAMPLES; i++) {
        struct sample sample = sample_make(scratch, i);
        for (int k = 0; k < SAMPLES; k++) {
            struct sample other = sample_make(scratch, k);
            if (other.format != sample.format || sample.format == CINCH_FORMAT_ZLIB) {
                assert_trailing(scratch, pool, &sample, &other.encoded, CINCH_E_TRAILING);
            }
            sample_free(&other);
        }
        sample_free(&sample);
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* The beginning of one more frame or member is no stray byte, but a file that was cut off. */
static void half_a_member_behind_the_end_is_truncated(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);

    for (int i = 0; i < SAMPLES; i++) {
        struct sample sample = sample_make(scratch, i);
        if (sample.format != CINCH_FORMAT_ZLIB) {
            struct bytes half = bytes_slice(&sample.encoded, 0, 1);
            assert_trailing(scratch, pool, &sample, &half, CINCH_E_TRUNCATED);
            bytes_append(&half, sample.encoded.data + 1, 6);
            assert_trailing(scratch, pool, &sample, &half, CINCH_E_TRUNCATED);
            bytes_free(&half);
        }
        sample_free(&sample);
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(samples_are_right),
        scratch_test(every_truncation_is_seen),
        scratch_test(every_flipped_bit_is_seen_or_harmless),
        scratch_test(zeros_behind_the_end_are_padding),
        scratch_test(anything_else_behind_the_end_is_trailing),
        scratch_test(another_format_behind_the_end_is_trailing),
        scratch_test(half_a_member_behind_the_end_is_truncated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
