/*
 * Loss of power (row 4): what was done to files is logged, and for an outage behind every
 * operation every disk that may be found afterwards is looked at.
 *
 * A durable job: the output is what it was or the complete result, and that from the moment when
 * success is reported. Another job: the output's name may lead to a result of which parts are
 * missing, but what stood there before is whole where it is found, and no foreign byte appears.
 * The program with --rm: the source is there, or its complete output.
 */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cinch/cinch.h>

#include "disk.h"
#include "program.h"
#include "support/child_end.h"
#include "trial.h"
#include "use.h"

struct outages {
    uint64_t disks;
    uint64_t failures;
};

/* Says what is wrong with a disk; NULL: nothing. */
typedef const char *(*disk_judge)(const struct disk *disk, const void *context, bool is_reported);

/* `ends_reported`: where the log ends, whoever was to be told of success has been told. */
static void look_at_all(const char *name, const struct disk *before, const struct log *log,
                        bool ends_reported, disk_judge judge, const void *context,
                        struct outages *outages)
{
    static struct outage outage;
    static struct disk disk;
    bool is_reported = false;
    uint64_t disks = 0;
    uint64_t failures = 0;
    if (log->is_full)
        die("%s: the log is too small", name);
    for (uint32_t done = 0; done <= log->count; done++) {
        is_reported = is_reported ||
                      (done > 0 && log->operations[done - 1].kind == OPERATION_REPORT) ||
                      (ends_reported && done == log->count);
        outage_plan(&outage, before, log, done);
        uint64_t outcomes = outage_outcomes(&outage);
        for (uint64_t outcome = 0; outcome < outcomes; outcome++) {
            outage_make(&outage, outcome, &disk);
            const char *damage = judge(&disk, context, is_reported);
            disk_free(&disk);
            disks++;
            if (damage == NULL)
                continue;
            if (failures++ < 5)
                (void)printf("FAILED  %s: power lost behind operation %u of %u, outcome %llu: %s\n"
                             "        again: %s power %s%s\n",
                             name, (unsigned)done, (unsigned)log->count,
                             (unsigned long long)outcome, damage, command_name, name,
                             command_options);
        }
    }
    (void)printf("%-24s %6u operations %8llu disks %4llu failures\n", name, (unsigned)log->count,
                 (unsigned long long)disks, (unsigned long long)failures);
    (void)fflush(stdout);
    outages->disks += disks;
    outages->failures += failures;
}

/* --- The library ------------------------------------------------------------------------ */

static bool is_result(const struct world *world, const struct disk_file *file)
{
    return content_equals(&file->content, world->result.data, world->result.size) &&
           file->mode == (world->source_status.st_mode & 07777);
}

/* Whether the file holds the result's bytes, zeros where some are missing. */
static bool is_part_of_result(const struct world *world, const struct disk_file *file)
{
    const struct content *result = &world->result;
    if (file->content.size > result->size)
        return false;
    for (size_t i = 0; i < file->content.size; i++) {
        /* A gzip header is written twice: its index is known only at the end. */
        if (file->content.data[i] != result->data[i] && file->content.data[i] != 0 && i >= 512)
            return false;
    }
    return true;
}

static const char *judge_use(const struct disk *disk, const void *context, bool is_reported)
{
    const struct world *world = context;
    const struct scenario *scenario = world->scenario;
    const struct disk_file *input = disk_find(disk, "in/input");
    const struct disk_file *output =
        disk_find(disk, scenario->is_linked ? "out/target" : "out/output");
    bool is_durable = (scenario->flags & CINCH_FLAG_DURABLE) != 0;
    if (input == NULL || !content_equals(&input->content, world->source.data, world->source.size))
        return "the input was changed";
    if (disk_count(disk, "out") > (size_t)(2 + scenario->is_linked))
        return "more lies beside the output than one temporary";
    if (output == NULL)
        return scenario->has_old           ? "what was to be replaced is gone"
               : is_durable && is_reported ? "the durable result is gone"
                                           : NULL;
    if (is_result(world, output))
        return NULL;
    bool is_old =
        scenario->has_old && content_equals(&output->content, world_old, strlen(world_old));
    if (is_durable && is_reported)
        return "the durable result is not complete";
    if (is_old)
        return NULL;
    if (is_durable)
        return "the output is neither what it was nor the result";
    return is_part_of_result(world, output) ? NULL : "foreign bytes are in the output";
}

static void log_use(const struct scenario *scenario, struct log *log, struct outages *outages)
{
    struct world world;
    static struct disk before;
    struct fault_plan plan = {.mode = FAULT_NONE,
                              .no_tmpfile = scenario->no_tmpfile,
                              .no_renameat2 = scenario->no_renameat2};
    world_make(&world, scenario);
    world_reset(&world);
    disk_read(&before, world.folder);
    pid_t child = fork();
    if (child < 0)
        die("cannot fork");
    if (child == 0) {
        struct use_ends ends;
        struct used used;
        use_open(&world, &ends);
        recorder_log = log;
        atomic_store(&log->is_on, true);
        interposer_arm(&plan);
        use_run(&world, &ends, &used);
        atomic_store(&log->is_on, false);
        child_end(used.code != 0);
    }
    if (trial_await(child) != 0)
        die("%s: undisturbed it has failed", scenario->name);
    look_at_all(scenario->name, &before, log, false, judge_use, &world, outages);
    disk_free(&before);
    world_free(&world);
}

/* --- The program ------------------------------------------------------------------------ */

static bool holds(const struct disk *disk, const struct errand_world *world, const char *path,
                  const struct content *wanted)
{
    const struct disk_file *file = disk_find(disk, path + strlen(world->folder) + 1);
    return file != NULL && content_equals(&file->content, wanted->data, wanted->size);
}

static const char *judge_errand(const struct disk *disk, const void *context, bool is_reported)
{
    const struct errand_world *world = context;
    for (unsigned i = 0; i < world->errand->sources; i++) {
        if (world->errand->keeps && is_reported &&
            !holds(disk, world, world->output[i], &world->result[i]))
            return "an output that --sync has made safe is lost";
        if (!holds(disk, world, world->source[i], &world->plain[i]) &&
            !holds(disk, world, world->output[i], &world->result[i]))
            return "a source is lost";
    }
    return NULL;
}

static void log_errand(const struct errand *errand, const struct arguments *arguments,
                       struct log *log, int log_fd, struct outages *outages)
{
    struct errand_world world;
    static struct disk before;
    errand_make(&world, errand, arguments->program);
    world.preload = arguments->recorder;
    world.log = log_fd;
    errand_reset(&world);
    disk_read(&before, world.folder);
    atomic_store(&log->is_on, true);
    pid_t child = fork();
    if (child < 0)
        die("cannot fork");
    if (child == 0)
        errand_run(&world);
    if (trial_await(child) != 0)
        die("%s: undisturbed it has failed", errand->name);
    atomic_store(&log->is_on, false);
    /* A log without the removal would show nothing. */
    unsigned removals = 0;
    for (uint32_t i = 0; i < log->count; i++)
        removals += log->operations[i].kind == OPERATION_UNLINK;
    if (!errand->keeps && removals < errand->sources)
        die("%s: the log does not tell of the sources' removal", errand->name);
    look_at_all(errand->name, &before, log, true, judge_errand, &world, outages);
    disk_free(&before);
    errand_free(&world);
}

int command_power(const struct arguments *arguments)
{
    struct outages outages = {0, 0};
    size_t count;
    const struct scenario *all = scenarios(&count);
    for (size_t i = 0; i < count; i++) {
        int fd;
        if (!scenario_publishes(&all[i]) || all[i].use > USE_DECOMPRESS ||
            !scenario_is_chosen(&all[i], arguments->choice))
            continue;
        struct log *log = recorder_make(&fd);
        log_use(&all[i], log, &outages);
        recorder_free(log, fd);
    }
    const struct errand *todo = errands(&count);
    for (size_t i = 0; arguments->recorder != NULL && i < count; i++) {
        int fd;
        if (strncmp(todo[i].name, arguments->choice, strlen(arguments->choice)) != 0)
            continue;
        struct log *log = recorder_make(&fd);
        log_errand(&todo[i], arguments, log, fd, &outages);
        recorder_free(log, fd);
    }
    (void)printf("row 4: %llu disks after a loss of power looked at, %llu failures\n",
                 (unsigned long long)outages.disks, (unsigned long long)outages.failures);
    return outages.failures != 0 || outages.disks == 0;
}
