/*
 * Pools that live as long as the fuzzer, one for each number of threads.
 */
#ifndef CINCH_TESTS_FUZZ_POOLS_H
#define CINCH_TESTS_FUZZ_POOLS_H

#include <cinch/cinch.h>

#include "fuzz.h"

enum {
    POOLS = 3 /* of 1 to 3 threads */
};

static inline cinch_pool *pool_of(uint32_t threads)
{
    static cinch_pool *pools[POOLS];
    cinch_pool_options options = CINCH_POOL_OPTIONS_INIT;

    options.threads = threads;
    if (pools[threads - 1] == NULL)
        REQUIRE(cinch_pool_create(&options, &pools[threads - 1]) == CINCH_OK);
    return pools[threads - 1];
}

#endif
