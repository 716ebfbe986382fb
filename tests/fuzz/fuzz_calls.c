/*
 * Calls of the whole interface in any order, while something fails: the first four bytes say what,
 * the rest are calls of two bytes each, a function and what it is given.
 *
 *     failing     bit 0: allocations; 1: threads; 2: codecs' contexts; 3: locks and conditions
 *     how often   0: never; 1: once; else from then on
 *     when u16    so many calls of those that may fail go well before
 *
 * Promises: a call that is refused takes nothing over; a job that is accepted completes exactly
 * once, unless it was detached, and not after its close or its pool's destroy has returned; it
 * fails for no other reason than what was made to fail; its output is the old file or the whole
 * new one; and in the end nothing is left, of memory (see the leak checker), descriptors or files.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>
#define ZSTD_STATIC_LINKING_ONLY /* for ZSTD_customMem */
#include <zstd.h>

#include <cinch/cinch.h>

#include "fuzz.h"

enum {
    CONTROL_SIZE = 4,
    CALLS_MOST = 40,
    POOLS = 2,
    JOBS = 4,
    CONTENT_SIZE = 3 * 4096 + 7, /* four chunks */
    PACKED_MOST = 1 << 16
};

/* --- What fails ----------------------------------------------------------------------------- */

enum failing {
    FAILS_ALLOCATION = 1,
    FAILS_THREAD = 2,
    FAILS_CODEC = 4,
    FAILS_LOCK = 8
};

static struct {
    atomic_uint what; /* enum failing, or-ed together; 0 = nothing fails */
    bool for_good;    /* else once */
    atomic_uint left; /* calls that go well before */
    atomic_bool has_failed;
} failing;

static bool fails(enum failing what)
{
    if ((atomic_load(&failing.what) & (unsigned)what) == 0)
        return false;
    unsigned left = atomic_load(&failing.left);
    while (left > 0)
        if (atomic_compare_exchange_weak(&failing.left, &left, left - 1))
            return false;
    if (!failing.for_good && atomic_exchange(&failing.has_failed, true))
        return false;
    atomic_store(&failing.has_failed, true);
    return true;
}

/* For sweep_calls.c. */
bool fuzz_calls_has_failed(void);
bool fuzz_calls_has_failed(void)
{
    return atomic_load(&failing.has_failed);
}

/* The linker puts each in the place of the function it is named after, where the library calls it.
 */
#define REPLACED(type, name, what, failed, parameters, arguments)                                  \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        return fails(what) ? (failed) : __real_##name arguments;                                   \
    }

#define NO_MEMORY (errno = ENOMEM, NULL)

REPLACED(void *, malloc, FAILS_ALLOCATION, NO_MEMORY, (size_t size), (size))
REPLACED(void *, calloc, FAILS_ALLOCATION, NO_MEMORY, (size_t count, size_t size), (count, size))
REPLACED(void *, realloc, FAILS_ALLOCATION, NO_MEMORY, (void *old, size_t size), (old, size))
REPLACED(char *, strdup, FAILS_ALLOCATION, NO_MEMORY, (const char *text), (text))
REPLACED(char *, strndup, FAILS_ALLOCATION, NO_MEMORY, (const char *text, size_t size),
         (text, size))
REPLACED(int, posix_memalign, FAILS_ALLOCATION, ENOMEM, (void **result, size_t unit, size_t size),
         (result, unit, size))
REPLACED(int, pthread_create, FAILS_THREAD, EAGAIN,
         (pthread_t * thread, const pthread_attr_t *attributes, void *(*body)(void *), void *given),
         (thread, attributes, body, given))
REPLACED(ZSTD_CCtx *, ZSTD_createCCtx, FAILS_CODEC, NULL, (void), ())
REPLACED(ZSTD_CCtx *, ZSTD_createCCtx_advanced, FAILS_CODEC, NULL, (ZSTD_customMem memory),
         (memory))
REPLACED(ZSTD_DCtx *, ZSTD_createDCtx, FAILS_CODEC, NULL, (void), ())
REPLACED(int, deflateInit2_, FAILS_CODEC, Z_MEM_ERROR,
         (z_stream * stream, int level, int method, int window, int memory, int strategy,
          const char *version, int size),
         (stream, level, method, window, memory, strategy, version, size))
REPLACED(int, inflateInit2_, FAILS_CODEC, Z_MEM_ERROR,
         (z_stream * stream, int window, const char *version, int size),
         (stream, window, version, size))
REPLACED(int, pthread_mutex_init, FAILS_LOCK, ENOMEM,
         (pthread_mutex_t * mutex, const pthread_mutexattr_t *attributes), (mutex, attributes))
REPLACED(int, pthread_cond_init, FAILS_LOCK, ENOMEM,
         (pthread_cond_t * condition, const pthread_condattr_t *attributes),
         (condition, attributes))

int __wrap_asprintf(char **result, const char *format, ...) __attribute__((format(printf, 2, 3)));
int __wrap_asprintf(char **result, const char *format, ...)
{
    va_list arguments;
    int length = -1;

    va_start(arguments, format);
    if (!fails(FAILS_ALLOCATION))
        length = vasprintf(result, format, arguments);
    va_end(arguments);
    return length;
}

/* --- The world ------------------------------------------------------------------------------ */

struct watched {
    cinch_job *job; /* NULL: the place is free, or the handle was dropped */
    cinch_pool *pool;
    bool was_detached;
    bool is_accepted;
    uint8_t at_completion; /* what its callback does: see on_complete() */
    atomic_uint completions;
    atomic_int code;
    int input;
    int output; /* -1: by path, to the file that is named after the place */
    bool is_packing;
};

struct packed {
    uint8_t bytes[PACKED_MOST];
    size_t size;
};

static struct {
    char folder[64];
    uint8_t content[CONTENT_SIZE];
    struct packed packed[2][2]; /* zstd, gzip; to a descriptor, to a path */
    cinch_pool *pools[POOLS];
    struct watched jobs[JOBS];
    cinch_reader *reader;
    unsigned format;
} world;

static void on_complete(void *user, int32_t code)
{
    struct watched *watched = user;

    /* These wait, and so must not be done here. */
    if (watched->at_completion == 1)
        cinch_pool_destroy(watched->pool, CINCH_CANCEL);
    atomic_store(&watched->code, code);
    atomic_fetch_add(&watched->completions, 1);
}

static cinch_options options_of(unsigned format)
{
    cinch_options options = CINCH_OPTIONS_INIT;

    options.format = format == 0 ? CINCH_FORMAT_ZSTD : CINCH_FORMAT_GZIP;
    options.chunk_size = 4096;
    return options;
}

static const uint8_t old_output[] = "the old output";

static void output_path(const struct watched *watched, char path[128])
{
    (void)snprintf(path, 128, "%s/%d", world.folder, (int)(watched - world.jobs));
}

static void make_old_output(const struct watched *watched)
{
    char path[128];

    output_path(watched, path);
    FILE *file = fopen(path, "wb");
    REQUIRE(file != NULL);
    REQUIRE(fwrite(old_output, 1, sizeof(old_output), file) == sizeof(old_output));
    REQUIRE(fclose(file) == 0);
}

static size_t read_file(const char *path, uint8_t bytes[PACKED_MOST])
{
    FILE *file = fopen(path, "rb");

    REQUIRE(file != NULL);
    const size_t count = fread(bytes, 1, PACKED_MOST, file);
    (void)fclose(file);
    return count;
}

/* What a job wrote, complete or not at all. */
static void check_output(const struct watched *watched, int32_t code)
{
    static uint8_t seen[PACKED_MOST];
    const struct packed *packed = &world.packed[world.format][watched->output < 0];
    const uint8_t *expected = watched->is_packing ? packed->bytes : world.content;
    size_t size = watched->is_packing ? packed->size : CONTENT_SIZE;
    char path[128];

    if (watched->output < 0) {
        output_path(watched, path);
        const size_t count = read_file(path, seen);
        if (code != CINCH_OK) {
            expected = old_output;
            size = sizeof(old_output);
        }
        REQUIRE(count == size && memcmp(seen, expected, size) == 0);
    } else if (code == CINCH_OK) {
        REQUIRE(pread(watched->output, seen, sizeof(seen), 0) == (ssize_t)size);
        REQUIRE(memcmp(seen, expected, size) == 0);
    }
}

static bool is_code_of_failure(int32_t code)
{
    return atomic_load(&failing.has_failed) &&
           (code == CINCH_E_NO_MEMORY || code == CINCH_E_NO_THREAD);
}

/* A job is over for certain: its pool was destroyed, or its wait has returned. */
static void check_end(struct watched *watched)
{
    const int32_t code = atomic_load(&watched->code);

    if (watched->was_detached) {
        REQUIRE(atomic_load(&watched->completions) <= 1);
        return;
    }
    REQUIRE(atomic_load(&watched->completions) == 1);
    REQUIRE(code == CINCH_OK || code == CINCH_E_CANCELLED || is_code_of_failure(code) ||
            (code == CINCH_E_DEADLOCK && watched->at_completion == 1));
    /* A destroy inside the callback is noted after the output was published. */
    if (code != CINCH_E_DEADLOCK)
        check_output(watched, code);
}

static void free_place(struct watched *watched)
{
    if (!watched->is_accepted)
        return;
    close(watched->input);
    if (watched->output >= 0)
        close(watched->output);
    watched->is_accepted = false;
}

/* --- The calls ------------------------------------------------------------------------------ */

static void call_create(unsigned given)
{
    cinch_pool_options options = CINCH_POOL_OPTIONS_INIT;
    cinch_pool **pool = &world.pools[given % POOLS];

    options.threads = 1 + given / POOLS % 3;
    if (*pool != NULL)
        return;
    const int32_t code = cinch_pool_create(&options, pool);
    REQUIRE(code == CINCH_OK || is_code_of_failure(code));
    REQUIRE((code == CINCH_OK) == (*pool != NULL));
}

static void call_destroy(unsigned given)
{
    cinch_pool **pool = &world.pools[given % POOLS];

    cinch_pool_destroy(*pool, (given & 4) != 0 ? CINCH_CANCEL : CINCH_DRAIN);
    for (struct watched *watched = world.jobs; *pool != NULL && watched < world.jobs + JOBS;
         watched++) {
        if (watched->pool != *pool || !watched->is_accepted)
            continue;
        check_end(watched);
        if (watched->job == NULL)
            free_place(watched);
    }
    *pool = NULL;
}

static int input_of(const uint8_t *bytes, size_t size)
{
    const int fd = memfd_create("input", MFD_CLOEXEC);

    REQUIRE(fd >= 0 && pwrite(fd, bytes, size, 0) == (ssize_t)size);
    return fd;
}

static void call_submit(unsigned given)
{
    struct watched *watched = &world.jobs[given % JOBS];
    cinch_pool *pool = world.pools[given / JOBS % POOLS];
    cinch_options options = options_of(world.format);
    cinch_job *job;
    int32_t code;

    if (watched->is_accepted || pool == NULL)
        return;
    options.on_complete = on_complete;
    options.user = watched;
    *watched = (struct watched){.pool = pool, .output = -1, .is_packing = (given & 8) != 0};
    watched->at_completion = (given & 32) != 0;
    const struct packed *packed = &world.packed[world.format][1];
    watched->input = watched->is_packing ? input_of(world.content, CONTENT_SIZE)
                                         : input_of(packed->bytes, packed->size);
    if ((given & 16) != 0) {
        char from[64], to[128];
        (void)snprintf(from, sizeof(from), "/proc/self/fd/%d", watched->input);
        output_path(watched, to);
        make_old_output(watched);
        code = (watched->is_packing ? cinch_compress : cinch_decompress)(pool, from, to, &options,
                                                                         &job);
    } else {
        watched->output = memfd_create("output", MFD_CLOEXEC);
        REQUIRE(watched->output >= 0);
        code = (watched->is_packing ? cinch_compress_fd : cinch_decompress_fd)(
            pool, watched->input, watched->output, &options, &job);
    }
    watched->is_accepted = true;
    watched->job = job;
    REQUIRE((code == CINCH_OK) == (job != NULL));
    if (code != CINCH_OK) {
        REQUIRE(is_code_of_failure(code));
        REQUIRE(atomic_load(&watched->completions) == 0);
        free_place(watched);
    }
}

static void call_wait(struct watched *watched)
{
    const int32_t code = cinch_job_wait(watched->job);

    if (watched->job == NULL) {
        REQUIRE(code == CINCH_E_INVALID);
        return;
    }
    REQUIRE(code == atomic_load(&watched->code) || code == CINCH_E_DEADLOCK);
    check_end(watched);
}

static void call_close(struct watched *watched)
{
    const bool is_there = watched->job != NULL;

    cinch_job_close(watched->job);
    watched->job = NULL;
    if (is_there) {
        check_end(watched);
        free_place(watched);
    }
}

/* The place is free again when the pool was destroyed. */
static void call_drop(struct watched *watched, bool detaches)
{
    if (watched->job != NULL && detaches)
        watched->was_detached = true;
    (detaches ? cinch_job_detach : cinch_job_release)(watched->job);
    watched->job = NULL;
    for (size_t i = 0; i < POOLS; i++)
        if (watched->pool == world.pools[i])
            return;
    free_place(watched);
}

static void call_look(struct watched *watched)
{
    cinch_stats stats = CINCH_STATS_INIT;
    char message[64];
    const int32_t expected = watched->job != NULL ? CINCH_OK : CINCH_E_INVALID;

    REQUIRE(cinch_job_stats(watched->job, &stats) == expected);
    REQUIRE(cinch_job_message(watched->job, message, sizeof(message)) == expected);
}

static void call_open(void)
{
    char path[64];

    if (world.reader != NULL)
        return;
    const struct packed *packed = &world.packed[world.format][1];
    const int fd = input_of(packed->bytes, packed->size);
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    const int32_t code = cinch_reader_open(path, &world.reader);
    REQUIRE((code == CINCH_OK) == (world.reader != NULL));
    REQUIRE(code == CINCH_OK || is_code_of_failure(code));
    close(fd);
}

static void call_read(unsigned given)
{
    uint8_t buffer[8192];
    const size_t size = 1 + 64 * (given & 127), offset = 48 * given;

    if (world.reader == NULL)
        return;
    const int64_t count = cinch_reader_pread(world.reader, buffer, size, offset);
    if (count < 0) {
        REQUIRE(is_code_of_failure((int32_t)-count));
        return;
    }
    REQUIRE((size_t)count == (size < CONTENT_SIZE - offset ? size : CONTENT_SIZE - offset));
    REQUIRE(memcmp(buffer, world.content + offset, (size_t)count) == 0);
}

static void call(unsigned function, unsigned given)
{
    struct watched *watched = &world.jobs[given % JOBS];

    switch (function % 13) {
    case 0:
        call_create(given);
        break;
    case 1:
        call_destroy(given);
        break;
    case 2:
        cinch_job_cancel(watched->job);
        break;
    case 3:
        call_wait(watched);
        break;
    case 4:
        call_close(watched);
        break;
    case 5:
        call_drop(watched, false);
        break;
    case 6:
        call_drop(watched, true);
        break;
    case 7:
        call_look(watched);
        break;
    case 8:
        call_open();
        break;
    case 9:
        call_read(given);
        break;
    case 10:
        cinch_reader_close(world.reader);
        world.reader = NULL;
        break;
    default:
        call_submit(given);
        break;
    }
}

/* --- Before and after ------------------------------------------------------------------------ */

static size_t count_entries(const char *path)
{
    DIR *folder = opendir(path);
    size_t count = 0;

    REQUIRE(folder != NULL);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

static void remove_folder(void)
{
    char path[128];

    for (const struct watched *watched = world.jobs; watched < world.jobs + JOBS; watched++) {
        output_path(watched, path);
        (void)unlink(path);
    }
    (void)rmdir(world.folder);
}

/* What every job is to write, written once without a failure. */
static void make_world(void)
{
    /* In memory where possible: a disk makes it a hundred times slower. */
    const char *parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    cinch_pool *pool;

    (void)snprintf(world.folder, sizeof(world.folder), "%s/cinch-fuzz-XXXXXX", parent);
    REQUIRE(mkdtemp(world.folder) != NULL);
    (void)atexit(remove_folder);
    for (size_t i = 0; i < CONTENT_SIZE; i++)
        world.content[i] = (uint8_t)(i * i >> 7);
    REQUIRE(cinch_pool_create(NULL, &pool) == CINCH_OK);
    for (unsigned i = 0; i < 4; i++) {
        struct packed *packed = &world.packed[i / 2][i % 2];
        struct watched *watched = &world.jobs[0];
        const int input = input_of(world.content, CONTENT_SIZE);
        char from[64], to[128];
        (void)snprintf(from, sizeof(from), "/proc/self/fd/%d", input);
        output_path(watched, to);
        cinch_options options = options_of(i / 2);
        cinch_job *job;
        if (i % 2 == 1) {
            REQUIRE(cinch_compress(pool, from, to, &options, &job) == CINCH_OK);
        } else {
            const int output = open(to, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
            REQUIRE(output >= 0);
            REQUIRE(cinch_compress_fd(pool, input, output, &options, &job) == CINCH_OK);
            watched->output = output;
        }
        REQUIRE(cinch_job_wait(job) == CINCH_OK);
        cinch_job_close(job);
        if (i % 2 == 0)
            close(watched->output);
        close(input);
        packed->size = read_file(to, packed->bytes);
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (world.packed[0][0].size == 0)
        make_world();
    if (size < CONTROL_SIZE || size > CONTROL_SIZE + 2 * CALLS_MOST)
        return 0;
    for (struct watched *watched = world.jobs; watched < world.jobs + JOBS; watched++)
        make_old_output(watched);
    const size_t descriptors = count_entries("/proc/self/fd");
    const size_t files = count_entries(world.folder);
    world.format = bytes[0] >> 4 & 1;
    failing.for_good = bytes[1] > 1;
    atomic_store(&failing.has_failed, false);
    atomic_store(&failing.left, bytes[2] | (unsigned)bytes[3] << 8);
    atomic_store(&failing.what, bytes[1] == 0 ? 0 : bytes[0] & 15u);

    for (size_t i = CONTROL_SIZE; i + 1 < size; i += 2)
        call(bytes[i], bytes[i + 1]);

    for (unsigned i = 0; i < POOLS; i++)
        call_destroy(i);
    for (unsigned i = 0; i < JOBS; i++)
        call_drop(&world.jobs[i], false);
    call(10, 0);
    atomic_store(&failing.what, 0);
    REQUIRE(count_entries("/proc/self/fd") == descriptors);
    REQUIRE(count_entries(world.folder) == files);
    return 0;
}
