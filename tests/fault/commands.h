/* Commands: what the program can be asked to do, one file each. Each returns the exit status and
 * ends with a line that sums up. */
#ifndef CINCH_TESTS_FAULT_COMMANDS_H
#define CINCH_TESTS_FAULT_COMMANDS_H

#include <stdbool.h>
#include <stdint.h>

#include "interposer.h"

struct arguments {
    const char *choice; /* scenarios */
    bool is_release;    /* everything that takes long, too */
    uint64_t seed;
    struct fault_plan plan; /* `point` */
    uint32_t number;        /* `killed`, `limited`, `attacked`: which one */
    const char *program;    /* the command-line program, where one was built; else NULL */
    const char *recorder;   /* the shared object that logs what it does; else NULL */
};

/* How the program was called, for commands that are printed to be repeated: its name, and what
 * `--program` and `--recorder` were. */
extern const char *command_name;
extern char command_options[];

int command_sweep(const struct arguments *arguments);
int command_point(const struct arguments *arguments);
int command_pairs(const struct arguments *arguments);
int command_kill(const struct arguments *arguments);
int command_killed(const struct arguments *arguments);
int command_power(const struct arguments *arguments);
int command_limits(const struct arguments *arguments);
int command_attack(const struct arguments *arguments);

#endif
