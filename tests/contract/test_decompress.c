/*
 * Decompression under the same contract: callbacks, cancel, files, descriptors, limits.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>

#include "support/bytes.h"
#include "support/craft.h"
#include "support/decompress.h"
#include "support/jobs.h"
#include "support/monitor.h"
#include "support/scratch.h"
#include "support/stream.h"
#include "support/test.h"

static const char old_text[] = "what was there before";

/* A file of text and the same compressed, of several chunks. */
struct pair {
    const char *plain;
    const char *encoded;
    struct bytes bytes; /* plain's */
};

static struct pair pair_make(struct scratch *scratch, cinch_pool *pool, int32_t format, size_t size)
{
    struct pair pair = {
        scratch_path(scratch, "plain"), scratch_path(scratch, "encoded"), {NULL, 0}};
    cinch_options options = CINCH_OPTIONS_INIT;

    pair.bytes = file_make(pair.plain, BYTES_TEXT, size, 3);
    options.format = format;
    options.chunk_size = 4096;
    assert_code(CINCH_OK, compress_and_wait(pool, pair.plain, pair.encoded, &options));
    return pair;
}

/* A few kilobytes of frames or members that decode to `copies` times 4 MiB of zeros. */
static void bomb_make(const char *path, int32_t format, unsigned int copies)
{
    struct bytes zeros = bytes_make(BYTES_ZEROS, 4 << 20, 0);
    size_t room = 65536;
    uint8_t *piece = malloc(room);
    FILE *file = fopen(path, "we");

    assert_non_null(piece);
    assert_non_null(file);
    if (format == CINCH_FORMAT_ZSTD) {
        room = ZSTD_compress(piece, room, zeros.data, zeros.size, 1);
        assert_false(ZSTD_isError(room));
    } else {
        z_stream stream;
        memset(&stream, 0, sizeof(stream));
        assert_int_equal(Z_OK, deflateInit2(&stream, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY));
        stream.next_in = zeros.data;
        stream.avail_in = (uInt)zeros.size;
        stream.next_out = piece;
        stream.avail_out = (uInt)room;
        assert_int_equal(Z_STREAM_END, deflate(&stream, Z_FINISH));
        room -= stream.avail_out;
        deflateEnd(&stream);
    }
    for (unsigned int i = 0; i < copies; i++) {
        assert_int_equal(1, fwrite(piece, room, 1, file));
    }
    assert_int_equal(0, fclose(file));
    free(piece);
    bytes_free(&zeros);
}

/* --- Callbacks and results -------------------------------------------------------------- */

static void progress_keeps_the_rules(void **state)
{
    struct scratch *scratch = *state;
    static const size_t sizes[] = {0, 1, 4096, 4097, 300001};
    static const uint32_t threads[] = {1, 2, 5};

    for (size_t i = 0; i < 3; i++) {
        cinch_pool *pool = pool_with_threads(threads[i]);
        for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
            for (size_t j = 0; j < 5; j++) {
                struct pair pair = pair_make(scratch, pool, format, sizes[j]);
                struct monitor *monitor = monitor_new();
                cinch_options options = options_watched_by(monitor);
                cinch_stats stats = CINCH_STATS_INIT;
                const char *output = scratch_path(scratch, "output");
                struct stat status;
                assert_code(CINCH_OK,
                            cinch_decompress(pool, pair.encoded, output, &options, &monitor->job));
                assert_code(CINCH_OK, cinch_job_wait(monitor->job));
                assert_code(CINCH_OK, cinch_job_stats(monitor->job, &stats));
                cinch_job_release(monitor->job);
                monitor_assert_ended(monitor, CINCH_OK);
                assert_file_holds(output, &pair.bytes);
                assert_int_equal(0, stat(pair.encoded, &status));
                assert_int_equal(status.st_size, stats.bytes_in);
                assert_int_equal(status.st_size, stats.bytes_total);
                assert_int_equal(status.st_size, monitor->last_done);
                assert_int_equal(sizes[j], stats.bytes_out);
                bytes_free(&pair.bytes);
                monitor_free(monitor);
            }
        }
        cinch_pool_destroy(pool, CINCH_DRAIN);
    }
}

/* Decompression looks at the data: format, level and chunk_size are for compression. */
static void options_of_compression_are_ignored(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);
    const char *output = scratch_path(scratch, "output.gz");

    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
        struct pair pair = pair_make(scratch, pool, format, 20000);
        cinch_options options = CINCH_OPTIONS_INIT;
        options.format = format % 3 + 1;
        options.level = 12345;
        assert_code(CINCH_OK, decompress_and_wait(pool, pair.encoded, output, &options));
        assert_file_holds(output, &pair.bytes);
        bytes_free(&pair.bytes);
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

static void bad_arguments_are_refused(void **state)
{
    struct monitor *monitor = monitor_new();
    cinch_options options = options_watched_by(monitor);
    cinch_pool *pool = pool_with_threads(1);
    cinch_job *job = (cinch_job *)(void *)&options;

    (void)state;
    options.flags = 1u << 31;
    assert_code(CINCH_E_INVALID, cinch_decompress(pool, "a", "b", &options, &job));
    assert_null(job);
    assert_code(CINCH_E_INVALID, cinch_decompress_fd(pool, 0, 1, &options, &job));
    cinch_pool_destroy(pool, CINCH_DRAIN);
    monitor_assert_never_called(monitor);
    monitor_free(monitor);
}

/* --- Cancel ----------------------------------------------------------------------------- */

static void cancel_in_the_middle(void **state)
{
    struct scratch *scratch = *state;
    static const uint32_t threads[] = {1, 3};
    const char *input = scratch_path(scratch, "bomb");
    const char *output = scratch_path(scratch, "output");

    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_GZIP; format++) {
        /* 64 GiB, should nobody stop it. */
        bomb_make(input, format, 16384);
        for (size_t i = 0; i < 2; i++) {
            cinch_pool *pool = pool_with_threads(threads[i]);
            struct monitor *monitor = monitor_new();
            cinch_options options = options_watched_by(monitor);
            file_write_text(output, old_text);
            assert_code(CINCH_OK, cinch_decompress(pool, input, output, &options, &monitor->job));
            counter_wait(&monitor->advanced, 1);
            assert_code(CINCH_OK, cinch_job_cancel(monitor->job));
            assert_job_ends(CINCH_E_CANCELLED, monitor->job);
            monitor_assert_ended(monitor, CINCH_E_CANCELLED);
            assert_file_holds_text(output, old_text);
            monitor_free(monitor);
            cinch_pool_destroy(pool, CINCH_DRAIN);
        }
    }
    scratch_assert_holds(scratch, "bomb", "output", NULL);
}

/* The pipe says the first half of a frame or member, and then nothing. */
static void cancel_with_a_stalled_input(void **state)
{
    struct scratch *scratch = *state;
    static const uint32_t threads[] = {1, 3};

    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
        for (size_t i = 0; i < 2; i++) {
            cinch_pool *pool = pool_with_threads(threads[i]);
            struct pair pair = pair_make(scratch, pool, format, 20000);
            struct bytes encoded = file_read(pair.encoded);
            struct monitor *monitor = monitor_new();
            cinch_options options = options_watched_by(monitor);
            int output = open("/dev/null", O_WRONLY | O_CLOEXEC);
            int input[2];
            pipe_make(input);
            assert_int_equal(encoded.size / 2, write(input[1], encoded.data, encoded.size / 2));
            assert_code(CINCH_OK,
                        cinch_decompress_fd(pool, input[0], output, &options, &monitor->job));
            counter_wait(&monitor->progressed, 1);
            assert_code(CINCH_OK, cinch_job_cancel(monitor->job));
            assert_job_ends(CINCH_E_CANCELLED, monitor->job);
            monitor_assert_ended(monitor, CINCH_E_CANCELLED);
            monitor_free(monitor);
            cinch_pool_destroy(pool, CINCH_DRAIN);
            close(input[0]);
            close(input[1]);
            close(output);
            bytes_free(&encoded);
            bytes_free(&pair.bytes);
        }
    }
}

/* A pipe that nobody reads: the job waits, keeps no thread, and can be cancelled or go on. */
static void stalled_outputs_keep_no_thread(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);

    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
        enum {
            STALLED = 5
        };
        struct pair pair = pair_make(scratch, pool, format, 400000);
        struct monitor *monitors[STALLED];
        int inputs[STALLED];
        int outputs[STALLED][2];
        for (int i = 0; i < STALLED; i++) {
            cinch_options options;
            monitors[i] = monitor_new();
            options = options_watched_by(monitors[i]);
            inputs[i] = open(pair.encoded, O_RDONLY | O_CLOEXEC);
            pipe_make(outputs[i]);
            assert_code(CINCH_OK, cinch_decompress_fd(pool, inputs[i], outputs[i][1], &options,
                                                      &monitors[i]->job));
        }
        assert_code(CINCH_OK,
                    decompress_and_wait(pool, pair.encoded, scratch_path(scratch, "output"), NULL));
        for (int i = 0; i < STALLED; i++) {
            int32_t expected = i % 2 == 0 ? CINCH_OK : CINCH_E_CANCELLED;
            struct drain drain;
            struct bytes decoded;
            if (expected != CINCH_OK) {
                assert_code(CINCH_OK, cinch_job_cancel(monitors[i]->job));
            }
            drain_start(&drain, outputs[i][0]);
            assert_job_ends(expected, monitors[i]->job);
            monitor_assert_ended(monitors[i], expected);
            close(outputs[i][1]);
            decoded = drain_finish(&drain);
            if (expected == CINCH_OK) {
                assert_bytes_equal(&pair.bytes, &decoded);
            }
            close(inputs[i]);
            bytes_free(&decoded);
            monitor_free(monitors[i]);
        }
        bytes_free(&pair.bytes);
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* --- Files ------------------------------------------------------------------------------ */

static void output_is_published_as_when_compressing(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    struct pair pair = pair_make(scratch, pool, CINCH_FORMAT_GZIP, 50000);
    const char *output = scratch_path(scratch, "output");
    const char *link = scratch_path(scratch, "link");
    cinch_options options = CINCH_OPTIONS_INIT;
    struct timespec times[2] = {{1234567890, 123456789}, {1111111111, 987654321}};
    struct monitor *monitor = monitor_new();
    struct stat status;

    /* Until the end, the old file is there. */
    file_write_text(output, old_text);
    options = options_watched_by(monitor);
    monitor->progress_hook = monitor_hold_first;
    assert_code(CINCH_OK, cinch_decompress(pool, pair.encoded, output, &options, &monitor->job));
    counter_wait(&monitor->progressed, 1);
    assert_file_holds_text(output, old_text);
    gate_open(&monitor->gate);
    assert_job_ends(CINCH_OK, monitor->job);
    monitor_assert_ended(monitor, CINCH_OK);
    assert_file_holds(output, &pair.bytes);
    monitor_free(monitor);

    /* Mode and times come back from the compressed file. */
    assert_int_equal(0, chmod(pair.encoded, 0640));
    assert_int_equal(0, utimensat(AT_FDCWD, pair.encoded, times, 0));
    assert_int_equal(0, symlink("output", link));
    assert_code(CINCH_OK, decompress_and_wait(pool, pair.encoded, link, NULL));
    assert_int_equal(0, lstat(output, &status));
    assert_int_equal(0640, status.st_mode & 07777);
    assert_int_equal(times[1].tv_sec, status.st_mtim.tv_sec);
    assert_int_equal(times[1].tv_nsec, status.st_mtim.tv_nsec);

    options = (cinch_options)CINCH_OPTIONS_INIT;
    options.flags = CINCH_FLAG_NO_REPLACE;
    assert_code(CINCH_E_EXISTS, decompress_and_wait(pool, pair.encoded, output, &options));
    assert_code(CINCH_E_SAME_FILE, decompress_and_wait(pool, pair.encoded, pair.encoded, NULL));
    assert_code(CINCH_E_NOT_FOUND,
                decompress_and_wait(pool, scratch_path(scratch, "missing"), output, NULL));
    assert_code(CINCH_E_FILE_TYPE, decompress_and_wait(pool, scratch->folder, output, NULL));
    assert_file_holds(output, &pair.bytes);
    bytes_free(&pair.bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    scratch_assert_holds(scratch, "plain", "encoded", "output", "link", NULL);
}

static void truncated_while_being_read(void **state)
{
    struct scratch *scratch = *state;

    for (uint32_t threads = 1; threads <= 3; threads += 2) {
        for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_GZIP; format++) {
            cinch_pool *pool = pool_with_threads(threads);
            const char *output = scratch_path(scratch, "output");
            struct monitor *monitor = monitor_new();
            cinch_options options = options_watched_by(monitor);
            const char *input = scratch_path(scratch, "bomb");
            bomb_make(input, format, 16384);
            file_write_text(output, old_text);
            monitor->progress_hook = monitor_hold_later;
            assert_code(CINCH_OK, cinch_decompress(pool, input, output, &options, &monitor->job));
            counter_wait(&monitor->advanced, 1);
            assert_int_equal(0, truncate(input, 100));
            gate_open(&monitor->gate);
            assert_job_ends(CINCH_E_INPUT_CHANGED, monitor->job);
            monitor_assert_ended(monitor, CINCH_E_INPUT_CHANGED);
            assert_file_holds_text(output, old_text);
            monitor_free(monitor);
            cinch_pool_destroy(pool, CINCH_DRAIN);
        }
    }
    scratch_assert_holds(scratch, "bomb", "output", NULL);
}

/* Zeros become holes, at the end too, and what is read is the same. */
static void sparse_output_has_holes(void **state)
{
    struct scratch *scratch = *state;
    static const uint32_t threads[] = {1, 3};
    const char *plain = scratch_path(scratch, "plain");
    const char *encoded = scratch_path(scratch, "encoded");
    const char *output = scratch_path(scratch, "output");
    struct bytes bytes = bytes_make(BYTES_ZEROS, (16 << 20) + 333, 0);

    for (size_t i = 0; i < 5000; i++) {
        bytes.data[5 * 1000 * 1000 + i] = (uint8_t)(i + 1);
        bytes.data[9 * 1000 * 1000 + i] = (uint8_t)(i + 1);
    }
    file_write(plain, &bytes);
    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
        for (size_t i = 0; i < 2; i++) {
            cinch_pool *pool = pool_with_threads(threads[i]);
            cinch_options options = CINCH_OPTIONS_INIT;
            struct stat status;
            options.format = format;
            assert_code(CINCH_OK, compress_and_wait(pool, plain, encoded, &options));
            options.flags = CINCH_FLAG_SPARSE;
            assert_code(CINCH_OK, decompress_and_wait(pool, encoded, output, &options));
            assert_file_holds(output, &bytes);
            assert_int_equal(0, stat(output, &status));
            assert_in_range(status.st_blocks, 1, 2048);
            assert_code(CINCH_OK, decompress_and_wait(pool, encoded, output, NULL));
            assert_file_holds(output, &bytes);
            cinch_pool_destroy(pool, CINCH_DRAIN);
        }
    }
    bytes_free(&bytes);
}

/* --- Descriptors ------------------------------------------------------------------------ */

static void descriptors_of_every_kind(void **state)
{
    struct scratch *scratch = *state;
    static const uint32_t threads[] = {1, 3};
    static const size_t sizes[] = {0, 1, 50000, 1500000};

    for (size_t t = 0; t < 2; t++) {
        cinch_pool *pool = pool_with_threads(threads[t]);
        for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
            for (size_t s = 0; s < 4; s++) {
                struct pair pair = pair_make(scratch, pool, format, sizes[s]);
                struct bytes encoded = file_read(pair.encoded);
                for (int ways = 0; ways < 4; ways++) {
                    const char *path = scratch_path(scratch, "output");
                    struct feeder feeder;
                    struct drain drain;
                    struct bytes decoded;
                    cinch_job *job;
                    int input[2] = {-1, -1};
                    int output[2] = {-1, -1};
                    if ((ways & 1) != 0) {
                        pipe_make(input);
                        feeder_start(&feeder, input[1], &encoded);
                    } else {
                        input[0] = open(pair.encoded, O_RDONLY | O_CLOEXEC);
                    }
                    if ((ways & 2) != 0) {
                        pipe_make(output);
                        drain_start(&drain, output[0]);
                    } else {
                        output[1] = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
                    }
                    assert_code(CINCH_OK,
                                cinch_decompress_fd(pool, input[0], output[1], NULL, &job));
                    assert_job_ends(CINCH_OK, job);
                    if ((ways & 1) != 0) {
                        feeder_finish(&feeder);
                    } else {
                        assert_int_equal(encoded.size, lseek(input[0], 0, SEEK_CUR));
                    }
                    close(input[0]);
                    close(output[1]);
                    decoded = (ways & 2) != 0 ? drain_finish(&drain) : file_read(path);
                    assert_bytes_equal(&pair.bytes, &decoded);
                    bytes_free(&decoded);
                }
                bytes_free(&encoded);
                bytes_free(&pair.bytes);
            }
        }
        cinch_pool_destroy(pool, CINCH_DRAIN);
    }
}

/* From the descriptor's offset on, and behind what is in the output already. */
static void descriptors_have_offsets(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);
    const char *path = scratch_path(scratch, "shifted");
    const char *output = scratch_path(scratch, "output");

    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
        for (int append = 0; append < 2; append++) {
            struct pair pair = pair_make(scratch, pool, format, 50000);
            struct bytes encoded = file_read(pair.encoded);
            struct bytes decoded;
            cinch_job *job;
            int reading;
            int writing;
            int shifted = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
            assert_int_equal(7, write(shifted, "GARBAGE", 7));
            assert_int_equal(encoded.size, write(shifted, encoded.data, encoded.size));
            close(shifted);
            file_write_text(output, "HEADER");
            reading = open(path, O_RDONLY | O_CLOEXEC);
            writing = open(output, O_WRONLY | O_CLOEXEC | (append ? O_APPEND : 0));
            assert_int_equal(7, lseek(reading, 7, SEEK_SET));
            if (!append) {
                assert_int_equal(6, lseek(writing, 6, SEEK_SET));
            }
            assert_code(CINCH_OK, cinch_decompress_fd(pool, reading, writing, NULL, &job));
            assert_job_ends(CINCH_OK, job);
            assert_int_equal(50006, lseek(writing, 0, SEEK_CUR));
            close(reading);
            close(writing);
            decoded = file_read(output);
            assert_int_equal(50006, decoded.size);
            assert_memory_equal("HEADER", decoded.data, 6);
            assert_memory_equal(pair.bytes.data, decoded.data + 6, 50000);
            bytes_free(&decoded);
            bytes_free(&encoded);
            bytes_free(&pair.bytes);
        }
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* Where content goes is known in advance only up to the first frame that does not tell its size.
 * Each of these is a segment of its own. */
static void frames_that_tell_their_size_among_others(void **state)
{
    for (unsigned int first = 0; first < 2; first++) {
        struct bytes encoded = {NULL, 0};
        struct bytes content = {NULL, 0};
        for (unsigned int i = 0; i < 4; i++) {
            struct bytes part = bytes_make(BYTES_TEXT, 1100000, i + 1);
            craft_zstd_frame(&encoded, &part, 1, i % 2 == first ? 0 : CRAFT_CONTENT_SIZE);
            bytes_append_bytes(&content, &part);
            bytes_free(&part);
        }
        for (uint32_t threads = 1; threads <= 2; threads++) {
            cinch_pool *pool = pool_with_threads(threads);
            assert_decompresses(*state, pool, &encoded, &content, "frames with and without sizes");
            cinch_pool_destroy(pool, CINCH_DRAIN);
        }
        bytes_free(&content);
        bytes_free(&encoded);
    }
}

/* --- Limits ----------------------------------------------------------------------------- */

static void output_limit_is_exact(void **state)
{
    struct scratch *scratch = *state;
    static const uint32_t threads[] = {1, 3};
    const char *output = scratch_path(scratch, "output");

    for (size_t t = 0; t < 2; t++) {
        cinch_pool *pool = pool_with_threads(threads[t]);
        for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
            struct pair pair = pair_make(scratch, pool, format, 50000);
            cinch_options options = CINCH_OPTIONS_INIT;
            options.output_limit = 50000;
            assert_code(CINCH_OK, decompress_and_wait(pool, pair.encoded, output, &options));
            assert_file_holds(output, &pair.bytes);
            file_write_text(output, old_text);
            options.output_limit = 49999;
            assert_code(CINCH_E_OUTPUT_LIMIT,
                        decompress_and_wait(pool, pair.encoded, output, &options));
            options.output_limit = 1;
            assert_code(CINCH_E_OUTPUT_LIMIT,
                        decompress_and_wait(pool, pair.encoded, output, &options));
            assert_file_holds_text(output, old_text);
            bytes_free(&pair.bytes);
        }
        cinch_pool_destroy(pool, CINCH_DRAIN);
    }
}

/* A bomb stops at the limit: what was written to the descriptor is no more than it. */
static void bombs_stop_at_the_limit(void **state)
{
    struct scratch *scratch = *state;
    static const uint32_t threads[] = {1, 3};
    const char *input = scratch_path(scratch, "bomb");
    const char *output = scratch_path(scratch, "output");

    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_GZIP; format++) {
        bomb_make(input, format, 2560);
        for (size_t t = 0; t < 2; t++) {
            cinch_pool *pool = pool_with_threads(threads[t]);
            cinch_options options = CINCH_OPTIONS_INIT;
            cinch_job *job;
            struct stat status;
            int reading = open(input, O_RDONLY | O_CLOEXEC);
            int writing = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
            options.output_limit = 10000000;
            assert_code(CINCH_OK, cinch_decompress_fd(pool, reading, writing, &options, &job));
            assert_job_ends(CINCH_E_OUTPUT_LIMIT, job);
            assert_int_equal(0, fstat(writing, &status));
            assert_in_range(status.st_size, 0, 10000000);
            close(reading);
            close(writing);
            assert_int_equal(0, unlink(output));
            assert_code(CINCH_E_OUTPUT_LIMIT, decompress_and_wait(pool, input, output, &options));
            assert_no_file(output);
            cinch_pool_destroy(pool, CINCH_DRAIN);
        }
    }
}

/* A frame of one window of 2^window_log bytes, which its header asks for. */
static void long_frame_make(const char *path, int window_log)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    struct bytes bytes = bytes_make(BYTES_TEXT, 100000, 1);
    struct bytes encoded = {malloc(200000), 0};
    ZSTD_outBuffer out = {encoded.data, 200000, 0};
    ZSTD_inBuffer in = {bytes.data, bytes.size, 0};

    assert_non_null(context);
    assert_non_null(encoded.data);
    assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log)));
    /* Without its content's size, so that the window is not made smaller. */
    assert_false(ZSTD_isError(ZSTD_compressStream2(context, &out, &in, ZSTD_e_continue)));
    assert_int_equal(0, ZSTD_compressStream2(context, &out, &in, ZSTD_e_end));
    encoded.size = out.pos;
    file_write(path, &encoded);
    bytes_free(&encoded);
    bytes_free(&bytes);
    ZSTD_freeCCtx(context);
}

static void windows_are_limited(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);
    const char *input = scratch_path(scratch, "long.zst");
    const char *output = scratch_path(scratch, "output");
    struct bytes bytes = bytes_make(BYTES_TEXT, 100000, 1);
    cinch_options options = CINCH_OPTIONS_INIT;

    long_frame_make(input, 27);
    assert_code(CINCH_OK, decompress_and_wait(pool, input, output, NULL));
    assert_file_holds(output, &bytes);
    assert_int_equal(0, unlink(output));
    long_frame_make(input, 28);
    assert_code(CINCH_E_MEMORY_LIMIT, decompress_and_wait(pool, input, output, NULL));
    assert_no_file(output);
    options.memory_limit = (uint64_t)1 << 30;
    assert_code(CINCH_OK, decompress_and_wait(pool, input, output, &options));
    assert_file_holds(output, &bytes);
    assert_int_equal(0, unlink(output));
    /* A lower limit than the usual one counts, too. */
    long_frame_make(input, 26);
    options.memory_limit = (uint64_t)16 << 20;
    assert_code(CINCH_E_MEMORY_LIMIT, decompress_and_wait(pool, input, output, &options));
    assert_no_file(output);
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(progress_keeps_the_rules),
        scratch_test(options_of_compression_are_ignored),
        scratch_test(bad_arguments_are_refused),
        scratch_test(cancel_in_the_middle),
        scratch_test(cancel_with_a_stalled_input),
        scratch_test(stalled_outputs_keep_no_thread),
        scratch_test(output_is_published_as_when_compressing),
        scratch_test(truncated_while_being_read),
        scratch_test(sparse_output_has_holes),
        scratch_test(descriptors_of_every_kind),
        scratch_test(descriptors_have_offsets),
        scratch_test(frames_that_tell_their_size_among_others),
        scratch_test(output_limit_is_exact),
        scratch_test(bombs_stop_at_the_limit),
        scratch_test(windows_are_limited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
