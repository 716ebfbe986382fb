/* Threads, locks and conditions: what of them may be refused when it is made. */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "interposer.h"
#include "wrap.h"

/* The address sanitizer has to know of threads; its function is not the next one behind ours, but
 * in this program. */
int __interceptor_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                                 void *(*function)(void *), void *argument) __attribute__((weak));

/* What a thread is to run. */
struct start {
    void *(*function)(void *);
    void *argument;
};

static void *run_thread(void *argument)
{
    struct start start = *(struct start *)argument;
    free(argument);
    interposer_begin_thread();
    void *result = start.function(start.argument);
    interposer_end_thread();
    return result;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*function)(void *),
                   void *argument)
{
    NEXT(pthread_create);
    int error = interposer_enter(CALL_THREAD);
    if (error != 0)
        return error;
    /* What the C library allocates for a thread it keeps for the next one. */
    interposer_pause();
    struct start *start = malloc(sizeof *start);
    if (start == NULL) {
        error = EAGAIN;
    } else {
        *start = (struct start){function, argument};
        if (__interceptor_pthread_create != NULL)
            error = __interceptor_pthread_create(thread, attributes, run_thread, start);
        else
            error = next(thread, attributes, run_thread, start);
        if (error != 0)
            free(start);
    }
    interposer_resume();
    return error;
}

/* Whether libzstd has called. glibc's locks and conditions can always be made; libzstd 1.5.4, which
 * is built for it, does not bear to be refused one, and nothing of ours can stand in between. */
static bool is_of_libzstd(const void *caller)
{
    Dl_info info;
    return dladdr(caller, &info) != 0 && strstr(info.dli_fname, "libzstd") != NULL;
}

int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes)
{
    NEXT(pthread_mutex_init);
    int error = is_of_libzstd(__builtin_return_address(0)) ? 0 : interposer_enter(CALL_MUTEX);
    return error != 0 ? error : next(mutex, attributes);
}

int pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes)
{
    NEXT(pthread_cond_init);
    int error = is_of_libzstd(__builtin_return_address(0)) ? 0 : interposer_enter(CALL_CONDITION);
    return error != 0 ? error : next(condition, attributes);
}
