/*
 * cinch-steps: where a job's time goes: service times of its steps, locks, system calls.
 *
 *   cinch-steps FORMAT LEVEL THREADS INPUT OUTPUT [REPEAT]
 *
 * FORMAT is zstd, gzip, zlib, or "back" to decompress (LEVEL is ignored). The job is run REPEAT
 * times on one pool (default 3), and the last one is told, as one JSON object: wall and processor
 * seconds, and
 *
 *   chunks  for each, in the order they were finished: [number, take, work, put], in nanoseconds
 *           of its worker's processor time, and the nanoseconds of them spent on reads and writes
 *   locks   of the pool, of the ring, and all others: how often taken, how often somebody else
 *           held it, nanoseconds it was held, and the longest
 *   calls   reads and writes: how many, bytes, nanoseconds
 *
 * Nothing in the library knows of this. The linker puts the functions called __wrap_NAME here in
 * the place of NAME (ld's --wrap), and steps are measured by wrapping the job's table of steps.
 * Times are a little too long by what measuring takes, about 30 ns for a lock and 300 ns for a
 * step.
 */
#include <cinch/cinch.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "pipeline.h"

static void fail(const char *what)
{
    fprintf(stderr, "cinch-steps: %s\n", what);
    exit(1);
}

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* --- Locks ------------------------------------------------------------------------------ */

struct lock_kind {
    const char *name;
    _Atomic uint64_t count;
    _Atomic uint64_t contended;
    _Atomic uint64_t held_ns;
    _Atomic uint64_t longest_ns;
};

static struct lock_kind pool_kind = {.name = "pool"};
static struct lock_kind ring_kind = {.name = "ring"};
static struct lock_kind other_kind = {.name = "other"};

static pthread_mutex_t *_Atomic pool_lock; /* the lock that making the pool took */
static pthread_mutex_t *_Atomic ring_lock; /* of the job that runs */
static _Atomic bool is_learning;

/* A thread holds one lock of the library at a time, or the pool's inside a job's. */
static _Thread_local struct {
    pthread_mutex_t *lock;
    uint64_t since;
} held[4];
static _Thread_local int held_count;

static struct lock_kind *kind_of(const pthread_mutex_t *lock)
{
    return lock == pool_lock ? &pool_kind : lock == ring_lock ? &ring_kind : &other_kind;
}

static void lock_begins(pthread_mutex_t *lock)
{
    if (held_count < 4) {
        held[held_count].lock = lock;
        held[held_count].since = clock_ns(CLOCK_MONOTONIC);
    }
    held_count++;
}

static void lock_ends(pthread_mutex_t *lock)
{
    uint64_t now = clock_ns(CLOCK_MONOTONIC);
    held_count--;
    if (held_count >= 4 || held[held_count].lock != lock)
        return;
    uint64_t length = now - held[held_count].since;
    struct lock_kind *kind = kind_of(lock);
    atomic_fetch_add(&kind->count, 1);
    atomic_fetch_add(&kind->held_ns, length);
    uint64_t longest = kind->longest_ns;
    while (length > longest && !atomic_compare_exchange_weak(&kind->longest_ns, &longest, length))
        ;
}

int __real_pthread_mutex_lock(pthread_mutex_t *lock);
int __wrap_pthread_mutex_lock(pthread_mutex_t *lock);
int __real_pthread_mutex_unlock(pthread_mutex_t *lock);
int __wrap_pthread_mutex_unlock(pthread_mutex_t *lock);
int __real_pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *lock);
int __wrap_pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *lock);
int __real_pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *lock,
                                  const struct timespec *deadline);
int __wrap_pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *lock,
                                  const struct timespec *deadline);

int __wrap_pthread_mutex_lock(pthread_mutex_t *lock)
{
    if (is_learning && pool_lock == NULL)
        pool_lock = lock;
    int error = pthread_mutex_trylock(lock);
    if (error == EBUSY) {
        atomic_fetch_add(&kind_of(lock)->contended, 1);
        error = __real_pthread_mutex_lock(lock);
    }
    lock_begins(lock);
    return error;
}

int __wrap_pthread_mutex_unlock(pthread_mutex_t *lock)
{
    lock_ends(lock);
    return __real_pthread_mutex_unlock(lock);
}

int __wrap_pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *lock)
{
    lock_ends(lock);
    int error = __real_pthread_cond_wait(condition, lock);
    lock_begins(lock);
    return error;
}

int __wrap_pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *lock,
                                  const struct timespec *deadline)
{
    lock_ends(lock);
    int error = __real_pthread_cond_timedwait(condition, lock, deadline);
    lock_begins(lock);
    return error;
}

/* --- System calls ----------------------------------------------------------------------- */

struct call_kind {
    const char *name;
    _Atomic uint64_t count;
    _Atomic uint64_t bytes;
    _Atomic uint64_t ns;
};

static struct call_kind read_kind = {.name = "read"};
static struct call_kind write_kind = {.name = "write"};
static _Thread_local uint64_t io_ns; /* of this thread, in all */

static void count_call(struct call_kind *kind, uint64_t start, ssize_t result)
{
    uint64_t length = clock_ns(CLOCK_THREAD_CPUTIME_ID) - start;
    atomic_fetch_add(&kind->count, 1);
    atomic_fetch_add(&kind->bytes, result > 0 ? (uint64_t)result : 0);
    atomic_fetch_add(&kind->ns, length);
    io_ns += length;
}

ssize_t __real_pread64(int fd, void *data, size_t size, off_t offset);
ssize_t __wrap_pread64(int fd, void *data, size_t size, off_t offset);
ssize_t __real_pwrite64(int fd, const void *data, size_t size, off_t offset);
ssize_t __wrap_pwrite64(int fd, const void *data, size_t size, off_t offset);
ssize_t __real_read(int fd, void *data, size_t size);
ssize_t __wrap_read(int fd, void *data, size_t size);
ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);

ssize_t __wrap_pread64(int fd, void *data, size_t size, off_t offset)
{
    uint64_t start = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    ssize_t result = __real_pread64(fd, data, size, offset);
    count_call(&read_kind, start, result);
    return result;
}

ssize_t __wrap_pwrite64(int fd, const void *data, size_t size, off_t offset)
{
    uint64_t start = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    ssize_t result = __real_pwrite64(fd, data, size, offset);
    count_call(&write_kind, start, result);
    return result;
}

ssize_t __wrap_read(int fd, void *data, size_t size)
{
    uint64_t start = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    ssize_t result = __real_read(fd, data, size);
    count_call(&read_kind, start, result);
    return result;
}

ssize_t __wrap_write(int fd, const void *data, size_t size)
{
    uint64_t start = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    ssize_t result = __real_write(fd, data, size);
    count_call(&write_kind, start, result);
    return result;
}

/* --- Steps ------------------------------------------------------------------------------ */

struct chunk_times {
    uint64_t number;
    uint64_t take, work, put;
    uint64_t take_io, work_io, put_io;
};

#define CHUNKS_MOST 65536

static struct chunk_times times[CHUNKS_MOST];
static _Atomic uint32_t times_count;
static const struct pipeline_ops *real_ops;
static struct pipeline_ops timed_ops;

/* The entry of a chunk under way; a chunk is used by one worker at a time. */
static struct chunk_times *entry_of(const struct chunk *chunk)
{
    return &times[chunk->number % CHUNKS_MOST];
}

struct step_clock {
    uint64_t processor;
    uint64_t io;
};

static struct step_clock step_begins(void)
{
    return (struct step_clock){clock_ns(CLOCK_THREAD_CPUTIME_ID), io_ns};
}

static void step_ends(struct step_clock start, uint64_t *step, uint64_t *io)
{
    *step += clock_ns(CLOCK_THREAD_CPUTIME_ID) - start.processor;
    *io += io_ns - start.io;
}

static enum step timed_take(void *owner, struct chunk *chunk, struct worker *worker,
                            struct step_need *need)
{
    struct chunk_times *entry = entry_of(chunk);
    struct step_clock start = step_begins();
    enum step step = real_ops->take(owner, chunk, worker, need);
    step_ends(start, &entry->take, &entry->take_io);
    return step;
}

static enum step timed_work(void *owner, struct chunk *chunk, struct worker *worker)
{
    struct chunk_times *entry = entry_of(chunk);
    struct step_clock start = step_begins();
    enum step step = real_ops->work(owner, chunk, worker);
    step_ends(start, &entry->work, &entry->work_io);
    return step;
}

static enum step timed_put(void *owner, struct chunk *chunk, struct worker *worker,
                           struct step_need *need)
{
    struct chunk_times *entry = entry_of(chunk);
    struct step_clock start = step_begins();
    enum step step = real_ops->put(owner, chunk, worker, need);
    step_ends(start, &entry->put, &entry->put_io);
    entry->number = chunk->number;
    if (chunk->is_last)
        times_count = (uint32_t)(chunk->number % CHUNKS_MOST) + 1;
    return step;
}

int32_t __real_pipeline_start(struct pipeline *pipeline, uint64_t count, uint32_t workers_max);
int32_t __wrap_pipeline_start(struct pipeline *pipeline, uint64_t count, uint32_t workers_max);

int32_t __wrap_pipeline_start(struct pipeline *pipeline, uint64_t count, uint32_t workers_max)
{
    real_ops = pipeline->ops;
    timed_ops = *real_ops;
    timed_ops.take = real_ops->take != NULL ? timed_take : NULL;
    timed_ops.work = real_ops->work != NULL ? timed_work : NULL;
    timed_ops.put = timed_put;
    pipeline->ops = &timed_ops;
    ring_lock = &pipeline->lock;
    return __real_pipeline_start(pipeline, count, workers_max);
}

/* --- The run ---------------------------------------------------------------------------- */

static void reset(void)
{
    struct lock_kind *const locks[] = {&pool_kind, &ring_kind, &other_kind};
    for (int i = 0; i < 3; i++)
        locks[i]->count = locks[i]->contended = locks[i]->held_ns = locks[i]->longest_ns = 0;
    read_kind.count = read_kind.bytes = read_kind.ns = 0;
    write_kind.count = write_kind.bytes = write_kind.ns = 0;
    memset(times, 0, sizeof times);
    times_count = 0;
}

static void tell_chunks(void)
{
    printf("\"chunks\": [");
    for (uint32_t i = 0; i < times_count; i++)
        printf("%s\n  [%llu, %llu, %llu, %llu, %llu, %llu, %llu]", i == 0 ? "" : ",",
               (unsigned long long)times[i].number, (unsigned long long)times[i].take,
               (unsigned long long)times[i].work, (unsigned long long)times[i].put,
               (unsigned long long)times[i].take_io, (unsigned long long)times[i].work_io,
               (unsigned long long)times[i].put_io);
    printf("]");
}

static void tell(const char *format, int32_t level, uint32_t threads, struct spent spent,
                 const cinch_stats *stats)
{
    printf("{\"kind\": \"cinch-steps\", \"work\": \"%s\", \"level\": %d, \"threads\": %u,\n",
           format, level, threads);
    printf("\"engines\": \"%s\",\n", cinch_engines());
    printf("\"wall\": %.6f, \"processor\": %.6f, \"bytes_in\": %llu, \"bytes_out\": %llu,\n",
           spent.wall, spent.processor, (unsigned long long)stats->bytes_in,
           (unsigned long long)stats->bytes_out);
    const struct lock_kind *const locks[] = {&pool_kind, &ring_kind, &other_kind};
    printf("\"locks\": {");
    for (int i = 0; i < 3; i++)
        printf("%s\"%s\": {\"count\": %llu, \"contended\": %llu, \"held_ns\": %llu, "
               "\"longest_ns\": %llu}",
               i == 0 ? "" : ",\n  ", locks[i]->name, (unsigned long long)locks[i]->count,
               (unsigned long long)locks[i]->contended, (unsigned long long)locks[i]->held_ns,
               (unsigned long long)locks[i]->longest_ns);
    const struct call_kind *const calls[] = {&read_kind, &write_kind};
    printf("},\n\"calls\": {");
    for (int i = 0; i < 2; i++)
        printf("%s\"%s\": {\"count\": %llu, \"bytes\": %llu, \"ns\": %llu}", i == 0 ? "" : ", ",
               calls[i]->name, (unsigned long long)calls[i]->count,
               (unsigned long long)calls[i]->bytes, (unsigned long long)calls[i]->ns);
    printf("},\n");
    tell_chunks();
    printf("}\n");
}

int main(int argc, char **argv)
{
    if (argc < 6) {
        fprintf(stderr, "usage: cinch-steps zstd|gzip|zlib|back LEVEL THREADS INPUT OUTPUT "
                        "[REPEAT]\n");
        return 2;
    }
    static const char *const names[] = {"back", "zstd", "gzip", "zlib"};
    cinch_options options = CINCH_OPTIONS_INIT;
    options.format = -1;
    for (int32_t i = 0; i < 4; i++)
        if (strcmp(argv[1], names[i]) == 0)
            options.format = i;
    if (options.format < 0)
        fail("no such format");
    options.level = (int32_t)strtol(argv[2], NULL, 10);
    cinch_pool_options pool_options = CINCH_POOL_OPTIONS_INIT;
    pool_options.threads = (uint32_t)strtoul(argv[3], NULL, 10);
    int repeat = argc > 6 ? (int)strtol(argv[6], NULL, 10) : 3;

    cinch_pool *pool;
    is_learning = true;
    if (cinch_pool_create(&pool_options, &pool) != CINCH_OK)
        fail("cannot make a pool");
    is_learning = false;
    struct spent spent = {0, 0};
    cinch_stats stats = CINCH_STATS_INIT;
    for (int i = 0; i < repeat; i++) {
        reset();
        unlink(argv[5]); /* a job is charged with freeing the file that it replaces */
        cinch_job *job;
        struct spent start = spent_now();
        int32_t code = (options.format == 0 ? cinch_decompress : cinch_compress)(
            pool, argv[4], argv[5], &options, &job);
        if (code != CINCH_OK || (code = cinch_job_wait(job)) != CINCH_OK)
            fail(cinch_strerror(code));
        spent = spent_since(start);
        cinch_job_stats(job, &stats);
        cinch_job_release(job);
    }
    tell(argv[1], options.level, pool_options.threads, spent, &stats);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    return 0;
}
