/*
 * The scheduler's account of locks and conditions, by their addresses.
 */
#ifndef CINCH_TESTS_SCHEDULE_SCHEDULER_OBJECTS_H
#define CINCH_TESTS_SCHEDULE_SCHEDULER_OBJECTS_H

#include <stdbool.h>

struct thread;

struct object {
    const void *address;   /* NULL: the entry is free */
    struct thread *holder; /* of a lock */
    unsigned users;        /* threads that wait for it, or will take it after a wait */
};

/* False: there is one at this address. An object stays where it is until it is removed. */
bool object_add(const void *address);

/* NULL: there is none. */
struct object *object_find(const void *address);

void object_remove(struct object *object);

unsigned objects_count(void);

#endif
