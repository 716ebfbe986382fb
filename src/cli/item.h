/*
 * item.h - one source on its way from the command line to a result
 *
 *     waiting ──► running ──► ended ──► reported and freed
 *      (plan.c)    (work.c)     (batch.c)
 *
 * An item that is refused before any work begins is made ended at once. Items belong to the
 * batch; their fields are the main thread's, but for `result` and `next_ended`, which the
 * completion callback writes before the mailbox hands the item over.
 */
#ifndef CLI_ITEM_H
#define CLI_ITEM_H

#include "cli/text.h"

#include <cinch/cinch.h>

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

enum item_state {
    ITEM_WAITING, /* may be submitted */
    ITEM_RUNNING, /* its job has been submitted and has not been collected */
    ITEM_ENDED    /* `succeeded`, `stats` and `report` are final */
};

enum destination {
    DESTINATION_FILE,   /* `output` */
    DESTINATION_STDOUT, /* in the items' order: directly, or through `held` */
    DESTINATION_NOWHERE /* the data is only looked at */
};

struct item {
    struct item *next; /* in the order of the arguments, among those not reported */
    struct item *previous;
    struct item *next_ended; /* in the mailbox; see mailbox.h */
    uint64_t number;         /* in the order of the arguments, from 0 */
    enum item_state state;
    bool succeeded;

    char *input; /* path; "-" for standard input */
    bool is_stdin;
    struct stat status; /* of the input as found; zeros for standard input */
    uint64_t size;      /* bytes that will be read, 0 where unknown */

    enum destination destination;
    char *output;           /* path, for DESTINATION_FILE */
    bool output_is_noted;   /* the plan knows whose it is */
    bool replace;           /* an existing output may be replaced */
    bool passes_through;    /* is not compressed, and copied as it is (-dcf) */
    bool must_be_direct;    /* has proved too large to be held */
    bool removal_is_queued; /* the source goes once the output is durable */

    int input_fd; /* what the job reads from where it was given a descriptor, else -1 */
    int held;     /* a memory file with output that waits for its turn, else -1 */
    cinch_job *job;
    struct mailbox *mailbox; /* where the job's completion puts the item */
    int32_t result;          /* of the job */
    cinch_stats stats;
    struct text report; /* messages, held until all items before it were reported */
};

/* An item with nothing but its input filled in; freed with item_free(). */
struct item *item_create(const char *input);

/* Frees an item, drops its job's handle, closes its descriptors. NULL does nothing. */
void item_free(struct item *item);

/* The name for messages: the path, or "standard input". */
const char *item_name(const struct item *item);

/* Whether the item has something to show or to write when its turn comes. */
bool item_has_report(const struct item *item);

#endif
