/*
 * What a C program writes: the initialisers compile without a warning, fill in struct_size, and
 * leave everything else at its default.
 */
#include <cinch/cinch.h>

#include <stdio.h>
#include <string.h>

static int failures;

static void expect_equal(const char *what, size_t actual, size_t expected)
{
    if (actual != expected) {
        fprintf(stderr, "%s is %zu, expected %zu\n", what, actual, expected);
        failures++;
    }
}

/* Every byte after struct_size and its padding is 0, so every default of the struct is 0. */
static void expect_zero_after_size(const char *what, const void *structure, size_t size)
{
    const unsigned char *bytes = structure;

    for (size_t i = sizeof(size_t); i < size; i++) {
        if (bytes[i] != 0) {
            fprintf(stderr, "%s: byte %zu is %d, expected 0\n", what, i, bytes[i]);
            failures++;
        }
    }
}

int main(void)
{
    static cinch_options options = CINCH_OPTIONS_INIT;
    static cinch_pool_options pool_options = CINCH_POOL_OPTIONS_INIT;
    static cinch_stats stats = CINCH_STATS_INIT;

    expect_equal("cinch_options.struct_size", options.struct_size, sizeof options);
    expect_equal("cinch_pool_options.struct_size", pool_options.struct_size, sizeof pool_options);
    expect_equal("cinch_stats.struct_size", stats.struct_size, sizeof stats);
    expect_zero_after_size("cinch_options", &options, sizeof options);
    expect_zero_after_size("cinch_pool_options", &pool_options, sizeof pool_options);
    expect_zero_after_size("cinch_stats", &stats, sizeof stats);
    if (strlen(cinch_version()) == 0) {
        fprintf(stderr, "cinch_version() is empty\n");
        failures++;
    }
    return failures != 0;
}
