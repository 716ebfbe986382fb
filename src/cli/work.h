/*
 * work.h - an item as a job of the library
 */
#ifndef CLI_WORK_H
#define CLI_WORK_H

#include "cli/item.h"
#include "cli/mailbox.h"
#include "cli/settings.h"

/*
 * Submits a waiting item to `pool`; its completion puts the item into `mailbox`. Returns
 * whether it runs; where it does not, the item has ended and its report says why.
 */
bool work_start(struct item *item, const struct settings *settings, cinch_pool *pool,
                struct mailbox *mailbox);

/* Takes in the result of an item from the mailbox: it has ended, and its report says how. */
void work_finish(struct item *item, const struct settings *settings);

#endif
