/*
 * Scenario: a program of API calls made from a seed, on one pool, with everything that the
 * interface allows at once.
 *
 * One to three clients submit, cancel, wait, close, detach, release and look; callbacks do the
 * same beside what is refused there; pipes stall and are fed by threads of their own; some inputs
 * are missing, damaged or empty; some threads cannot be started; and in the end one client
 * destroys the pool, draining or cancelling, while the others go on. A pool must outlive its
 * submits' calls, so that client leaves a last job behind whose completion waits until nobody is
 * in a submit.
 */
#ifndef CINCH_TESTS_SCHEDULE_SCENARIO_H
#define CINCH_TESTS_SCHEDULE_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

#include "schedule/scheduler.h"

/* Makes the inputs in `folder`, which exists and is empty, and what must become of them. */
void scenario_prepare(const char *folder);

/* Runs one seed, and ends the program if it breaks a rule. */
struct schedule_summary scenario_run(uint64_t seed, bool is_traced);

/* Removes what scenario_prepare() has made, but not the folder. */
void scenario_tidy(void);

#endif
