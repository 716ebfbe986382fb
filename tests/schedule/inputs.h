/*
 * Inputs of the scenarios, with what must become of them, known from a run without interference:
 * the same input gives the same output and the same error, whatever the threads do.
 */
#ifndef CINCH_TESTS_SCHEDULE_INPUTS_H
#define CINCH_TESTS_SCHEDULE_INPUTS_H

#include <stdbool.h>
#include <stdint.h>

#include <cinch/cinch.h>

#include "support/bytes.h"

enum {
    INPUTS_CHUNK = 4096, /* all are compressed with this chunk size, */
    INPUTS_LEVEL = 1,    /* and at this level */
    FORMATS = 3
};

struct input {
    char *path;
    struct bytes bytes;
    bool is_encoded;           /* to be decompressed */
    int32_t expected;          /* how such a job ends */
    uint64_t content;          /* encoded and well: digest of what it decodes to */
    uint64_t encoded[FORMATS]; /* plain: digest of what it is compressed to, from and to a file */
};

/* Makes them in the folder. */
void inputs_make(const char *folder);
void inputs_remove(void);

unsigned inputs_count(void);
const struct input *input_at(unsigned index);

#endif
