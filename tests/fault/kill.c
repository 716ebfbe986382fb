/*
 * SIGKILL before and after each system call, and at random times (row 3): the output is what it
 * was or the complete result, the input is untouched, and beside the output lies at most one
 * temporary, where the file system or a file to be replaced makes it need a name.
 */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cinch/cinch.h>

#include "death.h"
#include "program.h"
#include "trial.h"
#include "use.h"

struct kills {
    uint64_t tried;
    uint64_t failures;
    uint64_t seed;
    uint32_t random; /* kills at random times of each scenario */
};

static void failed(struct kills *kills, const char *name, uint32_t at, const char *what)
{
    kills->failures++;
    (void)printf("FAILED  %s killed at stop %u: %s\n        again: %s killed %s %u%s\n", name,
                 (unsigned)at, what, command_name, name, (unsigned)at, command_options);
    (void)fflush(stdout);
}

/* --- The library ------------------------------------------------------------------------ */

static void use_in_child(void *context)
{
    const struct world *world = context;
    struct use_ends ends;
    struct used used;
    struct fault_plan plan = {.mode = FAULT_NONE,
                              .no_tmpfile = world->scenario->no_tmpfile,
                              .no_renameat2 = world->scenario->no_renameat2};
    use_open(world, &ends);
    (void)umask(world->scenario->umask);
    interposer_arm(&plan);
    use_run(world, &ends, &used);
    interposer_disarm();
    use_close(&ends, used.code);
    if (used.code != 0)
        _exit(1);
}

/* A temporary that was left is private until it is complete, and then as its source is. */
static bool leftover_is_right(const struct world *world, const char *path)
{
    struct stat status;
    if (lstat(path, &status) != 0 || !S_ISREG(status.st_mode))
        return false;
    if ((status.st_mode & 07777 & ~(mode_t)0600) == 0)
        return true;
    struct content content = content_read(path);
    bool is_whole = content_equals(&content, world->result.data, world->result.size);
    content_free(&content);
    return is_whole && ((world->scenario->flags & CINCH_FLAG_NO_METADATA) != 0 ||
                        status.st_mode == world->source_status.st_mode);
}

static const char *find_damage(const struct world *world)
{
    const struct scenario *scenario = world->scenario;
    enum standing standing = world_standing(world);
    char name[PATH_MAX];
    struct stat status;
    if (standing != STANDING_RESULT &&
        standing != (scenario->has_old ? STANDING_OLD : STANDING_NOTHING))
        return "the output is neither what it was nor the result";
    if (!world_input_is_whole(world))
        return "the input was changed";
    if (standing == STANDING_RESULT && (scenario->flags & CINCH_FLAG_NO_METADATA) == 0 &&
        (stat(world->target, &status) != 0 || status.st_mode != world->source_status.st_mode))
        return "the result has not its source's mode";
    unsigned leftovers = world_leftovers(world, name);
    if (leftovers > (scenario->no_tmpfile || scenario->has_old ? 1 : 0))
        return "more was left behind than one temporary";
    if (leftovers > 0 && !leftover_is_right(world, name))
        return "the temporary that was left behind is neither private nor complete";
    return NULL;
}

static uint32_t kill_use(struct world *world, uint32_t at, struct kills *kills)
{
    const struct mortal mortal = {use_in_child, world};
    world_reset(world);
    uint32_t stops = death_at_stop(&mortal, at);
    const char *damage = find_damage(world);
    kills->tried++;
    if (damage != NULL)
        failed(kills, world->scenario->name, at, damage);
    return stops;
}

/* A number below `limit`. */
static uint64_t random_below(struct kills *kills, uint64_t limit)
{
    kills->seed = kills->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (kills->seed >> 20) % (limit + 1);
}

static void kill_scenario(const struct scenario *scenario, struct kills *kills)
{
    struct world world;
    world_make(&world, scenario);
    uint32_t stops = kill_use(&world, DEATH_NEVER, kills);
    uint64_t before = kills->failures;
    /* Threads that take turns otherwise make more stops, or fewer. */
    for (uint32_t at = 1; kill_use(&world, at, kills) == at && at < 4 * stops; at++)
        continue;
    const struct mortal mortal = {use_in_child, &world};
    world_reset(&world);
    uint64_t whole = death_after(&mortal, UINT64_MAX);
    for (uint32_t i = 0; i < kills->random; i++) {
        uint64_t time = random_below(kills, whole);
        world_reset(&world);
        (void)death_after(&mortal, time);
        const char *damage = find_damage(&world);
        kills->tried++;
        if (damage != NULL) {
            kills->failures++;
            (void)printf("FAILED  %s killed after %llu ns: %s\n", scenario->name,
                         (unsigned long long)time, damage);
        }
    }
    (void)printf("%-24s %6u stops %4llu failures\n", scenario->name, (unsigned)stops,
                 (unsigned long long)(kills->failures - before));
    (void)fflush(stdout);
    world_free(&world);
}

/* --- The program ------------------------------------------------------------------------ */

static uint32_t kill_errand(struct errand_world *world, uint32_t at, struct kills *kills)
{
    const struct mortal mortal = {errand_run, world};
    errand_reset(world);
    uint32_t stops = death_at_stop(&mortal, at);
    const char *lost = errand_lost(world);
    kills->tried++;
    if (lost != NULL)
        failed(kills, world->errand->name, at, "a source is lost");
    return stops;
}

static void kill_program(const struct errand *errand, const struct arguments *arguments,
                         struct kills *kills)
{
    struct errand_world world;
    uint64_t before = kills->failures;
    errand_make(&world, errand, arguments->program);
    uint32_t stops = kill_errand(&world, DEATH_NEVER, kills);
    /* The program's start is of no interest, and its end is in the last third. */
    uint32_t first = arguments->is_release ? 1 : stops / 2;
    for (uint32_t at = first; kill_errand(&world, at, kills) == at && at < 4 * stops; at++)
        continue;
    (void)printf("%-24s %6u stops %4llu failures\n", errand->name, (unsigned)stops,
                 (unsigned long long)(kills->failures - before));
    (void)fflush(stdout);
    errand_free(&world);
}

/* --- The commands ----------------------------------------------------------------------- */

/* Those in which the way of the files differs; four threads only where everything is tried. */
static bool is_for_every_change(const struct scenario *scenario)
{
    static const char choice[] = "zstd-compress-file-1,gzip-compress-file-4,zlib-decompress-file-1,"
                                 "durable,hidden,linked-old,no-replace,sparse";
    return scenario_is_chosen(scenario, choice);
}

int command_kill(const struct arguments *arguments)
{
    struct kills kills = {.seed = arguments->seed, .random = arguments->is_release ? 400 : 10};
    size_t count;
    if (!death_can_trace()) {
        (void)printf("row 3: processes cannot be traced here\n");
        return 77;
    }
    const struct scenario *all = scenarios(&count);
    for (size_t i = 0; i < count; i++) {
        if (scenario_publishes(&all[i]) && all[i].use <= USE_DECOMPRESS &&
            scenario_is_chosen(&all[i], arguments->choice) &&
            (arguments->is_release || is_for_every_change(&all[i])))
            kill_scenario(&all[i], &kills);
    }
    const struct errand *todo = errands(&count);
    for (size_t i = 0; arguments->program != NULL && i < count; i++) {
        if (strncmp(todo[i].name, arguments->choice, strlen(arguments->choice)) == 0)
            kill_program(&todo[i], arguments, &kills);
    }
    (void)printf("row 3: %llu kills tried, %llu failures\n", (unsigned long long)kills.tried,
                 (unsigned long long)kills.failures);
    return kills.failures != 0 || kills.tried == 0;
}

int command_killed(const struct arguments *arguments)
{
    struct kills kills = {0, 0, 0, 0};
    const struct scenario *scenario = scenario_find(arguments->choice);
    size_t count;
    const struct errand *todo = errands(&count);
    if (scenario != NULL) {
        struct world world;
        world_make(&world, scenario);
        (void)kill_use(&world, arguments->number, &kills);
        world_free(&world);
    }
    for (size_t i = 0; arguments->program != NULL && i < count; i++) {
        struct errand_world world;
        if (strcmp(todo[i].name, arguments->choice) != 0)
            continue;
        errand_make(&world, &todo[i], arguments->program);
        (void)kill_errand(&world, arguments->number, &kills);
        errand_free(&world);
    }
    (void)printf("%llu kills tried, %llu failures\n", (unsigned long long)kills.tried,
                 (unsigned long long)kills.failures);
    return kills.failures != 0 || kills.tried == 0;
}
