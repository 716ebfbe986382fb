/*
 * signals.h - the signals the program acts upon
 *
 * A handler does no more than note the signal and wake whoever polls signals_descriptor();
 * the main loop then cancels its jobs, waits for them and ends by the same signal with
 * signals_raise(), so that a shell sees why. A second INT does not wait: it removes the live
 * lines and ends the program at once.
 *
 * Signals that were ignored when the program started stay ignored (nohup, background jobs of
 * simple shells). The library's threads block all signals, so handlers run on the main thread.
 */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include <stdbool.h>

/* Installs the handlers. */
void signals_setup(void);

/* A descriptor that is readable once a signal has come; signals_acknowledge() empties it. */
int signals_descriptor(void);
void signals_acknowledge(void);

/* The first signal that asks the program to end, or 0. */
int signals_ending(void);

/* Whether SIGUSR1 has asked for a status line, or SIGWINCH told of a new size, since the last
 * call. */
bool signals_take_status(void);
bool signals_take_resize(void);

/* Ends the program by `signal`, with its default action; if that does not end it, with the
 * exit code a shell would show. */
_Noreturn void signals_raise(int signal);

/* Whether `signal` was ignored when the program started. */
bool signals_was_ignored(int signal);

#endif
