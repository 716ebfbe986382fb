#include "cli/signals.h"

#include "cli/message.h"
#include "cli/screen.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static const int ending_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXCPU, SIGXFSZ};

enum {
    ENDING_COUNT = sizeof(ending_signals) / sizeof(ending_signals[0])
};

static struct {
    int descriptor; /* an eventfd; written by handlers */
    volatile sig_atomic_t ending;
    volatile sig_atomic_t status;
    volatile sig_atomic_t resize;
    sigset_t ignored;
} state = {.descriptor = -1};

static void wake(void)
{
    const uint64_t one = 1;
    /* A full counter is as good as a written one. */
    (void)!write(state.descriptor, &one, sizeof(one));
}

static void signal_default(int signal)
{
    struct sigaction action = {0};
    action.sa_handler = SIG_DFL;
    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, NULL);
}

static void handle_ending(int signal)
{
    const int saved = errno;
    if (state.ending && signal == SIGINT) {
        screen_clear_now();
        signal_default(signal);
        raise(signal); /* takes effect when the handler returns */
    } else if (!state.ending) {
        state.ending = signal;
        wake();
    }
    errno = saved;
}

static void handle_other(int signal)
{
    const int saved = errno;
    if (signal == SIGUSR1)
        state.status = 1;
    else
        state.resize = 1;
    wake();
    errno = saved;
}

/* Ctrl-Z: the shell finds a clean line. The program goes on here when it is continued. */
static void handle_stop(int signal)
{
    const int saved = errno;
    (void)signal;
    screen_clear_now();
    raise(SIGSTOP);
    errno = saved;
}

/* Handles `signal` unless it was ignored when the program started. */
static void install(int signal, void (*handler)(int), int flags)
{
    struct sigaction action = {0};
    struct sigaction before;
    if (sigaction(signal, NULL, &before) == 0 && before.sa_handler == SIG_IGN) {
        sigaddset(&state.ignored, signal);
        return;
    }
    action.sa_handler = handler;
    action.sa_flags = flags;
    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, NULL);
}

void signals_setup(void)
{
    sigemptyset(&state.ignored);
    state.descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (state.descriptor < 0)
        message_fatal("cannot prepare for signals: %s", strerror(errno));
    /* The ending ones interrupt a read() in a prompt; the others must not. */
    for (size_t i = 0; i < ENDING_COUNT; i++)
        install(ending_signals[i], handle_ending, 0);
    install(SIGUSR1, handle_other, SA_RESTART);
    install(SIGWINCH, handle_other, SA_RESTART);
    install(SIGTSTP, handle_stop, SA_RESTART);
}

int signals_descriptor(void)
{
    return state.descriptor;
}

void signals_acknowledge(void)
{
    uint64_t count;
    (void)!read(state.descriptor, &count, sizeof(count));
}

int signals_ending(void)
{
    return state.ending;
}

bool signals_take_status(void)
{
    bool wanted = state.status != 0;
    state.status = 0;
    return wanted;
}

bool signals_take_resize(void)
{
    bool wanted = state.resize != 0;
    state.resize = 0;
    return wanted;
}

bool signals_was_ignored(int signal)
{
    return sigismember(&state.ignored, signal) == 1;
}

void signals_raise(int signal)
{
    sigset_t set;
    signal_default(signal);
    sigemptyset(&set);
    sigaddset(&set, signal);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(signal);
    _exit(128 + signal);
}
