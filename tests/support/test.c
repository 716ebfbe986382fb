#include "support/test.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static void watchdog_bark(int signal_number)
{
    static const char message[] = "\nThe watchdog ends this program: the test above hangs.\n";

    (void)signal_number;
    if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0) {
        _exit(124);
    }
    _exit(124);
}

void test_watchdog_start(unsigned int seconds)
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_handler = watchdog_bark;
    sigaction(SIGALRM, &action, NULL);
    alarm(seconds);
}

void test_watchdog_stop(void)
{
    alarm(0);
}

const char *code_name(int32_t code)
{
    switch (code) {
    case CINCH_OK:
        return "CINCH_OK";
    case CINCH_E_CANCELLED:
        return "CINCH_E_CANCELLED";
    case CINCH_E_INVALID:
        return "CINCH_E_INVALID";
    case CINCH_E_NO_MEMORY:
        return "CINCH_E_NO_MEMORY";
    case CINCH_E_NO_THREAD:
        return "CINCH_E_NO_THREAD";
    case CINCH_E_SHUTDOWN:
        return "CINCH_E_SHUTDOWN";
    case CINCH_E_TOO_LATE:
        return "CINCH_E_TOO_LATE";
    case CINCH_E_DEADLOCK:
        return "CINCH_E_DEADLOCK";
    case CINCH_E_NOT_FOUND:
        return "CINCH_E_NOT_FOUND";
    case CINCH_E_PERMISSION:
        return "CINCH_E_PERMISSION";
    case CINCH_E_FILE_TYPE:
        return "CINCH_E_FILE_TYPE";
    case CINCH_E_EXISTS:
        return "CINCH_E_EXISTS";
    case CINCH_E_SAME_FILE:
        return "CINCH_E_SAME_FILE";
    case CINCH_E_NO_SPACE:
        return "CINCH_E_NO_SPACE";
    case CINCH_E_IO:
        return "CINCH_E_IO";
    case CINCH_E_INPUT_CHANGED:
        return "CINCH_E_INPUT_CHANGED";
    case CINCH_E_BROKEN_PIPE:
        return "CINCH_E_BROKEN_PIPE";
    case CINCH_E_FORMAT:
        return "CINCH_E_FORMAT";
    case CINCH_E_CORRUPT:
        return "CINCH_E_CORRUPT";
    case CINCH_E_TRUNCATED:
        return "CINCH_E_TRUNCATED";
    case CINCH_E_CHECKSUM:
        return "CINCH_E_CHECKSUM";
    case CINCH_E_MEMORY_LIMIT:
        return "CINCH_E_MEMORY_LIMIT";
    case CINCH_E_OUTPUT_LIMIT:
        return "CINCH_E_OUTPUT_LIMIT";
    case CINCH_E_TRAILING:
        return "CINCH_E_TRAILING";
    case CINCH_E_UNSUPPORTED:
        return "CINCH_E_UNSUPPORTED";
    case CINCH_E_INTERNAL:
        return "CINCH_E_INTERNAL";
    default:
        return "no code of this library";
    }
}

void assert_code_at(int32_t expected, int32_t actual, const char *what, const char *file, int line)
{
    if (expected != actual) {
        print_error("%s: expected %s (%d), got %s (%d)\n", what, code_name(expected), (int)expected,
                    code_name(actual), (int)actual);
        _fail(file, line);
    }
}

void assert_job_ends_at(int32_t expected, cinch_job *job, const char *file, int line)
{
    int32_t actual = cinch_job_wait(job);
    char message[512] = "";

    if (cinch_job_message(job, message, sizeof(message)) != CINCH_OK) {
        strcpy(message, "(no message could be read)");
    }
    cinch_job_release(job);
    if (expected != actual) {
        print_error("the job says: %s\n", message);
        assert_code_at(expected, actual, "the job's result", file, line);
    }
}

cinch_pool *pool_with_threads(uint32_t threads)
{
    cinch_pool_options options = CINCH_POOL_OPTIONS_INIT;
    cinch_pool *pool = NULL;

    options.threads = threads;
    assert_code(CINCH_OK, cinch_pool_create(&options, &pool));
    assert_non_null(pool);
    return pool;
}

int32_t compress_and_wait(cinch_pool *pool, const char *input, const char *output,
                          const cinch_options *options)
{
    cinch_job *job = NULL;
    int32_t code = cinch_compress(pool, input, output, options, &job);

    if (code == CINCH_OK) {
        code = cinch_job_wait(job);
        cinch_job_release(job);
    }
    return code;
}
