/* How a forked child of a test ends. */
#ifndef CINCH_TESTS_SUPPORT_CHILD_END_H
#define CINCH_TESTS_SUPPORT_CHILD_END_H

#include <stdlib.h>
#include <unistd.h>

#ifdef TEST_COUNTS_COVERAGE
extern void __gcov_dump(void);
#endif

/* Ends the process at once with `status`, without what the parent has registered for exit. Under
 * gcov what the process has covered is counted first; where the library is a shared one only exit()
 * does that. */
static inline _Noreturn void child_end(int status)
{
#ifdef TEST_COUNTS_COVERAGE_AT_EXIT
    exit(status);
#endif
#ifdef TEST_COUNTS_COVERAGE
    __gcov_dump();
#endif
    _exit(status);
}

#endif
