/*
 * Random stress, to be run under the thread sanitizer.
 *
 *     stress [OPERATIONS [SEED]]
 *
 * Several threads share a few pools and do whatever a seeded sequence tells them: submit jobs that
 * succeed or fail, cancel them, wait, close, detach, release, poll, and now and then replace a pool
 * under its queue. Callbacks cancel, look, submit, detach and release, too, and do what is refused
 * there. Every job has a record that counts
 * its callbacks; at the end every accepted job must have completed exactly once, detached ones at
 * most once, and no callback may have come after completion or beside another.
 *
 * The seed decides what each thread does, though not how they interleave.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/bytes.h"
#include "support/process.h"
#include "support/scratch.h"
#include "support/stream.h"
#include "support/test.h"

enum {
    DEFAULT_OPERATIONS = 20000, /* of which half are jobs */
    ACTORS = 3,
    PLAIN = 6,   /* inputs to be compressed, */
    ENCODED = 6, /* and to be decompressed: two of each format, the second damaged */
    INPUTS = PLAIN + ENCODED,
    OUTPUTS = 8,
    HELD_AT_MOST = 12, /* handles that an actor keeps at a time */
    POOL_LIFE = 300    /* operations of an actor between two of its pools */
};

/* What one job's callbacks have noted. Plain fields, but for what tells of a broken rule. */
struct record {
    struct record *next;
    cinch_job *job; /* for its own callbacks; the submit writes it */
    uint64_t random;
    unsigned int progress_calls;
    unsigned int completions;
    uint64_t last_done;
    struct record *child; /* a job that its completion has submitted */
    cinch_pool *pool;
    const char *input;
    const char *output;
    bool owns;  /* the handle is its callbacks' to drop */
    bool talks; /* its callbacks use the handle, so it is not dropped while one may run */
    bool detached;
    bool accepted;
    atomic_uint inside;
    atomic_uint broken;
};

struct actor {
    pthread_t thread;
    struct scratch *scratch;
    uint64_t random;
    unsigned int operations;
    cinch_pool *pool;
    struct record *records;
    struct record *held[HELD_AT_MOST];
    unsigned int held_count;
    const char *inputs[INPUTS];
    const char *outputs[OUTPUTS];
    unsigned int jobs;
    const char *failed; /* static; the first thing that went wrong, else NULL */
};

/* What a callback does beside taking notes, by the job's own random number. */
static void callback_act(struct record *record)
{
    cinch_stats stats = CINCH_STATS_INIT;
    char message[40];
    uint64_t choice = random_next(&record->random) % 40;

    if (!record->talks) {
        return;
    }
    if (choice < 4) {
        cinch_job_stats(record->job, &stats);
    } else if (choice < 6) {
        cinch_job_message(record->job, message, sizeof(message));
    } else if (choice == 6) {
        cinch_job_cancel(record->job);
    } else if (choice == 7 && cinch_job_wait(record->job) != CINCH_E_DEADLOCK) {
        atomic_fetch_or(&record->broken, 1);
    } else if (choice == 8) {
        cinch_job_close(record->job); /* refused, and recorded */
    }
}

static void on_progress(void *user, uint64_t bytes_done, uint64_t bytes_total)
{
    struct record *record = user;

    (void)bytes_total;
    if (atomic_fetch_add_explicit(&record->inside, 1, memory_order_relaxed) != 0) {
        atomic_fetch_or(&record->broken, 2);
    }
    if (record->completions != 0 || bytes_done < record->last_done) {
        atomic_fetch_or(&record->broken, 4);
    }
    record->progress_calls++;
    record->last_done = bytes_done;
    callback_act(record);
    if (record->owns && random_next(&record->random) % 4 == 0) {
        record->owns = false;
        record->detached = true;
        cinch_job_detach(record->job);
    }
    atomic_fetch_sub_explicit(&record->inside, 1, memory_order_relaxed);
}

static void on_complete(void *user, int32_t error_code);

/* A further job of the same pool, which may be ending. */
static void callback_submit(struct record *record)
{
    cinch_options options = CINCH_OPTIONS_INIT;
    struct record *child = calloc(1, sizeof(*child));
    int32_t code;

    if (child == NULL) {
        return;
    }
    options.format = CINCH_FORMAT_GZIP;
    options.level = 1;
    options.on_progress = on_progress;
    options.on_complete = on_complete;
    options.user = child;
    record->child = child;
    code = cinch_compress(record->pool, record->input, record->output, &options, NULL);
    child->accepted = code == CINCH_OK;
    if (code != CINCH_OK && code != CINCH_E_SHUTDOWN) {
        atomic_fetch_or(&record->broken, 16);
    }
}

static void on_complete(void *user, int32_t error_code)
{
    struct record *record = user;

    if (atomic_fetch_add_explicit(&record->inside, 1, memory_order_relaxed) != 0) {
        atomic_fetch_or(&record->broken, 2);
    }
    if (error_code == CINCH_E_INTERNAL || error_code == CINCH_E_INVALID) {
        atomic_fetch_or(&record->broken, 8);
    }
    record->completions++;
    callback_act(record);
    if (record->owns) {
        cinch_job_release(record->job);
    }
    if (record->pool != NULL && random_next(&record->random) % 8 == 0) {
        callback_submit(record);
    }
    atomic_fetch_sub_explicit(&record->inside, 1, memory_order_relaxed);
}

static void actor_submit(struct actor *actor)
{
    struct record *record = calloc(1, sizeof(*record));
    cinch_options options = CINCH_OPTIONS_INIT;
    uint64_t choice = random_next(&actor->random);
    bool keep = actor->held_count < HELD_AT_MOST && choice % 8 != 0;
    unsigned int index = (unsigned int)(choice >> 8) % INPUTS;
    const char *input = actor->inputs[index];
    const char *output = actor->outputs[(choice >> 16) % OUTPUTS];

    if (record == NULL) {
        actor->failed = "no memory for the test";
        return;
    }
    record->random = choice;
    record->next = actor->records;
    actor->records = record;
    options.format = (int32_t)((choice >> 24) % 4);
    options.level = (int32_t)((choice >> 28) % 4);
    options.flags = (uint32_t)(choice >> 32) % 8 == 0 ? CINCH_FLAG_VERIFY : 0;
    options.flags |= (uint32_t)(choice >> 36) % 8 == 0 ? CINCH_FLAG_SINGLE_STREAM : 0;
    options.flags |= (uint32_t)(choice >> 40) % 8 == 0 ? CINCH_FLAG_NO_REPLACE : 0;
    record->owns = !keep && (choice >> 54) % 2 == 0;
    record->pool = actor->pool;
    record->input = actor->inputs[index % PLAIN];
    record->output = output;
    record->talks = keep && (choice >> 48) % 2 == 0;
    options.chunk_size = 4096;
    options.on_progress = (choice >> 44) % 8 == 0 ? NULL : on_progress;
    options.on_complete = on_complete;
    options.user = record;
    options.flags |= (uint32_t)(choice >> 52) % 8 == 0 ? CINCH_FLAG_SPARSE : 0;
    if ((index < PLAIN ? cinch_compress : cinch_decompress)(
            actor->pool, input, output, &options, keep || record->owns ? &record->job : NULL) !=
        CINCH_OK) {
        actor->failed = "a good submit was refused";
        return;
    }
    record->accepted = true;
    actor->jobs++;
    if (keep) {
        actor->held[actor->held_count++] = record;
    }
}

/* Takes one of the actor's handles, which the caller drops. */
static struct record *actor_take(struct actor *actor)
{
    unsigned int index = (unsigned int)(random_next(&actor->random) % actor->held_count);
    struct record *record = actor->held[index];

    actor->held[index] = actor->held[--actor->held_count];
    return record;
}

static void actor_drop(struct actor *actor)
{
    struct record *record = actor_take(actor);
    uint64_t choice = random_next(&actor->random) % 4;

    switch (record->talks ? 2 : choice) {
    case 0:
        cinch_job_close(record->job);
        if (record->completions != 1) {
            actor->failed = "close returned before completion had come";
        }
        break;
    case 1:
        record->detached = true;
        cinch_job_detach(record->job);
        break;
    case 2:
        cinch_job_wait(record->job);
        if (record->completions != 1) {
            actor->failed = "wait returned before completion had come";
        }
        cinch_job_release(record->job);
        break;
    default:
        cinch_job_release(record->job);
        break;
    }
}

/* Ends the actor's pool under whatever is queued in it, and makes another. */
static void actor_replace_pool(struct actor *actor)
{
    cinch_pool_options options = CINCH_POOL_OPTIONS_INIT;

    cinch_pool_destroy(actor->pool, (int32_t)(random_next(&actor->random) % 2));
    options.threads = 1 + (uint32_t)(random_next(&actor->random) % 4);
    if (cinch_pool_create(&options, &actor->pool) != CINCH_OK) {
        actor->pool = NULL;
        actor->failed = "no pool could be made";
    }
}

static void actor_act(struct actor *actor)
{
    uint64_t choice = random_next(&actor->random) % 100;
    cinch_stats stats = CINCH_STATS_INIT;

    if (choice < 50 || actor->held_count == 0) {
        actor_submit(actor);
    } else if (choice < 85) {
        actor_drop(actor);
    } else if (choice < 95) {
        struct record *record = actor->held[choice % actor->held_count];
        int32_t code = cinch_job_cancel(record->job);
        if (code != CINCH_OK && code != CINCH_E_TOO_LATE) {
            actor->failed = "cancel was refused";
        }
    } else if (cinch_job_stats(actor->held[0]->job, &stats) != CINCH_OK) {
        actor->failed = "stats were refused";
    }
}

/* A job whose pipe never says anything, dropped in every way. */
static void actor_stall(struct actor *actor)
{
    struct record record;
    cinch_options options = CINCH_OPTIONS_INIT;
    cinch_job *job;
    int ends[2];

    memset(&record, 0, sizeof(record));
    if (pipe2(ends, O_CLOEXEC) != 0) {
        actor->failed = "no pipe for the test";
        return;
    }
    options.on_complete = on_complete;
    options.user = &record;
    if (cinch_compress_fd(actor->pool, ends[0], ends[1], &options, &job) != CINCH_OK) {
        actor->failed = "a good submit was refused";
    } else {
        cinch_job_close(job);
        if (record.completions != 1) {
            actor->failed = "a stalled job did not complete";
        }
    }
    close(ends[0]);
    close(ends[1]);
}

static void *actor_run(void *argument)
{
    struct actor *actor = argument;

    for (unsigned int i = 0; i < actor->operations && actor->failed == NULL; i++) {
        if (i % POOL_LIFE == POOL_LIFE - 1) {
            actor_replace_pool(actor);
        } else if (i % 64 == 63) {
            actor_stall(actor);
        } else {
            actor_act(actor);
        }
    }
    while (actor->held_count > 0) {
        actor_drop(actor);
    }
    cinch_pool_destroy(actor->pool, CINCH_DRAIN);
    return NULL;
}

/* Of a record and those that came of it, which are freed. */
static void record_check(const struct record *record)
{
    assert_int_equal(0, atomic_load(&record->broken));
    if (record->accepted) {
        assert_in_range(record->completions, record->detached ? 0 : 1, 1);
    } else {
        assert_int_equal(0, record->completions + record->progress_calls);
    }
    if (record->child != NULL) {
        record_check(record->child);
        free(record->child);
    }
}

static unsigned int chosen_operations = DEFAULT_OPERATIONS;
static uint64_t chosen_seed = 1;

/* Plain inputs of all kinds, the last of them missing; then encoded ones. */
static void inputs_make(struct scratch *scratch, const char *inputs[INPUTS])
{
    cinch_pool *pool = pool_with_threads(1);
    struct bytes bytes;
    char name[16];

    for (int i = 0; i < INPUTS; i++) {
        snprintf(name, sizeof(name), "in%d", i);
        inputs[i] = scratch_path(scratch, name);
    }
    for (int i = 0; i < PLAIN - 1; i++) {
        bytes =
            file_make(inputs[i], (enum bytes_kind)(i % BYTES_KINDS), (size_t)i * 5000, (uint64_t)i);
        bytes_free(&bytes);
    }
    for (int i = 0; i < ENCODED; i++) {
        cinch_options options = CINCH_OPTIONS_INIT;
        options.format = 1 + i / 2;
        options.chunk_size = 4096;
        assert_code(CINCH_OK, compress_and_wait(pool, inputs[4], inputs[PLAIN + i], &options));
        if (i % 2 == 1) {
            bytes = file_read(inputs[PLAIN + i]);
            bytes.data[bytes.size * 2 / 3] ^= 0x55;
            file_write(inputs[PLAIN + i], &bytes);
            bytes_free(&bytes);
        }
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

static void anything_may_happen(void **state)
{
    struct scratch *scratch = *state;
    struct actor *actors = calloc(ACTORS, sizeof(struct actor));
    const char *inputs[INPUTS];
    unsigned int jobs = 0;

    assert_non_null(actors);
    inputs_make(scratch, inputs);
    for (int a = 0; a < ACTORS; a++) {
        struct actor *actor = &actors[a];
        char name[16];
        actor->random = chosen_seed * 1000 + (uint64_t)a;
        actor->operations = chosen_operations / ACTORS;
        actor->pool = pool_with_threads(2);
        memcpy(actor->inputs, inputs, sizeof(inputs));
        for (int i = 0; i < OUTPUTS; i++) {
            /* All but the last; that one has no folder. */
            snprintf(name, sizeof(name), i < OUTPUTS - 1 ? "out%d" : "no/out%d", i);
            actor->outputs[i] = scratch_path(scratch, name);
        }
    }
    for (int a = 0; a < ACTORS; a++) {
        assert_int_equal(0, pthread_create(&actors[a].thread, NULL, actor_run, &actors[a]));
    }
    for (int a = 0; a < ACTORS; a++) {
        assert_int_equal(0, pthread_join(actors[a].thread, NULL));
        if (actors[a].failed != NULL) {
            fail_msg("%s (operations %u, seed %llu)", actors[a].failed, chosen_operations,
                     (unsigned long long)chosen_seed);
        }
        jobs += actors[a].jobs;
        while (actors[a].records != NULL) {
            struct record *record = actors[a].records;
            record_check(record);
            actors[a].records = record->next;
            free(record);
        }
    }
    print_message("%u jobs\n", jobs);
    free(actors);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        scratch_test(anything_may_happen),
    };

    if (argc > 1) {
        chosen_operations = (unsigned int)strtoul(argv[1], NULL, 10);
    }
    if (argc > 2) {
        chosen_seed = strtoull(argv[2], NULL, 10);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
