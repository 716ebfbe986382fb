#include "interposer.h"

#include <string.h>

struct interposer interposer;

/* How deep this thread is inside of calls that are nobody's business. */
static _Thread_local unsigned pauses;

const char *fault_mode_name(enum fault_mode mode)
{
    static const char *const names[FAULT_MODES] = {"none", "once", "always", "alternate", "short"};
    return names[mode];
}

void interposer_arm(const struct fault_plan *plan)
{
    interposer.plan = *plan;
    atomic_store(&interposer.count, 0);
    atomic_store(&interposer.fired_count, 0);
    atomic_store(&interposer.is_published, false);
    atomic_store(&interposer.is_armed, true);
}

void interposer_disarm(void)
{
    atomic_store(&interposer.is_armed, false);
}

void interposer_pause(void)
{
    pauses++;
}

void interposer_resume(void)
{
    pauses--;
}

bool interposer_is_idle(void)
{
    return pauses > 0 || !atomic_load_explicit(&interposer.is_armed, memory_order_relaxed);
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
static bool is_meant(uint32_t number)
{
    const struct fault_plan *plan = &interposer.plan;
    switch (plan->mode) {
    case FAULT_ONCE:
        return number == plan->first || number == plan->second;
    case FAULT_ALWAYS:
    case FAULT_SHORT:
        return number >= plan->first;
    case FAULT_ALTERNATE:
        return number >= plan->first && (number - plan->first) % 2 == 0;
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
    if (number == 0 || plan->mode == FAULT_SHORT || !is_meant(number))
        return 0;
    if (plan->index >= call_refusals_count(call))
        return 0;
    const struct refusal *refusal = call_refusal(call, plan->index);
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
        is_meant(number) && *size > 1) {
        note(call, number, NULL);
        *size = 1;
    }
    return refuse(call, number);
}
