#include "support/scratch.h"

#include <dirent.h>
#include <ftw.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "support/process.h"
#include "support/test.h"

struct scratch_name {
    struct scratch_name *next;
    char text[];
};

static void *do_nothing(void *argument)
{
    return argument;
}

/* The thread sanitizer starts a thread of its own with the first that the process starts; it has
 * to be there before threads are counted. */
static void start_sanitizer_threads(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, do_nothing, NULL) == 0) {
        pthread_join(thread, NULL);
    }
}

/* Counts the process's threads when the one above is gone from the kernel's list. */
static size_t settled_thread_count(void)
{
    static bool is_settled;

    if (!is_settled) {
        start_sanitizer_threads();
        process_thread_count_becomes(1 + TEST_UNDER_TSAN);
        is_settled = true;
    }
    return process_thread_count();
}

int scratch_setup(void **state)
{
    const char *parent = getenv("TMPDIR");
    struct scratch *scratch = calloc(1, sizeof(*scratch));

    if (scratch == NULL ||
        asprintf(&scratch->folder, "%s/cinch-test-XXXXXX", parent != NULL ? parent : "/tmp") < 0) {
        return -1;
    }
    if (mkdtemp(scratch->folder) == NULL) {
        perror(scratch->folder);
        return -1;
    }
    scratch->descriptors = process_descriptor_count();
    scratch->threads = settled_thread_count();
    *state = scratch;
    test_watchdog_start(TEST_SECONDS);
    return 0;
}

static int entry_remove(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

/* Undoes what a test that failed in its middle has left: another user's rights, a mount. */
static void scratch_tidy(struct scratch *scratch)
{
    if (getuid() == 0 && (seteuid(0) != 0 || setegid(0) != 0)) {
        perror("cannot become root again");
    }
    umount2(scratch_path(scratch, "mount"), MNT_DETACH);
}

static void scratch_remove(struct scratch *scratch)
{
    if (nftw(scratch->folder, entry_remove, 16, FTW_DEPTH | FTW_PHYS) != 0) {
        perror(scratch->folder);
    }
    while (scratch->names != NULL) {
        struct scratch_name *name = scratch->names;
        scratch->names = name->next;
        free(name);
    }
    free(scratch->folder);
    free(scratch);
}

int scratch_teardown(void **state)
{
    struct scratch *scratch = *state;
    size_t descriptors = process_descriptor_count();
    size_t hidden = scratch_hidden_count(scratch->folder);
    int result = 0;

    test_watchdog_stop();
    scratch_tidy(scratch);
    if (descriptors != scratch->descriptors &&
        !(scratch->uses_default_pool && descriptors == scratch->descriptors + 1)) {
        print_error("the test began with %zu open descriptors and ended with %zu\n",
                    scratch->descriptors, descriptors);
        process_descriptors_print();
        result = -1;
    }
    if (!scratch->uses_default_pool && !process_thread_count_becomes(scratch->threads)) {
        print_error("the test began with %zu threads and ended with %zu\n", scratch->threads,
                    process_thread_count());
        result = -1;
    }
    if (hidden != 0) {
        print_error("%zu hidden files were left in the test's folder\n", hidden);
        result = -1;
    }
    scratch_remove(scratch);
    return result;
}

const char *scratch_path(struct scratch *scratch, const char *name)
{
    size_t size = strlen(scratch->folder) + strlen(name) + 2;
    struct scratch_name *entry = malloc(sizeof(*entry) + size);

    assert_non_null(entry);
    snprintf(entry->text, size, "%s/%s", scratch->folder, name);
    entry->next = scratch->names;
    scratch->names = entry;
    return entry->text;
}

static bool name_is_listed(const char *name, va_list list)
{
    const char *listed;

    while ((listed = va_arg(list, const char *)) != NULL) {
        if (strcmp(listed, name) == 0) {
            return true;
        }
    }
    return false;
}

void scratch_assert_holds(const struct scratch *scratch, ...)
{
    DIR *folder = opendir(scratch->folder);
    struct dirent *entry;
    size_t found = 0;
    size_t wanted = 0;
    va_list list;

    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        bool listed;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        va_start(list, scratch);
        listed = name_is_listed(entry->d_name, list);
        va_end(list);
        if (!listed) {
            print_error("the folder holds '%s', which it should not\n", entry->d_name);
            closedir(folder);
            fail();
        }
        found++;
    }
    closedir(folder);
    va_start(list, scratch);
    while (va_arg(list, const char *) != NULL) {
        wanted++;
    }
    va_end(list);
    assert_int_equal(wanted, found);
}

size_t scratch_hidden_count(const char *folder)
{
    DIR *listing = opendir(folder);
    struct dirent *entry;
    size_t count = 0;

    if (listing == NULL) {
        return 0;
    }
    while ((entry = readdir(listing)) != NULL) {
        if (entry->d_name[0] == '.' && strcmp(entry->d_name, ".") != 0 &&
            strcmp(entry->d_name, "..") != 0) {
            count++;
        }
    }
    closedir(listing);
    return count;
}
