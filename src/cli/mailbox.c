#include "cli/mailbox.h"

#include "cli/memory.h"
#include "cli/message.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct mailbox {
    pthread_mutex_t lock;
    struct item *ended; /* under lock; by next_ended */
    int descriptor;     /* an eventfd, not 0 exactly while `ended` is not empty */
};

struct mailbox *mailbox_create(void)
{
    struct mailbox *mailbox = memory_allocate(1, sizeof(*mailbox));
    mailbox->descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (mailbox->descriptor < 0)
        message_fatal("cannot prepare for work: %s", strerror(errno));
    pthread_mutex_init(&mailbox->lock, NULL); /* cannot fail with default attributes */
    return mailbox;
}

void mailbox_free(struct mailbox *mailbox)
{
    pthread_mutex_destroy(&mailbox->lock);
    close(mailbox->descriptor);
    free(mailbox);
}

int mailbox_descriptor(const struct mailbox *mailbox)
{
    return mailbox->descriptor;
}

void mailbox_put(struct mailbox *mailbox, struct item *item)
{
    const uint64_t one = 1;
    pthread_mutex_lock(&mailbox->lock);
    item->next_ended = mailbox->ended;
    mailbox->ended = item;
    /* One wake-up is enough for all that arrives before it is seen. */
    if (!item->next_ended)
        (void)!write(mailbox->descriptor, &one, sizeof(one));
    pthread_mutex_unlock(&mailbox->lock);
}

struct item *mailbox_take(struct mailbox *mailbox)
{
    uint64_t count;
    pthread_mutex_lock(&mailbox->lock);
    struct item *ended = mailbox->ended;
    mailbox->ended = NULL;
    if (ended)
        (void)!read(mailbox->descriptor, &count, sizeof(count));
    pthread_mutex_unlock(&mailbox->lock);
    return ended;
}
