/* What the wrappers have in common: how they reach the functions that they stand in front of. */
#ifndef CINCH_TESTS_FAULT_WRAP_H
#define CINCH_TESTS_FAULT_WRAP_H

/* Defines `next`, the function that the library would have called without us. */
#define NEXT(function)                                                                             \
    static __typeof__(function) *next;                                                             \
    if (next == NULL)                                                                              \
    *(void **)&next = dlsym(RTLD_NEXT, #function)

#endif
