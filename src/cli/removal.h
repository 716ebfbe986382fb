/*
 * removal.h - sources that go once their outputs are safe
 *
 * A source is removed only if its output is there, complete and durable, and only if the name
 * still means the file that was read: same inode, same size, same time of change.
 *
 * One file's output is made durable by its own job (fsync of file and directory). For many, that
 * would be two waits for the disk a file; there one syncfs() serves up to REMOVAL_LIMIT of
 * them, from a descriptor that was open before they were written, so that no failed write goes
 * unnoticed (Linux 5.8; on older kernels jobs do it one by one).
 *
 * Main thread only.
 */
#ifndef CLI_REMOVAL_H
#define CLI_REMOVAL_H

#include "cli/item.h"
#include "cli/settings.h"

enum {
    REMOVAL_LIMIT = 512
};

struct removal;

/* `settings` must stay valid. Never NULL. */
struct removal *removal_create(const struct settings *settings);
void removal_free(struct removal *removal);

/* To be called before the item's job is submitted. Returns whether the job itself must make
 * its output durable. */
bool removal_prepare(struct removal *removal, const struct item *item);

/*
 * Queues the source of an item that has succeeded; the item must stay until
 * `removal_is_queued` is false again. Returns whether the queue is full.
 */
bool removal_add(struct removal *removal, struct item *item);

/* Milliseconds until removal_flush() is due, or -1 where nothing is queued. */
int removal_delay(const struct removal *removal);

/* Makes what is queued durable and removes the sources; what cannot be removed is said in the
 * items' reports. */
void removal_flush(struct removal *removal);

/* Forgets what is queued: those sources stay, and nothing here refers to their items any more. */
void removal_abandon(struct removal *removal);

#endif
