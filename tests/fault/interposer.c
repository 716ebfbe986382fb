#include "interposer.h"

#include <string.h>

struct interposer interposer;

/* How deep this thread is inside of calls that are nobody's business. */
static _Thread_local unsigned pauses;

/* Whether this thread is one that begins with such. */
static _Thread_local bool has_begun;

const char *fault_mode_name(enum fault_mode mode)
{
    static const char *const names[FAULT_MODES] = {"none", "once",      "always",
                                                   "same", "alternate", "short"};
    return names[mode];
}

void interposer_arm(const struct fault_plan *plan)
{
    interposer.plan = *plan;
    atomic_store(&interposer.count, 0);
    atomic_store(&interposer.fired_count, 0);
    atomic_store(&interposer.same, CALL_COUNT);
    memset(interposer.turns, 0, sizeof interposer.turns);
    atomic_store(&interposer.is_published, false);
    has_begun = true;
    atomic_store(&interposer.is_armed, true);
}

void interposer_disarm(void)
{
    atomic_store(&interposer.is_armed, false);
}

void interposer_begin_thread(void)
{
    has_begun = true;
}

void interposer_end_thread(void)
{
    has_begun = false;
}

void interposer_pause(void)
{
    pauses++;
}

void interposer_resume(void)
{
    pauses--;
}

UNCHECKED bool interposer_is_idle(void)
{
    return pauses > 0 || !has_begun ||
           !atomic_load_explicit(&interposer.is_armed, memory_order_relaxed);
}

static void note(enum call call, uint32_t number, const struct refusal *refusal)
{
    unsigned place = atomic_fetch_add(&interposer.fired_count, 1);
    if (place < FIRED_MOST) {
        interposer.fired[place].call = call;
        interposer.fired[place].number = number;
        interposer.fired[place].refusal = refusal;
    }
}

/* Whether the plan means the call of this number. */
static bool is_meant(enum call call, uint32_t number)
{
    const struct fault_plan *plan = &interposer.plan;
    switch (plan->mode) {
    case FAULT_ONCE:
        return number == plan->first || number == plan->second;
    case FAULT_SAME:
        if (number == plan->first)
            atomic_store(&interposer.same, (int)call);
        return number >= plan->first && atomic_load(&interposer.same) == (int)call;
    case FAULT_ALWAYS:
    case FAULT_SHORT:
        return number >= plan->first;
    case FAULT_ALTERNATE:
        return number >= plan->first && atomic_fetch_add(&interposer.turns[call], 1) % 2 == 0;
    default:
        return false;
    }
}

/* Counts the call; returns its number, 0 where it is nobody's business. */
static uint32_t count_call(enum call call)
{
    if (interposer_is_idle())
        return 0;
    uint32_t number = atomic_fetch_add(&interposer.count, 1) + 1;
    if (interposer.hook != NULL) {
        pauses++;
        interposer.hook(interposer.context, number, call);
        pauses--;
    }
    return number;
}

static int refuse(enum call call, uint32_t number)
{
    const struct fault_plan *plan = &interposer.plan;
    if (number == 0 || plan->mode == FAULT_SHORT || !is_meant(call, number))
        return 0;
    if (plan->index >= call_refusals_count(call))
        return 0;
    const struct refusal *refusal = call_refusal(call, plan->index);
    /* Who waits for something to pass must see it pass, and what does not pass is no news the
     * second time. */
    if ((plan->mode == FAULT_ALWAYS || plan->mode == FAULT_SAME) && refusal->passes)
        return 0;
    if (plan->mode == FAULT_ALTERNATE && !refusal->passes)
        return 0;
    note(call, number, refusal);
    return refusal->error;
}

int interposer_enter(enum call call)
{
    return refuse(call, count_call(call));
}

int interposer_enter_transfer(enum call call, size_t *size)
{
    uint32_t number = count_call(call);
    if (number != 0 && interposer.plan.mode == FAULT_SHORT && call_can_be_short(call) &&
        is_meant(call, number) && *size > 1) {
        note(call, number, NULL);
        *size = 1;
    }
    return refuse(call, number);
}
