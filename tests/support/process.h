/*
 * The process under test, and processes beside it.
 */
#ifndef CINCH_TESTS_SUPPORT_PROCESS_H
#define CINCH_TESTS_SUPPORT_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Descriptors open in this process, and threads running in it. */
size_t process_descriptor_count(void);
size_t process_thread_count(void);

/* Threads of this process with this name. */
size_t process_thread_count_named(const char *name);

/* Waits until the process has `count` threads, or until it is clear that it will not: the kernel
 * lists a thread for an instant after pthread_join() has returned. */
bool process_thread_count_becomes(size_t count);

/* Prints where each open descriptor leads. */
void process_descriptors_print(void);

/*
 * Runs a program of PATH without a shell and waits for it.
 *
 * arguments    Its name first; ends with NULL.
 * input        File to be its standard input; NULL = /dev/null.
 * output       File to take its standard output, made anew; NULL = /dev/null.
 *
 * Standard error is this process's. Returns the exit status; 128 + the signal that ended it; or
 * -1 where it could not be started.
 */
int tool_run(const char *const arguments[], const char *input, const char *output);

/* Whether PATH has the program. */
bool tool_exists(const char *name);

/*
 * Runs `body` in a forked child and returns its exit status (what `body` returned, 0 to 127), or
 * 128 + the signal that ended it. For tests of what only another process can show; the caller
 * has no threads but its own where a thread sanitizer is to follow.
 */
int child_run(int (*body)(void *context), void *context);

#endif
