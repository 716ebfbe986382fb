#include "schedule/scenario.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "schedule/world.h"
#include "support/process.h"
#include "support/scratch.h"
#include "thread.h"

enum {
    CLIENTS_MAX = 3
};

struct client {
    pthread_t thread;
    struct world *world;
    uint64_t random;
    unsigned acts;
    bool destroys; /* the pool, in the end */
};

static const char *scenario_folder;
static size_t descriptors; /* open between two scenarios */

/* --- Clients ---------------------------------------------------------------------------- */

static void client_act(struct client *client)
{
    struct world *world = client->world;
    uint64_t choice = random_next(&client->random) % 16;
    if (choice < 7) {
        if (!world->is_closed)
            world_submit(world, &client->random, true);
        return;
    }
    struct job *job = world_find(world, &client->random, choice >= 13);
    if (job == NULL)
        return;
    if (choice < 10)
        contract_cancel(&job->contract);
    else if (choice < 11)
        contract_wait(&job->contract);
    else if (choice < 13)
        contract_look(&job->contract);
    else
        job_drop_somehow(job, &client->random, false);
}

/* Leaves a last job behind, and destroys the pool under it and all others. */
static void destroy_pool(struct client *client)
{
    struct world *world = client->world;
    if (world_submit_last(world, &client->random) == NULL)
        world->is_closed = true; /* there are as many jobs as can be, so nobody submits either */
    contract_destroy(&world->pool, (int32_t)(random_next(&client->random) % 2));
    for (unsigned i = 0; i < world->jobs_count; i++)
        contract_pool_is_gone(&world->jobs[i].contract);
}

static void *client_main(void *argument)
{
    struct client *client = argument;
    for (unsigned i = 0; i < client->acts; i++) {
        schedule_point("between two calls");
        client_act(client);
    }
    if (client->destroys)
        destroy_pool(client);
    struct job *job;
    while (random_next(&client->random) % 4 != 0 &&
           (job = world_find(client->world, &client->random, true)) != NULL)
        job_drop_somehow(job, &client->random, false);
    return NULL;
}

/* --- A scenario ------------------------------------------------------------------------- */

static bool make_pool(struct world *world, uint64_t *random)
{
    cinch_pool_options options = CINCH_POOL_OPTIONS_INIT;
    options.threads = 1 + (uint32_t)(random_next(random) % 4);
    unsigned refused = random_next(random) % 4 == 0 ? 30 : 0;
    schedule_refuse_threads(refused);
    int32_t code = cinch_pool_create(&options, &world->pool.pool);
    if (code != CINCH_OK && (refused == 0 || code != CINCH_E_NO_THREAD))
        schedule_fail("no pool could be made: %d", (int)code);
    return code == CINCH_OK;
}

static void run_clients(struct world *world, uint64_t *random)
{
    struct client clients[CLIENTS_MAX];
    unsigned count = 1 + (unsigned)(random_next(random) % CLIENTS_MAX);
    for (unsigned i = 0; i < count; i++) {
        struct client *client = &clients[i];
        client->world = world;
        client->random = random_next(random);
        client->acts = 2 + (unsigned)(random_next(random) % 8);
        client->destroys = i == 0;
        schedule_start(&client->thread, client_main, client);
    }
    for (unsigned i = 0; i < count; i++)
        thread_join(clients[i].thread);
}

/* All threads of the pool are gone: what must hold now, and nothing is left. */
static void finish(struct world *world, uint64_t *random)
{
    struct job *job;
    while ((job = world_find(world, random, true)) != NULL)
        job_drop_somehow(job, random, false);
    for (unsigned i = 0; i < world->jobs_count; i++) {
        job = &world->jobs[i];
        pump_finish(job);
        contract_check_end(&job->contract);
        if (job->output != NULL)
            unlink(job->output);
        free(job->output);
    }
    if (scratch_hidden_count(world->folder) != 0)
        schedule_fail("a temporary was left behind");
    if (process_descriptor_count() != descriptors)
        schedule_fail("a descriptor was left open");
}

struct schedule_summary scenario_run(uint64_t seed, bool is_traced)
{
    struct world *world = calloc(1, sizeof *world);
    uint64_t random = ~seed;
    if (world == NULL)
        abort();
    world->folder = scenario_folder;
    schedule_begin(seed, is_traced);
    if (make_pool(world, &random)) {
        run_clients(world, &random);
        finish(world, &random);
    }
    struct schedule_summary summary = schedule_end();
    free(world);
    return summary;
}

void scenario_prepare(const char *folder)
{
    scenario_folder = folder;
    inputs_make(folder);
    descriptors = process_descriptor_count();
}

void scenario_tidy(void)
{
    inputs_remove();
}
