#include "cli/queue.h"

void queue_append(struct queue *queue, struct item *item)
{
    item->previous = queue->last;
    item->next = NULL;
    if (queue->last)
        queue->last->next = item;
    else
        queue->first = item;
    queue->last = item;
    queue->length++;
}

void queue_drop(struct queue *queue, struct item *item)
{
    if (item->previous)
        item->previous->next = item->next;
    else
        queue->first = item->next;
    if (item->next)
        item->next->previous = item->previous;
    else
        queue->last = item->previous;
    queue->length--;
    item_free(item);
}
