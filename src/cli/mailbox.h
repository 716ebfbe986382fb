/*
 * mailbox.h - where workers leave the items that have ended, for the main thread
 *
 * mailbox_put() is called on worker threads, inside completion callbacks; everything else on
 * the main thread.
 */
#ifndef CLI_MAILBOX_H
#define CLI_MAILBOX_H

#include "cli/item.h"

struct mailbox;

/* Ends the program where there are no descriptors or memory for one. */
struct mailbox *mailbox_create(void);

/* No worker may put anything any more. */
void mailbox_free(struct mailbox *mailbox);

/* A descriptor that is readable while something waits in the box. */
int mailbox_descriptor(const struct mailbox *mailbox);

/* Any thread. Never blocks for long: the lock is held for a few instructions. */
void mailbox_put(struct mailbox *mailbox, struct item *item);

/* Takes everything that is in the box: a list by `next_ended`, in no promised order. */
struct item *mailbox_take(struct mailbox *mailbox);

#endif
