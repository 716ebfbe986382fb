#include "actor.h"

#include <string.h>

#define ACTOR_OF(pointer, field)                                                                   \
    ((struct actor *)(void *)((char *)(pointer)-offsetof(struct actor, field)))

static void run(struct pool_task *task, struct worker *worker)
{
    struct actor *actor = ACTOR_OF(task, task);

    counter_add(&actor->entered);
    if (actor->on_run != NULL) {
        actor->on_run(actor, worker);
    }
    counter_add(&actor->ran);
}

static void resume(struct pool_task *task, struct worker *worker)
{
    struct actor *actor = ACTOR_OF(task, wait.task);

    counter_add(&actor->woken);
    if (actor->on_resume != NULL) {
        actor->on_resume(actor, worker);
    }
    counter_add(&actor->resumed);
}

static void cancel(struct pool_member *member)
{
    struct actor *actor = ACTOR_OF(member, member);

    atomic_fetch_add(&actor->cancels, 1);
    actor_expedite(actor);
}

static void retain(struct pool_member *member)
{
    atomic_fetch_add(&ACTOR_OF(member, member)->retains, 1);
}

static void release(struct pool_member *member)
{
    atomic_fetch_add(&ACTOR_OF(member, member)->releases, 1);
}

void actor_init(struct actor *actor, cinch_pool *pool, char name, actor_step on_run,
                actor_step on_resume)
{
    memset(actor, 0, sizeof *actor);
    actor->task.run = run;
    actor->wait.task.run = resume;
    actor->wait.member = &actor->member;
    actor->member.task = &actor->task;
    actor->member.cancel = cancel;
    actor->member.retain = retain;
    actor->member.release = release;
    actor->pool = pool;
    actor->name = name;
    actor->on_run = on_run;
    actor->on_resume = on_resume;
    gate_init(&actor->gate);
    counter_init(&actor->entered);
    counter_init(&actor->ran);
    counter_init(&actor->woken);
    counter_init(&actor->resumed);
}

void actor_destroy(struct actor *actor)
{
    counter_destroy(&actor->resumed);
    counter_destroy(&actor->woken);
    counter_destroy(&actor->ran);
    counter_destroy(&actor->entered);
    gate_destroy(&actor->gate);
}

void actor_expedite(struct actor *actor)
{
    struct pool_wait *const waits[] = {&actor->wait};

    pool_expedite(actor->pool, &actor->member, waits, 1);
}

void actor_hold(struct actor *actor, struct worker *worker)
{
    (void)worker;
    gate_pass(&actor->gate);
}

void actor_note(struct actor *actor, struct worker *worker)
{
    (void)worker;
    log_note(actor->name);
}

void actor_note_and_leave(struct actor *actor, struct worker *worker)
{
    actor_note(actor, worker);
    pool_leave(actor->pool, &actor->member);
}

static _Atomic char entries[LOG_SIZE];
static atomic_size_t entries_count;

void log_clear(void)
{
    for (size_t i = 0; i < LOG_SIZE; i++) {
        atomic_store(&entries[i], '\0');
    }
    atomic_store(&entries_count, 0);
}

void log_note(char name)
{
    size_t place = atomic_fetch_add(&entries_count, 1);

    if (place < LOG_SIZE) {
        atomic_store(&entries[place], name);
    }
}

const char *log_text(void)
{
    static char text[LOG_SIZE + 1];

    for (size_t i = 0; i < LOG_SIZE; i++) {
        text[i] = atomic_load(&entries[i]);
    }
    return text;
}
