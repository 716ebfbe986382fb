/*
 * work.h - an item as a job of the library
 */
#ifndef CLI_WORK_H
#define CLI_WORK_H

#include "cli/item.h"
#include "cli/mailbox.h"
#include "cli/settings.h"

/* What all jobs of a run have in common. */
struct work {
    const struct settings *settings;
    cinch_pool *pool;
    struct mailbox *mailbox; /* where completions put their items */
};

/* How one job is to be done. */
struct work_manner {
    bool durable; /* the job makes its output durable */
    bool held;    /* output for standard output goes to memory, until its turn has come */
};

/*
 * Submits a waiting item. Returns whether it runs; where it does not, the item has ended and
 * its report says why, or it `passes_through`.
 */
bool work_start(const struct work *work, struct item *item, struct work_manner manner);

/* Takes in the result of an item from the mailbox. The item has ended, and its report says how;
 * or it is waiting again, having proved too large to be held. */
void work_finish(const struct work *work, struct item *item);

#endif
