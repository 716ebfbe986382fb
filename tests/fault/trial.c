#include "trial.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cinch/cinch.h>

#include "judge.h"
#include "support/child_end.h"
#include "use.h"

/* Seconds that a run may take; it takes milliseconds. */
#if defined(__SANITIZE_ADDRESS__)
#define WATCHDOG 60
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WATCHDOG 60
#endif
#endif
#ifndef WATCHDOG
#define WATCHDOG 10
#endif

void trial_fail(struct trial *trial, const char *format, ...)
{
    if (trial->has_failed)
        return;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(trial->failure, sizeof trial->failure, format, arguments);
    va_end(arguments);
    trial->has_failed = true;
}

/* --- The parent's side ------------------------------------------------------------------ */

void trial_prepare(void)
{
    sigset_t ended;
    (void)sigemptyset(&ended);
    (void)sigaddset(&ended, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &ended, NULL);
    /* The stacks' reader is no ancestor of the process it reads. */
    (void)prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
}

/* Says where each thread of a process stands: with the debugger's help, if there is one. */
static void print_stacks(pid_t child)
{
    char command[512];
    (void)snprintf(command, sizeof command,
                   "if command -v gdb >/dev/null; then gdb -p %d -batch -ex 'thread apply all bt' "
                   "2>/dev/null; else for task in /proc/%d/task/*; do echo \"$task\"; "
                   "cat \"$task\"/wchan \"$task\"/syscall; done; fi >&2",
                   (int)child, (int)child);
    if (system(command) != 0)
        (void)fprintf(stderr, "its stacks cannot be read\n");
}

/* The fields of a stat file in /proc that follow the name. */
static bool read_stat(const char *path, char *state, uint64_t *ticks)
{
    char text[512] = "";
    unsigned long user = 0;
    unsigned long system = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t size = read(fd, text, sizeof text - 1);
    (void)close(fd);
    const char *behind = size > 0 ? strrchr(text, ')') : NULL;
    if (behind == NULL || sscanf(behind, ") %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                                 state, &user, &system) != 3)
        return false;
    *ticks = user + system;
    return true;
}

/* Whether a process has something to do and too few turns to do it, rather than wait for what
 * never comes or turn in circles. */
static bool is_starved(pid_t child)
{
    char path[96];
    char state = '?';
    uint64_t ticks = 0;
    bool is_ready = false;
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)child);
    if (!read_stat(path, &state, &ticks) || ticks > (uint64_t)sysconf(_SC_CLK_TCK) * WATCHDOG / 2)
        return false;
    (void)snprintf(path, sizeof path, "/proc/%d/task", (int)child);
    DIR *folder = opendir(path);
    for (const struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        (void)snprintf(path, sizeof path, "/proc/%d/task/%.16s/stat", (int)child, entry->d_name);
        is_ready = is_ready || (read_stat(path, &state, &ticks) && state == 'R');
    }
    if (folder != NULL)
        (void)closedir(folder);
    return is_ready;
}

int trial_await(pid_t child)
{
    sigset_t ended;
    int status;
    (void)sigemptyset(&ended);
    (void)sigaddset(&ended, SIGCHLD);
    /* In short waits that are counted: where this process does not get its turn for a while, the
     * child has not had one either. */
    for (unsigned waits = 0; waits < WATCHDOG * 20; waits++) {
        const struct timespec rest = {0, 50000000};
        if (waitpid(child, &status, WNOHANG) == child)
            return status;
        (void)sigtimedwait(&ended, NULL, &rest);
        if (waits == WATCHDOG * 20 - 1 && is_starved(child))
            waits = 0;
    }
    print_stacks(child);
    (void)kill(child, SIGKILL);
    (void)waitpid(child, &status, 0);
    return -1;
}

/* --- The child's side ------------------------------------------------------------------- */

static void tell(struct trial *trial, const struct used *used)
{
    trial->code = used->code;
    trial->calls = atomic_load(&interposer.count);
    trial->fired = atomic_load(&interposer.fired_count);
    if (trial->fired > 0) {
        trial->first_call = interposer.fired[0].call;
        if (interposer.fired[0].refusal != NULL)
            trial->first_error = interposer.fired[0].refusal->error;
    }
}

static void run_in_child(const struct world *world, const struct fault_plan *plan,
                         const struct trial_hooks *hooks, struct trial *trial)
{
    struct use_ends ends;
    struct used used;
    (void)prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
    if (hooks->prepare != NULL)
        hooks->prepare(hooks->context);
    world_reset(world);
    use_open(world, &ends);
    struct holdings before = judge_holdings();
    interposer.hook = hooks->before_call;
    interposer.context = hooks->context;
    (void)umask(world->scenario->umask);
    if (hooks->begin != NULL)
        hooks->begin(hooks->context, &ends);

    interposer_arm(plan);
    use_run(world, &ends, &used);
    interposer_disarm();

    if (hooks->end != NULL)
        hooks->end(hooks->context);
    (void)umask(022);
    tell(trial, &used);
    judge_holdings_kept(world, before, trial);
    if (hooks->allows == NULL)
        judge_code(&used, trial);
    else if (!hooks->allows(hooks->context, used.code))
        trial_fail(trial, "it ended with code %d (%s): %s", (int)used.code,
                   cinch_strerror(used.code), used.message);
    judge_callbacks(&used, trial);
    use_close(&ends, used.code);
    if (hooks->judge != NULL)
        hooks->judge(hooks->context, trial);
    else
        judge_files(world, &used, trial);
    trial->is_judged = true;
}

const struct trial *trial_run(const struct world *world, const struct fault_plan *plan,
                              const struct trial_hooks *hooks)
{
    static const struct trial_hooks none;
    static struct trial *trial;
    if (trial == NULL)
        trial =
            mmap(NULL, sizeof *trial, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (trial == MAP_FAILED)
        die("no memory to share");
    *trial = (struct trial){.is_judged = false};

    pid_t child = fork();
    if (child < 0)
        die("cannot fork: %s", strerror(errno));
    if (child == 0) {
        run_in_child(world, plan, hooks != NULL ? hooks : &none, trial);
        child_end(0);
    }
    int status = trial_await(child);
    if (status == -1)
        trial_fail(trial, "it had not ended after %d s", WATCHDOG);
    else if (WIFSIGNALED(status))
        trial_fail(trial, "it was ended by signal %d", WTERMSIG(status));
    else if (WEXITSTATUS(status) != 0 || !trial->is_judged)
        trial_fail(trial, "it ended itself with status %d", WEXITSTATUS(status));
    return trial;
}
