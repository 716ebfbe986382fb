/*
 * Attacks (row 11): somebody who may write to the output's folder swaps things in it between two
 * calls of the library, and somebody else looks on under another user's number.
 *
 * What lies elsewhere stays as it is: the victim's bytes, mode, owner and times, and the names in
 * its folder. What is being written is nobody's to read before it is complete, whatever the umask.
 */
#include "commands.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cinch/cinch.h>

#include "trial.h"

enum {
    OTHER_USER = 54321
};

enum attack {
    ATTACK_OUTPUT_LINK,      /* the output becomes a symbolic link to the victim */
    ATTACK_OUTPUT_HARD_LINK, /* or another name of it */
    ATTACK_OUTPUT_FOLDER,    /* or a folder */
    ATTACK_TEMPORARY_LINK,
    ATTACK_TEMPORARY_HARD_LINK,
    ATTACK_FOLDER_LINK,  /* the folder is moved away, and a link to the victim's is in its place */
    ATTACK_FOLDER_MOVED, /* or a new folder */
    ATTACKS,
    ATTACK_WATCH /* nothing is swapped; somebody looks on */
};

static const char *const names[] = {"output-link",    "output-hard-link",    "output-folder",
                                    "temporary-link", "temporary-hard-link", "folder-link",
                                    "folder-moved"};

struct assault {
    struct world *world;
    enum attack attack;
    uint32_t at;    /* before which call */
    uint32_t again; /* and once more; 0 = not */
    uint32_t fixed; /* the call with which the temporary is made: the place is found by then */
    /* Paths. */
    char out[192];
    char moved[192];
    char victim[192];
    char folder[192]; /* the victim's */
    struct stat before;
    int watcher; /* a socket: a byte asks, a byte answers */
};

static const char secret[] = "Nobody's business.\n";

/* --- Swapping --------------------------------------------------------------------------- */

static void swap_for(const struct assault *assault, const char *path, bool hard)
{
    (void)unlink(path);
    if (hard)
        (void)link(assault->victim, path);
    else if (symlink(assault->victim, path) == 0)
        (void)lchown(path, OTHER_USER, OTHER_USER);
}

/* Every temporary that has a name. */
static void swap_temporaries(const struct assault *assault, bool hard)
{
    DIR *folder = opendir(assault->out);
    if (folder == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char path[PATH_MAX];
        if (strstr(entry->d_name, ".cinch") == NULL)
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", assault->out, entry->d_name);
        swap_for(assault, path, hard);
    }
    (void)closedir(folder);
}

static void swap(const struct assault *assault)
{
    switch (assault->attack) {
    case ATTACK_OUTPUT_LINK:
    case ATTACK_OUTPUT_HARD_LINK:
        swap_for(assault, assault->world->target, assault->attack == ATTACK_OUTPUT_HARD_LINK);
        break;
    case ATTACK_OUTPUT_FOLDER:
        (void)unlink(assault->world->target);
        (void)mkdir(assault->world->target, 0777);
        break;
    case ATTACK_TEMPORARY_LINK:
    case ATTACK_TEMPORARY_HARD_LINK:
        swap_temporaries(assault, assault->attack == ATTACK_TEMPORARY_HARD_LINK);
        break;
    case ATTACK_FOLDER_LINK:
    case ATTACK_FOLDER_MOVED:
        (void)rename(assault->out, assault->moved);
        if (assault->attack == ATTACK_FOLDER_LINK)
            (void)symlink(assault->folder, assault->out);
        else
            (void)mkdir(assault->out, 0777);
        break;
    default:
        break;
    }
}

/* The watcher's answer; it is asked before every call. */
static void ask_watcher(struct assault *assault)
{
    char answer = '?';
    if (write(assault->watcher, "?", 1) != 1 || read(assault->watcher, &answer, 1) != 1 ||
        answer != '.')
        assault->at = 1; /* seen by judge_watch() */
}

static void before_call(void *context, uint32_t number, enum call call)
{
    struct assault *assault = context;
    if (call == CALL_CREATE && assault->fixed == 0)
        assault->fixed = number;
    if (assault->attack == ATTACK_WATCH)
        ask_watcher(assault);
    else if (number == assault->at || number == assault->again)
        swap(assault);
}

/* --- Looking on ------------------------------------------------------------------------- */

/* Whether what can be read under a name may be: the output as it was or is, or a temporary that is
 * complete and about to be it. */
static bool may_be_read(const struct assault *assault, const char *name, const char *path)
{
    const struct content *result = &assault->world->result;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return true;
    struct content content = content_read(path);
    (void)close(fd);
    bool may = content_equals(&content, result->data, result->size);
    if (strcmp(name, "output") == 0 && content_equals(&content, world_old, strlen(world_old)))
        may = true;
    content_free(&content);
    return may;
}

/* Whether nothing in the folder is open to this user that must not be. */
static bool all_is_private(const struct assault *assault)
{
    bool is_private = true;
    DIR *folder = opendir(assault->out);
    if (folder == NULL)
        return true;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char path[PATH_MAX];
        if (entry->d_name[0] == '.' && strstr(entry->d_name, ".cinch") == NULL)
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", assault->out, entry->d_name);
        is_private = is_private && may_be_read(assault, entry->d_name, path);
    }
    (void)closedir(folder);
    return is_private;
}

/* Another process, and another user where that can be. Returns this one's end of the line. */
static int start_watcher(const struct assault *assault)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        die("cannot make a pair of sockets: %s", strerror(errno));
    pid_t child = fork();
    if (child < 0)
        die("cannot fork: %s", strerror(errno));
    if (child != 0) {
        (void)close(ends[1]);
        return ends[0];
    }
    char question;
    (void)close(ends[0]);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (setgid(OTHER_USER) != 0 || setuid(OTHER_USER) != 0)
        _exit(1);
    while (read(ends[1], &question, 1) == 1) {
        if (write(ends[1], all_is_private(assault) ? "." : "!", 1) != 1)
            break;
    }
    _exit(0);
}

/* --- Judging ---------------------------------------------------------------------------- */

/* Any end will do that is no bug of the library's: an attack may make the job fail. */
static bool allows(void *context, int32_t code)
{
    const struct assault *assault = context;
    if (assault->attack == ATTACK_WATCH)
        return code == CINCH_OK;
    return code == CINCH_OK || (code >= CINCH_E_NOT_FOUND && code <= CINCH_E_IO);
}

/* Whether the swap was made before the library held the place: then it has gone where the path
 * led, as it should, but for a link that another user has laid. */
static bool is_early(const struct assault *assault)
{
    uint32_t first = assault->at;
    if (assault->again != 0 && assault->again < first)
        first = assault->again;
    return assault->fixed == 0 || first < assault->fixed;
}

static void judge_victim(void *context, struct trial *trial)
{
    const struct assault *assault = context;
    const struct stat *before = &assault->before;
    struct stat now;
    /* Only the superuser can lay a link for another user. */
    if (assault->attack == ATTACK_OUTPUT_LINK && geteuid() != 0 && is_early(assault))
        return;
    struct content content = content_read(assault->victim);
    if (!content_equals(&content, secret, sizeof secret - 1))
        trial_fail(trial, "the victim's content was changed");
    content_free(&content);
    if (stat(assault->victim, &now) != 0 || now.st_mode != before->st_mode ||
        now.st_uid != before->st_uid || now.st_gid != before->st_gid ||
        now.st_mtim.tv_sec != before->st_mtim.tv_sec ||
        now.st_mtim.tv_nsec != before->st_mtim.tv_nsec)
        trial_fail(trial, "the victim's mode, owner or times were changed");
    DIR *folder = opendir(assault->folder);
    unsigned count = 0;
    while (folder != NULL && readdir(folder) != NULL)
        count++;
    if (folder != NULL)
        (void)closedir(folder);
    bool is_led_there = assault->attack == ATTACK_FOLDER_LINK && is_early(assault);
    if (count != 3 && !is_led_there) /* with "." and ".." */
        trial_fail(trial, "something was put into the victim's folder, or taken out of it");
    /* Nobody was in the temporary's way, so there is none. */
    char name[PATH_MAX];
    if (assault->attack <= ATTACK_OUTPUT_FOLDER && world_leftovers(assault->world, name) != 0)
        trial_fail(trial, "left behind: %s", name);
    if (trial->code == CINCH_OK && assault->attack <= ATTACK_OUTPUT_FOLDER && assault->at != 0 &&
        assault->at < trial->calls / 2 &&
        (assault->world->scenario->flags & CINCH_FLAG_NO_REPLACE) != 0)
        trial_fail(trial, "what came into the output's place was replaced");
    if (trial->code == CINCH_OK && assault->attack <= ATTACK_OUTPUT_FOLDER &&
        assault->at < trial->calls / 2 && assault->again == 0 &&
        world_standing(assault->world) != STANDING_RESULT)
        trial_fail(trial, "success, and the output is not the result");
}

static void judge_watch(void *context, struct trial *trial)
{
    const struct assault *assault = context;
    if (assault->at != 0)
        trial_fail(trial, "another user could read what was not complete");
    if (world_standing(assault->world) != STANDING_RESULT)
        trial_fail(trial, "the output is not the result");
    if ((assault->world->scenario->flags & CINCH_FLAG_NO_METADATA) == 0)
        return;
    struct stat status;
    mode_t wanted = 0666 & ~assault->world->scenario->umask;
    if (stat(assault->world->target, &status) != 0 || (status.st_mode & 07777) != wanted)
        trial_fail(trial, "with umask %o the output's mode is %o",
                   (unsigned)assault->world->scenario->umask, (unsigned)status.st_mode & 07777);
}

/* --- The command ------------------------------------------------------------------------ */

struct tally {
    uint64_t tries;
    uint64_t failures;
    uint64_t seed;
};

static void write_victim(struct assault *assault)
{
    int fd = open(assault->victim, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0604);
    if (fd < 0 || write(fd, secret, sizeof secret - 1) != (ssize_t)(sizeof secret - 1) ||
        fchmod(fd, 0604) != 0 || fstat(fd, &assault->before) != 0 || close(fd) != 0)
        die("cannot make a victim: %s", strerror(errno));
}

static void assault_make(struct assault *assault, struct world *world)
{
    *assault = (struct assault){.world = world, .watcher = -1};
    (void)snprintf(assault->out, sizeof assault->out, "%s/out", world->folder);
    (void)snprintf(assault->moved, sizeof assault->moved, "%s/moved", world->folder);
    (void)snprintf(assault->folder, sizeof assault->folder, "%s/victim", world->folder);
    (void)snprintf(assault->victim, sizeof assault->victim, "%s/victim/file", world->folder);
    if (mkdir(assault->folder, 0755) != 0)
        die("cannot make a folder: %s", strerror(errno));
    write_victim(assault);
}

/* Brings the output's folder back to its place after it was moved. */
static void assault_undo(struct assault *assault)
{
    char command[600];
    char path[256];
    struct stat status;
    (void)snprintf(path, sizeof path, "%s/output", assault->folder);
    (void)unlink(path);
    if (lstat(assault->moved, &status) == 0) {
        (void)snprintf(command, sizeof command, "rm -rf '%s' && mv '%s' '%s'", assault->out,
                       assault->moved, assault->out);
        if (system(command) != 0)
            die("cannot bring %s back", assault->out);
    }
    if (lstat(assault->world->target, &status) == 0 && S_ISDIR(status.st_mode))
        (void)rmdir(assault->world->target);
    /* Led there by a link of its own user, the library may have replaced it. */
    if (geteuid() != 0)
        write_victim(assault);
}

/* As in /tmp: everybody may put something there, and nobody follows another one's link. */
static void prepare(void *context)
{
    const struct assault *assault = context;
    if (chmod(assault->out, 01777) != 0)
        die("cannot set a mode: %s", strerror(errno));
}

static const struct trial *attack_once(struct assault *assault, struct tally *tally)
{
    const struct scenario *scenario = assault->world->scenario;
    const struct trial_hooks hooks = {
        .context = assault,
        .prepare = prepare,
        .before_call = before_call,
        .allows = allows,
        .judge = judge_victim,
    };
    const struct fault_plan plan = {.mode = FAULT_NONE,
                                    .no_tmpfile = scenario->no_tmpfile,
                                    .no_renameat2 = scenario->no_renameat2};
    const struct trial *trial = trial_run(assault->world, &plan, &hooks);
    assault_undo(assault);
    tally->tries++;
    if (trial->has_failed) {
        tally->failures++;
        (void)printf("FAILED  %s, %s before call %u and %u: %s\n        again: %s attack %s\n",
                     scenario->name, names[assault->attack], (unsigned)assault->at,
                     (unsigned)assault->again, trial->failure, command_name, scenario->name);
        (void)fflush(stdout);
    }
    return trial;
}

/* Every attack before every call; then, `random` times, two times of one. */
static void attack_scenario(const struct scenario *scenario, uint32_t random, struct tally *tally)
{
    struct world world;
    struct assault assault;
    world_make(&world, scenario);
    assault_make(&assault, &world);
    uint32_t calls = attack_once(&assault, tally)->calls;
    for (unsigned attack = 0; attack < ATTACKS; attack++) {
        assault.attack = (enum attack)attack;
        for (assault.at = 1; assault.at <= calls; assault.at++)
            (void)attack_once(&assault, tally);
    }
    for (uint32_t i = 0; i < random; i++) {
        tally->seed = tally->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        assault.attack = (enum attack)((tally->seed >> 20) % ATTACKS);
        assault.at = (uint32_t)(1 + (tally->seed >> 32) % calls);
        assault.again = (uint32_t)(1 + (tally->seed >> 48) % calls);
        (void)attack_once(&assault, tally);
    }
    world_free(&world);
}

/* Looks on through a whole run. Each look is a try. */
static void watch_scenario(const struct scenario *given, mode_t mask, struct tally *tally)
{
    struct scenario scenario = *given;
    struct world world;
    struct assault assault;
    scenario.umask = mask;
    world_make(&world, &scenario);
    assault_make(&assault, &world);
    assault.attack = ATTACK_WATCH;
    assault.watcher = start_watcher(&assault);
    const struct trial_hooks hooks = {
        .context = &assault,
        .before_call = before_call,
        .allows = allows,
        .judge = judge_watch,
    };
    const struct fault_plan plan = {.mode = FAULT_NONE, .no_tmpfile = scenario.no_tmpfile};
    const struct trial *trial = trial_run(&world, &plan, &hooks);
    tally->tries += trial->calls;
    if (trial->has_failed) {
        tally->failures++;
        (void)printf("FAILED  %s with umask %03o: %s\n        again: %s attack %s\n", scenario.name,
                     (unsigned)mask, trial->failure, command_name, scenario.name);
    }
    (void)close(assault.watcher);
    (void)wait(NULL);
    world_free(&world);
}

static void watch_all(const struct arguments *arguments, struct tally *tally)
{
    static const mode_t usual[] = {0000, 0022, 0077};
    static const char *const watched[] = {"zstd-compress-file-1", "hidden-new", "hidden-old",
                                          "hidden-umask", "no-metadata"};
    for (size_t i = 0; i < sizeof watched / sizeof *watched; i++) {
        const struct scenario *scenario = scenario_find(watched[i]);
        if (!scenario_is_chosen(scenario, arguments->choice))
            continue;
        for (mode_t mask = 0; arguments->is_release && mask <= 0777; mask++)
            watch_scenario(scenario, mask, tally);
        for (size_t j = 0; !arguments->is_release && j < 3; j++)
            watch_scenario(scenario, usual[j], tally);
    }
}

int command_attack(const struct arguments *arguments)
{
    struct tally tally = {.seed = arguments->seed};
    static const char every[] = "zstd-compress-file-1,hidden-old,durable-hidden-new,no-replace,"
                                "linked-old";
    size_t count;
    const struct scenario *all = scenarios(&count);
    for (size_t i = 0; i < count; i++) {
        if (scenario_publishes(&all[i]) && all[i].use <= USE_DECOMPRESS &&
            scenario_is_chosen(&all[i], arguments->choice) &&
            (arguments->is_release || scenario_is_chosen(&all[i], every)))
            attack_scenario(&all[i], arguments->is_release ? 3000 : 50, &tally);
    }
    if (geteuid() == 0)
        watch_all(arguments, &tally);
    else
        (void)printf("nobody looked on, as that needs the superuser\n");
    (void)printf("row 11: %llu attacks tried, %llu failures\n", (unsigned long long)tally.tries,
                 (unsigned long long)tally.failures);
    return tally.failures != 0 || tally.tries == 0;
}
