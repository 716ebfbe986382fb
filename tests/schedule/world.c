#include "schedule/world.h"

#include <stdio.h>
#include <stdlib.h>

#include "schedule/scheduler.h"

/* --- What callbacks do ------------------------------------------------------------------ */

static void act_in_callback(struct job *job)
{
    uint64_t *random = &job->random;
    for (uint64_t points = random_next(random) % 4; points > 0; points--)
        schedule_point("a slow callback");
    if (!job->acts)
        return;
    bool itself = random_next(random) % 2 == 0;
    struct job *other = itself ? job : world_find(job->world, random, false);
    bool is_usable = other != NULL && other->contract.handle == HANDLE_LIVE;
    switch (random_next(random) % 10) {
    case 0:
    case 1:
        world_submit(job->world, random, false);
        break;
    case 2:
        if (is_usable)
            contract_cancel(&other->contract);
        break;
    case 3:
        if (is_usable)
            contract_look(&other->contract);
        break;
    case 4:
        if (is_usable && other->contract.uses == 0)
            job_drop_somehow(other, random, true);
        break;
    case 5:
        if (is_usable && random_next(random) % 2 == 0)
            contract_call_in_callback(&job->contract, &other->contract,
                                      (unsigned)(random_next(random) % 3));
        break;
    default:
        break;
    }
}

static void on_progress(void *user, uint64_t done, uint64_t total)
{
    struct job *job = user;
    contract_progress(&job->contract, done, total);
    act_in_callback(job);
    contract_leave(&job->contract);
}

static bool nobody_submits(void *argument)
{
    const struct world *world = argument;
    return world->pool.is_ending && world->submitting == 0;
}

static void on_complete(void *user, int32_t code)
{
    struct job *job = user;
    contract_completion(&job->contract, code);
    act_in_callback(job);
    if (job->is_last) {
        schedule_wait_for(nobody_submits, job->world, "wait until nobody submits");
        job->world->is_closed = true;
    }
    contract_leave(&job->contract);
}

/* --- Submitting ------------------------------------------------------------------------- */

static struct job *new_job(struct world *world, uint64_t *random)
{
    if (world->jobs_count == JOBS_MAX)
        return NULL;
    struct job *job = &world->jobs[world->jobs_count];
    job->contract.number = world->jobs_count++;
    job->contract.pool = &world->pool;
    job->world = world;
    job->random = random_next(random);
    job->acts = random_next(random) % 2 == 0;
    job->contract.wants_handle = random_next(random) % 6 != 0;
    job->contract.hears_progress = random_next(random) % 4 != 0;
    job->contract.hears_completion = random_next(random) % 8 != 0;
    return job;
}

/* Where the output goes: a place of its own, with or without something there; one that several
 * jobs write to; or a folder that is not there. */
static void choose_output(struct job *job, const struct input *input, uint64_t *random,
                          uint32_t *flags)
{
    struct job_contract *contract = &job->contract;
    uint64_t choice = random_next(random);
    bool is_shared = choice % 6 == 0;
    bool is_nowhere = choice % 31 == 0;
    if (asprintf(&job->output, "%s/%s%u", job->world->folder,
                 is_nowhere  ? "no/out"
                 : is_shared ? "shared"
                             : "out",
                 is_shared ? 0 : contract->number) < 0)
        abort();
    if (choice / 64 % 8 == 0)
        *flags |= CINCH_FLAG_NO_REPLACE;
    if (is_nowhere) {
        contract->expected = input->expected == CINCH_OK ? CINCH_E_NOT_FOUND : input->expected;
        contract->or_expected = CINCH_E_NOT_FOUND;
        return;
    }
    if (is_shared) {
        contract->or_expected =
            (*flags & CINCH_FLAG_NO_REPLACE) != 0 ? CINCH_E_EXISTS : contract->expected;
        return;
    }
    contract->output = job->output;
    contract->output_after = input->is_encoded ? input->content : input->encoded[job->format - 1];
    if (choice / 512 % 4 == 0) {
        file_write_text(job->output, "what was there before");
        contract->output_before = digest_file(job->output);
        if ((*flags & CINCH_FLAG_NO_REPLACE) != 0 && input->expected == CINCH_OK)
            contract->expected = CINCH_E_EXISTS;
        if ((*flags & CINCH_FLAG_NO_REPLACE) != 0)
            contract->or_expected = CINCH_E_EXISTS;
    }
}

/* Chooses pipes, and what may come of their breaking. */
static void choose_pipes(struct job *job, const struct input *input, uint64_t *random)
{
    struct job_contract *contract = &job->contract;
    pump_make(&job->pump, input, random_next(random));
    if (job->pump.breaks_feed && input->is_encoded) {
        contract->expected = CINCH_E_TRUNCATED;
        contract->or_expected = input->expected;
    }
    if (job->pump.breaks_take)
        contract->or_expected = CINCH_E_BROKEN_PIPE;
}

static void submit(struct job *job, const struct input *input, cinch_options *options,
                   bool has_pipes)
{
    struct world *world = job->world;
    struct job_contract *contract = &job->contract;
    cinch_job **handle = contract->wants_handle ? &contract->job : NULL;
    bool was_refused = world->pool.has_refused;
    bool is_client = schedule_is_test_thread();
    int32_t code;
    options->level = INPUTS_LEVEL;
    options->chunk_size = INPUTS_CHUNK;
    options->format = job->format;
    options->on_progress = contract->hears_progress ? on_progress : NULL;
    options->on_complete = contract->hears_completion ? on_complete : NULL;
    options->user = job;
    world->submitting += is_client;
    if (has_pipes)
        code = (input->is_encoded ? cinch_decompress_fd : cinch_compress_fd)(
            world->pool.pool, job->pump.feed[0], job->pump.take[1], options, handle);
    else
        code = (input->is_encoded ? cinch_decompress : cinch_compress)(
            world->pool.pool, input->path, job->output, options, handle);
    contract_submitted(contract, code, was_refused);
    world->submitting -= is_client;
}

struct job *world_submit(struct world *world, uint64_t *random, bool may_have_pipes)
{
    const struct input *input = input_at((unsigned)(random_next(random) % inputs_count()));
    cinch_options options = CINCH_OPTIONS_INIT;
    struct job *job = new_job(world, random);
    if (job == NULL)
        return NULL;
    bool has_pipes =
        may_have_pipes && random_next(random) % 4 == 0 && input->expected != CINCH_E_NOT_FOUND;
    job->format = 1 + (int32_t)(random_next(random) % FORMATS);
    job->contract.expected = job->contract.or_expected = input->expected;
    if (random_next(random) % 8 == 0 && !input->is_encoded)
        options.flags |= CINCH_FLAG_VERIFY;
    if (has_pipes)
        choose_pipes(job, input, random);
    else
        choose_output(job, input, random, &options.flags);
    submit(job, input, &options, has_pipes);
    if (job->contract.is_accepted || has_pipes)
        pump_start(job);
    return job;
}

struct job *world_submit_last(struct world *world, uint64_t *random)
{
    cinch_options options = CINCH_OPTIONS_INIT;
    struct job *job = new_job(world, random);
    if (job == NULL)
        return NULL;
    job->is_last = true;
    job->format = CINCH_FORMAT_ZSTD;
    job->contract.hears_completion = true;
    job->contract.wants_handle = false;
    if (asprintf(&job->output, "%s/out%u", world->folder, job->contract.number) < 0)
        abort();
    submit(job, input_at(0), &options, false);
    return job;
}

/* --- Handles ---------------------------------------------------------------------------- */

struct job *world_find(struct world *world, uint64_t *random, bool to_drop)
{
    unsigned from = (unsigned)(random_next(random) % JOBS_MAX);
    for (unsigned i = 0; i < world->jobs_count; i++) {
        struct job *job = &world->jobs[(from + i) % world->jobs_count];
        if (job->contract.handle == HANDLE_LIVE && !(to_drop && job->contract.uses != 0))
            return job;
    }
    return NULL;
}

void job_drop_somehow(struct job *job, uint64_t *random, bool in_callback)
{
    switch (random_next(random) % (in_callback ? 2 : 4)) {
    case 0:
        contract_release(&job->contract);
        break;
    case 1:
        contract_detach(&job->contract);
        break;
    case 2:
        contract_close(&job->contract);
        break;
    default:
        contract_wait(&job->contract);
        /* Somebody else may have begun to use it, or dropped it, meanwhile. */
        if (job->contract.uses == 0 && job->contract.handle == HANDLE_LIVE)
            contract_release(&job->contract);
        break;
    }
}
