#include "death.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "world.h"

/* A system call's stop, as it is told from other signals. */
#define CALL_STOP (SIGTRAP | 0x80)

/* The process that is traced, for the watchdog. */
static volatile pid_t traced;

enum {
    WATCHDOG = 60 /* seconds */
};

static void on_alarm(int signal)
{
    (void)signal;
    (void)kill(traced, SIGKILL);
}

static pid_t start(const struct mortal *mortal, bool is_traced)
{
    pid_t child = fork();
    if (child < 0)
        die("cannot fork: %s", strerror(errno));
    if (child == 0) {
        if (is_traced) {
            if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
                _exit(77);
            (void)raise(SIGSTOP);
        }
        mortal->run(mortal->context);
        _exit(0);
    }
    return child;
}

static int go_on(pid_t thread, int signal)
{
    return (int)ptrace(PTRACE_SYSCALL, thread, NULL, (void *)(intptr_t)signal);
}

/* The signal with which a stopped thread goes on: the tracer's own are not for it. */
static int passed_on(int status)
{
    int signal = WSTOPSIG(status);
    return signal == SIGTRAP || signal == CALL_STOP || signal == SIGSTOP ? 0 : signal;
}

bool death_can_trace(void)
{
    pid_t child = fork();
    if (child < 0)
        return false;
    if (child == 0)
        _exit(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? 0 : 1);
    int status;
    return waitpid(child, &status, 0) == child && status == 0;
}

uint32_t death_at_stop(const struct mortal *mortal, uint32_t at)
{
    const struct sigaction action = {.sa_handler = on_alarm};
    (void)sigaction(SIGALRM, &action, NULL);
    pid_t child = start(mortal, true);
    int status;
    uint32_t stops = 0;
    traced = child;
    if (waitpid(child, &status, __WALL) != child || !WIFSTOPPED(status))
        die("a process could not be traced");
    const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
    if (ptrace(PTRACE_SETOPTIONS, child, NULL, (void *)options) != 0)
        die("cannot trace: %s", strerror(errno));
    (void)alarm(WATCHDOG);
    (void)go_on(child, 0);
    for (;;) {
        pid_t thread = waitpid(-1, &status, __WALL);
        if (thread < 0 && errno == EINTR)
            continue;
        if (thread < 0)
            break; /* all are gone */
        if (!WIFSTOPPED(status)) {
            if (thread == child)
                break;
            continue;
        }
        if (at != DEATH_NEVER && stops == at)
            continue; /* on its way out */
        if (WSTOPSIG(status) == CALL_STOP && ++stops == at)
            (void)kill(child, SIGKILL);
        else
            (void)go_on(thread, passed_on(status));
    }
    (void)alarm(0);
    if (at == DEATH_NEVER && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
        die("without being killed it ended with status %x", (unsigned)status);
    return stops;
}

static uint64_t now(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

uint64_t death_after(const struct mortal *mortal, uint64_t nanoseconds)
{
    uint64_t begun = now();
    pid_t child = start(mortal, false);
    int status;
    if (nanoseconds != UINT64_MAX) {
        const struct timespec time = {(time_t)(nanoseconds / 1000000000u),
                                      (long)(nanoseconds % 1000000000u)};
        (void)nanosleep(&time, NULL);
        (void)kill(child, SIGKILL);
    }
    while (waitpid(child, &status, 0) != child)
        continue;
    return now() - begun;
}
