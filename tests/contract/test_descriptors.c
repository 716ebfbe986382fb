/*
 * cinch_compress_fd(): descriptors stay the caller's, whatever they are and however it ends.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/bytes.h"
#include "support/decode.h"
#include "support/jobs.h"
#include "support/monitor.h"
#include "support/scratch.h"
#include "support/stream.h"
#include "support/test.h"

static int32_t compress_descriptors(int input, int output, const cinch_options *options)
{
    cinch_pool *pool = pool_with_threads(2);
    cinch_job *job = NULL;
    int32_t code = cinch_compress_fd(pool, input, output, options, &job);

    if (code == CINCH_OK) {
        code = cinch_job_wait(job);
        cinch_job_release(job);
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);
    return code;
}

static int open_new(const char *path, int flags)
{
    int descriptor = open(path, flags | O_CREAT | O_CLOEXEC, 0644);

    assert_true(descriptor >= 0);
    return descriptor;
}

/* --- Descriptors that are no good ------------------------------------------------------- */

static void descriptors_that_are_not_open_for_it(void **state)
{
    struct scratch *scratch = *state;
    const char *path = scratch_path(scratch, "file");
    int reading;
    int writing;
    int path_only;
    int folder;
    const int closed = 900; /* a number that nobody is given meanwhile */

    file_write_text(path, "words");
    reading = open(path, O_RDONLY | O_CLOEXEC);
    writing = open_new(scratch_path(scratch, "out"), O_WRONLY);
    path_only = open(path, O_PATH | O_CLOEXEC);
    folder = open(scratch->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(-1, fcntl(closed, F_GETFD));

    assert_code(CINCH_E_IO, compress_descriptors(-1, writing, NULL));
    assert_code(CINCH_E_IO, compress_descriptors(reading, -1, NULL));
    assert_code(CINCH_E_IO, compress_descriptors(-1, -1, NULL));
    assert_code(CINCH_E_IO, compress_descriptors(-77, writing, NULL));
    assert_code(CINCH_E_IO, compress_descriptors(closed, writing, NULL));
    assert_code(CINCH_E_IO, compress_descriptors(reading, closed, NULL));
    assert_code(CINCH_E_IO, compress_descriptors(writing, writing, NULL));
    assert_code(CINCH_E_IO, compress_descriptors(reading, reading, NULL));
    assert_code(CINCH_E_IO, compress_descriptors(path_only, writing, NULL));
    assert_code(CINCH_E_IO, compress_descriptors(reading, path_only, NULL));
    assert_code(CINCH_E_FILE_TYPE, compress_descriptors(folder, writing, NULL));
    assert_int_equal(0, lseek(writing, 0, SEEK_END));
    close(reading);
    close(writing);
    close(path_only);
    close(folder);
}

static void same_file_is_refused(void **state)
{
    struct scratch *scratch = *state;
    const char *path = scratch_path(scratch, "file");
    int reading;
    int writing;

    file_write_text(path, "words");
    reading = open(path, O_RDONLY | O_CLOEXEC);
    writing = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_code(CINCH_E_SAME_FILE, compress_descriptors(reading, writing, NULL));
    assert_file_holds_text(path, "words");
    close(reading);
    close(writing);
}

static void closed_descriptor_tells_why(void **state)
{
    cinch_pool *pool = pool_with_threads(1);
    cinch_job *job;
    char message[200] = "";

    (void)state;
    assert_code(CINCH_OK, cinch_compress_fd(pool, -1, -1, NULL, &job));
    assert_code(CINCH_E_IO, cinch_job_wait(job));
    assert_code(CINCH_OK, cinch_job_message(job, message, sizeof(message)));
    assert_non_null(strstr(message, "input"));
    cinch_job_release(job);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* --- Regular files ---------------------------------------------------------------------- */

/* From the current offset to the end, where it is left. */
static void regular_input_is_read_from_its_offset(void **state)
{
    struct scratch *scratch = *state;
    static const off_t offsets[] = {0, 1, 4096, 99999, 100000, 200000};
    const char *path = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");
    struct bytes bytes = file_make(path, BYTES_TEXT, 100000, 1);

    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        size_t offset = (size_t)offsets[i] < bytes.size ? (size_t)offsets[i] : bytes.size;
        struct bytes rest = {bytes.data + offset, bytes.size - offset};
        cinch_options options = CINCH_OPTIONS_INIT;
        int reading = open(path, O_RDONLY | O_CLOEXEC);
        int writing = open_new(output, O_WRONLY | O_TRUNC);
        options.chunk_size = 4096;
        assert_int_equal(offsets[i], lseek(reading, offsets[i], SEEK_SET));
        assert_code(CINCH_OK, compress_descriptors(reading, writing, &options));
        assert_int_equal(offset == bytes.size ? offsets[i] : (off_t)bytes.size,
                         lseek(reading, 0, SEEK_CUR));
        close(reading);
        close(writing);
        assert_file_decodes(output, CINCH_FORMAT_ZSTD, &rest);
    }
    bytes_free(&bytes);
}

/* At the current offset, over what is there and no further; the offset is left behind it. */
static void regular_output_is_written_at_its_offset(void **state)
{
    struct scratch *scratch = *state;
    const char *path = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");
    struct bytes bytes = file_make(path, BYTES_TEXT, 100000, 1);
    struct bytes old = file_make(output, BYTES_RANDOM, 200000, 2);
    struct bytes seen;
    struct bytes piece;
    int reading = open(path, O_RDONLY | O_CLOEXEC);
    int writing = open(output, O_WRONLY | O_CLOEXEC);
    off_t end;

    assert_int_equal(1000, lseek(writing, 1000, SEEK_SET));
    assert_code(CINCH_OK, compress_descriptors(reading, writing, NULL));
    end = lseek(writing, 0, SEEK_CUR);
    assert_in_range(end, 1001, 150000);
    close(reading);
    close(writing);
    seen = file_read(output);
    assert_int_equal(old.size, seen.size);
    assert_memory_equal(old.data, seen.data, 1000);
    assert_memory_equal(old.data + end, seen.data + end, old.size - (size_t)end);
    piece = (struct bytes){seen.data + 1000, (size_t)end - 1000};
    assert_bytes_decode(&piece, CINCH_FORMAT_ZSTD, &bytes);
    bytes_free(&seen);
    bytes_free(&old);
    bytes_free(&bytes);
}

static void append_mode_writes_at_the_end(void **state)
{
    struct scratch *scratch = *state;
    const char *path = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");
    struct bytes bytes = file_make(path, BYTES_TEXT, 100000, 1);

    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
        cinch_options options = CINCH_OPTIONS_INIT;
        struct bytes seen;
        struct bytes piece;
        int reading = open(path, O_RDONLY | O_CLOEXEC);
        int writing;
        file_write_text(output, "HEADER");
        writing = open(output, O_WRONLY | O_APPEND | O_CLOEXEC);
        options.format = format;
        options.chunk_size = 4096;
        assert_code(CINCH_OK, compress_descriptors(reading, writing, &options));
        close(reading);
        close(writing);
        seen = file_read(output);
        assert_memory_equal("HEADER", seen.data, 6);
        piece = (struct bytes){seen.data + 6, seen.size - 6};
        assert_bytes_decode(&piece, format, &bytes);
        bytes_free(&seen);
    }
    bytes_free(&bytes);
}

/* Two jobs one after another on one descriptor: the format lets them be concatenated. */
static void jobs_follow_one_another_on_a_descriptor(void **state)
{
    struct scratch *scratch = *state;
    const char *path = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");
    struct bytes bytes = file_make(path, BYTES_TEXT, 50000, 1);
    struct bytes twice = {NULL, 0};
    int writing = open_new(output, O_WRONLY);

    for (int i = 0; i < 2; i++) {
        int reading = open(path, O_RDONLY | O_CLOEXEC);
        assert_code(CINCH_OK, compress_descriptors(reading, writing, NULL));
        close(reading);
    }
    close(writing);
    twice = bytes_make(BYTES_ZEROS, 100000, 0);
    memcpy(twice.data, bytes.data, 50000);
    memcpy(twice.data + 50000, bytes.data, 50000);
    assert_file_decodes(output, CINCH_FORMAT_ZSTD, &twice);
    bytes_free(&twice);
    bytes_free(&bytes);
}

/* A file in /proc says it has no bytes, and has some. */
static void file_without_a_length_is_read_to_its_end(void **state)
{
    struct scratch *scratch = *state;
    const char *output = scratch_path(scratch, "output");
    struct bytes expected = file_read("/proc/version");
    int reading = open("/proc/version", O_RDONLY | O_CLOEXEC);
    int writing = open_new(output, O_WRONLY);
    cinch_pool *pool = pool_with_threads(1);

    assert_true(expected.size > 0);
    assert_code(CINCH_OK, compress_descriptors(reading, writing, NULL));
    assert_file_decodes(output, CINCH_FORMAT_ZSTD, &expected);
    close(reading);
    close(writing);
    assert_code(CINCH_OK, compress_and_wait(pool, "/proc/version", output, NULL));
    assert_file_decodes(output, CINCH_FORMAT_ZSTD, &expected);
    bytes_free(&expected);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* No metadata is copied: the descriptor's file keeps its own. */
static void metadata_of_a_descriptor_stays(void **state)
{
    struct scratch *scratch = *state;
    const char *path = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");
    struct stat status;
    int reading;
    int writing;

    file_write_text(path, "words");
    assert_int_equal(0, chmod(path, 0777));
    writing = open_new(output, O_WRONLY);
    assert_int_equal(0, fchmod(writing, 0640));
    reading = open(path, O_RDONLY | O_CLOEXEC);
    assert_code(CINCH_OK, compress_descriptors(reading, writing, NULL));
    assert_int_equal(0, fstat(writing, &status));
    assert_int_equal(0640, status.st_mode & 07777);
    close(reading);
    close(writing);
}

/* --- Streams ---------------------------------------------------------------------------- */

/* Pipes or sockets, blocking or not, with text that passes their buffers many times. */
static void compress_streams(bool sockets, bool blocking_input, bool blocking_output,
                             int32_t format)
{
    cinch_pool *pool = pool_with_threads(2);
    struct bytes text = bytes_make(BYTES_TEXT, 1500000, 1);
    cinch_options options = CINCH_OPTIONS_INIT;
    struct watched_job watched;
    struct feeder feeder;
    struct drain drain;
    struct bytes encoded;
    int input[2];
    int output[2];
    int flags[2];

    if (sockets) {
        assert_int_equal(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, input));
        assert_int_equal(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, output));
    } else {
        pipe_make(input);
        pipe_make(output);
    }
    if (!blocking_input) {
        assert_int_equal(0, fcntl(input[0], F_SETFL, O_NONBLOCK));
    }
    if (!blocking_output) {
        assert_int_equal(0, fcntl(output[1], F_SETFL, O_NONBLOCK));
    }
    flags[0] = fcntl(input[0], F_GETFL);
    flags[1] = fcntl(output[1], F_GETFL);
    options.format = format;
    options.chunk_size = 100000;
    watched = job_submit_fd(pool, input[0], output[1], &options, monitor_hold_first);
    counter_wait(&watched.monitor->progressed, 1);
    /* The caller's descriptors are shared with others, who may rely on their flags. */
    assert_int_equal(flags[0], fcntl(input[0], F_GETFL));
    assert_int_equal(flags[1], fcntl(output[1], F_GETFL));
    drain_start(&drain, output[0]);
    feeder_start(&feeder, input[1], &text);
    job_let_go(&watched, CINCH_OK);
    assert_int_equal(flags[0], fcntl(input[0], F_GETFL));
    assert_int_equal(flags[1], fcntl(output[1], F_GETFL));
    feeder_finish(&feeder);
    close(input[0]);
    close(output[1]);
    encoded = drain_finish(&drain);
    assert_bytes_decode(&encoded, format == CINCH_FORMAT_AUTO ? CINCH_FORMAT_ZSTD : format, &text);
    bytes_free(&encoded);
    bytes_free(&text);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

static void streams_of_every_kind(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++) {
        compress_streams((i & 1) != 0, (i & 2) != 0, (i & 4) != 0, i % 4);
    }
}

/* Compresses what is fed into a pipe: at once, or a byte as soon as the one before was taken. */
static struct bytes compress_fed(struct scratch *scratch, const struct bytes *content,
                                 int32_t format, bool at_once)
{
    const char *path = scratch_path(scratch, "output");
    cinch_pool *pool = pool_with_threads(2);
    cinch_options options = CINCH_OPTIONS_INIT;
    int writing = open_new(path, O_WRONLY | O_TRUNC);
    int input[2];
    cinch_job *job;

    pipe_make(input);
    options.format = format;
    if (at_once)
        assert_int_equal(content->size, write(input[1], content->data, content->size));
    assert_code(CINCH_OK, cinch_compress_fd(pool, input[0], writing, &options, &job));
    for (size_t at = 0; at < content->size && !at_once; at++) {
        int left = 1;
        assert_int_equal(1, write(input[1], content->data + at, 1));
        while (left > 0) {
            sched_yield();
            assert_int_equal(0, ioctl(input[0], FIONREAD, &left));
        }
    }
    close(input[1]);
    assert_job_ends(CINCH_OK, job);
    close(input[0]);
    close(writing);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    return file_read(path);
}

static void output_does_not_depend_on_a_pipe_s_pace(void **state)
{
    struct bytes content = bytes_make(BYTES_TEXT, 300, 1);

    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
        struct bytes expected = compress_fed(*state, &content, format, true);
        struct bytes actual = compress_fed(*state, &content, format, false);
        assert_bytes_equal(&expected, &actual);
        bytes_free(&expected);
        bytes_free(&actual);
    }
    bytes_free(&content);
}

static void empty_stream_is_an_empty_file(void **state)
{
    struct scratch *scratch = *state;
    const char *output = scratch_path(scratch, "output");
    struct bytes nothing = {NULL, 0};

    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
        cinch_options options = CINCH_OPTIONS_INIT;
        int input[2];
        int writing = open_new(output, O_WRONLY | O_TRUNC);
        pipe_make(input);
        close(input[1]);
        options.format = format;
        assert_code(CINCH_OK, compress_descriptors(input[0], writing, &options));
        close(input[0]);
        close(writing);
        assert_file_decodes(output, format, &nothing);
    }
}

static void reader_goes_away_in_the_middle(void **state)
{
    struct scratch *scratch = *state;

    for (int sockets = 0; sockets < 2; sockets++) {
        cinch_pool *pool = pool_with_threads(2);
        const char *path = scratch_path(scratch, "input");
        struct bytes bytes = file_make(path, BYTES_RANDOM, 4 << 20, 1);
        struct watched_job watched;
        uint8_t some[1000];
        int reading = open(path, O_RDONLY | O_CLOEXEC);
        int output[2];
        if (sockets) {
            assert_int_equal(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, output));
        } else {
            pipe_make(output);
        }
        watched = job_submit_fd(pool, reading, output[1], NULL, NULL);
        assert_int_equal(sizeof(some), read(output[0], some, sizeof(some)));
        close(output[0]);
        job_let_go(&watched, CINCH_E_BROKEN_PIPE);
        close(output[1]);
        close(reading);
        bytes_free(&bytes);
        cinch_pool_destroy(pool, CINCH_DRAIN);
    }
}

/* The descriptors are still open after an error, and what was written stays written. */
static void descriptors_survive_an_error(void **state)
{
    struct scratch *scratch = *state;
    const char *path = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");
    cinch_pool *pool = pool_with_threads(1);
    struct watched_job watched;
    cinch_options options = CINCH_OPTIONS_INIT;
    int reading;
    int writing = open_new(output, O_WRONLY);

    file_write_sparse(path, (uint64_t)1 << 30);
    reading = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(6, write(writing, "HEADER", 6));
    options.chunk_size = 4096;
    watched = job_submit_fd(pool, reading, writing, &options, monitor_hold_later);
    counter_wait(&watched.monitor->advanced, 1);
    assert_int_equal(0, truncate(path, 1000));
    job_let_go(&watched, CINCH_E_INPUT_CHANGED);
    assert_true(fcntl(reading, F_GETFD) >= 0);
    assert_true(fcntl(writing, F_GETFD) >= 0);
    assert_true(lseek(writing, 0, SEEK_END) > 6);
    close(reading);
    close(writing);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(descriptors_that_are_not_open_for_it),
        scratch_test(same_file_is_refused),
        scratch_test(closed_descriptor_tells_why),
        scratch_test(regular_input_is_read_from_its_offset),
        scratch_test(regular_output_is_written_at_its_offset),
        scratch_test(append_mode_writes_at_the_end),
        scratch_test(jobs_follow_one_another_on_a_descriptor),
        scratch_test(file_without_a_length_is_read_to_its_end),
        scratch_test(metadata_of_a_descriptor_stays),
        scratch_test(streams_of_every_kind),
        scratch_test(output_does_not_depend_on_a_pipe_s_pace),
        scratch_test(empty_stream_is_an_empty_file),
        scratch_test(reader_goes_away_in_the_middle),
        scratch_test(descriptors_survive_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
