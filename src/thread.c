#include "thread.h"

#include <signal.h>

int thread_start(pthread_t *thread, size_t stack, void *(*run)(void *argument), void *argument)
{
    pthread_attr_t attributes;
    int error = pthread_attr_init(&attributes);
    if (error != 0)
        return error;
    size_t stack_default = 0;
    if (pthread_attr_getstacksize(&attributes, &stack_default) != 0 || stack_default < stack)
        pthread_attr_setstacksize(&attributes, stack);

    /* A thread begins with its maker's mask: none of the program's signals is for us. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(thread, &attributes, run, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return error;
}
