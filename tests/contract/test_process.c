/*
 * Rule 7: the process belongs to its owner. What the library's threads are like, what it leaves
 * alone, and that no signal is raised in somebody else's program.
 */
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/bytes.h"
#include "support/decode.h"
#include "support/jobs.h"
#include "support/monitor.h"
#include "support/process.h"
#include "support/scratch.h"
#include "support/stream.h"
#include "support/test.h"

/* --- What the threads are like ---------------------------------------------------------- */

struct thread_traits {
    char name[16];
    size_t stack_size;
    int unblocked; /* the first signal that is not blocked; 0 = all are */
};

static void traits_note(struct thread_traits *traits)
{
    pthread_attr_t attributes;
    sigset_t blocked;

    prctl(PR_GET_NAME, traits->name);
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        pthread_attr_getstacksize(&attributes, &traits->stack_size);
        pthread_attr_destroy(&attributes);
    }
    traits->unblocked = 0;
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    for (int number = SIGRTMAX; number > 0; number--) {
        /* The C library keeps the two below SIGRTMIN for itself. */
        bool can_be_blocked =
            number != SIGKILL && number != SIGSTOP && !(number >= 32 && number < SIGRTMIN);
        if (can_be_blocked && sigismember(&blocked, number) == 0) {
            traits->unblocked = number;
        }
    }
}

static void hook_traits_progress(struct monitor *monitor, uint64_t bytes_done, uint64_t bytes_total)
{
    struct thread_traits *traits = monitor->context;

    (void)bytes_done;
    (void)bytes_total;
    traits_note(&traits[0]);
}

static void hook_traits_completion(struct monitor *monitor, int32_t error_code)
{
    struct thread_traits *traits = monitor->context;

    (void)error_code;
    traits_note(&traits[1]);
}

static void assert_traits(const struct thread_traits *traits)
{
    assert_string_equal("cinch", traits->name);
    assert_true(traits->stack_size >= (size_t)1 << 20);
    assert_int_equal(0, traits->unblocked);
}

static void threads_have_name_stack_and_no_signals(void **state)
{
    struct scratch *scratch = *state;
    size_t default_size;
    pthread_attr_t attributes;

    assert_int_equal(0, pthread_attr_init(&attributes));
    assert_int_equal(0, pthread_getattr_default_np(&attributes));
    assert_int_equal(0, pthread_attr_getstacksize(&attributes, &default_size));
    for (int small = 0; small < 2; small++) {
        struct thread_traits traits[2];
        struct monitor *monitor = monitor_new();
        cinch_options options = options_watched_by(monitor);
        cinch_pool *pool;
        const char *input = scratch_path(scratch, "input");

        /* The process may have chosen small stacks for its own threads. */
        assert_int_equal(
            0, pthread_attr_setstacksize(&attributes, small ? (size_t)128 << 10 : default_size));
        assert_int_equal(0, pthread_setattr_default_np(&attributes));
        pool = pool_with_threads(2);
        file_write_text(input, "words");
        memset(traits, 0, sizeof(traits));
        monitor->progress_hook = hook_traits_progress;
        monitor->completion_hook = hook_traits_completion;
        monitor->context = traits;
        assert_code(CINCH_OK, cinch_compress(pool, input, scratch_path(scratch, "out"), &options,
                                             &monitor->job));
        assert_job_ends(CINCH_OK, monitor->job);
        cinch_pool_destroy(pool, CINCH_DRAIN);
        assert_traits(&traits[0]);
        assert_traits(&traits[1]);
        monitor_free(monitor);
    }
    pthread_attr_setstacksize(&attributes, default_size);
    pthread_setattr_default_np(&attributes);
    pthread_attr_destroy(&attributes);
}

/* The submitting thread keeps its own mask, although the workers block everything. */
static void mask_of_the_caller_stays(void **state)
{
    sigset_t before;
    sigset_t after;
    cinch_pool *pool;

    (void)state;
    assert_int_equal(0, pthread_sigmask(SIG_BLOCK, NULL, &before));
    pool = pool_with_threads(3);
    assert_code(CINCH_E_NOT_FOUND,
                compress_and_wait(pool, "/nonexistent/a", "/nonexistent/b", NULL));
    assert_int_equal(0, pthread_sigmask(SIG_BLOCK, NULL, &after));
    cinch_pool_destroy(pool, CINCH_DRAIN);
    for (int number = 1; number <= SIGRTMAX; number++) {
        assert_int_equal(sigismember(&before, number), sigismember(&after, number));
    }
}

/* --- What is left alone ----------------------------------------------------------------- */

struct process_state {
    struct sigaction actions[65];
    mode_t mask;
    char folder[4096];
    char locale[256];
    struct rlimit limits[RLIM_NLIMITS];
};

static void process_state_note(struct process_state *process)
{
    char status[4096];
    struct bytes bytes = file_read("/proc/self/status");

    memset(process, 0, sizeof(*process));
    for (int number = 1; number <= SIGRTMAX; number++) {
        if (number < 32 || number >= SIGRTMIN) {
            sigaction(number, NULL, &process->actions[number]);
        }
    }
    /* Read, not set: umask() itself would change it for other threads. */
    snprintf(status, sizeof(status), "%.*s", (int)bytes.size, (const char *)bytes.data);
    bytes_free(&bytes);
    process->mask = (mode_t)strtoul(strstr(status, "Umask:") + 6, NULL, 8);
    assert_non_null(getcwd(process->folder, sizeof(process->folder)));
    snprintf(process->locale, sizeof(process->locale), "%s", setlocale(LC_ALL, NULL));
    for (int i = 0; i < RLIM_NLIMITS; i++) {
        getrlimit(i, &process->limits[i]);
    }
}

static void assert_process_state(const struct process_state *before)
{
    struct process_state now;

    process_state_note(&now);
    for (int number = 1; number <= SIGRTMAX; number++) {
        if (before->actions[number].sa_handler != now.actions[number].sa_handler ||
            before->actions[number].sa_flags != now.actions[number].sa_flags) {
            fail_msg("the disposition of signal %d has changed", number);
        }
    }
    assert_int_equal(before->mask, now.mask);
    assert_string_equal(before->folder, now.folder);
    assert_string_equal(before->locale, now.locale);
    assert_memory_equal(before->limits, now.limits, sizeof(now.limits));
}

static void process_is_left_alone(void **state)
{
    struct scratch *scratch = *state;
    struct process_state before;
    struct watched_job endless;
    cinch_pool *pool;
    mode_t mask = umask(027);

    process_state_note(&before);
    assert_int_equal(027, before.mask);
    pool = pool_with_threads(2);
    assert_process_state(&before);
    /* In the middle of a job, its temporary being open. */
    endless = job_submit_endless(scratch, pool, "endless", true);
    assert_process_state(&before);
    cinch_job_cancel(endless.job);
    job_let_go(&endless, CINCH_E_CANCELLED);
    /* After a success, and after an error. */
    file_write_text(scratch_path(scratch, "small"), "words");
    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
        cinch_options options = CINCH_OPTIONS_INIT;
        options.format = format;
        options.flags = CINCH_FLAG_DURABLE | CINCH_FLAG_VERIFY | CINCH_FLAG_NO_METADATA;
        assert_code(CINCH_OK, compress_and_wait(pool, scratch_path(scratch, "small"),
                                                scratch_path(scratch, "out"), &options));
    }
    assert_code(CINCH_E_NOT_FOUND,
                compress_and_wait(pool, "/nonexistent/a", "/nonexistent/b", NULL));
    cinch_pool_destroy(pool, CINCH_DRAIN);
    assert_process_state(&before);
    umask(mask);
}

/* --- Close-on-exec ---------------------------------------------------------------------- */

/* The first descriptor that would survive exec() beyond those in `known`; -1 if there is none. */
static int descriptor_to_leak(const bool known[1024])
{
    for (int descriptor = 0; descriptor < 1024; descriptor++) {
        int flags = fcntl(descriptor, F_GETFD);
        if (flags >= 0 && !known[descriptor] && (flags & FD_CLOEXEC) == 0) {
            return descriptor;
        }
    }
    return -1;
}

static void descriptors_are_close_on_exec(void **state)
{
    struct scratch *scratch = *state;
    bool known[1024];
    cinch_pool *pool;
    struct watched_job endless;
    struct watched_job small;
    size_t before = process_descriptor_count();
    int input[2];
    int output[2];
    struct watched_job stalled;

    pipe_make(input);
    pipe_make(output);
    for (int descriptor = 0; descriptor < 1024; descriptor++) {
        known[descriptor] = fcntl(descriptor, F_GETFD) >= 0;
    }
    pool = pool_with_threads(2);
    endless = job_submit_endless(scratch, pool, "endless", true);
    stalled = job_submit_fd(pool, input[0], output[1], NULL, NULL);
    counter_wait(&stalled.monitor->progressed, 1);
    /* A job that passes through shows that the stalled one has given up its worker: what the pool
     * needs to wait for a pipe is open, too. */
    small = job_submit(scratch, pool, "small", 1000, NULL, NULL);
    job_let_go(&small, CINCH_OK);
    assert_true(process_descriptor_count() >= before + 4 + 2);
    assert_int_equal(-1, descriptor_to_leak(known));
    assert_code(CINCH_OK, cinch_job_cancel(stalled.job));
    assert_code(CINCH_OK, cinch_job_cancel(endless.job));
    job_let_go(&endless, CINCH_E_CANCELLED);
    job_let_go(&stalled, CINCH_E_CANCELLED);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    close(input[0]);
    close(input[1]);
    close(output[0]);
    close(output[1]);
}

/* --- Signals that are not raised -------------------------------------------------------- */

static atomic_int signals_caught;

static void signal_count(int number)
{
    (void)number;
    atomic_fetch_add(&signals_caught, 1);
}

static void closed_pipe_raises_no_signal(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);
    const char *path = scratch_path(scratch, "input");
    struct bytes bytes = file_make(path, BYTES_RANDOM, 1 << 20, 3);
    struct sigaction action;
    struct sigaction before;
    struct watched_job watched;
    sigset_t pending;
    int input = open(path, O_RDONLY | O_CLOEXEC);
    int output[2];

    memset(&action, 0, sizeof(action));
    action.sa_handler = signal_count;
    assert_int_equal(0, sigaction(SIGPIPE, &action, &before));
    atomic_store(&signals_caught, 0);
    pipe_make(output);
    close(output[0]);
    watched = job_submit_fd(pool, input, output[1], NULL, NULL);
    job_let_go(&watched, CINCH_E_BROKEN_PIPE);
    assert_int_equal(0, sigpending(&pending));
    assert_int_equal(0, sigismember(&pending, SIGPIPE));
    assert_int_equal(0, atomic_load(&signals_caught));
    sigaction(SIGPIPE, &before, NULL);
    close(input);
    close(output[1]);
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

static void file_size_limit_raises_no_signal(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");
    struct bytes bytes = file_make(input, BYTES_RANDOM, 1 << 20, 3);
    struct sigaction action;
    struct sigaction before;
    struct rlimit limit;
    struct rlimit small;
    int32_t code;

    file_write_text(output, "old");
    memset(&action, 0, sizeof(action));
    action.sa_handler = signal_count;
    assert_int_equal(0, sigaction(SIGXFSZ, &action, &before));
    atomic_store(&signals_caught, 0);
    assert_int_equal(0, getrlimit(RLIMIT_FSIZE, &limit));
    small = limit;
    small.rlim_cur = 100000;
    assert_int_equal(0, setrlimit(RLIMIT_FSIZE, &small));
    code = compress_and_wait(pool, input, output, NULL);
    assert_int_equal(0, setrlimit(RLIMIT_FSIZE, &limit));
    sigaction(SIGXFSZ, &before, NULL);
    assert_code(CINCH_E_NO_SPACE, code);
    assert_int_equal(0, atomic_load(&signals_caught));
    assert_file_holds_text(output, "old");
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    scratch_assert_holds(scratch, "input", "output", NULL);
}

/* --- Nothing is printed ----------------------------------------------------------------- */

/* Every way to fail that needs no more than a path. */
static void fail_in_many_ways(struct scratch *scratch, cinch_pool *pool)
{
    cinch_options options = CINCH_OPTIONS_INIT;
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");

    file_write_text(input, "words");
    assert_code(CINCH_E_INVALID, cinch_compress(pool, NULL, output, NULL, NULL));
    assert_code(CINCH_E_NOT_FOUND,
                compress_and_wait(pool, scratch_path(scratch, "missing"), output, NULL));
    assert_code(CINCH_E_FILE_TYPE, compress_and_wait(pool, scratch->folder, output, NULL));
    assert_code(CINCH_E_FILE_TYPE, compress_and_wait(pool, input, scratch->folder, NULL));
    assert_code(CINCH_E_SAME_FILE, compress_and_wait(pool, input, input, NULL));
    assert_code(CINCH_OK, compress_and_wait(pool, input, output, NULL));
    options.flags = CINCH_FLAG_NO_REPLACE;
    assert_code(CINCH_E_EXISTS, compress_and_wait(pool, input, output, &options));
    options.flags = 1u << 31;
    assert_code(CINCH_E_INVALID, compress_and_wait(pool, input, output, &options));
}

static void nothing_is_printed(void **state)
{
    struct scratch *scratch = *state;
    const char *capture = scratch_path(scratch, "capture");
    cinch_pool *pool = pool_with_threads(2);
    struct stat status;
    int saved[2];
    int descriptor;

    fflush(NULL);
    descriptor = open(capture, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    assert_true(descriptor >= 0);
    for (int i = 0; i < 2; i++) {
        saved[i] = fcntl(STDOUT_FILENO + i, F_DUPFD_CLOEXEC, 10);
        assert_true(saved[i] >= 0);
        assert_true(dup2(descriptor, STDOUT_FILENO + i) >= 0);
    }
    fail_in_many_ways(scratch, pool);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    fflush(NULL);
    for (int i = 0; i < 2; i++) {
        dup2(saved[i], STDOUT_FILENO + i);
        close(saved[i]);
    }
    close(descriptor);
    assert_int_equal(0, stat(capture, &status));
    assert_int_equal(0, status.st_size);
}

/* Descriptors 0 to 2 may have been closed before: the library's own then get these numbers, and
 * must not be taken for standard output by anybody. */
static int compress_without_standard_descriptors(void *context)
{
    struct scratch *scratch = context;
    cinch_pool *pool = NULL;
    int32_t code;

    close(0);
    close(1);
    close(2);
    code = cinch_pool_create(NULL, &pool);
    if (code == CINCH_OK) {
        code = compress_and_wait(pool, scratch_path(scratch, "input"),
                                 scratch_path(scratch, "output.zst"), NULL);
        cinch_pool_destroy(pool, CINCH_DRAIN);
    }
    if (code == CINCH_OK && (fcntl(0, F_GETFD) >= 0 || fcntl(1, F_GETFD) >= 0)) {
        code = 100;
    }
    return code;
}

static void closed_standard_descriptors_do_no_harm(void **state)
{
    struct scratch *scratch = *state;
    struct bytes bytes = file_make(scratch_path(scratch, "input"), BYTES_TEXT, 100000, 3);

    assert_int_equal(0, child_run(compress_without_standard_descriptors, scratch));
    assert_file_decodes(scratch_path(scratch, "output.zst"), CINCH_FORMAT_ZSTD, &bytes);
    bytes_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(threads_have_name_stack_and_no_signals),
        scratch_test(mask_of_the_caller_stays),
        scratch_test(process_is_left_alone),
        scratch_test(descriptors_are_close_on_exec),
        scratch_test(closed_pipe_raises_no_signal),
        scratch_test(file_size_limit_raises_no_signal),
        scratch_test(nothing_is_printed),
        scratch_test(closed_standard_descriptors_do_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
