/*
 * Interposer: stands between the library and the system, counts what is asked, and refuses.
 *
 * The program defines malloc(), openat() and the like itself, so that those which the library,
 * libzstd and zlib call are these (wrap_*.c). While it is armed every call has a number, from 1
 * on, over all threads; a plan says which of them are refused. All counts are of one process: a
 * scenario runs in a child of its own.
 */
#ifndef CINCH_TESTS_FAULT_INTERPOSER_H
#define CINCH_TESTS_FAULT_INTERPOSER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "call.h"

enum fault_mode {
    FAULT_NONE,
    FAULT_ONCE,      /* call number `first`, and `second` where that is not 0 */
    FAULT_ALWAYS,    /* that and all behind it */
    FAULT_SAME,      /* that and all of its kind behind it, as when a disk is full */
    FAULT_ALTERNATE, /* that and of each kind every other one behind it */
    FAULT_SHORT,     /* as ALWAYS, but transfers are cut to one byte and nothing is refused */
    FAULT_MODES
};

/* "once", ...; static. FAULT_MODES of them. */
const char *fault_mode_name(enum fault_mode mode);

struct fault_plan {
    enum fault_mode mode;
    uint32_t first;
    uint32_t second;
    uint32_t index; /* which of the call's refusals; a call with fewer is let through */
    /* What the file system does not have, refused every time and not counted. */
    bool no_tmpfile;
    bool no_renameat2;
};

enum {
    /* Refusals of which each is remembered; of further ones only that there were. */
    FIRED_MOST = 64
};

struct interposer {
    struct fault_plan plan;
    /* Runs before each call, on its thread, with its number; calls that it makes are let
     * through and not counted. NULL allowed. */
    void (*hook)(void *context, uint32_t number, enum call call);
    void *context;

    atomic_bool is_armed;
    atomic_uint count;
    atomic_uint fired_count;
    struct {
        enum call call;
        uint32_t number;
        const struct refusal *refusal; /* NULL: cut short */
    } fired[FIRED_MOST];
    atomic_uint turns[CALL_COUNT]; /* FAULT_ALTERNATE: calls of each kind since the first */
    atomic_int same;               /* FAULT_SAME: the kind, once it is known; else CALL_COUNT */
    atomic_bool is_published;      /* a link or rename to a name that is not hidden has succeeded */
    _Atomic long live;             /* blocks of memory taken and not given back */
};

extern struct interposer interposer;

/* Begins a run under the plan: every counter but `live` is 0. */
void interposer_arm(const struct fault_plan *plan);
void interposer_disarm(void);

/* For who makes calls of his own meanwhile: on this thread nothing is counted or refused. */
void interposer_pause(void);
void interposer_resume(void);

/* For what may run before the address sanitizer has begun. */
#define UNCHECKED __attribute__((no_sanitize("address")))

/* --- For the wrappers ------------------------------------------------------------------- */

/* A thread starts with its calls let through, as the first ones are the C library's and the
 * sanitizer's; here those of its own function begin, and there they have ended. */
void interposer_begin_thread(void);
void interposer_end_thread(void);

/* Counts a call. Returns 0, or the errno value with which it is to be refused. */
int interposer_enter(enum call call);

/* Counts a call that transfers `size` bytes; may make them fewer. */
int interposer_enter_transfer(enum call call, size_t *size);

/* Whether the calling thread is between interposer_pause() and _resume(), or nothing is armed. */
bool interposer_is_idle(void);

#endif
