/* Threads, locks and conditions: what of them may be refused when it is made. */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stddef.h>

#include "interposer.h"
#include "wrap.h"

/* The address sanitizer has to know of threads; its function is not the next one behind ours, but
 * in this program. */
int __interceptor_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                                 void *(*function)(void *), void *argument) __attribute__((weak));

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*function)(void *),
                   void *argument)
{
    NEXT(pthread_create);
    int error = interposer_enter(CALL_THREAD);
    if (error != 0)
        return error;
    /* What the C library allocates for a thread it keeps for the next one. */
    interposer_pause();
    if (__interceptor_pthread_create != NULL)
        error = __interceptor_pthread_create(thread, attributes, function, argument);
    else
        error = next(thread, attributes, function, argument);
    interposer_resume();
    return error;
}

int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes)
{
    NEXT(pthread_mutex_init);
    int error = interposer_enter(CALL_MUTEX);
    return error != 0 ? error : next(mutex, attributes);
}

int pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes)
{
    NEXT(pthread_cond_init);
    int error = interposer_enter(CALL_CONDITION);
    return error != 0 ? error : next(condition, attributes);
}
