#include "support/percent.h"

#include <string.h>
#include <unistd.h>

#include "support/test.h"

enum percent_rule {
    RULE_NO_OVERLAP,
    RULE_NONE_AFTER_COMPLETION,
    RULE_ZERO_FIRST,
    RULE_INCREASES,
    RULE_WITHIN_RANGE,
    RULE_ONE_COMPLETION,
    RULES
};

static const char *const rule_sentences[RULES] = {
    "two callbacks of one file overlapped", "a callback came after completion",
    "the first percent was not 0",          "percent did not increase",
    "percent was outside 0 to 100",         "completion came more than once",
};

static struct percent_monitor slots[PERCENT_SLOTS];

static void rule_broken(struct percent_monitor *monitor, enum percent_rule rule)
{
    atomic_fetch_or_explicit(&monitor->broken, 1u << rule, memory_order_relaxed);
}

static void callback_enter(struct percent_monitor *monitor)
{
    if (atomic_fetch_add_explicit(&monitor->inside, 1, memory_order_relaxed) != 0) {
        rule_broken(monitor, RULE_NO_OVERLAP);
    }
    if (atomic_load_explicit(&monitor->complete, memory_order_relaxed)) {
        rule_broken(monitor, RULE_NONE_AFTER_COMPLETION);
    }
}

static void callback_leave(struct percent_monitor *monitor)
{
    atomic_fetch_sub_explicit(&monitor->inside, 1, memory_order_relaxed);
}

static void percent_progress(struct percent_monitor *monitor, int32_t percent)
{
    callback_enter(monitor);
    if (percent < 0 || percent > 100) {
        rule_broken(monitor, RULE_WITHIN_RANGE);
    }
    if (monitor->progress_calls == 0) {
        monitor->first_percent = percent;
        if (percent != 0) {
            rule_broken(monitor, RULE_ZERO_FIRST);
        }
    } else if (percent <= monitor->last_percent) {
        rule_broken(monitor, RULE_INCREASES);
    }
    monitor->progress_calls++;
    monitor->last_percent = percent;
    monitor->progress_thread = gettid();
    counter_add(&monitor->progressed);
    if (monitor->progress_hook != NULL) {
        monitor->progress_hook(monitor, percent);
    }
    callback_leave(monitor);
}

static void percent_complete(struct percent_monitor *monitor, int32_t error_code)
{
    callback_enter(monitor);
    if (atomic_exchange_explicit(&monitor->complete, true, memory_order_relaxed)) {
        rule_broken(monitor, RULE_ONE_COMPLETION);
    }
    monitor->completions++;
    monitor->error_code = error_code;
    if (monitor->completion_hook != NULL) {
        monitor->completion_hook(monitor, error_code);
    }
    callback_leave(monitor);
    counter_add(&monitor->completed);
}

#define SLOT_CALLBACKS(index)                                                                      \
    static void on_progress_##index(int32_t percent)                                               \
    {                                                                                              \
        percent_progress(&slots[index], percent);                                                  \
    }                                                                                              \
    static void on_complete_##index(int32_t error_code)                                            \
    {                                                                                              \
        percent_complete(&slots[index], error_code);                                               \
    }

SLOT_CALLBACKS(0)
SLOT_CALLBACKS(1)
SLOT_CALLBACKS(2)
SLOT_CALLBACKS(3)

struct percent_monitor *percent_monitor_start(unsigned int index)
{
    static const ProgressFn progress[PERCENT_SLOTS] = {on_progress_0, on_progress_1, on_progress_2,
                                                       on_progress_3};
    static const CompletionFn complete[PERCENT_SLOTS] = {on_complete_0, on_complete_1,
                                                         on_complete_2, on_complete_3};
    struct percent_monitor *monitor = &slots[index];

    memset(monitor, 0, sizeof(*monitor));
    monitor->on_progress = progress[index];
    monitor->on_complete = complete[index];
    counter_init(&monitor->progressed);
    counter_init(&monitor->completed);
    gate_init(&monitor->gate);
    return monitor;
}

void percent_monitor_stop(struct percent_monitor *monitor)
{
    counter_destroy(&monitor->progressed);
    counter_destroy(&monitor->completed);
    gate_destroy(&monitor->gate);
}

static bool rules_held(const struct percent_monitor *monitor, int32_t error_code)
{
    unsigned int broken = atomic_load_explicit(&monitor->broken, memory_order_relaxed);
    bool reached = monitor->progress_calls > 0 && monitor->last_percent == 100;
    bool good = broken == 0;

    for (unsigned int rule = 0; rule < RULES; rule++) {
        if ((broken & (1u << rule)) != 0) {
            print_error("contract: %s\n", rule_sentences[rule]);
        }
    }
    if (reached != (error_code == CINCH_OK)) {
        print_error("contract: the last percent was %d, and the code %s\n",
                    (int)monitor->last_percent, code_name(error_code));
        good = false;
    }
    return good;
}

void percent_assert_ended_at(const struct percent_monitor *monitor, int32_t error_code,
                             const char *file, int line)
{
    bool good = rules_held(monitor, error_code);

    if (monitor->completions != 1) {
        print_error("contract: completion came %u times\n", monitor->completions);
        good = false;
    }
    assert_code_at(error_code, monitor->error_code, "completion's error_code", file, line);
    if (!good) {
        _fail(file, line);
    }
}

void percent_assert_returned_at(const struct percent_monitor *monitor, int32_t error_code,
                                const char *file, int line)
{
    bool good = rules_held(monitor, error_code);

    if (monitor->progress_calls > 0 && monitor->progress_thread != gettid()) {
        print_error("contract: progress ran on another thread than the caller's\n");
        good = false;
    }
    if (!good) {
        _fail(file, line);
    }
}
