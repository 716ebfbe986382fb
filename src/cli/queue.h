/*
 * queue.h - the items that have not been reported, in the order of the arguments
 */
#ifndef CLI_QUEUE_H
#define CLI_QUEUE_H

#include "cli/item.h"

struct queue {
    struct item *first;
    struct item *last;
    size_t length;
};

void queue_append(struct queue *queue, struct item *item);

/* Takes an item out, wherever it stands, and frees it. */
void queue_drop(struct queue *queue, struct item *item);

#endif
