/*
 * Calls: what the library asks of the system and may be refused.
 *
 * One entry a kind of call. Some functions are several kinds, as a failure means another thing
 * where the call is about another thing: a write to an eventfd wakes a worker and is not output.
 */
#ifndef CINCH_TESTS_FAULT_CALL_H
#define CINCH_TESTS_FAULT_CALL_H

#include <stdbool.h>
#include <stdint.h>

enum call {
    CALL_MALLOC,
    CALL_CALLOC,
    CALL_REALLOC,
    CALL_MEMALIGN,
    CALL_THREAD, /* pthread_create(), the mapping of its stack and its own memory with it */
    CALL_MUTEX,
    CALL_CONDITION,
    CALL_OPEN,
    CALL_OPEN_SYSTEM, /* a file in /proc or /sys */
    CALL_CREATE,      /* O_CREAT or O_TMPFILE */
    CALL_READ,
    CALL_READ_STREAM, /* of a pipe or socket */
    CALL_READ_SYSTEM,
    CALL_READ_WAKE, /* of an eventfd */
    CALL_WRITE,
    CALL_WRITE_STREAM,
    CALL_WRITE_WAKE,
    CALL_FSTAT,
    CALL_STAT,
    CALL_STATFS,
    CALL_ACCESS,
    CALL_READLINK,
    CALL_FCNTL,
    CALL_LSEEK,
    CALL_FCHMOD,
    CALL_FCHMOD_PRIVATE, /* to 0600: of a temporary whose maker's umask took too much */
    CALL_FCHOWN,
    CALL_FUTIMENS,
    CALL_FSYNC,
    CALL_FSYNC_FOLDER,
    CALL_FTRUNCATE,
    CALL_CLOSE,
    CALL_CLOSE_OUTPUT, /* of a file that was written and has not yet taken its name */
    CALL_LINK,
    CALL_RENAME,
    CALL_UNLINK,
    CALL_EVENTFD,
    CALL_POLL,
    CALL_SOCKET,
    CALL_CONNECT,
    CALL_RANDOM,
    CALL_COUNT
};

/* What one refusal may come to. */
struct refusal {
    int error;     /* errno; 0 ends a list */
    bool may_end;  /* the job may end well all the same: the refusal is borne, or tried again */
    int32_t code;  /* with which it ends otherwise; 0 = what cinch.h has for `error` */
    int32_t other; /* or with this one; 0 = there is none */
    bool passes;   /* the call is made again until it is not refused so any more */
};

/* "pthread_create"; static. */
const char *call_name(enum call call);

/* The refusals that are tried, the most telling first. Its number is call_refusals_count(). */
const struct refusal *call_refusal(enum call call, uint32_t index);
uint32_t call_refusals_count(enum call call);

/* The largest call_refusals_count() of all. */
uint32_t call_refusals_most(void);

/* Whether a call may transfer less than it was asked to. */
bool call_can_be_short(enum call call);

/* The code that cinch.h has for an errno value. Written down once more here, so that the
 * library's own table is held against it. */
int32_t call_code(int error);

#endif
