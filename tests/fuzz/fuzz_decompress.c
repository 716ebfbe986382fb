/*
 * Decompression as a whole: the first eight bytes say how, the rest are a compressed file.
 *
 *     threads     by so many of the pools below, the first one being that of one thread
 *     way         bit 0: from a pipe, else a file; bit 1: to a pipe, else a file
 *     flags       bit 0: IGNORE_TRAILING; bit 1: the same file is inspected, too
 *     memory      0: no limit; else so many times 256 KiB
 *     output u16  limit, in units of 16 bytes; 0: CONTENT_MOST
 *     split       a pipe gets so many bytes before the job is submitted, the others after
 *     cancel      0: never; else after so many turns that other threads get
 *
 * Promises: a job ends, with a code that an input may cause; by any number of threads with the
 * same bytes, unless it was cancelled, and without a memory limit with the same code; no limit is
 * passed. What is accepted is what libzstd and zlib make of it; what is refused has written nothing
 * that they would not; and what they accept is refused only for a limit, or for what they do not
 * look at: sizes, tables and indexes that lie.
 */
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cinch/cinch.h>

#include "fuzz.h"
#include "pools.h"

enum {
    CONTROL_SIZE = 8,
    CONTENT_MOST = 1 << 20,
    PIPE_CONTENT_MOST = 1 << 16, /* what a pipe takes before somebody reads */
    PIPE_INPUT_MOST = 1 << 15    /* the longest input; may be in a pipe before anybody reads, too */
};

/* How a job goes. */
struct plan {
    uint32_t threads;
    bool from_pipe;
    bool to_pipe;
    size_t split;
    unsigned int cancel;
    cinch_options options;
};

/* How it ended. */
struct outcome {
    int32_t code;
    uint8_t *content;
    size_t size;
    cinch_stats stats;
};

/* --- What libzstd and zlib say ------------------------------------------------------------ */

struct reference {
    uint8_t *content; /* CONTENT_MOST bytes of room */
    size_t size;
    bool is_right; /* the input is a whole file, with nothing but zeros behind it */
    bool is_long;  /* it has more content than room */
};

static bool is_padding(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static bool is_zstd(const uint8_t *bytes, size_t size)
{
    return size >= 4 && (memcmp(bytes, "\x28\xB5\x2F\xFD", 4) == 0 ||
                         ((bytes[0] & 0xF0) == 0x50 && memcmp(bytes + 1, "\x2A\x4D\x18", 3) == 0));
}

/* Frames up to the end; `*used` is what they took. */
static bool read_frames(struct reference *reference, const uint8_t *bytes, size_t size,
                        size_t *used)
{
    ZSTD_DCtx *context = ZSTD_createDCtx();
    ZSTD_inBuffer in = {bytes, size, 0};
    ZSTD_outBuffer out = {reference->content, CONTENT_MOST, 0};
    size_t result = 0;

    REQUIRE(context != NULL);
    while (is_zstd(bytes + in.pos, size - in.pos)) {
        size_t before;
        do {
            before = in.pos + out.pos;
            result = ZSTD_decompressStream(context, &out, &in);
        } while (!ZSTD_isError(result) && result != 0 && in.pos + out.pos != before);
        if (result != 0)
            break;
        *used = in.pos;
    }
    reference->size = out.pos;
    reference->is_long = result != 0 && out.pos == out.size;
    ZSTD_freeDCtx(context);
    return result == 0;
}

/* Members, or one zlib stream. */
static bool read_members(struct reference *reference, const uint8_t *bytes, size_t size,
                         size_t *used)
{
    const bool is_gzip = bytes[0] == 0x1F;
    z_stream stream = {.next_in = (Bytef *)bytes,
                       .avail_in = (uInt)size,
                       .next_out = reference->content,
                       .avail_out = CONTENT_MOST};
    int result;

    REQUIRE(inflateInit2(&stream, is_gzip ? 31 : 15) == Z_OK);
    for (;;) {
        result = inflate(&stream, Z_NO_FLUSH);
        if (result != Z_STREAM_END)
            break;
        *used = size - stream.avail_in;
        if (!is_gzip || stream.avail_in < 2 || memcmp(stream.next_in, "\x1F\x8B", 2) != 0)
            break;
        REQUIRE(inflateReset(&stream) == Z_OK);
    }
    reference->size = CONTENT_MOST - stream.avail_out;
    reference->is_long = result != Z_STREAM_END && stream.avail_out == 0;
    REQUIRE(inflateEnd(&stream) == Z_OK);
    return result == Z_STREAM_END;
}

static struct reference refer(const uint8_t *bytes, size_t size)
{
    static uint8_t room[CONTENT_MOST];
    struct reference reference = {.content = room};
    size_t used = 0;

    if (size < 2)
        return reference;
    reference.is_right = is_zstd(bytes, size) ? read_frames(&reference, bytes, size, &used)
                                              : read_members(&reference, bytes, size, &used);
    reference.is_right = reference.is_right && used > 0 && is_padding(bytes + used, size - used);
    return reference;
}

/* Whether two neighbouring bytes occur anywhere. */
static bool has_pair(const uint8_t *bytes, size_t size, const char *pair)
{
    return memmem(bytes, size, pair, 2) != NULL;
}

/* Whether there may be something that they pass over and we hold against the data: a subfield
 * that tells sizes, or the footer of a seek table. */
static bool may_tell_sizes(const uint8_t *bytes, size_t size)
{
    return has_pair(bytes, size, "CI") || has_pair(bytes, size, "BC") ||
           has_pair(bytes, size, "IG") || has_pair(bytes, size, "MZ") ||
           has_pair(bytes, size, "SZ") || memmem(bytes, size, "\xB1\xEA\x92\x8F", 4) != NULL;
}

/* --- The job ------------------------------------------------------------------------------ */

static void write_all(int fd, const uint8_t *bytes, size_t size)
{
    REQUIRE(size == 0 || write(fd, bytes, size) == (ssize_t)size);
}

/* Everything in the pipe, or the file, into memory that the caller frees. */
static void read_content(struct outcome *outcome, int fd, bool is_pipe)
{
    outcome->content = malloc(CONTENT_MOST + 1);
    REQUIRE(outcome->content != NULL);
    for (;;) {
        uint8_t *place = outcome->content + outcome->size;
        const size_t room = CONTENT_MOST + 1 - outcome->size;
        const ssize_t count =
            is_pipe ? read(fd, place, room) : pread(fd, place, room, (off_t)outcome->size);
        REQUIRE(count >= 0);
        outcome->size += (size_t)count;
        if (count == 0 || outcome->size == CONTENT_MOST + 1)
            return;
    }
}

static struct outcome decompress(const struct plan *plan, const uint8_t *bytes, size_t size)
{
    struct outcome outcome = {.stats = CINCH_STATS_INIT};
    const size_t split = plan->split < size ? plan->split : size;
    int in[2], out[2];
    cinch_job *job;

    if (plan->from_pipe) {
        REQUIRE(pipe(in) == 0);
        write_all(in[1], bytes, split);
    } else {
        in[0] = memfd_create("input", MFD_CLOEXEC);
        REQUIRE(in[0] >= 0 && (size == 0 || pwrite(in[0], bytes, size, 0) == (ssize_t)size));
    }
    if (plan->to_pipe)
        REQUIRE(pipe(out) == 0);
    else
        REQUIRE((out[0] = out[1] = memfd_create("output", MFD_CLOEXEC)) >= 0);
    REQUIRE(cinch_decompress_fd(pool_of(plan->threads), in[0], out[1], &plan->options, &job) ==
            CINCH_OK);
    for (unsigned int i = 0; i < plan->cancel; i++)
        sched_yield();
    if (plan->from_pipe) {
        /* As the pipe has room for all, nobody has to wait, not even when the job is over. */
        write_all(in[1], bytes + split, size - split);
        close(in[1]);
    }
    if (plan->cancel > 0)
        cinch_job_cancel(job);
    outcome.code = cinch_job_wait(job);
    REQUIRE(cinch_job_stats(job, &outcome.stats) == CINCH_OK);
    cinch_job_close(job);
    close(in[0]);
    if (plan->to_pipe)
        close(out[1]);
    read_content(&outcome, out[0], plan->to_pipe);
    close(out[0]);
    return outcome;
}

/* Looks at the file without decoding what tells its size. */
static struct outcome inspect(const struct plan *plan, const uint8_t *bytes, size_t size)
{
    struct outcome outcome = {.stats = CINCH_STATS_INIT};
    cinch_options options = plan->options;
    const int fd = memfd_create("input", MFD_CLOEXEC);
    cinch_job *job;

    REQUIRE(fd >= 0 && (size == 0 || pwrite(fd, bytes, size, 0) == (ssize_t)size));
    options.flags |= CINCH_FLAG_INSPECT;
    REQUIRE(cinch_decompress_fd(pool_of(plan->threads), fd, -1, &options, &job) == CINCH_OK);
    outcome.code = cinch_job_wait(job);
    REQUIRE(cinch_job_stats(job, &outcome.stats) == CINCH_OK);
    cinch_job_close(job);
    close(fd);
    return outcome;
}

/* --- The promises ------------------------------------------------------------------------- */

static bool is_of_input(int32_t code)
{
    return code == CINCH_OK || (code >= CINCH_E_FORMAT && code <= CINCH_E_UNSUPPORTED);
}

static void check_reference(const struct plan *plan, const struct outcome *outcome,
                            const uint8_t *bytes, size_t size)
{
    const bool ignores_trailing = (plan->options.flags & CINCH_FLAG_IGNORE_TRAILING) != 0;
    const struct reference reference = refer(bytes, size);
    const size_t common = outcome->size < reference.size ? outcome->size : reference.size;

    REQUIRE(common == 0 || memcmp(outcome->content, reference.content, common) == 0);
    if (outcome->code == CINCH_OK) {
        REQUIRE(outcome->stats.bytes_out == outcome->size);
        REQUIRE(outcome->stats.bytes_in == size || (ignores_trailing && plan->from_pipe));
        if (!reference.is_long) {
            REQUIRE(reference.is_right || ignores_trailing);
            REQUIRE(outcome->size == reference.size);
        }
    } else if (outcome->code != CINCH_E_CANCELLED && reference.is_right &&
               reference.size <= plan->options.output_limit && !may_tell_sizes(bytes, size)) {
        REQUIRE(outcome->code == CINCH_E_MEMORY_LIMIT && plan->options.memory_limit != 0);
    }
}

static void check_job(const struct plan *plan, const uint8_t *bytes, size_t size)
{
    struct plan other = *plan;
    struct outcome outcome = decompress(plan, bytes, size);

    REQUIRE(is_of_input(outcome.code) || (plan->cancel > 0 && outcome.code == CINCH_E_CANCELLED));
    REQUIRE(outcome.size <= plan->options.output_limit);
    check_reference(plan, &outcome, bytes, size);

    /* The same again by one thread, undisturbed. */
    other.threads = 1;
    other.cancel = 0;
    struct outcome again = decompress(&other, bytes, size);
    REQUIRE(is_of_input(again.code));
    if (plan->cancel == 0 || outcome.code == CINCH_OK) {
        const size_t common = outcome.size < again.size ? outcome.size : again.size;
        /* What a limit leaves for each thread decides how much is looked at in one piece, and so
         * which of several faults is met first. */
        const bool both_fail = outcome.code != CINCH_OK && again.code != CINCH_OK;
        if (outcome.code != CINCH_E_MEMORY_LIMIT && again.code != CINCH_E_MEMORY_LIMIT)
            REQUIRE(outcome.code == again.code || (plan->options.memory_limit != 0 && both_fail));
        REQUIRE(outcome.code != CINCH_OK || outcome.size == again.size);
        REQUIRE(common == 0 || memcmp(outcome.content, again.content, common) == 0);
    }
    free(again.content);
    free(outcome.content);
}

static void check_inspection(const struct plan *plan, const uint8_t *bytes, size_t size)
{
    struct plan other = *plan;
    const struct outcome seen = inspect(plan, bytes, size);

    other.from_pipe = other.to_pipe = false;
    other.cancel = 0;
    struct outcome outcome = decompress(&other, bytes, size);
    REQUIRE(is_of_input(seen.code));
    if (outcome.code == CINCH_OK) {
        REQUIRE(seen.code == CINCH_OK);
        REQUIRE(seen.stats.bytes_out == outcome.stats.bytes_out);
        REQUIRE(seen.stats.frames == outcome.stats.frames);
        REQUIRE(seen.stats.chunks == outcome.stats.chunks);
        REQUIRE(seen.stats.check == outcome.stats.check);
        REQUIRE(seen.stats.trailing == outcome.stats.trailing);
    }
    free(outcome.content);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct plan plan = {.options = CINCH_OPTIONS_INIT};

    if (size < CONTROL_SIZE || size > CONTROL_SIZE + PIPE_INPUT_MOST)
        return 0;
    plan.threads = 1 + bytes[0] % POOLS;
    plan.from_pipe = (bytes[1] & 1) != 0;
    plan.to_pipe = (bytes[1] & 2) != 0;
    plan.options.flags = (bytes[2] & 1) != 0 ? CINCH_FLAG_IGNORE_TRAILING : 0;
    plan.options.memory_limit = (uint64_t)bytes[3] << 18;
    plan.options.output_limit = ((uint64_t)bytes[4] | (uint64_t)bytes[5] << 8) * 16;
    if (plan.options.output_limit == 0)
        plan.options.output_limit = CONTENT_MOST;
    if (plan.to_pipe && plan.options.output_limit > PIPE_CONTENT_MOST)
        plan.options.output_limit = PIPE_CONTENT_MOST;
    plan.split = bytes[6];
    plan.cancel = bytes[7] % 64;
    check_job(&plan, bytes + CONTROL_SIZE, size - CONTROL_SIZE);
    if ((bytes[2] & 2) != 0)
        check_inspection(&plan, bytes + CONTROL_SIZE, size - CONTROL_SIZE);
    return 0;
}
