/*
 * Judge: whether a run kept what the library promises.
 *
 * A rule each: how it ended, the callbacks, the output and what is beside it, and what the
 * process still holds. The first that is broken is recorded.
 */
#ifndef CINCH_TESTS_FAULT_JUDGE_H
#define CINCH_TESTS_FAULT_JUDGE_H

#include <stdbool.h>

#include "trial.h"
#include "use.h"
#include "world.h"

/* What the process held before a run. */
struct holdings {
    unsigned descriptors;
    long blocks;
};

struct holdings judge_holdings(void);

/* After the run, disarmed: the code and the message against what was refused. */
void judge_code(const struct used *used, struct trial *trial);

/* The callbacks, and what calls gave. */
void judge_callbacks(const struct used *used, struct trial *trial);

/* The files. */
void judge_files(const struct world *world, const struct used *used, struct trial *trial);

/* Memory, descriptors and threads. */
void judge_holdings_kept(const struct world *world, struct holdings before, struct trial *trial);

#endif
