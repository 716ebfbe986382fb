#include "judge.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cinch/cinch.h>

#if defined(__SANITIZE_ADDRESS__)
#define HAS_LEAK_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_LEAK_SANITIZER 1
#endif
#endif
#ifdef HAS_LEAK_SANITIZER
#include <sanitizer/lsan_interface.h>
#endif

/* --- How it ended ----------------------------------------------------------------------- */

static uint32_t remembered(void)
{
    uint32_t count = atomic_load(&interposer.fired_count);
    return count < FIRED_MOST ? count : FIRED_MOST;
}

static int32_t code_of(const struct refusal *refusal)
{
    return refusal->code != 0 ? refusal->code : call_code(refusal->error);
}

/* Whether the run may have ended well: nothing was refused that has to be told. */
static bool may_be_well(void)
{
    for (uint32_t i = 0; i < remembered(); i++) {
        const struct refusal *refusal = interposer.fired[i].refusal;
        if (refusal != NULL && !refusal->may_end)
            return false;
    }
    return true;
}

/* Whether the code is that of one of the refusals. */
static bool is_explained(int32_t code)
{
    for (uint32_t i = 0; i < remembered(); i++) {
        const struct refusal *refusal = interposer.fired[i].refusal;
        if (refusal != NULL && (code_of(refusal) == code || refusal->other == code))
            return true;
    }
    return false;
}

/* One refusal alone is the reason that the message gives. */
static void judge_message(const struct used *used, struct trial *trial)
{
    if (!used->was_accepted || atomic_load(&interposer.fired_count) != 1 ||
        interposer.fired[0].refusal == NULL || used->message[0] == '\0')
        return;
    const struct refusal *refusal = interposer.fired[0].refusal;
    if (used->code == CINCH_E_IO && refusal->code == 0 &&
        strstr(used->message, strerrordesc_np(refusal->error)) == NULL)
        trial_fail(trial, "the message does not tell the system's reason: %s", used->message);
}

void judge_code(const struct used *used, struct trial *trial)
{
    judge_message(used, trial);
    if (used->code == CINCH_OK) {
        if (!may_be_well())
            trial_fail(trial, "success was reported");
        return;
    }
    if (atomic_load(&interposer.fired_count) == 0)
        trial_fail(trial, "failed with code %d though nothing was refused: %s", (int)used->code,
                   used->message);
    else if (!is_explained(used->code))
        trial_fail(trial, "failed with code %d (%s), which nothing refused explains: %s",
                   (int)used->code, cinch_strerror(used->code), used->message);
}

void judge_callbacks(const struct used *used, struct trial *trial)
{
    unsigned completions = atomic_load(&used->completions);
    unsigned broken = atomic_load(&used->broken);
    if (used->gave_handle)
        trial_fail(trial, "a refused call has given a handle");
    if (completions != (used->was_accepted ? 1u : 0u))
        trial_fail(trial, "completion came %u times to a job that was %s", completions,
                   used->was_accepted ? "accepted" : "refused");
    if (used->was_accepted && completions == 1 && used->completion_code != used->code)
        trial_fail(trial, "completion told code %d, and waiting %d", (int)used->completion_code,
                   (int)used->code);
    if (broken != 0)
        trial_fail(trial, "%s%s%s", broken & RULE_OVERLAP ? "callbacks overlapped; " : "",
                   broken & RULE_AFTER_COMPLETION ? "a callback came after completion; " : "",
                   broken & RULE_BACKWARDS ? "progress went back" : "");
    if (used->code == CINCH_OK && atomic_load(&used->progress_calls) > 0 &&
        used->last_done != used->last_total)
        trial_fail(trial, "progress ended at %llu of %llu", (unsigned long long)used->last_done,
                   (unsigned long long)used->last_total);
    if (used->has_message && used->code != CINCH_OK && used->message[0] == '\0')
        trial_fail(trial, "there is no message for code %d", (int)used->code);
    if (used->reads_wrong)
        trial_fail(trial, "the reader gave bytes that are not in the file");
}

/* --- Files ------------------------------------------------------------------------------ */

/* Whether one of the calls was refused. */
static bool was_refused(enum call call)
{
    for (uint32_t i = 0; i < remembered(); i++) {
        if (interposer.fired[i].refusal != NULL && interposer.fired[i].call == call)
            return true;
    }
    return atomic_load(&interposer.fired_count) > FIRED_MOST;
}

/* Where the output is to be found: in its link's place if the library was told that no such name is
 * there. It replaces whatever has come to that name since, as it must. */
static const char *place_of_output(const struct world *world)
{
    struct stat status;
    for (uint32_t i = 0; i < remembered() && world->scenario->is_linked; i++) {
        const struct refusal *refusal = interposer.fired[i].refusal;
        if (interposer.fired[i].call == CALL_OPEN && refusal != NULL && refusal->error == ENOENT &&
            lstat(world->output, &status) == 0 && S_ISREG(status.st_mode))
            return world->output;
    }
    return world->target;
}

/* A finished file looks as its source does, as far as that could be set. */
static void judge_metadata(const struct world *world, const char *place, struct trial *trial)
{
    const struct stat *source = &world->source_status;
    struct stat status;
    if ((world->scenario->flags & CINCH_FLAG_NO_METADATA) != 0 ||
        (world->scenario->flags & CINCH_FLAG_INPUT_FD) != 0 || was_refused(CALL_FSTAT))
        return;
    if (stat(place, &status) != 0)
        trial_fail(trial, "the output cannot be examined");
    else if (!was_refused(CALL_FCHMOD) && !was_refused(CALL_FCHOWN) &&
             status.st_mode != source->st_mode)
        trial_fail(trial, "the mode of the output is %o", (unsigned)status.st_mode);
    else if (!was_refused(CALL_FUTIMENS) && (status.st_mtim.tv_sec != source->st_mtim.tv_sec ||
                                             status.st_mtim.tv_nsec != source->st_mtim.tv_nsec))
        trial_fail(trial, "the output has not its source's time");
    else if (!was_refused(CALL_FCHOWN) &&
             (status.st_uid != source->st_uid || status.st_gid != source->st_gid) && geteuid() == 0)
        trial_fail(trial, "the output has not its source's owner");
    /* Whoever does not own it may not run it as its owner. */
    else if (status.st_uid != source->st_uid && (status.st_mode & (S_ISUID | S_ISGID)) != 0)
        trial_fail(trial, "set-id bits were copied without the owner");
}

static void judge_published(const struct world *world, const struct used *used, struct trial *trial)
{
    enum standing before = world->scenario->has_old ? STANDING_OLD : STANDING_NOTHING;
    const char *place = place_of_output(world);
    if (world->scenario->umask == 0777)
        (void)chmod(place, 0600); /* only root could look into it */
    enum standing standing = world_standing_at(world, place);
    char name[PATH_MAX];
    if (used->code == CINCH_OK && standing != STANDING_RESULT)
        trial_fail(trial, "success, and the output is not the result (%d)", (int)standing);
    /* What fails behind the publishing is only the sync of the folder. */
    bool may_stand = (world->scenario->flags & CINCH_FLAG_DURABLE) != 0 &&
                     atomic_load(&interposer.is_published) && standing == STANDING_RESULT;
    if (used->code != CINCH_OK && standing != before && !may_stand)
        trial_fail(trial, "a failure, and the output is not what it was (%d)", (int)standing);
    unsigned leftovers = world_leftovers(world, name);
    if (leftovers > (was_refused(CALL_UNLINK) ? 1 : 0))
        trial_fail(trial, "%u left behind, such as %s", leftovers, name);
    if (standing == STANDING_RESULT)
        judge_metadata(world, place, trial);
    if (world->scenario->is_linked && place == world->target) {
        struct stat status;
        if (lstat(world->output, &status) != 0 || !S_ISLNK(status.st_mode))
            trial_fail(trial, "the output's link was replaced");
    }
    if (place != world->target && world_standing(world) != before)
        trial_fail(trial, "the file behind the output's link was changed");
}

static void judge_stream(const struct world *world, const struct used *used, struct trial *trial)
{
    char path[160];
    (void)snprintf(path, sizeof path, "%s/in/stream", world->folder);
    struct content got = content_read(path);
    const struct content *result = &world->result;
    if (got.size > result->size || memcmp(got.data, result->data, got.size) != 0)
        trial_fail(trial, "what was written is no beginning of the result");
    else if (used->code == CINCH_OK && got.size != result->size)
        trial_fail(trial, "success, and %zu of %zu bytes were written", got.size, result->size);
    content_free(&got);
}

static void judge_appended(const struct world *world, const struct used *used, struct trial *trial)
{
    enum standing standing = world_standing(world);
    if (used->code == CINCH_OK ? standing != STANDING_RESULT
                               : standing != STANDING_RESULT && standing != STANDING_BEGINNING)
        trial_fail(trial, "code %d, and what was appended is not right (%d)", (int)used->code,
                   (int)standing);
}

void judge_files(const struct world *world, const struct used *used, struct trial *trial)
{
    if (!world_input_is_whole(world))
        trial_fail(trial, "the input was changed");
    if (world->scenario->use == USE_READ)
        return;
    if (world->scenario->ends == ENDS_PATHS)
        judge_published(world, used, trial);
    else if (world->scenario->ends == ENDS_DESCRIPTORS)
        judge_appended(world, used, trial);
    else
        judge_stream(world, used, trial);
}

/* --- Holdings --------------------------------------------------------------------------- */

static unsigned count_entries(const char *path)
{
    DIR *folder = opendir(path);
    unsigned count = 0;
    if (folder == NULL)
        die("cannot list %s", path);
    while (readdir(folder) != NULL)
        count++;
    (void)closedir(folder);
    return count;
}

struct holdings judge_holdings(void)
{
    return (struct holdings){count_entries("/proc/self/fd"), atomic_load(&interposer.live)};
}

/* A thread that was joined may be listed for a moment yet. */
static unsigned count_threads(void)
{
    unsigned count = 0;
    for (int tries = 0; tries < 1000; tries++) {
        const struct timespec moment = {0, 1000000};
        count = count_entries("/proc/self/task") - 2;
        if (count == 1)
            break;
        (void)nanosleep(&moment, NULL);
    }
    return count;
}

void judge_holdings_kept(const struct world *world, struct holdings before, struct trial *trial)
{
    struct holdings after = judge_holdings();
    /* The default pool stays, and one descriptor of it may. */
    bool uses_default = world->scenario->use >= USE_COMPRESS_FILE;
    if (after.descriptors > before.descriptors + (uses_default ? 1 : 0))
        trial_fail(trial, "%u descriptors were left open", after.descriptors - before.descriptors);
    if (uses_default)
        return;
    if (after.blocks != before.blocks)
        trial_fail(trial, "%ld blocks of memory were not given back", after.blocks - before.blocks);
    unsigned threads = count_threads();
    if (threads != 1)
        trial_fail(trial, "%u threads were left", threads - 1);
#ifdef HAS_LEAK_SANITIZER
    if (__lsan_do_recoverable_leak_check() != 0)
        trial_fail(trial, "the leak sanitizer has found a leak");
#endif
}
