/*
 * C11's atomic operations with a point of the scheduler before each; included before all else
 * where the library is compiled for it. As only one thread runs at a time, plain operations do.
 * What memory orders permit beyond that is the thread sanitizer's to find.
 */
#ifndef CINCH_TESTS_SCHEDULE_ATOMICS_H
#define CINCH_TESTS_SCHEDULE_ATOMICS_H

#include <stdatomic.h>
#include <stdbool.h>

void schedule_point(const char *what);

#undef atomic_load
#undef atomic_load_explicit
#undef atomic_store
#undef atomic_store_explicit
#undef atomic_fetch_add
#undef atomic_fetch_add_explicit
#undef atomic_fetch_sub
#undef atomic_fetch_sub_explicit
#undef atomic_exchange
#undef atomic_compare_exchange_strong
#undef atomic_compare_exchange_weak

#define atomic_load(object)                 (schedule_point("load " #object), *(object))
#define atomic_load_explicit(object, order) atomic_load(object)

#define atomic_store(object, value)                                                                \
    do {                                                                                           \
        schedule_point("store " #object);                                                          \
        *(object) = (value);                                                                       \
    } while (0)
#define atomic_store_explicit(object, value, order) atomic_store(object, value)

/* Evaluate to the value before; statements, as it is often not wanted. */
#define atomic_fetch_add(object, value)                                                            \
    __extension__({                                                                                \
        schedule_point("add to " #object);                                                         \
        __typeof__(0 + *(object)) atomics_before = *(object);                                      \
        *(object) = atomics_before + (value);                                                      \
        atomics_before;                                                                            \
    })
#define atomic_fetch_add_explicit(object, value, order) atomic_fetch_add(object, value)
#define atomic_fetch_sub(object, value)                                                            \
    __extension__({                                                                                \
        schedule_point("subtract from " #object);                                                  \
        __typeof__(0 + *(object)) atomics_before = *(object);                                      \
        *(object) = atomics_before - (value);                                                      \
        atomics_before;                                                                            \
    })
#define atomic_fetch_sub_explicit(object, value, order) atomic_fetch_sub(object, value)

static inline bool atomics_exchange(_Atomic bool *object, bool value)
{
    bool before = *object;
    *object = value;
    return before;
}
#define atomic_exchange(object, value)                                                             \
    (schedule_point("exchange " #object), atomics_exchange(object, value))

static inline bool atomics_compare_exchange(_Atomic int *object, int *expected, int value)
{
    int found = *object;
    if (found != *expected) {
        *expected = found;
        return false;
    }
    *object = value;
    return true;
}
#define atomic_compare_exchange_strong(object, expected, value)                                    \
    (schedule_point("compare and exchange " #object),                                              \
     atomics_compare_exchange(object, expected, value))
#define atomic_compare_exchange_weak(object, expected, value)                                      \
    atomic_compare_exchange_strong(object, expected, value)

#endif
