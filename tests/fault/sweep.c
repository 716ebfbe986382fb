/*
 * Every call refused in its turn, alone and with all behind it (rows 1 and 2 of the promise).
 *
 * A scenario is run once as it is, which tells how many calls there are; then once for each call,
 * mode and reason. With several workers the order varies, so numbers beyond that are tried until
 * none is reached.
 */
#include "commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trial.h"

enum {
    /* Numbers in a row that no call had, after which a scenario is done. */
    UNREACHED_MOST = 3,
    /* Failures of one scenario that are printed. */
    PRINTED_MOST = 20
};

struct tally {
    uint64_t points;
    uint64_t failures;
    uint64_t of_scenario; /* failures of the one at hand */
};

static void print_failure(const struct world *world, const struct fault_plan *plan,
                          const struct trial *trial)
{
    (void)printf("FAILED  %s: %s of call %u (%s, %s): %s\n", world->scenario->name,
                 fault_mode_name(plan->mode), (unsigned)plan->first,
                 trial->fired > 0 ? call_name(trial->first_call) : "nobody knows which",
                 trial->first_error != 0 ? strerrorname_np(trial->first_error) : "-",
                 trial->failure);
    (void)printf("        again: %s point %s %s %u %u %u\n", command_name, world->scenario->name,
                 fault_mode_name(plan->mode), (unsigned)plan->first, (unsigned)plan->second,
                 (unsigned)plan->index);
    (void)fflush(stdout);
}

/* Runs one point. Returns whether something was refused, or cut. */
static bool try_point(const struct world *world, struct fault_plan plan, struct tally *tally)
{
    plan.no_tmpfile = world->scenario->no_tmpfile;
    plan.no_renameat2 = world->scenario->no_renameat2;
    const struct trial *trial = trial_run(world, &plan, NULL);
    bool has_fired = trial->fired > 0;
    if (has_fired || plan.mode == FAULT_NONE || trial->has_failed)
        tally->points++;
    if (trial->has_failed) {
        tally->failures++;
        if (tally->of_scenario++ < PRINTED_MOST)
            print_failure(world, &plan, trial);
        /* Each that hangs takes the watchdog's time. */
        if (!trial->is_judged)
            tally->of_scenario += PRINTED_MOST / 2;
    }
    /* A child that was killed cannot tell. */
    return has_fired || (trial->has_failed && !trial->is_judged);
}

static uint32_t try_unfaulted(const struct world *world, struct tally *tally)
{
    struct fault_plan plan = {.mode = FAULT_NONE};
    plan.no_tmpfile = world->scenario->no_tmpfile;
    plan.no_renameat2 = world->scenario->no_renameat2;
    const struct trial *trial = trial_run(world, &plan, NULL);
    tally->points++;
    if (trial->has_failed) {
        tally->failures++;
        print_failure(world, &plan, trial);
    }
    return trial->calls;
}

/* --- Row 1 ------------------------------------------------------------------------------ */

/* Every point of one mode, with the refusal of one index of each call's list. */
static void sweep_mode(const struct world *world, enum fault_mode mode, uint32_t index,
                       uint32_t calls, struct tally *tally)
{
    unsigned unreached = 0;
    for (uint32_t first = 1; first <= calls || unreached < UNREACHED_MOST; first++) {
        struct fault_plan plan = {.mode = mode, .first = first, .index = index};
        bool reached = try_point(world, plan, tally);
        if (first > calls)
            unreached = reached ? 0 : unreached + 1;
        /* After so many the rest tells no more, and each may take the watchdog's time. */
        if (tally->of_scenario > 2 * PRINTED_MOST)
            return;
    }
}

static void sweep_scenario(const struct scenario *scenario, bool all_reasons, struct tally *tally)
{
    struct world world;
    world_make(&world, scenario);
    tally->of_scenario = 0;
    uint64_t before = tally->points;
    uint32_t calls = try_unfaulted(&world, tally);
    uint32_t reasons_most = call_refusals_most();
    uint32_t reasons = all_reasons ? reasons_most : 1;
    for (uint32_t index = 0; index < reasons; index++) {
        sweep_mode(&world, FAULT_ONCE, index, calls, tally);
        sweep_mode(&world, FAULT_ALWAYS, index, calls, tally);
        sweep_mode(&world, FAULT_SAME, index, calls, tally);
        if (all_reasons)
            sweep_mode(&world, FAULT_ALTERNATE, index, calls, tally);
    }
    /* Interruptions and short transfers from the first call on show all; single ones only in the
     * long run. */
    for (uint32_t index = 0; index < reasons_most && !all_reasons; index++) {
        struct fault_plan fitful = {.mode = FAULT_ALTERNATE, .first = 1, .index = index};
        (void)try_point(&world, fitful, tally);
    }
    struct fault_plan brief = {.mode = FAULT_SHORT, .first = 1};
    (void)try_point(&world, brief, tally);
    if (all_reasons)
        sweep_mode(&world, FAULT_SHORT, 0, calls, tally);
    (void)printf("%-24s %6u calls %8llu points %4llu failures\n", scenario->name, (unsigned)calls,
                 (unsigned long long)(tally->points - before),
                 (unsigned long long)tally->of_scenario);
    (void)fflush(stdout);
    world_free(&world);
}

int command_sweep(const struct arguments *arguments)
{
    struct tally tally = {0, 0, 0};
    size_t count;
    const struct scenario *all = scenarios(&count);
    for (size_t i = 0; i < count; i++) {
        if (scenario_is_chosen(&all[i], arguments->choice))
            sweep_scenario(&all[i], arguments->is_release, &tally);
    }
    (void)printf("row 1: %llu failing points tried, %llu failures\n",
                 (unsigned long long)tally.points, (unsigned long long)tally.failures);
    return tally.failures != 0 || tally.points == 0;
}

int command_point(const struct arguments *arguments)
{
    struct world world;
    struct tally tally = {0, 0, 0};
    struct fault_plan plan = arguments->plan;
    const struct scenario *scenario = scenario_find(arguments->choice);
    if (scenario == NULL)
        die("no scenario is called '%s'", arguments->choice);
    world_make(&world, scenario);
    (void)try_point(&world, plan, &tally);
    world_free(&world);
    (void)printf("%llu failures\n", (unsigned long long)tally.failures);
    return tally.failures != 0;
}

/* --- Row 2 ------------------------------------------------------------------------------ */

/* A sequence of numbers from a seed (splitmix64). */
static uint64_t next_number(uint64_t *state)
{
    uint64_t bits = *state += UINT64_C(0x9E3779B97F4A7C15);
    bits = (bits ^ (bits >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    bits = (bits ^ (bits >> 27)) * UINT64_C(0x94D049BB133111EB);
    return bits ^ (bits >> 31);
}

/* The smallest scenario in which there is something to clean up. */
static const char smallest[] = "hidden-old";

static void try_all_pairs(struct tally *tally)
{
    struct world world;
    world_make(&world, scenario_find(smallest));
    uint32_t calls = try_unfaulted(&world, tally);
    for (uint32_t first = 1; first <= calls; first++) {
        for (uint32_t second = first + 1; second <= calls; second++) {
            struct fault_plan plan = {.mode = FAULT_ONCE, .first = first, .second = second};
            (void)try_point(&world, plan, tally);
        }
    }
    world_free(&world);
}

/* As many pairs in each scenario: the second is near the first, where its cleaning-up is. */
static void try_some_pairs(uint64_t seed, uint32_t pairs, struct tally *tally)
{
    size_t count;
    const struct scenario *all = scenarios(&count);
    uint64_t state = seed;
    for (size_t i = 0; i < count; i++) {
        struct world world;
        tally->of_scenario = 0;
        world_make(&world, &all[i]);
        uint32_t calls = try_unfaulted(&world, tally);
        for (uint32_t pair = 0; pair < pairs / count + 1; pair++) {
            struct fault_plan plan = {.mode = FAULT_ONCE};
            plan.first = (uint32_t)(1 + next_number(&state) % calls);
            plan.second = (uint32_t)(plan.first + 1 + next_number(&state) % 24);
            plan.index = (uint32_t)(next_number(&state) % 3);
            (void)try_point(&world, plan, tally);
        }
        world_free(&world);
    }
}

int command_pairs(const struct arguments *arguments)
{
    struct tally tally = {0, 0, 0};
    (void)printf("seed %llu\n", (unsigned long long)arguments->seed);
    try_some_pairs(arguments->seed, arguments->is_release ? 20000 : 500, &tally);
    if (arguments->is_release)
        try_all_pairs(&tally);
    (void)printf("row 2: %llu pairs of failing points tried, %llu failures\n",
                 (unsigned long long)tally.points, (unsigned long long)tally.failures);
    return tally.failures != 0;
}
