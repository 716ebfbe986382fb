#include "waits.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "thread.h"

/* How long poll() may take when it cannot ask about all waits at once: memory is short, and they
 * are asked about in turn. */
#define POLL_IN_TURN_MS 10

void waits_init(struct waits *waits)
{
    TAILQ_INIT(&waits->queue);
    waits->wake_fd = -1;
    waits->most = UINT32_MAX;
}

void waits_free(struct waits *waits)
{
    if (waits->wake_fd >= 0)
        close(waits->wake_fd);
    free(waits->set);
    free(waits->waits);
}

/* Makes the arrays large enough for `count` waits, or as large as memory allows. */
static void reserve(struct waits *waits, uint32_t count)
{
    if (count < waits->capacity)
        return;
    uint32_t capacity = count + count / 2 + 1;
    struct pollfd *set = realloc(waits->set, capacity * sizeof *set);
    if (set != NULL)
        waits->set = set;
    struct pool_wait **list = realloc(waits->waits, capacity * sizeof(*list));
    if (list != NULL)
        waits->waits = list;
    if (set != NULL && list != NULL)
        waits->capacity = capacity;
}

int32_t waits_prepare(struct waits *waits)
{
    if (waits->wake_fd < 0)
        waits->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (waits->wake_fd < 0)
        return errno == ENOMEM ? CINCH_E_NO_MEMORY : CINCH_E_IO;
    /* The least that waits_poll() can work with; nobody polls before there was a wait. */
    if (waits->capacity < 2)
        reserve(waits, 1);
    return waits->capacity >= 2 ? CINCH_OK : CINCH_E_NO_MEMORY;
}

void waits_add(struct waits *waits, struct pool_wait *wait, int fd, short events, int milliseconds)
{
    wait->fd = fd;
    wait->events = events;
    wait->deadline =
        milliseconds < 0 ? UINT64_MAX : thread_now() + (uint64_t)milliseconds * 1000000u;
    wait->error = 0;
    wait->is_waiting = true;
    TAILQ_INSERT_TAIL(&waits->queue, wait, waits_entry);
    waits->count++;
}

void waits_remove(struct waits *waits, struct pool_wait *wait)
{
    TAILQ_REMOVE(&waits->queue, wait, waits_entry);
    waits->count--;
    waits->removed++;
    wait->is_waiting = false;
}

void waits_poke(struct waits *waits)
{
    if (!waits->is_polling || waits->is_poked)
        return;
    uint64_t one = 1;
    waits->is_poked = write(waits->wake_fd, &one, sizeof one) == sizeof one;
}

/* Milliseconds until the first deadline, rounded up; -1 where there is none. */
static int first_deadline(const struct waits *waits)
{
    uint64_t first = UINT64_MAX;
    const struct pool_wait *wait;
    TAILQ_FOREACH(wait, &waits->queue, waits_entry)
    {
        if (wait->deadline < first)
            first = wait->deadline;
    }
    if (first == UINT64_MAX)
        return -1;
    uint64_t now = thread_now();
    return first <= now ? 0 : (int)((first - now + 999999) / 1000000);
}

/* Fills the arrays from the head of the queue; returns the number of waits that fit. */
static uint32_t fill_set(struct waits *waits)
{
    uint32_t count = waits->count < waits->capacity ? waits->count : waits->capacity - 1;
    if (count > waits->most)
        count = waits->most;
    waits->set[0] = (struct pollfd){.fd = waits->wake_fd, .events = POLLIN};
    struct pool_wait *wait = TAILQ_FIRST(&waits->queue);
    for (uint32_t i = 1; i <= count; i++, wait = TAILQ_NEXT(wait, waits_entry)) {
        waits->set[i] = (struct pollfd){.fd = wait->fd, .events = wait->events};
        waits->waits[i] = wait;
    }
    return count;
}

/* poll() has failed for the first `count` waits, more of them than one or one alone. */
static void poll_failed(struct waits *waits, uint32_t count, int error,
                        void (*over)(void *owner, struct pool_wait *wait), void *owner)
{
    if (error == EINTR)
        return;
    if (count > 1) {
        waits->most = count / 2;
        return;
    }
    waits->waits[1]->error = error;
    over(owner, waits->waits[1]);
}

void waits_poll(struct waits *waits, pthread_mutex_t *lock, bool block,
                void (*over)(void *owner, struct pool_wait *wait), void *owner)
{
    waits->is_polling = true;
    waits->is_poked = false;
    reserve(waits, waits->count);
    uint32_t count = fill_set(waits);
    bool is_part = count < waits->count;
    int timeout = !block ? 0 : is_part ? POLL_IN_TURN_MS : first_deadline(waits);
    uint32_t removed = waits->removed;
    thread_unlock(lock);

    int ready = thread_poll(waits->set, count + 1, timeout);
    int error = ready < 0 ? errno : 0;

    thread_lock(lock);
    waits->is_polling = false;
    if (ready > 0 && waits->set[0].revents != 0) {
        uint64_t pokes;
        ssize_t drained = read(waits->wake_fd, &pokes, sizeof pokes);
        (void)drained;
    }
    if (removed != waits->removed)
        return; /* some of these may be gone; those that are ready still will be next time */
    if (error != 0) {
        poll_failed(waits, count, error, over, owner);
        return;
    }
    waits->most = waits->most > UINT32_MAX / 2 ? UINT32_MAX : 2 * waits->most;
    uint64_t now = thread_now();
    for (uint32_t i = 1; i <= count; i++) {
        struct pool_wait *wait = waits->waits[i];
        if ((ready > 0 && waits->set[i].revents != 0) || wait->deadline <= now) {
            over(owner, wait);
        } else if (is_part) {
            TAILQ_REMOVE(&waits->queue, wait, waits_entry);
            TAILQ_INSERT_TAIL(&waits->queue, wait, waits_entry);
        }
    }
}
