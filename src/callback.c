#include "callback.h"

#include <stddef.h>

/* How many callbacks this thread is inside of, and whose the innermost is. */
static _Thread_local unsigned depth;
static _Thread_local cinch_job *current;

cinch_job *callback_enter(cinch_job *job)
{
    cinch_job *outer = current;
    current = job;
    depth++;
    return outer;
}

void callback_leave(cinch_job *outer)
{
    depth--;
    current = outer;
}

bool callback_is_running(void)
{
    return depth > 0;
}

cinch_job *callback_job(void)
{
    return current;
}
