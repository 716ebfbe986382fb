/*
 * Confined: bodies of tests that run in a forked child, where they may give up what a process
 * cannot get back: privileges, system calls, its view of the mounts, its low descriptors.
 *
 * The assertions of cmocka jump into its runner, which a child must not do; the child has its
 * own, which print both values and end it.
 */
#ifndef CINCH_TESTS_UNIT_CONFINED_H
#define CINCH_TESTS_UNIT_CONFINED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "support/test.h"

/* Runs the body in a child and fails the test unless the body returned; skips the test when the
 * body called confined_skip(). `context` is for the body. */
#define confined_run(body, context) confined_run_at((body), (context), __FILE__, __LINE__)
void confined_run_at(void (*body)(void *context), void *context, const char *file, int line);

/* The assertions of a child. */
#define confined_require(condition)                                                                \
    ((condition) ? (void)0 : confined_fail(#condition, __FILE__, __LINE__))
#define confined_code(expected, actual)                                                            \
    confined_code_at((expected), (actual), #actual, __FILE__, __LINE__)
#define confined_number(expected, actual)                                                          \
    confined_number_at((intmax_t)(expected), (intmax_t)(actual), #actual, __FILE__, __LINE__)
_Noreturn void confined_fail(const char *condition, const char *file, int line);
void confined_code_at(int32_t expected, int32_t actual, const char *what, const char *file,
                      int line);
void confined_number_at(intmax_t expected, intmax_t actual, const char *what, const char *file,
                        int line);

/* Ends the child and skips the test, which this machine does not permit. */
_Noreturn void confined_skip(const char *why);

/* Becomes a user without privileges, whose number and group are these, and a member of one more
 * group. Skips the test where the process is not root. */
enum {
    CONFINED_USER = 54321,
    CONFINED_GROUP = 54322,
    CONFINED_OTHER_GROUP = 54323
};
void confined_drop_privileges(void);

/* Mounts a tmpfs with these options over a folder, for this process only. Skips the test where
 * that is not permitted. */
void confined_mount_tmpfs(const char *folder, const char *options);

/*
 * Lets a system call fail from now on, with `error`, wherever the bits of `mask` in its argument
 * number `argument` are those of `value`; a mask of 0 is every call. May be called several times.
 * Skips the test where the kernel has no seccomp.
 */
void confined_refuse(long system_call, int error, unsigned int argument, uint32_t mask,
                     uint32_t value);

/* The same for every call by which this machine's library may do the thing. */
void confined_refuse_nameless_files(int error); /* open with O_TMPFILE */
void confined_refuse_fchown(int error);
void confined_refuse_futimens(int error);
void confined_refuse_socket(int error);

#endif
