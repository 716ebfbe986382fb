#include "refusal.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/types.h>

static _Atomic int kind = -1; /* an enum refusal; -1: nothing is refused */
static atomic_uint left;      /* calls before the one that is refused */
static atomic_bool happened;

void refusal_begin(enum refusal refusal, unsigned number)
{
    atomic_store(&left, number);
    atomic_store(&happened, false);
    atomic_store(&kind, (int)refusal);
}

bool refusal_end(void)
{
    atomic_store(&kind, -1);
    return atomic_load(&happened);
}

static bool is_refused(enum refusal refusal)
{
    if (atomic_load(&kind) != (int)refusal || atomic_load(&happened) ||
        atomic_fetch_sub(&left, 1) != 0)
        return false;
    atomic_store(&happened, true);
    return true;
}

static bool is_interrupted(void)
{
    if (!is_refused(INTERRUPT))
        return false;
    errno = EINTR;
    return true;
}

/* Each wrapper stands before the function of libc that it is named after. */
#define WRAP(result, function, parameters, arguments, refused)                                     \
    result __real_##function parameters;                                                           \
    result __wrap_##function parameters;                                                           \
    result __wrap_##function parameters                                                            \
    {                                                                                              \
        refused return __real_##function arguments;                                                \
    }

#define NO_MEMORY(result)                                                                          \
    if (is_refused(REFUSE_MEMORY))                                                                 \
        return result;
#define INTERRUPTED                                                                                \
    if (is_interrupted())                                                                          \
        return -1;
#define NO_READ                                                                                    \
    INTERRUPTED                                                                                    \
    if (is_refused(REFUSE_REST))                                                                   \
        return 0;                                                                                  \
    if (is_refused(REFUSE_READ)) {                                                                 \
        errno = EIO;                                                                               \
        return -1;                                                                                 \
    }

WRAP(void *, malloc, (size_t size), (size), NO_MEMORY(NULL))
WRAP(void *, calloc, (size_t count, size_t size), (count, size), NO_MEMORY(NULL))
WRAP(void *, realloc, (void *old, size_t size), (old, size), NO_MEMORY(NULL))
WRAP(int, posix_memalign, (void **result, size_t unit, size_t size), (result, unit, size),
     NO_MEMORY(ENOMEM))
/* Where offsets have 64 bits whatever the machine, this is what the three are called. */
WRAP(ssize_t, pread64, (int fd, void *buffer, size_t size, off_t offset),
     (fd, buffer, size, offset), NO_READ)
WRAP(ssize_t, pwrite64, (int fd, const void *buffer, size_t size, off_t offset),
     (fd, buffer, size, offset), INTERRUPTED)
WRAP(ssize_t, read, (int fd, void *buffer, size_t size), (fd, buffer, size), INTERRUPTED)
WRAP(ssize_t, write, (int fd, const void *buffer, size_t size), (fd, buffer, size), INTERRUPTED)
WRAP(int, fsync, (int fd), (fd), INTERRUPTED)
WRAP(int, ftruncate64, (int fd, off_t size), (fd, size), INTERRUPTED)
