#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "schedule/scheduler.h"
#include "schedule/world.h"
#include "support/decode.h"
#include "thread.h"

void pump_make(struct pump *pump, const struct input *input, uint64_t random)
{
    if (pipe2(pump->feed, O_CLOEXEC) != 0 || pipe2(pump->take, O_CLOEXEC) != 0)
        schedule_fail("no pipe for the test");
    fcntl(pump->take[1], F_SETPIPE_SZ, 4096); /* so that output stalls, too */
    pump->is_there = true;
    pump->random = random;
    pump->input = input;
    pump->breaks_feed = random % 8 == 0;
    pump->breaks_take = random / 8 % 8 == 0;
}

static void feed(struct pump *pump)
{
    size_t size = pump->breaks_feed ? pump->input->bytes.size / 2 : pump->input->bytes.size;
    for (size_t fed = 0; fed < size;) {
        size_t part = 1 + random_next(&pump->random) % (2 * INPUTS_CHUNK);
        part = part < size - fed ? part : size - fed;
        schedule_point("feed a pipe");
        /* The whole input fits into the pipe. */
        if (write(pump->feed[1], pump->input->bytes.data + fed, part) != (ssize_t)part)
            schedule_fail("a pipe takes less than it should");
        fed += part;
    }
    schedule_point("end a pipe");
    close(pump->feed[1]);
}

static bool is_readable(int fd)
{
    struct pollfd question = {.fd = fd, .events = POLLIN};
    return poll(&question, 1, 0) > 0;
}

static bool has_news(void *argument)
{
    const struct job *job = argument;
    return is_readable(job->pump.take[0]) || job->contract.completion_began ||
           job->contract.pool->is_gone;
}

static void take(struct job *job)
{
    struct pump *pump = &job->pump;
    for (;;) {
        schedule_wait_for(has_news, job, "wait for a pipe");
        if (!is_readable(pump->take[0]))
            return;
        uint8_t buffer[INPUTS_CHUNK];
        ssize_t got = read(pump->take[0], buffer, sizeof buffer);
        if (got > 0)
            bytes_append(&pump->taken, buffer, (size_t)got);
        if (pump->breaks_take && pump->taken.size > INPUTS_CHUNK) {
            close(pump->take[0]);
            pump->take[0] = -1;
            return;
        }
    }
}

static void *pump_main(void *argument)
{
    struct job *job = argument;
    feed(&job->pump);
    take(job);
    return NULL;
}

void pump_start(struct job *job)
{
    if (job->pump.is_there)
        schedule_start(&job->pump.thread, pump_main, job);
}

/* Holds what came out against what went in. */
static void check_taken(const struct job *job)
{
    const struct pump *pump = &job->pump;
    const struct bytes *taken = &pump->taken;
    if (!job->contract.has_result || job->contract.result != CINCH_OK || pump->take[0] < 0)
        return;
    if (pump->input->is_encoded) {
        if (digest_bytes(taken->data, taken->size) != pump->input->content)
            schedule_fail("job %u: the pipe has brought something else", job->contract.number);
        return;
    }
    struct decoded decoded = decode_bytes(job->format, taken);
    size_t size = pump->breaks_feed ? pump->input->bytes.size / 2 : pump->input->bytes.size;
    if (decoded.error != NULL || decoded.bytes.size != size ||
        (size != 0 && memcmp(decoded.bytes.data, pump->input->bytes.data, size) != 0))
        schedule_fail("job %u: the pipe has brought something else", job->contract.number);
    bytes_free(&decoded.bytes);
}

void pump_finish(struct job *job)
{
    struct pump *pump = &job->pump;
    if (!pump->is_there)
        return;
    thread_join(pump->thread);
    check_taken(job);
    close(pump->feed[0]);
    close(pump->take[1]);
    if (pump->take[0] >= 0)
        close(pump->take[0]);
    bytes_free(&pump->taken);
}
