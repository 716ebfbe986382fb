/*
 * Progress: which reports are made, of what, and by whom. The clock is the test's own.
 */
#include "progress.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/gate.h"
#include "support/scratch.h"
#include "support/test.h"

/* --- The clock -------------------------------------------------------------------------- */

static _Atomic uint64_t fake_now; /* nanoseconds; 0: the real clock */

/* On 32-bit systems glibc has the one with 64-bit times under another name. */
#if defined(__TIMESIZE) && __TIMESIZE == 32
#define NAMED(prefix) __asm__(prefix "__clock_gettime64")
#else
#define NAMED(prefix) __asm__(prefix "clock_gettime")
#endif

int __real_clock_gettime(clockid_t clock, struct timespec *now) NAMED("__real_");
int __wrap_clock_gettime(clockid_t clock, struct timespec *now) NAMED("__wrap_");

/* The linker puts this between the library and libc. */
int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
    uint64_t fake = atomic_load(&fake_now);

    if (fake == 0 || clock != CLOCK_MONOTONIC)
        return __real_clock_gettime(clock, now);
    now->tv_sec = (time_t)(fake / 1000000000u);
    now->tv_nsec = (long)(fake % 1000000000u);
    return 0;
}

/* --- A listener ------------------------------------------------------------------------- */

enum {
    REPORTS_MAX = 1024
};

/* Notes each report; plain fields, because reports must not overlap. */
struct listener {
    struct progress progress;
    void (*hook)(struct listener *listener); /* in each report; NULL allowed */
    struct counter heard;                    /* a unit when a report begins */
    struct gate gate;                        /* for hooks */
    unsigned count;
    uint64_t done[REPORTS_MAX];
    uint64_t total[REPORTS_MAX];
    pthread_t thread[REPORTS_MAX];
    atomic_uint inside;
    atomic_bool overlapped;
};

static void hear(void *owner, uint64_t done, uint64_t total)
{
    struct listener *listener = owner;

    if (atomic_fetch_add(&listener->inside, 1) != 0)
        atomic_store(&listener->overlapped, true);
    if (listener->count < REPORTS_MAX) {
        listener->done[listener->count] = done;
        listener->total[listener->count] = total;
        listener->thread[listener->count] = pthread_self();
    }
    listener->count++;
    counter_add(&listener->heard);
    if (listener->hook != NULL)
        listener->hook(listener);
    atomic_fetch_sub(&listener->inside, 1);
}

static struct listener *listener_new(enum progress_unit unit)
{
    struct listener *listener = calloc(1, sizeof *listener);

    assert_non_null(listener);
    listener->progress.report = hear;
    listener->progress.owner = listener;
    listener->progress.unit = unit;
    counter_init(&listener->heard);
    gate_init(&listener->gate);
    return listener;
}

static void listener_free(struct listener *listener)
{
    assert_false(atomic_load(&listener->overlapped));
    assert_in_range(listener->count, 0, REPORTS_MAX);
    gate_destroy(&listener->gate);
    counter_destroy(&listener->heard);
    free(listener);
}

/* There were `count` reports, the last of them this. */
static void assert_heard(const struct listener *listener, unsigned count, uint64_t done,
                         uint64_t total)
{
    assert_int_equal(listener->count, count);
    assert_int_equal(listener->done[count - 1], done);
    assert_int_equal(listener->total[count - 1], total);
}

/* --- Percent ---------------------------------------------------------------------------- */

static void every_percent_is_told_once(void **state)
{
    struct listener *listener = listener_new(PROGRESS_PERCENT);

    (void)state;
    progress_begin(&listener->progress, 1000);
    assert_heard(listener, 1, 0, 100);
    for (int i = 0; i < 1000; i++)
        progress_add(&listener->progress, 1);
    /* 100 is not told before success is certain. */
    assert_heard(listener, 100, 99, 100);
    progress_finish(&listener->progress);
    assert_heard(listener, 101, 100, 100);
    for (unsigned i = 0; i <= 100; i++)
        assert_int_equal(listener->done[i], i);
    listener_free(listener);
}

static void a_percent_is_told_when_it_is_whole(void **state)
{
    struct listener *listener = listener_new(PROGRESS_PERCENT);

    (void)state;
    progress_begin(&listener->progress, 1000);
    progress_add(&listener->progress, 9);
    assert_int_equal(listener->count, 1);
    progress_add(&listener->progress, 1);
    assert_heard(listener, 2, 1, 100);
    progress_add(&listener->progress, 495);
    assert_heard(listener, 3, 50, 100);
    progress_add(&listener->progress, 4);
    assert_int_equal(listener->count, 3);
    progress_add(&listener->progress, 491);
    assert_heard(listener, 4, 99, 100);
    /* An input that grew; still no 100. */
    progress_add(&listener->progress, 5000);
    assert_int_equal(listener->count, 4);
    progress_finish(&listener->progress);
    assert_heard(listener, 5, 100, 100);
    listener_free(listener);
}

static void percents_are_right_for_inputs_of_any_length(void **state)
{
    static const struct {
        uint64_t total;
        uint64_t half; /* percent of its half, rounded down */
    } cases[] = {
        {1, 0},
        {2, 50},
        {3, 33},
        {99, 49},
        {100, 50},
        {101, 49},
        {UINT64_C(1) << 32, 50},
        {UINT64_MAX / 100, 50},
        {UINT64_MAX / 100 + 1, 49},
        {UINT64_MAX / 100 * 2, 50},
        {UINT64_MAX - 1, 50},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct listener *listener = listener_new(PROGRESS_PERCENT);
        uint64_t half = cases[i].total / 2;
        progress_begin(&listener->progress, cases[i].total);
        progress_add(&listener->progress, half);
        assert_int_equal(listener->done[listener->count - 1], cases[i].half);
        progress_add(&listener->progress, cases[i].total - half);
        assert_int_equal(listener->done[listener->count - 1], 99);
        progress_finish(&listener->progress);
        assert_int_equal(listener->done[listener->count - 1], 100);
        listener_free(listener);
    }
}

static void of_an_unknown_or_empty_input_only_the_ends_are_told(void **state)
{
    struct listener *listener = listener_new(PROGRESS_PERCENT);

    (void)state;
    progress_begin(&listener->progress, 0);
    for (int i = 0; i < 1000; i++)
        progress_add(&listener->progress, 1u << 20);
    assert_heard(listener, 1, 0, 100);
    progress_finish(&listener->progress);
    assert_heard(listener, 2, 100, 100);
    listener_free(listener);
}

/* --- Bytes ------------------------------------------------------------------------------ */

static void bytes_are_told_every_fifty_milliseconds(void **state)
{
    struct listener *listener = listener_new(PROGRESS_BYTES);
    const uint64_t start = UINT64_C(5000000000);

    (void)state;
    atomic_store(&fake_now, start);
    progress_begin(&listener->progress, 1000);
    assert_heard(listener, 1, 0, 1000);
    progress_add(&listener->progress, 10);
    atomic_store(&fake_now, start + 49999999);
    progress_add(&listener->progress, 10);
    assert_int_equal(listener->count, 1);
    atomic_store(&fake_now, start + 50000000);
    progress_add(&listener->progress, 10);
    assert_heard(listener, 2, 30, 1000);
    /* From the last report on, not on a grid. */
    atomic_store(&fake_now, start + 70000000);
    progress_add(&listener->progress, 10);
    atomic_store(&fake_now, start + 99999999);
    progress_add(&listener->progress, 10);
    assert_int_equal(listener->count, 2);
    atomic_store(&fake_now, start + 130000000);
    progress_add(&listener->progress, 10);
    assert_heard(listener, 3, 60, 1000);
    atomic_store(&fake_now, start + 179999999);
    progress_add(&listener->progress, 10);
    assert_int_equal(listener->count, 3);
    /* The last one needs no interval. */
    progress_finish(&listener->progress);
    assert_heard(listener, 4, 70, 70);
    atomic_store(&fake_now, 0);
    listener_free(listener);
}

static void an_unknown_total_is_known_in_the_end(void **state)
{
    struct listener *listener = listener_new(PROGRESS_BYTES);

    (void)state;
    atomic_store(&fake_now, 1);
    progress_begin(&listener->progress, 0);
    assert_heard(listener, 1, 0, 0);
    atomic_store(&fake_now, UINT64_C(100000000));
    progress_add(&listener->progress, 123);
    assert_heard(listener, 2, 123, 0);
    progress_add(&listener->progress, 4);
    progress_finish(&listener->progress);
    assert_heard(listener, 3, 127, 127);
    assert_int_equal(atomic_load(&listener->progress.total), 127);
    atomic_store(&fake_now, 0);
    listener_free(listener);
}

static void without_a_listener_the_bytes_are_counted(void **state)
{
    struct progress progress;

    (void)state;
    memset(&progress, 0, sizeof progress);
    progress.unit = PROGRESS_PERCENT;
    progress_begin(&progress, 1000);
    progress_add(&progress, 700);
    progress_add(&progress, 100);
    assert_int_equal(atomic_load(&progress.done), 800);
    assert_int_equal(atomic_load(&progress.total), 1000);
    progress_finish(&progress);
    assert_int_equal(atomic_load(&progress.total), 800);
}

/* --- Several workers -------------------------------------------------------------------- */

/* A worker that adds bytes once. */
struct adder {
    struct listener *listener;
    uint64_t bytes;
    pthread_t thread;
};

static void *add_bytes(void *argument)
{
    struct adder *adder = argument;

    progress_add(&adder->listener->progress, adder->bytes);
    return NULL;
}

static void adder_start(struct adder *adder, struct listener *listener, uint64_t bytes)
{
    adder->listener = listener;
    adder->bytes = bytes;
    assert_int_equal(pthread_create(&adder->thread, NULL, add_bytes, adder), 0);
}

/* Holds the worker in its second report, which is the first that progress_add() makes. */
static void hold_second(struct listener *listener)
{
    if (listener->count == 2)
        gate_pass(&listener->gate);
}

static void news_is_left_to_who_is_in_a_report(void **state)
{
    struct listener *listener = listener_new(PROGRESS_PERCENT);
    struct adder adder;

    (void)state;
    listener->hook = hold_second;
    progress_begin(&listener->progress, 100);
    adder_start(&adder, listener, 10);
    counter_wait(&listener->heard, 2);
    /* These return although the report is under way, and make none of their own. */
    progress_add(&listener->progress, 10);
    progress_add(&listener->progress, 10);
    progress_add(&listener->progress, 10);
    assert_int_equal(counter_value(&listener->heard), 0);
    gate_open(&listener->gate);
    assert_int_equal(pthread_join(adder.thread, NULL), 0);
    /* All of it in one report, by the one who was there. */
    assert_heard(listener, 3, 40, 100);
    assert_int_equal(listener->done[1], 10);
    assert_true(pthread_equal(listener->thread[1], adder.thread));
    assert_true(pthread_equal(listener->thread[2], adder.thread));
    /* The token is free again. */
    progress_add(&listener->progress, 5);
    assert_heard(listener, 4, 45, 100);
    listener_free(listener);
}

/* Each report brings more news, from another worker. */
static void add_from_elsewhere(struct listener *listener)
{
    struct adder adder = {.listener = listener, .bytes = 10};

    if (listener->count >= 2 && listener->count < 8 &&
        pthread_create(&adder.thread, NULL, add_bytes, &adder) == 0)
        pthread_join(adder.thread, NULL);
}

static void the_holder_looks_until_there_is_no_news(void **state)
{
    struct listener *listener = listener_new(PROGRESS_PERCENT);

    (void)state;
    listener->hook = add_from_elsewhere;
    progress_begin(&listener->progress, 100);
    progress_add(&listener->progress, 10);
    assert_heard(listener, 8, 70, 100);
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(listener->done[i], i * 10);
        assert_true(pthread_equal(listener->thread[i], pthread_self()));
    }
    listener_free(listener);
}

/* News that was worth a report when it was brought, but is not after the one under way, makes
 * none. A clock that goes back makes it so here. */
static void left_news_may_be_too_little_to_tell(void **state)
{
    struct listener *listener = listener_new(PROGRESS_BYTES);
    struct adder adder;
    const uint64_t start = UINT64_C(5000000000);

    (void)state;
    listener->hook = hold_second;
    atomic_store(&fake_now, start);
    progress_begin(&listener->progress, 100);
    atomic_store(&fake_now, start + 50000000);
    adder_start(&adder, listener, 10);
    counter_wait(&listener->heard, 2);
    atomic_store(&fake_now, start + 100000000);
    progress_add(&listener->progress, 10);
    atomic_store(&fake_now, start + 99999999);
    gate_open(&listener->gate);
    assert_int_equal(pthread_join(adder.thread, NULL), 0);
    assert_heard(listener, 2, 10, 100);
    /* Nothing is lost: the next one tells all. */
    atomic_store(&fake_now, start + 100000000);
    progress_add(&listener->progress, 10);
    assert_heard(listener, 3, 30, 100);
    atomic_store(&fake_now, 0);
    listener_free(listener);
}

enum {
    HAMMER_THREADS = 4,
    HAMMER_ADDS = 5000
};

static void *hammer(void *argument)
{
    struct listener *listener = argument;

    for (int i = 0; i < HAMMER_ADDS; i++)
        progress_add(&listener->progress, 1);
    return NULL;
}

static void many_workers_never_overlap_nor_go_back(void **state)
{
    (void)state;
    for (int round = 0; round < 10; round++) {
        struct listener *listener = listener_new(PROGRESS_PERCENT);
        pthread_t threads[HAMMER_THREADS];
        progress_begin(&listener->progress, HAMMER_THREADS * HAMMER_ADDS);
        for (int i = 0; i < HAMMER_THREADS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, hammer, listener), 0);
        for (int i = 0; i < HAMMER_THREADS; i++)
            assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(listener->done[listener->count - 1], 99);
        progress_finish(&listener->progress);
        assert_int_equal(listener->done[listener->count - 1], 100);
        for (unsigned i = 1; i < listener->count; i++)
            assert_true(listener->done[i] > listener->done[i - 1]);
        listener_free(listener);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(every_percent_is_told_once),
        scratch_test(a_percent_is_told_when_it_is_whole),
        scratch_test(percents_are_right_for_inputs_of_any_length),
        scratch_test(of_an_unknown_or_empty_input_only_the_ends_are_told),
        scratch_test(bytes_are_told_every_fifty_milliseconds),
        scratch_test(an_unknown_total_is_known_in_the_end),
        scratch_test(without_a_listener_the_bytes_are_counted),
        scratch_test(news_is_left_to_who_is_in_a_report),
        scratch_test(the_holder_looks_until_there_is_no_news),
        scratch_test(left_news_may_be_too_little_to_tell),
        scratch_test(many_workers_never_overlap_nor_go_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
