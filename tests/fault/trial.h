/*
 * Trial: one run of a scenario under one plan, in a process of its own, judged there.
 *
 * A child is forked for each, before the parent has ever had a thread. It arms the interposer,
 * uses the library, disarms, and looks whether everything is as it was promised. The parent
 * waits; a child that takes too long has its stacks printed, is killed, and counts as a failure.
 */
#ifndef CINCH_TESTS_FAULT_TRIAL_H
#define CINCH_TESTS_FAULT_TRIAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "interposer.h"
#include "use.h"
#include "world.h"

/* What a child tells its parent, in memory that they share. */
struct trial {
    bool is_judged; /* the child has come to its end */
    bool has_failed;
    char failure[512];    /* what was broken */
    int32_t code;         /* how the job, or what was called, ended */
    uint32_t calls;       /* made while armed */
    uint32_t fired;       /* refused or cut short */
    enum call first_call; /* the first of those */
    int first_error;      /* errno, 0 for a short transfer */
};

/*
 * Things that happen beside the library, in the child, in this order. Each may be NULL.
 */
struct trial_hooks {
    void *context;
    void (*prepare)(void *context); /* before the output's folder is brought into order */
    void (*begin)(void *context, struct use_ends *ends); /* all is ready; its calls follow */
    void (*before_call)(void *context, uint32_t number, enum call call); /* see interposer.h */
    void (*end)(void *context);                                          /* they are over */
    /* Whether the code may be its end, whatever was refused; NULL: the plan alone tells. */
    bool (*allows)(void *context, int32_t code);
    /* In the place of the usual look at the files. */
    void (*judge)(void *context, struct trial *trial);
};

/* Runs one. The result stays until the next. */
const struct trial *trial_run(const struct world *world, const struct fault_plan *plan,
                              const struct trial_hooks *hooks);

/* In the child: records what is broken, unless something was before. */
void trial_fail(struct trial *trial, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Waits for a child at most so long as the watchdog allows (seconds; more under a sanitizer).
 * Returns its status as waitpid() does, -1 where it had to be killed; then its stacks were
 * printed. SIGCHLD must be blocked (trial_prepare). */
int trial_await(pid_t child);
void trial_prepare(void);

#endif
