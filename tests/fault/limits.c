/*
 * Disks that fill and limits of the process (row 5): a code that says what is short, and nothing
 * left behind.
 *
 * Each trial is a step of one kind: from nothing at all up to more than is needed. What is short
 * is taken away in the trial's own process.
 */
#include "commands.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cinch/cinch.h>

#include "trial.h"

enum {
    STEPS = 20,
    OTHER_USER = 54321
};

struct shortage;

/* One kind of shortage. */
struct kind {
    const char *name;
    const char *scenarios[5];
    const int32_t codes[4]; /* that may end the job, beside CINCH_OK; 0 ends the list */
    bool must_fail;         /* at every step */
    bool needs_root;
    bool needs_mount; /* which even the superuser may not be allowed to do */
    void (*prepare)(void *shortage);
    void (*begin)(void *shortage, struct use_ends *ends);
    void (*end)(void *shortage);
};

struct shortage {
    const struct kind *kind;
    struct world *world;
    unsigned step; /* 0 to STEPS - 1 */
    int resource;
    struct rlimit before;
};

/* --- A disk that fills ------------------------------------------------------------------ */

static void out_folder(const struct shortage *shortage, const char *name, char path[192])
{
    (void)snprintf(path, 192, "%s/out%s", shortage->world->folder, name);
}

/* For this process alone. Returns whether it could be done. */
static bool mount_privately(const char *path, const char *options)
{
    return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", path, "tmpfs", 0, options) == 0;
}

static void mount_disk(const struct shortage *shortage, const char *options)
{
    char path[192];
    out_folder(shortage, "", path);
    if (!mount_privately(path, options))
        die("cannot mount a disk: %s", strerror(errno));
}

static bool can_mount(void)
{
    pid_t child = fork();
    if (child < 0)
        die("cannot fork: %s", strerror(errno));
    if (child == 0)
        _exit(mount_privately(world_root(), "size=64k") ? 0 : 1);
    return trial_await(child) == 0;
}

static void prepare_disk(void *context)
{
    mount_disk(context, "size=128k,mode=0755");
}

/* Fills the disk up to so many bytes: none up to a page more than the result. */
static void fill_disk(void *context, struct use_ends *ends)
{
    struct shortage *shortage = context;
    char path[192];
    struct statvfs status;
    (void)ends;
    out_folder(shortage, "/output.filler", path);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    uint64_t left = (shortage->world->result.size + 4096 + 4095) * shortage->step / (STEPS - 1);
    if (fd < 0 || fstatvfs(fd, &status) != 0)
        die("cannot fill a disk: %s", strerror(errno));
    uint64_t room = (uint64_t)status.f_bavail * status.f_bsize;
    if (room > left && posix_fallocate(fd, 0, (off_t)(room - left)) != 0)
        die("cannot fill a disk");
    (void)close(fd);
}

static void empty_disk(void *context)
{
    char path[192];
    out_folder(context, "/output.filler", path);
    (void)unlink(path);
}

/* A disk with place for a few files and no more; what stands there before takes one of them. */
static void prepare_files(void *context)
{
    const struct shortage *shortage = context;
    char options[64];
    (void)snprintf(options, sizeof options, "size=128k,mode=0755,nr_inodes=%u",
                   2 + shortage->step / 4);
    mount_disk(shortage, options);
}

/* --- Devices ---------------------------------------------------------------------------- */

static void begin_full_path(void *context, struct use_ends *ends)
{
    struct shortage *shortage = context;
    (void)ends;
    (void)snprintf(shortage->world->to, sizeof shortage->world->to, "/dev/full");
}

static void begin_full_fd(void *context, struct use_ends *ends)
{
    (void)context;
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    if (full < 0 || dup2(full, ends->output) < 0)
        die("cannot open /dev/full: %s", strerror(errno));
    (void)close(full);
}

/* --- Limits of the process -------------------------------------------------------------- */

static void limit(struct shortage *shortage, int resource, uint64_t value)
{
    shortage->resource = resource;
    if (getrlimit(resource, &shortage->before) != 0)
        die("cannot ask for a limit");
    struct rlimit now = {value, shortage->before.rlim_max};
    if (setrlimit(resource, &now) != 0)
        die("cannot set a limit: %s", strerror(errno));
}

static void end_limit(void *context)
{
    const struct shortage *shortage = context;
    if (setrlimit(shortage->resource, &shortage->before) != 0)
        die("cannot lift a limit: %s", strerror(errno));
}

static void begin_file_size(void *context, struct use_ends *ends)
{
    struct shortage *shortage = context;
    (void)ends;
    limit(shortage, RLIMIT_FSIZE,
          (shortage->world->result.size + 100) * shortage->step / (STEPS - 1));
}

/* As many descriptors as are open, and up to nineteen more. */
static void begin_descriptors(void *context, struct use_ends *ends)
{
    struct shortage *shortage = context;
    (void)ends;
    int next = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    (void)close(next);
    limit(shortage, RLIMIT_NOFILE, (uint64_t)next + shortage->step);
}

/* As much address space as is used, and up to 76 MiB more. */
static void begin_memory(void *context, struct use_ends *ends)
{
    struct shortage *shortage = context;
    char text[64] = "";
    (void)ends;
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, text, sizeof text - 1) <= 0)
        die("cannot ask for the memory in use");
    (void)close(fd);
    uint64_t used = strtoull(text, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
    limit(shortage, RLIMIT_AS, used + ((uint64_t)shortage->step << 22));
}

static void prepare_threads(void *context)
{
    const struct shortage *shortage = context;
    char path[192];
    out_folder(shortage, "", path);
    if (chown(path, OTHER_USER, OTHER_USER) != 0 ||
        chown(shortage->world->input, OTHER_USER, OTHER_USER) != 0)
        die("cannot give files away: %s", strerror(errno));
}

/* The superuser may have any number of threads, so this is another user from here on. */
static void begin_threads(void *context, struct use_ends *ends)
{
    struct shortage *shortage = context;
    (void)ends;
    limit(shortage, RLIMIT_NPROC, shortage->step / 3);
    if (setgid(OTHER_USER) != 0 || setuid(OTHER_USER) != 0 || prctl(PR_SET_DUMPABLE, 1) != 0)
        die("cannot become another user: %s", strerror(errno));
}

/* --- The kinds -------------------------------------------------------------------------- */

static const struct kind kinds[] = {
    {.name = "disk",
     .scenarios = {"zstd-decompress-file-1", "gzip-decompress-file-4", "hidden-old", "durable-old",
                   "durable-sparse"},
     .codes = {CINCH_E_NO_SPACE},
     .needs_root = true,
     .needs_mount = true,
     .prepare = prepare_disk,
     .begin = fill_disk,
     .end = empty_disk},
    {.name = "files",
     .scenarios = {"zstd-decompress-file-1", "gzip-compress-file-4", "hidden-old", "hidden-new",
                   "no-replace"},
     .codes = {CINCH_E_NO_SPACE},
     .needs_root = true,
     .needs_mount = true,
     .prepare = prepare_files},
    {.name = "full-path",
     .scenarios = {"zstd-compress-file-1", "gzip-decompress-file-1", "zlib-compress-file-1",
                   "single-4", "verify-zstd"},
     .codes = {CINCH_E_NO_SPACE},
     .must_fail = true,
     .begin = begin_full_path},
    {.name = "full-fd",
     .scenarios = {"zstd-compress-fd-1", "zstd-compress-fd-4", "gzip-decompress-fd-1",
                   "zlib-decompress-fd-4", "pipe-gzip-compress-4"},
     .codes = {CINCH_E_NO_SPACE},
     .must_fail = true,
     .begin = begin_full_fd},
    {.name = "file-size",
     .scenarios = {"zstd-decompress-file-1", "gzip-decompress-file-4", "zlib-decompress-fd-1",
                   "hidden-old", "sparse"},
     .codes = {CINCH_E_NO_SPACE},
     .begin = begin_file_size,
     .end = end_limit},
    {.name = "descriptors",
     .scenarios = {"zstd-compress-file-1", "gzip-decompress-file-4", "hidden-old", "durable-old",
                   "pipe-zstd-decompress-4"},
     .codes = {CINCH_E_IO},
     .begin = begin_descriptors,
     .end = end_limit},
    {.name = "memory",
     .scenarios = {"zstd-compress-file-1", "zstd-compress-file-4", "gzip-decompress-file-4",
                   "single-4", "pipe-gzip-compress-4"},
     .codes = {CINCH_E_NO_MEMORY, CINCH_E_NO_THREAD},
     .begin = begin_memory,
     .end = end_limit},
    {.name = "threads",
     .scenarios = {"zstd-compress-file-1", "zstd-compress-file-4", "gzip-decompress-file-4",
                   "hidden-old", "verify-zstd"},
     .codes = {CINCH_E_NO_THREAD},
     .needs_root = true,
     .prepare = prepare_threads,
     .begin = begin_threads,
     .end = end_limit},
};

static bool allows(void *context, int32_t code)
{
    const struct shortage *shortage = context;
    if (code == CINCH_OK)
        return !shortage->kind->must_fail;
    for (size_t i = 0; i < 4; i++) {
        if (shortage->kind->codes[i] == code)
            return true;
    }
    return false;
}

struct tally {
    uint64_t tried;
    uint64_t failures;
    uint64_t skipped; /* kinds */
    /* Of the kind at hand: how jobs ended. */
    uint64_t well;
    uint64_t short_of_it;
};

/* --- Small stacks ----------------------------------------------------------------------- */

/* A thread's stack is by default as large as the program's may be when it starts: so it starts
 * again, with less. Returns whether all went well. */
static bool run_with_stack(const char *scenario, uint64_t size)
{
    (void)fflush(stdout);
    pid_t child = fork();
    if (child < 0)
        die("cannot fork: %s", strerror(errno));
    if (child == 0) {
        struct rlimit stack;
        (void)getrlimit(RLIMIT_STACK, &stack);
        stack.rlim_cur = size;
        (void)setrlimit(RLIMIT_STACK, &stack);
        (void)freopen("/dev/null", "w", stdout);
        (void)execl("/proc/self/exe", command_name, "point", scenario, "none", "0", "0", "0",
                    (char *)NULL);
        _exit(3);
    }
    return trial_await(child) == 0;
}

static void try_stacks(struct tally *tally)
{
    static const char *const names[] = {"zstd-compress-file-4", "gzip-decompress-file-4",
                                        "single-4", "four-compress-async"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        for (uint64_t size = 128 << 10; size <= 8 << 20; size *= 4) {
            tally->tried++;
            if (run_with_stack(names[i], size))
                continue;
            tally->failures++;
            (void)printf("FAILED  %s with a stack of %llu bytes\n", names[i],
                         (unsigned long long)size);
        }
    }
}

/* --- The commands ----------------------------------------------------------------------- */

static void try_step(const struct kind *kind, struct world *world, unsigned step,
                     struct tally *tally)
{
    struct shortage shortage = {.kind = kind, .world = world, .step = step};
    const struct trial_hooks hooks = {
        .context = &shortage,
        .prepare = kind->prepare,
        .begin = kind->begin,
        .end = kind->end,
        .allows = allows,
    };
    const struct fault_plan plan = {.mode = FAULT_NONE,
                                    .no_tmpfile = world->scenario->no_tmpfile,
                                    .no_renameat2 = world->scenario->no_renameat2};
    const struct trial *trial = trial_run(world, &plan, &hooks);
    tally->tried++;
    if (trial->code == CINCH_OK)
        tally->well++;
    else
        tally->short_of_it++;
    if (trial->has_failed) {
        tally->failures++;
        (void)printf("FAILED  %s, step %u of %s: %s\n        again: %s limits %s\n",
                     world->scenario->name, step, kind->name, trial->failure, command_name,
                     kind->name);
    }
}

static void try_kind(const struct kind *kind, unsigned scenarios_count, struct tally *tally)
{
    if ((kind->needs_root && geteuid() != 0) || (kind->needs_mount && !can_mount())) {
        (void)printf("%-12s skipped, as it is not permitted here\n", kind->name);
        tally->skipped++;
        return;
    }
    tally->well = tally->short_of_it = 0;
    for (unsigned i = 0; i < scenarios_count; i++) {
        struct world world;
        world_make(&world, scenario_find(kind->scenarios[i]));
        for (unsigned step = 0; step < STEPS; step++)
            try_step(kind, &world, step, tally);
        world_free(&world);
    }
    (void)printf("%-12s %4llu ended well, %4llu for want of it\n", kind->name,
                 (unsigned long long)tally->well, (unsigned long long)tally->short_of_it);
    /* Steps that all end alike have not met the limit. */
    if (tally->short_of_it == 0 || (tally->well == 0 && !kind->must_fail)) {
        tally->failures++;
        (void)printf("FAILED  the steps of %s are too large or too small\n", kind->name);
    }
}

int command_limits(const struct arguments *arguments)
{
    struct tally tally = {.tried = 0};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strncmp(kinds[i].name, arguments->choice, strlen(arguments->choice)) == 0)
            try_kind(&kinds[i], arguments->is_release ? 5 : 3, &tally);
    }
    if (arguments->choice[0] == '\0')
        try_stacks(&tally);
    (void)printf("row 5: %llu steps of disks and limits tried, %llu failures, %llu kinds skipped\n",
                 (unsigned long long)tally.tried, (unsigned long long)tally.failures,
                 (unsigned long long)tally.skipped);
    return tally.failures != 0 || tally.tried == 0;
}
