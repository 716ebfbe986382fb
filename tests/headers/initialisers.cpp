// What a C++ program writes: the same headers and initialisers, and C linkage for what it calls.
#include <cinch/cinch.h>

#include <cstdio>
#include <cstring>

static int failures = 0;

static void expect_equal(const char *what, std::size_t actual, std::size_t expected)
{
    if (actual != expected) {
        std::fprintf(stderr, "%s is %zu, expected %zu\n", what, actual, expected);
        failures++;
    }
}

int main()
{
    cinch_options options = CINCH_OPTIONS_INIT;
    cinch_pool_options pool_options = CINCH_POOL_OPTIONS_INIT;
    cinch_stats stats = CINCH_STATS_INIT;

    options.on_progress = [](void *, uint64_t, uint64_t) {};
    options.on_complete = [](void *, int32_t) {};

    expect_equal("cinch_options.struct_size", options.struct_size, sizeof options);
    expect_equal("cinch_pool_options.struct_size", pool_options.struct_size, sizeof pool_options);
    expect_equal("cinch_stats.struct_size", stats.struct_size, sizeof stats);
    if (std::strlen(cinch_version()) == 0) {
        std::fprintf(stderr, "cinch_version() is empty\n");
        failures++;
    }
    return failures != 0;
}
