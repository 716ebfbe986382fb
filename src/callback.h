/*
 * Callback: what this thread knows of the callbacks that it is inside of.
 *
 * Between enter and leave, on this thread, whatever would wait is refused.
 */
#ifndef CINCH_SRC_CALLBACK_H
#define CINCH_SRC_CALLBACK_H

#include <stdbool.h>

#include <cinch/cinch.h>

/* A callback of `job` begins, or of no job where it is NULL. They nest: enter returns what leave
 * wants back. */
cinch_job *callback_enter(cinch_job *job);
void callback_leave(cinch_job *outer);

/* Whether this thread is inside a callback. */
bool callback_is_running(void);

/* The job whose callback is the innermost, else NULL. */
cinch_job *callback_job(void);

#endif
