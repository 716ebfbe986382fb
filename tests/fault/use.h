/* Use: a scenario's calls of the library, and the rules of the interface that they show. */
#ifndef CINCH_TESTS_FAULT_USE_H
#define CINCH_TESTS_FAULT_USE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "world.h"

/* What was seen. Callbacks write it; read when all is over. */
struct used {
    int32_t code;            /* how it ended: of the submit, else of the job */
    int32_t completion_code; /* the callback's */
    bool was_accepted;       /* a job was made of it */
    bool gave_handle;        /* although it was refused */
    atomic_uint completions;
    atomic_uint progress_calls;
    atomic_uint inside; /* callbacks under way */
    atomic_uint broken; /* a bit for each RULE_ that was */
    uint64_t last_done;
    uint64_t last_total;
    bool has_message; /* there was a handle to ask for it */
    char message[512];
    bool reads_wrong; /* USE_READ: something was read that is not there */
};

enum {
    RULE_OVERLAP = 1,          /* two callbacks of one job at once */
    RULE_AFTER_COMPLETION = 2, /* a callback after completion */
    RULE_BACKWARDS = 4         /* progress that went back */
};

/* The ends of a job by descriptor, opened before and closed after it. */
struct use_ends {
    int input;
    int output;
    pid_t feeder; /* 0 where there is none */
    pid_t drainer;
};

/* Opens what the scenario needs open. Dies where it cannot. */
void use_open(const struct world *world, struct use_ends *ends);
/* Closes it and waits for the helpers, which after a failure may have nothing to do any more. What
 * the drainer got is then in in/stream. */
void use_close(struct use_ends *ends, int32_t code);

/* Makes the calls. Allocates nothing itself, so that what is left afterwards is not its own. */
void use_run(const struct world *world, const struct use_ends *ends, struct used *used);

#endif
