/*
 * Inputs that are valid and seldom seen, inputs that come slowly or change, and bombs.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/craft.h"
#include "support/decompress.h"
#include "support/jobs.h"
#include "support/monitor.h"
#include "support/process.h"
#include "support/scratch.h"
#include "support/stream.h"
#include "support/test.h"

enum {
    POOLS = 2
};

static const uint32_t pool_sizes[POOLS] = {1, 3};

static void assert_pools_decompress(struct scratch *scratch, const struct bytes *encoded,
                                    const struct bytes *content, const char *what)
{
    for (size_t i = 0; i < POOLS; i++) {
        cinch_pool *pool = pool_with_threads(pool_sizes[i]);
        assert_decompresses(scratch, pool, encoded, content, what);
        cinch_pool_destroy(pool, CINCH_DRAIN);
    }
}

/* --- Valid, and seldom seen --------------------------------------------------------------- */

static void nothing_in_many_ways(void **state)
{
    struct scratch *scratch = *state;
    struct bytes nothing = {NULL, 0};
    struct bytes note = bytes_make(BYTES_TEXT, 70000, 1);
    struct bytes encoded = {NULL, 0};

    craft_zstd_skippable(&encoded, 0, &nothing);
    assert_pools_decompress(scratch, &encoded, &nothing, "an empty skippable frame");
    craft_zstd_skippable(&encoded, 15, &note);
    assert_pools_decompress(scratch, &encoded, &nothing, "skippable frames alone");
    for (unsigned int flags = 0; flags < 4; flags++) {
        craft_zstd_frame(&encoded, &nothing, 3, flags);
    }
    assert_pools_decompress(scratch, &encoded, &nothing, "empty frames");
    bytes_free(&encoded);

    craft_bgzf_end(&encoded);
    assert_pools_decompress(scratch, &encoded, &nothing, "the end of a BGZF file alone");
    craft_gzip_member(&encoded, &nothing, 6, NULL);
    craft_bgzf_end(&encoded);
    assert_pools_decompress(scratch, &encoded, &nothing, "empty members");
    bytes_free(&encoded);

    craft_zlib(&encoded, &nothing, 6);
    assert_pools_decompress(scratch, &encoded, &nothing, "an empty zlib stream");
    bytes_free(&encoded);
    bytes_free(&note);
}

/* More parts than any ring has room for, each far smaller than what a step costs. */
static void a_hundred_thousand_parts(void **state)
{
    struct scratch *scratch = *state;
    const size_t count = 100000 / TEST_SLOWNESS;
    struct bytes word = bytes_make(BYTES_TEXT, 5, 1);
    struct bytes nothing = {NULL, 0};
    static const char *const names[] = {"frames", "frames without size", "members",
                                        "members that tell their size"};

    for (size_t kind = 0; kind < sizeof(names) / sizeof(names[0]); kind++) {
        struct bytes parts[2] = {{NULL, 0}, {NULL, 0}};
        struct bytes encoded = {NULL, 0};
        struct bytes content = {NULL, 0};
        for (size_t i = 0; i < 2; i++) {
            const struct bytes *text = i == 0 ? &word : &nothing;
            switch (kind) {
            case 0:
                craft_zstd_frame(&parts[i], text, 1, CRAFT_CONTENT_SIZE);
                break;
            case 1:
                craft_zstd_frame(&parts[i], text, 1, CRAFT_CHECKSUM);
                break;
            case 2:
                craft_gzip_member(&parts[i], text, 1, NULL);
                break;
            default:
                craft_gzip_sized_member(&parts[i], text, 1, CRAFT_BGZF);
                break;
            }
        }
        for (size_t i = 0; i < count; i++) {
            bytes_append_bytes(&encoded, &parts[i % 3 == 2]);
            if (i % 3 != 2) {
                bytes_append_bytes(&content, &word);
            }
        }
        assert_pools_decompress(scratch, &encoded, &content, names[kind]);
        bytes_free(&parts[0]);
        bytes_free(&parts[1]);
        bytes_free(&encoded);
        bytes_free(&content);
    }
    bytes_free(&word);
}

/* The longest extra field, of one subfield, of very many, and of none that can be read. */
static void the_longest_extra_field(void **state)
{
    struct scratch *scratch = *state;
    struct bytes content = bytes_make(BYTES_TEXT, 100000, 1);

    for (int kind = 0; kind < 3; kind++) {
        struct bytes extra = {NULL, 0};
        struct bytes encoded = {NULL, 0};
        if (kind == 0) {
            bytes_append(&extra, "XY\xFB\xFF", 4);
            bytes_append_run(&extra, 'x', 65531);
        } else if (kind == 1) {
            while (extra.size + 4 <= 65535) {
                bytes_append(&extra, "XY\0\0", 4);
            }
        } else {
            bytes_append_run(&extra, 0xFF, 65535);
        }
        craft_gzip_member(&encoded, &content, 6, &extra);
        craft_gzip_member(&encoded, &content, 6, &extra);
        struct bytes twice = bytes_slice(&content, 0, content.size);
        bytes_append_bytes(&twice, &content);
        assert_pools_decompress(scratch, &encoded, &twice, "the longest extra field");
        bytes_free(&twice);
        bytes_free(&extra);
        bytes_free(&encoded);
    }
    bytes_free(&content);
}

/* --- Slow and changing -------------------------------------------------------------------- */

/* One file of each kind that is found part by part. */
static void append_parts(struct bytes *encoded, struct bytes *content, int kind)
{
    for (uint64_t i = 0; i < 4; i++) {
        struct bytes part = bytes_make(BYTES_TEXT, i * 700, i + 1);
        if (kind == 0) {
            struct bytes note = bytes_make(BYTES_TEXT, i, 1);
            craft_zstd_frame(encoded, &part, 1, (unsigned int)i);
            craft_zstd_skippable(encoded, (unsigned int)i, &note);
            bytes_free(&note);
        } else if (kind == 1) {
            craft_gzip_sized_member(encoded, &part, 1, (enum craft_size)i);
        } else {
            craft_gzip_member(encoded, &part, 1, NULL);
        }
        bytes_append_bytes(content, &part);
        bytes_free(&part);
    }
}

/* Bytes come one by one, as does room for them. */
static void byte_after_byte(void **state)
{
    struct scratch *scratch = *state;

    for (int kind = 0; kind < 7; kind++) {
        struct bytes encoded = {NULL, 0};
        struct bytes content = {NULL, 0};
        if (kind < 3) {
            append_parts(&encoded, &content, kind);
        } else {
            const char *input = scratch_path(scratch, "input");
            const char *output = scratch_path(scratch, "output");
            cinch_options options = CINCH_OPTIONS_INIT;
            cinch_pool *pool = pool_with_threads(1);
            content = file_make(input, BYTES_TEXT, 9001, 3);
            options.format = kind % 3 + 1;
            options.flags = kind == 6 ? CINCH_FLAG_SINGLE_STREAM : 0;
            options.chunk_size = 4096;
            assert_code(CINCH_OK, compress_and_wait(pool, input, output, &options));
            cinch_pool_destroy(pool, CINCH_DRAIN);
            encoded = file_read(output);
        }
        for (size_t i = 0; i < POOLS; i++) {
            cinch_pool *pool = pool_with_threads(pool_sizes[i]);
            struct drain drain;
            struct bytes decoded;
            cinch_job *job;
            int in[2];
            int out[2];
            pipe_make(in);
            pipe_make(out);
            /* The smallest pipe there is. */
            assert_true(fcntl(out[1], F_SETPIPE_SZ, 1) > 0);
            drain_start(&drain, out[0]);
            assert_code(CINCH_OK, cinch_decompress_fd(pool, in[0], out[1], NULL, &job));
            for (size_t at = 0; at < encoded.size; at++) {
                assert_int_equal(1, write(in[1], encoded.data + at, 1));
            }
            close(in[1]);
            assert_job_ends(CINCH_OK, job);
            close(in[0]);
            close(out[1]);
            decoded = drain_finish(&drain);
            assert_bytes_equal(&content, &decoded);
            bytes_free(&decoded);
            cinch_pool_destroy(pool, CINCH_DRAIN);
        }
        bytes_free(&encoded);
        bytes_free(&content);
    }
}

/* Of a pipe the parts are found that a file has, to be decoded side by side. */
static void pipes_have_parts(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(3);
    static const uint64_t expected[] = {0, 11, 11, 1, 40};

    for (int32_t kind = CINCH_FORMAT_ZSTD; kind <= CINCH_FORMAT_ZLIB + 1; kind++) {
        const char *input = scratch_path(scratch, "input");
        const char *output = scratch_path(scratch, "output");
        cinch_options options = CINCH_OPTIONS_INIT;
        struct bytes encoded = {NULL, 0};
        struct bytes content = file_make(input, BYTES_TEXT, 10 * 4096 + 1, 3);
        if (kind <= CINCH_FORMAT_ZLIB) {
            options.format = kind;
            options.chunk_size = 4096;
            assert_code(CINCH_OK, compress_and_wait(pool, input, output, &options));
            encoded = file_read(output);
        } else {
            for (size_t at = 0; at < 40; at++) {
                struct bytes part = bytes_slice(&content, at * 1024, at < 39 ? 1024 : 1025);
                craft_gzip_sized_member(&encoded, &part, 1, CRAFT_BGZF);
                bytes_free(&part);
            }
        }
        for (int way = 0; way < WAYS; way++) {
            struct outcome outcome = decompress_bytes(scratch, pool, (enum way)way, &encoded, NULL);
            assert_code(CINCH_OK, outcome.code);
            assert_bytes_equal(&content, &outcome.content);
            assert_int_equal(expected[kind], outcome.stats.chunks);
            bytes_free(&outcome.content);
        }
        bytes_free(&encoded);
        bytes_free(&content);
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* What is put behind a file while it is read is not there for the job. */
static void an_input_that_grows(void **state)
{
    struct scratch *scratch = *state;

    for (int kind = 0; kind < 3; kind++) {
        struct bytes encoded = {NULL, 0};
        struct bytes content = {NULL, 0};
        append_parts(&encoded, &content, kind);
        for (size_t i = 0; i < POOLS; i++) {
            const char *input = scratch_path(scratch, "input");
            const char *output = scratch_path(scratch, "output");
            cinch_pool *pool = pool_with_threads(pool_sizes[i]);
            struct monitor *monitor = monitor_new();
            cinch_options options = options_watched_by(monitor);
            file_write(input, &encoded);
            monitor->progress_hook = monitor_hold_first;
            assert_code(CINCH_OK, cinch_decompress(pool, input, output, &options, &monitor->job));
            counter_wait(&monitor->progressed, 1);
            int appending = open(input, O_WRONLY | O_APPEND | O_CLOEXEC);
            assert_int_equal(7, write(appending, "garbage", 7));
            close(appending);
            gate_open(&monitor->gate);
            assert_job_ends(CINCH_OK, monitor->job);
            monitor_assert_ended(monitor, CINCH_OK);
            assert_file_holds(output, &content);
            monitor_free(monitor);
            cinch_pool_destroy(pool, CINCH_DRAIN);
        }
        bytes_free(&encoded);
        bytes_free(&content);
    }
}

/* --- Bombs ------------------------------------------------------------------------------ */

enum {
    LIMIT = 1 << 20
};

struct bombing {
    const char *input;
    const char *output;
    uint32_t threads;
};

/* In a process that cannot write a byte beyond the limit into any file: that it ends with
 * CINCH_E_OUTPUT_LIMIT, and not for want of space, shows that it has not tried to. */
static int bomb_is_stopped(void *context)
{
    const struct bombing *bombing = context;
    const struct rlimit file_size = {LIMIT, LIMIT};
    cinch_options options = CINCH_OPTIONS_INIT;
    cinch_stats stats = CINCH_STATS_INIT;
    cinch_job *job;

    if (setrlimit(RLIMIT_FSIZE, &file_size) != 0) {
        return 1;
    }
    cinch_pool *pool = pool_with_threads(bombing->threads);
    options.output_limit = LIMIT;
    if (cinch_decompress(pool, bombing->input, bombing->output, &options, &job) != CINCH_OK) {
        return 2;
    }
    int32_t code = cinch_job_wait(job);
    cinch_job_stats(job, &stats);
    cinch_job_release(job);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    return code != CINCH_E_OUTPUT_LIMIT ? 64 + code : stats.bytes_out > LIMIT ? 3 : 0;
}

static void assert_is_stopped(struct scratch *scratch, const struct bytes *encoded,
                              const char *what)
{
    for (size_t i = 0; i < POOLS; i++) {
        struct bombing bombing = {scratch_path(scratch, "bomb"), scratch_path(scratch, "output"),
                                  pool_sizes[i]};
        file_write(bombing.input, encoded);
        int result = child_run(bomb_is_stopped, &bombing);
        if (result != 0) {
            fail_msg("%s, %u threads: %d", what, (unsigned int)pool_sizes[i], result);
        }
        assert_no_file(bombing.output);
    }
    scratch_assert_holds(scratch, "bomb", NULL);
}

static void bombs_leave_the_disk_alone(void **state)
{
    struct scratch *scratch = *state;
    const uint64_t size = UINT64_C(10) << 30;
    struct craft_zstd_header header = {
        .has_content_size = true, .window = 10 << 3, .content_size = size};
    struct bytes encoded = {NULL, 0};

    /* A kilobyte that promises ten gigabytes. */
    craft_zstd_header(&encoded, &header);
    while (encoded.size < 1000) {
        craft_zstd_block(&encoded, CRAFT_RLE, false, 128 << 10);
        bytes_append_number(&encoded, 0, 1);
    }
    craft_zstd_block(&encoded, CRAFT_RLE, true, 128 << 10);
    bytes_append_number(&encoded, 0, 1);
    assert_is_stopped(scratch, &encoded, "ten gigabytes promised");

    /* As much as fits into a kilobyte, in a frame that promises nothing. */
    header.has_content_size = false;
    struct bytes silent = {NULL, 0};
    craft_zstd_header(&silent, &header);
    bytes_append(&silent, encoded.data + 14, encoded.size - 14);
    assert_is_stopped(scratch, &silent, "a frame that promises nothing");
    bytes_free(&silent);
    bytes_free(&encoded);

    /* Ten gigabytes that are really there: one frame, and many. */
    craft_zstd_zeros(&encoded, size, 10 << 3);
    assert_is_stopped(scratch, &encoded, "a frame of ten gigabytes");
    bytes_free(&encoded);
    struct bytes frame = {NULL, 0};
    craft_zstd_zeros(&frame, 100 << 20, 10 << 3);
    for (int i = 0; i < 103; i++) {
        bytes_append_bytes(&encoded, &frame);
    }
    assert_is_stopped(scratch, &encoded, "frames of ten gigabytes");
    bytes_free(&frame);
    bytes_free(&encoded);

    /* Deflate: a thousand times its size and no more. */
    struct bytes zeros = bytes_make(BYTES_ZEROS, 64 << 20, 0);
    craft_gzip_member(&encoded, &zeros, 9, NULL);
    assert_is_stopped(scratch, &encoded, "a member of zeros");
    bytes_free(&encoded);
    craft_gzip_sized_member(&encoded, &zeros, 9, CRAFT_MGZIP);
    assert_is_stopped(scratch, &encoded, "a Mgzip member of zeros");
    bytes_free(&encoded);
    craft_zlib(&encoded, &zeros, 9);
    assert_is_stopped(scratch, &encoded, "a zlib stream of zeros");
    bytes_free(&encoded);
    bytes_free(&zeros);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(nothing_in_many_ways),       scratch_test(a_hundred_thousand_parts),
        scratch_test(the_longest_extra_field),    scratch_test(byte_after_byte),
        scratch_test(pipes_have_parts),           scratch_test(an_input_that_grows),
        scratch_test(bombs_leave_the_disk_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
