/* Place: which folder and name a path leads to, link by link. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "confined.h"
#include "io/place.h"
#include "support/bytes.h"
#include "support/scratch.h"
#include "support/test.h"

/* The path leads to `name` in `folder`. */
static void assert_leads_to(const char *path, const char *folder, const char *name)
{
    struct failure failure = {0};
    struct place place;
    struct stat found;
    struct stat expected;
    assert_code(CINCH_OK, place_find(&place, path, &failure));
    assert_string_equal(name, place.name);
    assert_int_equal(0, fstat(place.directory, &found));
    assert_int_equal(0, stat(folder, &expected));
    assert_true(found.st_dev == expected.st_dev && found.st_ino == expected.st_ino);
    assert_int_equal(FD_CLOEXEC, fcntl(place.directory, F_GETFD));
    place_release(&place);
    place_release(&place);
}

static void assert_leads_nowhere(const char *path, int32_t code, int system_error)
{
    struct failure failure = {0};
    struct place place;
    assert_code(code, place_find(&place, path, &failure));
    assert_code(code, failure.code);
    assert_int_equal(FAILURE_OF_OUTPUT, failure.subject);
    assert_int_equal(system_error, failure.system_error);
    assert_int_equal(-1, place.directory);
    assert_null(place.name);
}

static const char *folder_make(struct scratch *scratch, const char *name)
{
    const char *path = scratch_path(scratch, name);
    assert_int_equal(0, mkdir(path, 0755));
    return path;
}

static const char *link_make(struct scratch *scratch, const char *name, const char *target)
{
    const char *path = scratch_path(scratch, name);
    assert_int_equal(0, symlink(target, path));
    return path;
}

static void a_path_is_split_into_folder_and_name(void **state)
{
    struct scratch *scratch = *state;
    const char *sub = folder_make(scratch, "sub");
    assert_leads_to(scratch_path(scratch, "new"), scratch->folder, "new");
    assert_leads_to(scratch_path(scratch, "sub/new"), sub, "new");
    assert_leads_to(scratch_path(scratch, "sub//new"), sub, "new");
    assert_leads_to(scratch_path(scratch, "sub/../new"), scratch->folder, "new");
    assert_leads_to(scratch_path(scratch, "..."), scratch->folder, "...");
    assert_leads_to("/cinch-new", "/", "cinch-new");
    assert_leads_to("new", ".", "new");
    file_write_text(scratch_path(scratch, "old"), "x");
    assert_leads_to(scratch_path(scratch, "old"), scratch->folder, "old");
}

static void the_longest_name_is_kept(void **state)
{
    struct scratch *scratch = *state;
    char name[257];
    memset(name, 'n', 256);
    name[256] = '\0';
    assert_leads_nowhere(scratch_path(scratch, name), CINCH_E_IO, ENAMETOOLONG);
    name[255] = '\0';
    assert_leads_to(scratch_path(scratch, name), scratch->folder, name);
}

static void paths_that_only_a_folder_can_have_are_refused(void **state)
{
    struct scratch *scratch = *state;
    static const char *const names[] = {"sub/", "sub/.", "sub/..", "new/", "new//", ".", "file/"};
    folder_make(scratch, "sub");
    file_write_text(scratch_path(scratch, "file"), "x");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_leads_nowhere(scratch_path(scratch, names[i]), CINCH_E_FILE_TYPE, EISDIR);
    }
    assert_leads_nowhere("/", CINCH_E_FILE_TYPE, EISDIR);
    assert_leads_nowhere("//", CINCH_E_FILE_TYPE, EISDIR);
    assert_leads_nowhere("..", CINCH_E_FILE_TYPE, EISDIR);
    assert_leads_nowhere(link_make(scratch, "link", "sub/"), CINCH_E_FILE_TYPE, EISDIR);
}

static void a_folder_that_is_none_is_told(void **state)
{
    struct scratch *scratch = *state;
    file_write_text(scratch_path(scratch, "file"), "x");
    assert_leads_nowhere(scratch_path(scratch, "missing/new"), CINCH_E_NOT_FOUND, ENOENT);
    assert_leads_nowhere(scratch_path(scratch, "missing/new/"), CINCH_E_NOT_FOUND, ENOENT);
    assert_leads_nowhere(scratch_path(scratch, "file/new"), CINCH_E_NOT_FOUND, ENOTDIR);
    assert_leads_nowhere(link_make(scratch, "link", "missing/new"), CINCH_E_NOT_FOUND, ENOENT);
    assert_leads_nowhere("", CINCH_E_NOT_FOUND, ENOENT);
}

static void links_are_followed_to_the_place_of_their_target(void **state)
{
    struct scratch *scratch = *state;
    const char *one = folder_make(scratch, "one");
    folder_make(scratch, "two");
    file_write_text(scratch_path(scratch, "one/old"), "x");

    assert_leads_to(link_make(scratch, "dangling", "new"), scratch->folder, "new");
    assert_leads_to(link_make(scratch, "to-old", "one/old"), one, "old");
    assert_leads_to(link_make(scratch, "two/up", "../one/new"), one, "new");
    assert_leads_to(link_make(scratch, "chain", "two/up"), one, "new");
    assert_leads_to(link_make(scratch, "absolute", scratch_path(scratch, "chain")), one, "new");
    assert_leads_to(link_make(scratch, "folder-link", "one"), scratch->folder, "one");
    assert_leads_to(scratch_path(scratch, "folder-link/new"), one, "new");
}

static void as_many_links_are_followed_as_the_kernel_does(void **state)
{
    struct scratch *scratch = *state;
    char name[16] = "target";
    for (int i = 1; i <= 41; i++) {
        char next[16];
        (void)snprintf(next, sizeof next, "link%d", i);
        link_make(scratch, next, name);
        (void)strcpy(name, next);
    }
    assert_leads_to(scratch_path(scratch, "link40"), scratch->folder, "target");
    assert_leads_nowhere(scratch_path(scratch, "link41"), CINCH_E_IO, ELOOP);
    assert_leads_nowhere(link_make(scratch, "loop", "loop"), CINCH_E_IO, ELOOP);

    /* What the kernel says of the two. */
    assert_int_equal(-1, open(scratch_path(scratch, "link40"), O_RDONLY | O_CLOEXEC));
    assert_int_equal(ENOENT, errno);
    assert_int_equal(-1, open(scratch_path(scratch, "link41"), O_RDONLY | O_CLOEXEC));
    assert_int_equal(ELOOP, errno);
}

static void links_of_others_in_a_folder_open_to_all_are_not_followed(void **state)
{
    struct scratch *scratch = *state;
    if (geteuid() != 0) {
        skip();
    }
    const char *shared = folder_make(scratch, "shared");
    assert_int_equal(0, chmod(shared, 01777));
    assert_int_equal(0, chown(shared, CONFINED_GROUP, 0));
    const char *path = link_make(scratch, "shared/link", "../new");

    assert_leads_to(path, scratch->folder, "new"); /* one's own */
    assert_int_equal(0, lchown(path, CONFINED_GROUP, 0));
    assert_leads_to(path, scratch->folder, "new"); /* the folder's owner's */
    assert_int_equal(0, lchown(path, CONFINED_USER, 0));
    assert_leads_nowhere(path, CINCH_E_PERMISSION, EACCES);
    assert_int_equal(0, chmod(shared, 0777));
    assert_leads_to(path, scratch->folder, "new"); /* no sticky bit: anybody may remove anything */
    assert_int_equal(0, chmod(shared, 01755));
    assert_leads_to(path, scratch->folder, "new"); /* not open to all */
}

static void links_in_proc_are_followed_only_where_they_name_their_file(void **state)
{
    struct scratch *scratch = *state;
    const char *path = scratch_path(scratch, "file");
    char link[64];
    file_write_text(path, "x");
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);

    assert_leads_to(link, scratch->folder, "file");
    assert_int_equal(0, unlink(path));
    assert_leads_nowhere(link, CINCH_E_FILE_TYPE, 0); /* "file (deleted)" */
    file_write_text(scratch_path(scratch, "file (deleted)"), "another");
    assert_leads_nowhere(link, CINCH_E_FILE_TYPE, 0);
    assert_int_equal(0, close(fd));
}

static void the_place_stays_when_folders_are_renamed(void **state)
{
    struct scratch *scratch = *state;
    const char *before = folder_make(scratch, "before");
    const char *after = scratch_path(scratch, "after");
    struct failure failure = {0};
    struct place place;
    assert_code(CINCH_OK, place_find(&place, scratch_path(scratch, "before/new"), &failure));
    assert_int_equal(0, rename(before, after));
    assert_int_equal(0, mkdir(before, 0755));
    assert_int_equal(0, mkdirat(place.directory, place.name, 0755));
    assert_int_equal(0, rmdir(scratch_path(scratch, "after/new")));
    place_release(&place);
}

static void only_files_and_links_may_be_replaced(void **state)
{
    struct scratch *scratch = *state;
    const char *path = scratch_path(scratch, "target");
    struct place place;
    struct failure failure = {0};
    assert_code(CINCH_OK, place_find(&place, path, &failure));

    assert_code(CINCH_OK, place_check_replaceable(&place, &failure));
    file_write_text(path, "x");
    assert_code(CINCH_OK, place_check_replaceable(&place, &failure));
    assert_int_equal(0, unlink(path));
    assert_int_equal(0, symlink("/dev/null", path));
    assert_code(CINCH_OK, place_check_replaceable(&place, &failure));
    assert_int_equal(0, unlink(path));
    assert_code(CINCH_OK, failure.code);

    assert_int_equal(0, mkfifo(path, 0600));
    assert_code(CINCH_E_FILE_TYPE, place_check_replaceable(&place, &failure));
    assert_code(CINCH_E_FILE_TYPE, failure.code);
    assert_int_equal(0, unlink(path));
    assert_int_equal(0, mkdir(path, 0755));
    struct failure again = {0};
    assert_code(CINCH_E_FILE_TYPE, place_check_replaceable(&place, &again));
    assert_int_equal(EISDIR, again.system_error);
    place_release(&place);
}

static void find_unreachable(void *path)
{
    confined_drop_privileges();
    struct failure failure = {0};
    struct place place;
    confined_code(CINCH_E_PERMISSION, place_find(&place, path, &failure));
    confined_number(EACCES, failure.system_error);
    confined_number(-1, place.directory);
}

static void a_folder_that_may_not_be_searched_is_told(void **state)
{
    struct scratch *scratch = *state;
    assert_int_equal(0, chmod(scratch->folder, 0755));
    assert_int_equal(0, chmod(folder_make(scratch, "closed"), 0700));
    assert_int_equal(0, mkdir(scratch_path(scratch, "closed/sub"), 0755));
    confined_run(find_unreachable, (void *)(uintptr_t)scratch_path(scratch, "closed/sub/new"));
    confined_run(find_unreachable, (void *)(uintptr_t)scratch_path(scratch, "closed/new"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_path_is_split_into_folder_and_name),
        scratch_test(the_longest_name_is_kept),
        scratch_test(paths_that_only_a_folder_can_have_are_refused),
        scratch_test(a_folder_that_is_none_is_told),
        scratch_test(links_are_followed_to_the_place_of_their_target),
        scratch_test(as_many_links_are_followed_as_the_kernel_does),
        scratch_test(links_of_others_in_a_folder_open_to_all_are_not_followed),
        scratch_test(links_in_proc_are_followed_only_where_they_name_their_file),
        scratch_test(the_place_stays_when_folders_are_renamed),
        scratch_test(only_files_and_links_may_be_replaced),
        scratch_test(a_folder_that_may_not_be_searched_is_told),
    };
    return cmocka_run_group_tests_name("place", tests, NULL, NULL);
}
