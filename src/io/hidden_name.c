#include "io/hidden_name.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "io/descriptor.h"

/*
 * The random part is 10 letters of an alphabet of 32, which survives file systems that do not
 * tell upper case from lower: 50 bits. The part taken from the target only tells a person whose
 * leftover this is; 96 bytes of it keep the whole below the shortest limit for names in use
 * (143 bytes, under eCryptfs).
 */
enum {
    RANDOM_LETTERS = 10,
    TARGET_BYTES_MAX = 96,
    NAME_SIZE = sizeof(".") + TARGET_BYTES_MAX + sizeof(".") + RANDOM_LETTERS + sizeof(".cinch"),
    /* With 50 random bits a second try is already a wonder; somebody who answers EEXIST this
     * often does so on purpose. */
    TRIES_MAX = 100
};

struct hidden_name {
    struct hidden_name *next; /* in the registry */
    struct hidden_name *previous;
    int directory; /* the place's descriptor, not ours */
    char text[NAME_SIZE];
};

/*
 * The names that exist, of this process. The lock is held while one is made or removed in the
 * folder, so that at exit each is either registered or not there.
 */
static struct {
    pthread_mutex_t lock;
    struct hidden_name *first; /* under the lock */
    bool exiting;              /* under the lock: nothing may be made any more */
    _Atomic pid_t process;     /* whose the names are; 0 while there were none */
} registry = {.lock = PTHREAD_MUTEX_INITIALIZER};

static pthread_once_t registry_once = PTHREAD_ONCE_INIT;
static int registry_error; /* of preparing; written once, by registry_prepare() */

/* In the child another thread's lock would stay locked for good, and the names are the
 * parent's. The thread that forks never holds the lock. */
static void registry_begin_child(void)
{
    registry.lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    registry.first = NULL;
    registry.exiting = false;
    atomic_store(&registry.process, 0);
}

static void registry_prepare(void)
{
    registry_error = pthread_atfork(NULL, NULL, registry_begin_child);
}

static void registry_add(struct hidden_name *hidden)
{
    hidden->previous = NULL;
    hidden->next = registry.first;
    if (hidden->next != NULL) {
        hidden->next->previous = hidden;
    }
    registry.first = hidden;
    atomic_store(&registry.process, getpid());
}

static void registry_drop(struct hidden_name *hidden)
{
    if (hidden->previous != NULL) {
        hidden->previous->next = hidden->next;
    } else {
        registry.first = hidden->next;
    }
    if (hidden->next != NULL) {
        hidden->next->previous = hidden->previous;
    }
}

/* Runs at exit(). A child made without fork()'s handlers is told by its process number. */
__attribute__((destructor)) static void registry_remove_all(void)
{
    if (atomic_load(&registry.process) != getpid()) {
        return;
    }
    (void)pthread_mutex_lock(&registry.lock);
    registry.exiting = true;
    for (struct hidden_name *hidden = registry.first; hidden != NULL; hidden = hidden->next) {
        (void)unlinkat(hidden->directory, hidden->text, 0);
    }
    (void)pthread_mutex_unlock(&registry.lock);
}

/* How much of the target's name goes into the hidden one: whole UTF-8 characters, for the sake
 * of file systems that refuse broken ones. */
static size_t target_length(const char *target)
{
    size_t length = strlen(target);
    if (length > TARGET_BYTES_MAX) {
        length = TARGET_BYTES_MAX;
        while (length > 0 && ((unsigned char)target[length] & 0xC0) == 0x80) {
            length--;
        }
    }
    return length;
}

static void hidden_name_invent(struct hidden_name *hidden, const char *target)
{
    static const char alphabet[] = "0123456789abcdefghijklmnopqrstuv";
    uint8_t random[RANDOM_LETTERS];
    if (getrandom(random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random) {
        /* O_EXCL keeps any name safe; randomness only saves tries. */
        struct timespec now;
        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        uint64_t bits = (uint64_t)now.tv_nsec * UINT64_C(0x9E3779B97F4A7C15) ^ (uintptr_t)hidden;
        for (size_t i = 0; i < sizeof random; i++) {
            random[i] = (uint8_t)(bits >> (5 * i));
        }
    }
    char letters[RANDOM_LETTERS + 1];
    for (size_t i = 0; i < RANDOM_LETTERS; i++) {
        letters[i] = alphabet[random[i] % 32];
    }
    letters[RANDOM_LETTERS] = '\0';
    (void)snprintf(hidden->text, sizeof hidden->text, ".%.*s.%s.cinch", (int)target_length(target),
                   target, letters);
}

/* Makes the name in the folder: a new file where `*fd` is -1, else a link to that one. Returns
 * 0, or -1 with errno. */
static int hidden_name_make(const struct hidden_name *hidden, int *fd)
{
    if (*fd < 0) {
        int made = openat(hidden->directory, hidden->text,
                          O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
        if (made < 0) {
            return -1;
        }
        *fd = descriptor_above_standard(made);
        if (*fd < 0) {
            int error = errno;
            (void)unlinkat(hidden->directory, hidden->text, 0);
            errno = error;
            return -1;
        }
        return 0;
    }
    char path[DESCRIPTOR_PATH_SIZE];
    descriptor_path(*fd, path);
    return linkat(AT_FDCWD, path, hidden->directory, hidden->text, AT_SYMLINK_FOLLOW);
}

static struct hidden_name *hidden_name_obtain(int directory, const char *target, int *fd)
{
    (void)pthread_once(&registry_once, registry_prepare);
    if (registry_error != 0) {
        errno = registry_error;
        return NULL;
    }
    struct hidden_name *hidden = malloc(sizeof *hidden);
    if (hidden == NULL) {
        return NULL;
    }
    hidden->directory = directory;

    int error = EEXIST;
    for (int tries = 0; (error == EEXIST || error == EINTR) && tries < TRIES_MAX; tries++) {
        hidden_name_invent(hidden, target);
        (void)pthread_mutex_lock(&registry.lock);
        if (registry.exiting) {
            error = ECANCELED;
        } else if (hidden_name_make(hidden, fd) != 0) {
            error = errno;
        } else {
            error = 0;
            registry_add(hidden);
        }
        (void)pthread_mutex_unlock(&registry.lock);
    }
    if (error != 0) {
        free(hidden);
        /* EEXIST would say that the target is taken, which nobody has looked at. */
        errno = error == EEXIST ? EBUSY : error;
        return NULL;
    }
    return hidden;
}

struct hidden_name *hidden_name_create(int directory, const char *target, int *fd)
{
    *fd = -1;
    return hidden_name_obtain(directory, target, fd);
}

struct hidden_name *hidden_name_link(int directory, const char *target, int fd)
{
    return hidden_name_obtain(directory, target, &fd);
}

const char *hidden_name_text(const struct hidden_name *hidden)
{
    return hidden->text;
}

static void hidden_name_end(struct hidden_name *hidden, bool in_folder)
{
    if (hidden == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&registry.lock);
    registry_drop(hidden);
    if (in_folder) {
        (void)unlinkat(hidden->directory, hidden->text, 0);
    }
    (void)pthread_mutex_unlock(&registry.lock);
    free(hidden);
}

void hidden_name_forget(struct hidden_name *hidden)
{
    hidden_name_end(hidden, false);
}

void hidden_name_remove(struct hidden_name *hidden)
{
    hidden_name_end(hidden, true);
}
