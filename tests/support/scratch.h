/*
 * Scratch folder: where one test keeps its files, and the checks that hold for every test.
 *
 * scratch_setup() and scratch_teardown() are cmocka's setup and teardown; the test finds its
 * folder in `*state`. Between them the watchdog runs. The teardown fails the test when the
 * library left something behind: a hidden temporary in the folder, an open descriptor, a thread.
 */
#ifndef CINCH_TESTS_SUPPORT_SCRATCH_H
#define CINCH_TESTS_SUPPORT_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scratch_name;

struct scratch {
    char *folder;               /* absolute path; owned */
    struct scratch_name *names; /* what scratch_path() has given out; owned */
    size_t descriptors;         /* open in the process when the test began */
    size_t threads;             /* running in the process when the test began */
    bool uses_default_pool;     /* set by tests that do: its threads and its one descriptor, for
                                 * waiting, stay */
};

int scratch_setup(void **state);
int scratch_teardown(void **state);

/* The entry of a test in cmocka's list of them. */
#define scratch_test(function)                                                                     \
    cmocka_unit_test_setup_teardown(function, scratch_setup, scratch_teardown)

/* The path of `name` in the folder. The text belongs to the scratch folder and lives as long. */
const char *scratch_path(struct scratch *scratch, const char *name);

/* Fails the test unless the folder holds exactly the files named, in any order; ends with NULL. */
void scratch_assert_holds(const struct scratch *scratch, ...) __attribute__((sentinel));

/* How many entries of `folder` begin with a dot: the library's hidden temporaries. */
size_t scratch_hidden_count(const char *folder);

#endif
