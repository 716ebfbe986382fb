/*
 * Program: the command-line program, which removes its sources when their outputs are safe.
 *
 * Each errand makes a folder with sources, runs `cinch --rm` there, and afterwards every source
 * has to be there, or its complete output. `cinch --sync` keeps the sources and has to have made
 * the outputs safe when it ends.
 */
#ifndef CINCH_TESTS_FAULT_PROGRAM_H
#define CINCH_TESTS_FAULT_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

#include "world.h"

enum {
    PROGRAM_SOURCES = 2
};

struct errand {
    const char *name;
    bool keeps;         /* the sources, and --sync says that outputs are safe at its end */
    unsigned sources;   /* 1 or 2 */
    const char *option; /* beside --rm or --sync; NULL = none */
    const char *folder; /* where outputs go, below the errand's; "" = beside the sources */
};

/* All of them; `*count` is their number. Static. */
const struct errand *errands(size_t *count);

struct errand_world {
    const struct errand *errand;
    const char *program;
    const char *preload; /* NULL = none */
    int log;             /* the recorder's descriptor; -1 = none */
    char folder[160];
    char source[PROGRAM_SOURCES][224];
    char output[PROGRAM_SOURCES][224];
    struct content plain[PROGRAM_SOURCES];
    struct content result[PROGRAM_SOURCES]; /* of a run that nothing disturbed */
};

/* Makes the folder and learns the results. Dies where it cannot. */
void errand_make(struct errand_world *world, const struct errand *errand, const char *program);
void errand_free(struct errand_world *world);

/* Makes the sources anew and removes the outputs. */
void errand_reset(const struct errand_world *world);

/* In a child: becomes the program. */
void errand_run(void *world);

/* The first source that is neither there nor completely compressed; NULL where there is none. */
const char *errand_lost(const struct errand_world *world);

#endif
