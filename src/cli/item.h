/*
 * item.h - one source on its way from the command line to a result
 *
 *     waiting ──► running ──► ended ──► reported and freed
 *        (plan.c)   (work.c)     (batch.c)
 *
 * An item that is refused before any work begins is made ended at once. Items belong to the
 * batch; its fields are the main thread's, but for `result` and `next_ended`, which the
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

struct item {
    struct item *next; /* in the order of the arguments, among those not reported */
    struct item *previous;
    struct item *next_ended; /* in the mailbox; see mailbox.h */
    uint64_t number;         /* in the order of the arguments */
    enum item_state state;
    bool succeeded;
    char *input;        /* path, or "-" for standard input */
    char *output;       /* path, or NULL for standard output */
    bool replace;       /* an existing output may be replaced */
    uint64_t size;      /* of the input as found, 0 where unknown */
    struct stat status; /* of the input as found; zeros for standard input */
    int input_fd;       /* what the job reads from where it was given a descriptor, else -1 */
    cinch_job *job;
    int32_t result; /* of the job */
    cinch_stats stats;
    struct text report; /* messages, held until all items before it were reported */
};

/* An item with nothing but its input filled in; freed with item_free(). */
struct item *item_create(const char *input);

/* Frees an item, drops its job's handle, closes its descriptor. NULL does nothing. */
void item_free(struct item *item);

/* Whether the source is standard input. */
bool item_is_stdin(const struct item *item);

/* The name for messages: the path, or "standard input". */
const char *item_name(const struct item *item);

#endif
