#include "schedule/scheduler_objects.h"

#include <stddef.h>

#include "schedule/scheduler.h"

enum {
    OBJECTS_MAX = 512
};

static struct object objects[OBJECTS_MAX];
static unsigned objects_used; /* entries from here on were never used */
static unsigned count;

struct object *object_find(const void *address)
{
    for (unsigned i = 0; i < objects_used; i++) {
        if (objects[i].address == address)
            return &objects[i];
    }
    return NULL;
}

bool object_add(const void *address)
{
    if (object_find(address) != NULL)
        return false;
    struct object *object = object_find(NULL);
    if (object == NULL) {
        if (objects_used == OBJECTS_MAX)
            schedule_fail("more than %d locks and conditions in one run", OBJECTS_MAX);
        object = &objects[objects_used++];
    }
    *object = (struct object){.address = address};
    count++;
    return true;
}

void object_remove(struct object *object)
{
    object->address = NULL;
    count--;
}

unsigned objects_count(void)
{
    return count;
}
