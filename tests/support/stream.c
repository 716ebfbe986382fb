#include "support/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "support/test.h"

static void *feeder_run(void *argument)
{
    struct feeder *feeder = argument;
    size_t written = 0;

    while (written < feeder->bytes->size) {
        ssize_t count =
            write(feeder->descriptor, feeder->bytes->data + written, feeder->bytes->size - written);
        if (count < 0) {
            /* The reader went away, which some tests want. */
            break;
        }
        written += (size_t)count;
    }
    close(feeder->descriptor);
    return NULL;
}

/* Threads of the tests block signals, so that a broken pipe here is EPIPE and no more. */
static void thread_start(pthread_t *thread, void *(*body)(void *), void *argument)
{
    sigset_t all;
    sigset_t before;
    int error;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(thread, NULL, body, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    assert_int_equal(0, error);
}

void feeder_start(struct feeder *feeder, int descriptor, const struct bytes *bytes)
{
    feeder->descriptor = descriptor;
    feeder->bytes = bytes;
    thread_start(&feeder->thread, feeder_run, feeder);
}

void feeder_finish(struct feeder *feeder)
{
    assert_int_equal(0, pthread_join(feeder->thread, NULL));
}

static void *drain_run(void *argument)
{
    struct drain *drain = argument;

    drain->bytes = descriptor_read(drain->descriptor);
    close(drain->descriptor);
    return NULL;
}

void drain_start(struct drain *drain, int descriptor)
{
    drain->descriptor = descriptor;
    drain->bytes = (struct bytes){NULL, 0};
    thread_start(&drain->thread, drain_run, drain);
}

struct bytes drain_finish(struct drain *drain)
{
    assert_int_equal(0, pthread_join(drain->thread, NULL));
    return drain->bytes;
}

void pipe_make(int ends[2])
{
    assert_int_equal(0, pipe2(ends, O_CLOEXEC));
}

size_t pipe_fill(int write_end)
{
    static const uint8_t block[4096];
    int flags = fcntl(write_end, F_GETFL);
    size_t taken = 0;
    ssize_t count;

    assert_int_equal(0, fcntl(write_end, F_SETFL, flags | O_NONBLOCK));
    while ((count = write(write_end, block, sizeof(block))) > 0) {
        taken += (size_t)count;
    }
    assert_int_equal(EAGAIN, errno);
    assert_int_equal(0, fcntl(write_end, F_SETFL, flags));
    return taken;
}
