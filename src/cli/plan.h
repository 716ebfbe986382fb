/*
 * plan.h - what is to be done with one source, decided before any work begins
 */
#ifndef CLI_PLAN_H
#define CLI_PLAN_H

#include "cli/entry.h"
#include "cli/item.h"
#include "cli/settings.h"

/* What planning remembers from one source to the next. */
struct plan;

/* `settings` must stay valid. Never NULL. */
struct plan *plan_create(const struct settings *settings);
void plan_free(struct plan *plan);

/*
 * Makes the item for an entry: waiting, with the place of its output; or ended, its report
 * saying why nothing is done with it. Looks at the file system, makes directories below
 * --output-dir-mirror, and may ask the person at the terminal whether an output may be
 * replaced. The caller owns the item. NULL where a walk has come upon something that this run
 * has nothing to do with.
 */
struct item *plan_entry(struct plan *plan, const struct entry *entry);

/* To be called when an item of plan_entry() has ended: its output is there now, or never will be.
 */
void plan_forget(struct plan *plan, struct item *item);

#endif
