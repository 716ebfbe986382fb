/*
 * What every fuzz target has in common.
 *
 * A target is one function that libFuzzer (or replay.c, for the files of a corpus) calls with
 * bytes. It may do anything with them but crash, leak, hang, or break a promise: promises are
 * checked with REQUIRE().
 */
#ifndef CINCH_TESTS_FUZZ_FUZZ_H
#define CINCH_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Ends the process with the place, which libFuzzer takes for a finding. Not assert(), which
 * release builds leave out. */
#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #condition);        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif
