/*
 * What every suite includes: cmocka, assertions that name error codes, the watchdog.
 *
 * cmocka's assertions leave a failed test by longjmp(), so they are for the thread that runs the
 * test only. Callbacks of the library note what they see (see monitor.h) and the test asserts it
 * afterwards.
 */
#ifndef CINCH_TESTS_SUPPORT_TEST_H
#define CINCH_TESTS_SUPPORT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>

#include <cinch/cinch.h>

/* How many times slower than a plain build the tests may be expected to run. A build for Valgrind
 * is told. */
#if defined(TEST_SLOWNESS)
#define TEST_UNDER_TSAN 0
#elif defined(__SANITIZE_THREAD__)
#define TEST_SLOWNESS   20
#define TEST_UNDER_TSAN 1
#elif defined(__SANITIZE_ADDRESS__)
#define TEST_SLOWNESS   8
#define TEST_UNDER_TSAN 0
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TEST_SLOWNESS   20
#define TEST_UNDER_TSAN 1
#elif __has_feature(address_sanitizer)
#define TEST_SLOWNESS   8
#define TEST_UNDER_TSAN 0
#endif
#endif
#ifndef TEST_SLOWNESS
#define TEST_SLOWNESS   1
#define TEST_UNDER_TSAN 0
#endif

/* Seconds that a test may take before the watchdog ends the program: long enough for a slow and
 * loaded machine, also under a sanitizer, so that only a test that hangs ever meets it. */
enum {
    TEST_SECONDS = TEST_SLOWNESS == 1 ? 240 : 720
};

/* Ends the program with a message and the test's name unless test_watchdog_stop() comes first. */
void test_watchdog_start(unsigned int seconds);
void test_watchdog_stop(void);

/* "CINCH_E_IO"; static storage, never NULL. */
const char *code_name(int32_t code);

/* Fails the test, printing both codes by name. */
#define assert_code(expected, actual)                                                              \
    assert_code_at((expected), (actual), #actual, __FILE__, __LINE__)
void assert_code_at(int32_t expected, int32_t actual, const char *what, const char *file, int line);

/* Waits for the job, drops its handle, and fails the test unless it ended with `expected`; the
 * job's own message is printed then. */
#define assert_job_ends(expected, job) assert_job_ends_at((expected), (job), __FILE__, __LINE__)
void assert_job_ends_at(int32_t expected, cinch_job *job, const char *file, int line);

/* A pool of so many threads; fails the test where there is none to be had. */
cinch_pool *pool_with_threads(uint32_t threads);

/* Compresses on `pool`, waits, and returns how it ended, a refused submit included. */
int32_t compress_and_wait(cinch_pool *pool, const char *input, const char *output,
                          const cinch_options *options);

#endif
