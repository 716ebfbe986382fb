/*
 * cinch_job_stats(), cinch_job_message(), cinch_strerror() and the library's own texts.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/bytes.h"
#include "support/jobs.h"
#include "support/monitor.h"
#include "support/scratch.h"
#include "support/stream.h"
#include "support/test.h"

static void stats_need_a_job_and_a_size(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    struct watched_job watched = job_submit(scratch, pool, "a", 1000, NULL, NULL);
    cinch_stats stats = CINCH_STATS_INIT;

    assert_int_equal(sizeof(stats), stats.struct_size);
    assert_code(CINCH_E_INVALID, cinch_job_stats(NULL, &stats));
    assert_code(CINCH_E_INVALID, cinch_job_stats(watched.job, NULL));
    for (size_t size = 0; size < sizeof(size_t); size++) {
        stats.struct_size = size;
        assert_code(CINCH_E_INVALID, cinch_job_stats(watched.job, &stats));
    }
    job_let_go(&watched, CINCH_OK);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* A caller with an older header gets the fields that it knows, and nothing behind them. */
static void smaller_stats_are_filled_as_far_as_they_go(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    struct watched_job watched = job_submit(scratch, pool, "a", 1000, NULL, NULL);
    cinch_stats whole = CINCH_STATS_INIT;

    assert_code(CINCH_OK, cinch_job_wait(watched.job));
    assert_code(CINCH_OK, cinch_job_stats(watched.job, &whole));
    for (size_t size = sizeof(size_t); size <= sizeof(cinch_stats); size += 8) {
        union {
            cinch_stats stats;
            uint8_t bytes[sizeof(cinch_stats)];
        } part;
        memset(&part, 0xA5, sizeof(part));
        part.stats.struct_size = size;
        assert_code(CINCH_OK, cinch_job_stats(watched.job, &part.stats));
        assert_int_equal(size, part.stats.struct_size);
        for (size_t at = sizeof(size_t); at < sizeof(part); at++) {
            uint8_t expected = at < size ? ((const uint8_t *)&whole)[at] : 0xA5;
            assert_int_equal(expected, part.bytes[at]);
        }
    }
    job_let_go(&watched, CINCH_OK);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

static void larger_stats_are_filled_too(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    struct watched_job watched = job_submit(scratch, pool, "a", 1000, NULL, NULL);
    struct {
        cinch_stats stats;
        uint64_t later[4];
    } larger;

    assert_code(CINCH_OK, cinch_job_wait(watched.job));
    memset(&larger, 0, sizeof(larger));
    larger.stats.struct_size = sizeof(larger);
    assert_code(CINCH_OK, cinch_job_stats(watched.job, &larger.stats));
    assert_int_equal(1000, larger.stats.bytes_in);
    job_let_go(&watched, CINCH_OK);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

static void stats_of_a_job_from_queue_to_end(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    struct watched_job held = job_submit_held(scratch, pool, "held", 100000);
    struct watched_job queued = job_submit(scratch, pool, "queued", 5000, NULL, NULL);
    cinch_stats stats = CINCH_STATS_INIT;
    cinch_stats later = CINCH_STATS_INIT;
    struct stat status;

    /* In the queue nothing is known. */
    assert_code(CINCH_OK, cinch_job_stats(queued.job, &stats));
    assert_int_equal(0, stats.bytes_in);
    assert_int_equal(0, stats.bytes_out);
    assert_int_equal(0, stats.bytes_total);
    /* Open: the length is known. Time goes on. */
    assert_code(CINCH_OK, cinch_job_stats(held.job, &stats));
    assert_int_equal(100000, stats.bytes_total);
    do {
        assert_code(CINCH_OK, cinch_job_stats(held.job, &later));
        assert_true(later.elapsed_ns >= stats.elapsed_ns);
    } while (later.elapsed_ns == stats.elapsed_ns);
    /* Done: every byte in, every byte out, and the clock has stopped. */
    gate_open(&held.monitor->gate);
    assert_code(CINCH_OK, cinch_job_wait(held.job));
    assert_int_equal(0, stat(held.output, &status));
    assert_code(CINCH_OK, cinch_job_stats(held.job, &stats));
    assert_int_equal(100000, stats.bytes_in);
    assert_int_equal(100000, stats.bytes_total);
    assert_int_equal(status.st_size, stats.bytes_out);
    assert_true(stats.elapsed_ns >= later.elapsed_ns);
    job_let_go(&queued, CINCH_OK);
    assert_code(CINCH_OK, cinch_job_stats(held.job, &later));
    assert_int_equal(stats.elapsed_ns, later.elapsed_ns);
    job_let_go(&held, CINCH_OK);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

static void stats_of_every_format_count_all_bytes(void **state)
{
    struct scratch *scratch = *state;
    static const size_t sizes[] = {0, 1, 100000};
    cinch_pool *pool = pool_with_threads(2);

    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
        for (size_t i = 0; i < 3; i++) {
            cinch_options options = CINCH_OPTIONS_INIT;
            cinch_stats stats = CINCH_STATS_INIT;
            struct watched_job watched;
            struct stat status;
            options.format = format;
            options.chunk_size = 4096;
            watched = job_submit(scratch, pool, "a", sizes[i], &options, NULL);
            assert_code(CINCH_OK, cinch_job_wait(watched.job));
            assert_code(CINCH_OK, cinch_job_stats(watched.job, &stats));
            assert_int_equal(0, stat(watched.output, &status));
            assert_int_equal(sizes[i], stats.bytes_in);
            assert_int_equal(sizes[i], stats.bytes_total);
            assert_int_equal(status.st_size, stats.bytes_out);
            job_let_go(&watched, CINCH_OK);
        }
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

static void total_of_a_pipe_is_known_at_the_end(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    cinch_stats stats = CINCH_STATS_INIT;
    struct watched_job watched;
    int input[2];
    int output = open(scratch_path(scratch, "out"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    pipe_make(input);
    watched = job_submit_fd(pool, input[0], output, NULL, NULL);
    counter_wait(&watched.monitor->progressed, 1);
    assert_code(CINCH_OK, cinch_job_stats(watched.job, &stats));
    assert_int_equal(0, stats.bytes_total);
    assert_int_equal(5, write(input[1], "words", 5));
    close(input[1]);
    assert_code(CINCH_OK, cinch_job_wait(watched.job));
    assert_code(CINCH_OK, cinch_job_stats(watched.job, &stats));
    assert_int_equal(5, stats.bytes_in);
    assert_int_equal(5, stats.bytes_total);
    job_let_go(&watched, CINCH_OK);
    close(input[0]);
    close(output);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* --- Messages --------------------------------------------------------------------------- */

enum {
    FRAME_CONTENT = 50000
};

static void read_content(int descriptor)
{
    uint8_t content[FRAME_CONTENT];

    for (size_t got = 0; got < sizeof(content);) {
        ssize_t part = read(descriptor, content + got, sizeof(content) - got);
        assert_true(part > 0);
        got += (size_t)part;
    }
}

/* Half a frame counts when it was decoded and not before: counted at once, it would have to be
 * taken back when the whole of it counts. */
static void bytes_of_a_begun_frame_count_once(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);
    struct bytes text = file_make(scratch_path(scratch, "in"), BYTES_TEXT, FRAME_CONTENT, 1);
    cinch_stats stats = CINCH_STATS_INIT;
    struct bytes frame;
    cinch_job *job;
    int in[2], out[2];

    assert_code(CINCH_OK, compress_and_wait(pool, scratch_path(scratch, "in"),
                                            scratch_path(scratch, "in.zst"), NULL));
    frame = file_read(scratch_path(scratch, "in.zst"));
    pipe_make(in);
    pipe_make(out);
    assert_code(CINCH_OK, cinch_decompress_fd(pool, in[0], out[1], NULL, &job));

    /* A frame and a half, in one go, so that both are seen at once. */
    struct bytes fed = bytes_slice(&frame, 0, frame.size);
    bytes_append(&fed, frame.data, frame.size / 2);
    assert_int_equal(fed.size, write(in[1], fed.data, fed.size));
    read_content(out[0]);
    /* The first one's content is here, so all that it brings was counted. */
    assert_code(CINCH_OK, cinch_job_stats(job, &stats));
    assert_int_equal(frame.size, stats.bytes_in);

    assert_int_equal(frame.size - frame.size / 2,
                     write(in[1], frame.data + frame.size / 2, frame.size - frame.size / 2));
    close(in[1]);
    read_content(out[0]);
    assert_code(CINCH_OK, cinch_job_wait(job));
    assert_code(CINCH_OK, cinch_job_stats(job, &stats));
    assert_int_equal(2 * frame.size, stats.bytes_in);
    cinch_job_release(job);
    close(in[0]);
    close(out[0]);
    close(out[1]);
    bytes_free(&fed);
    bytes_free(&frame);
    bytes_free(&text);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

static void message_names_what_which_and_why(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    const char *missing = scratch_path(scratch, "mis\nsing \xff");
    char message[600] = "";
    char part[600];
    cinch_job *job;
    size_t length;

    assert_code(CINCH_OK, cinch_compress(pool, missing, scratch_path(scratch, "out"), NULL, &job));
    assert_code(CINCH_E_NOT_FOUND, cinch_job_wait(job));
    assert_code(CINCH_OK, cinch_job_message(job, message, sizeof(message)));
    assert_non_null(strstr(message, missing));
    assert_non_null(strstr(message, strerror(2)));
    assert_non_null(strstr(message, "input"));
    length = strlen(message);
    /* Cut off at any size, NUL included, and nothing is written behind it. */
    for (size_t size = 1; size <= length + 2; size++) {
        size_t kept = size - 1 < length ? size - 1 : length;
        memset(part, 0x7E, sizeof(part));
        assert_code(CINCH_OK, cinch_job_message(job, part, size));
        assert_memory_equal(message, part, kept);
        assert_int_equal(0, part[kept]);
        assert_int_equal(0x7E, part[size]);
    }
    cinch_job_release(job);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

static void message_is_empty_without_an_error(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    struct watched_job held = job_submit_held(scratch, pool, "held", 1000);
    char message[10] = "?";

    assert_code(CINCH_OK, cinch_job_message(held.job, message, sizeof(message)));
    assert_string_equal("", message);
    gate_open(&held.monitor->gate);
    assert_code(CINCH_OK, cinch_job_wait(held.job));
    strcpy(message, "?");
    assert_code(CINCH_OK, cinch_job_message(held.job, message, 1));
    assert_string_equal("", message);
    assert_code(CINCH_E_INVALID, cinch_job_message(held.job, message, 0));
    assert_code(CINCH_E_INVALID, cinch_job_message(held.job, NULL, 10));
    assert_code(CINCH_E_INVALID, cinch_job_message(NULL, message, sizeof(message)));
    job_let_go(&held, CINCH_OK);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

static void message_about_the_output_names_the_output(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "no/such/folder");
    char message[600] = "";
    cinch_job *job;

    file_write_text(input, "words");
    assert_code(CINCH_OK, cinch_compress(pool, input, output, NULL, &job));
    assert_code(CINCH_E_NOT_FOUND, cinch_job_wait(job));
    assert_code(CINCH_OK, cinch_job_message(job, message, sizeof(message)));
    assert_non_null(strstr(message, output));
    assert_null(strstr(message, input));
    cinch_job_release(job);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* --- The library's texts ---------------------------------------------------------------- */

static void every_code_has_a_sentence(void **state)
{
    static const int32_t codes[] = {0,  1,  2,  3,  4,  5,  6,  7,  10, 11, 12, 13, 14,
                                    15, 16, 17, 18, 20, 21, 22, 23, 24, 25, 26, 27, 30};
    static const int32_t others[] = {-1, 8, 9, 19, 28, 29, 31, INT32_MAX, INT32_MIN};
    enum {
        CODES = sizeof(codes) / sizeof(codes[0])
    };

    (void)state;
    for (size_t i = 0; i < CODES; i++) {
        const char *sentence = cinch_strerror(codes[i]);
        assert_non_null(sentence);
        assert_true(strlen(sentence) > 3);
        assert_int_not_equal('.', sentence[strlen(sentence) - 1]);
        assert_ptr_equal(sentence, cinch_strerror(codes[i]));
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(sentence, cinch_strerror(codes[j]));
        }
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        const char *sentence = cinch_strerror(others[i]);
        assert_non_null(sentence);
        for (size_t j = 0; j < CODES; j++) {
            assert_string_not_equal(sentence, cinch_strerror(codes[j]));
        }
    }
}

static void version_and_engines_are_named(void **state)
{
    unsigned int major;
    unsigned int minor;
    unsigned int patch;
    char rest;

    (void)state;
    assert_int_equal(3, sscanf(cinch_version(), "%u.%u.%u%c", &major, &minor, &patch, &rest));
    assert_non_null(strstr(cinch_engines(), "libzstd "));
    assert_non_null(strstr(cinch_engines(), "zlib "));
    assert_ptr_equal(cinch_engines(), cinch_engines());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(stats_need_a_job_and_a_size),
        scratch_test(smaller_stats_are_filled_as_far_as_they_go),
        scratch_test(larger_stats_are_filled_too),
        scratch_test(stats_of_a_job_from_queue_to_end),
        scratch_test(stats_of_every_format_count_all_bytes),
        scratch_test(total_of_a_pipe_is_known_at_the_end),
        scratch_test(bytes_of_a_begun_frame_count_once),
        scratch_test(message_names_what_which_and_why),
        scratch_test(message_is_empty_without_an_error),
        scratch_test(message_about_the_output_names_the_output),
        scratch_test(every_code_has_a_sentence),
        scratch_test(version_and_engines_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
