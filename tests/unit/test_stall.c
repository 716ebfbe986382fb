/* A job whose pipe stalls costs nothing until the pipe moves: the kernel is asked once, and for as
 * long as it takes. */
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cinch/cinch.h>

#include "support/bytes.h"
#include "support/gate.h"
#include "support/stream.h"
#include "support/test.h"

/* --- poll() as the library calls it --------------------------------------------------------- */

static _Atomic ino_t stalled;        /* the pipe that is looked for; 0: none */
static struct counter endless_polls; /* calls that wait for it for ever */

/* The library may have opened the pipe once more. */
static ino_t pipe_of(int descriptor)
{
    struct stat status;
    return fstat(descriptor, &status) == 0 ? status.st_ino : 0;
}

int __real_poll(struct pollfd *set, nfds_t count, int timeout);
int __wrap_poll(struct pollfd *set, nfds_t count, int timeout);
int __wrap_poll(struct pollfd *set, nfds_t count, int timeout)
{
    ino_t pipe = atomic_load(&stalled);
    for (nfds_t i = 0; i < count && timeout < 0 && pipe != 0; i++)
        if (pipe_of(set[i].fd) == pipe)
            counter_add(&endless_polls);
    return __real_poll(set, count, timeout);
}

/* --- Jobs between two pipes ----------------------------------------------------------------- */

typedef int32_t submit_function(cinch_pool *pool, int input_fd, int output_fd,
                                const cinch_options *options, cinch_job **job);

static int make_counter(void **state)
{
    (void)state;
    counter_init(&endless_polls);
    return 0;
}

static int destroy_counter(void **state)
{
    (void)state;
    counter_destroy(&endless_polls);
    return 0;
}

/* Lets the job wait first for its input, or for room for its output; returns what it wrote. */
static struct bytes run_stalled(submit_function *submit, const cinch_options *options,
                                const struct bytes *content, bool at_output)
{
    cinch_pool *pool = pool_with_threads(1);
    cinch_job *job = NULL;
    int input[2], output[2];
    struct feeder feeder;
    struct drain drain;

    pipe_make(input);
    pipe_make(output);
    size_t filled = at_output ? pipe_fill(output[1]) : 0;
    atomic_store(&stalled, pipe_of(at_output ? output[1] : input[0]));
    if (at_output)
        feeder_start(&feeder, input[1], content);
    assert_code(CINCH_OK, submit(pool, input[0], output[1], options, &job));
    counter_wait(&endless_polls, 1);
    atomic_store(&stalled, 0);
    drain_start(&drain, output[0]);
    if (!at_output)
        feeder_start(&feeder, input[1], content);
    assert_code(CINCH_OK, cinch_job_wait(job));
    cinch_job_release(job);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    feeder_finish(&feeder);
    close(input[0]);
    close(output[1]);
    struct bytes written = drain_finish(&drain);
    assert_true(written.size > filled);
    written.size -= filled;
    memmove(written.data, written.data + filled, written.size);
    return written;
}

/* There and back, with a stall at each end of each. */
static void stall_everywhere(uint32_t flags)
{
    struct bytes content = bytes_make(BYTES_TEXT, 300000, 1);
    cinch_options options = CINCH_OPTIONS_INIT;
    options.flags = flags;

    struct bytes packed = run_stalled(cinch_compress_fd, &options, &content, false);
    struct bytes again = run_stalled(cinch_compress_fd, &options, &content, true);
    struct bytes unpacked = run_stalled(cinch_decompress_fd, NULL, &packed, false);
    assert_bytes_equal(&content, &unpacked);
    bytes_free(&unpacked);
    unpacked = run_stalled(cinch_decompress_fd, NULL, &again, true);
    assert_bytes_equal(&content, &unpacked);
    bytes_free(&unpacked);
    bytes_free(&again);
    bytes_free(&packed);
    bytes_free(&content);
}

static void jobs_of_chunks(void **state)
{
    (void)state;
    stall_everywhere(0);
}

static void jobs_of_one_frame(void **state)
{
    (void)state;
    stall_everywhere(CINCH_FLAG_SINGLE_STREAM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(jobs_of_chunks, make_counter, destroy_counter),
        cmocka_unit_test_setup_teardown(jobs_of_one_frame, make_counter, destroy_counter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
