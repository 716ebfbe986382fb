/*
 * Temporary: the file without a name, the hidden one where there is no such thing, and how
 * either takes its place. Each case runs on both kinds, and on the hidden one also where the
 * file system cannot rename without replacing.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confined.h"
#include "io/temporary.h"
#include "support/bytes.h"
#include "support/child_end.h"
#include "support/process.h"
#include "support/scratch.h"
#include "support/test.h"

/* --- The kinds -------------------------------------------------------------------------- */

enum kind {
    NAMELESS,
    HIDDEN,            /* the file system has no O_TMPFILE */
    HIDDEN_AND_SIMPLE, /* nor RENAME_NOREPLACE */
    KINDS
};

struct task {
    enum kind kind;
    const char *folder;
    const char *path; /* "target" in the folder */
};

static void refuse_for(enum kind kind)
{
    if (kind != NAMELESS) {
        confined_refuse_nameless_files(EOPNOTSUPP);
    }
    if (kind == HIDDEN_AND_SIMPLE) {
        confined_refuse(SYS_renameat2, EINVAL, 4, RENAME_NOREPLACE, RENAME_NOREPLACE);
    }
}

/* Runs the body, in a child, on each kind in a folder of its own. */
static void run_on_each_kind(struct scratch *scratch, void (*body)(void *task))
{
    static const char *const names[KINDS] = {"nameless", "hidden", "simple"};
    assert_int_equal(0, chmod(scratch->folder, 0755));
    for (enum kind kind = 0; kind < KINDS; kind++) {
        struct task task = {.kind = kind, .folder = scratch_path(scratch, names[kind])};
        char path[64];
        (void)snprintf(path, sizeof path, "%s/target", names[kind]);
        task.path = scratch_path(scratch, path);
        assert_int_equal(0, mkdir(task.folder, 0777));
        assert_int_equal(0, chmod(task.folder, 0777));
        confined_run(body, &task);
    }
}

/* The entries of a folder; the name of the last is left in `name`, of 256 bytes. */
static int entries_of(const char *folder, char *name)
{
    DIR *listing = opendir(folder);
    int count = 0;
    confined_require(listing != NULL);
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            (void)snprintf(name, 256, "%s", entry->d_name);
            count++;
        }
    }
    (void)closedir(listing);
    return count;
}

static void require_text(const char *path, const char *expected)
{
    char text[64];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    confined_require(fd >= 0);
    ssize_t length = read(fd, text, sizeof text);
    confined_number((intmax_t)strlen(expected), length);
    confined_require(memcmp(text, expected, strlen(expected)) == 0);
    (void)close(fd);
}

/* A temporary that holds "new", for the place at the path. */
static void make(struct temporary *temporary, struct place *place, const char *path)
{
    struct failure failure = {0};
    confined_code(CINCH_OK, place_find(place, path, &failure));
    confined_code(CINCH_OK, temporary_create(temporary, place, &failure));
    confined_number(FD_CLOEXEC, fcntl(temporary->fd, F_GETFD));
    confined_require(write(temporary->fd, "new", 3) == 3);
}

static void end(struct temporary *temporary, struct place *place)
{
    temporary_discard(temporary);
    temporary_discard(temporary);
    confined_number(-1, temporary->fd);
    place_release(place);
}

/* --- Cases ------------------------------------------------------------------------------ */

static void create_and_discard(void *argument)
{
    const struct task *task = argument;
    static const mode_t masks[] = {0, 022, 077, 0777};
    refuse_for(task->kind);
    for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
        struct temporary temporary;
        struct place place;
        struct stat status;
        char name[256];
        (void)umask(masks[i]);
        make(&temporary, &place, task->path);
        confined_require(fstat(temporary.fd, &status) == 0);
        confined_number(S_IFREG | 0600, status.st_mode);
        if (task->kind == NAMELESS) {
            confined_require(temporary.hidden == NULL);
            confined_number(0, entries_of(task->folder, name));
        } else {
            confined_number(1, entries_of(task->folder, name));
            confined_require(strcmp(name, hidden_name_text(temporary.hidden)) == 0);
            confined_require(strncmp(name, ".target.", 8) == 0);
            confined_require(strcmp(name + strlen(name) - 6, ".cinch") == 0);
        }
        end(&temporary, &place);
        confined_number(0, entries_of(task->folder, name));
    }
}

static void it_is_private_and_leaves_nothing_when_discarded(void **state)
{
    run_on_each_kind(*state, create_and_discard);
}

static void take_free_place(void *argument)
{
    const struct task *task = argument;
    refuse_for(task->kind);
    for (int replace = 0; replace <= 1; replace++) {
        struct failure failure = {0};
        struct temporary temporary;
        struct place place;
        char name[256];
        make(&temporary, &place, task->path);
        confined_code(CINCH_OK, temporary_take_place(&temporary, &place, replace != 0, &failure));
        end(&temporary, &place);
        require_text(task->path, "new");
        confined_number(1, entries_of(task->folder, name));
        (void)unlink(task->path);
    }
}

static void it_takes_a_free_place(void **state)
{
    run_on_each_kind(*state, take_free_place);
}

static void take_taken_place(void *argument)
{
    const struct task *task = argument;
    struct temporary temporary;
    struct place place;
    struct stat before;
    struct stat after;
    char name[256];
    refuse_for(task->kind);
    make(&temporary, &place, task->path);
    int old = open(task->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    confined_require(write(old, "old", 3) == 3);
    confined_require(fstat(old, &before) == 0);

    struct failure failure = {0};
    confined_code(CINCH_E_EXISTS, temporary_take_place(&temporary, &place, false, &failure));
    confined_number(EEXIST, failure.system_error);
    require_text(task->path, "old");
    struct failure none = {0};
    confined_code(CINCH_OK, temporary_take_place(&temporary, &place, true, &none));
    require_text(task->path, "new");
    end(&temporary, &place);
    confined_number(1, entries_of(task->folder, name));

    /* Who has the old file open still has the old file. */
    confined_require(fstat(old, &after) == 0);
    confined_number(3, after.st_size);
    confined_number((intmax_t)before.st_ino, (intmax_t)after.st_ino);
    confined_number(0, after.st_nlink);
}

static void a_taken_place_is_replaced_only_when_asked(void **state)
{
    run_on_each_kind(*state, take_taken_place);
}

static void take_place_after_swaps(void *argument)
{
    const struct task *task = argument;
    struct temporary temporary;
    struct place place;
    char name[256];
    char victim[512];
    struct stat status;
    (void)snprintf(victim, sizeof victim, "%s/victim", task->folder);
    int fd = open(victim, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
    confined_require(write(fd, "safe", 4) == 4);
    (void)close(fd);
    refuse_for(task->kind);
    make(&temporary, &place, task->path);

    /* A folder came there. */
    confined_require(mkdir(task->path, 0755) == 0);
    struct failure folder = {0};
    confined_code(CINCH_E_FILE_TYPE, temporary_take_place(&temporary, &place, true, &folder));
    struct failure folder_exists = {0};
    confined_code(CINCH_E_EXISTS, temporary_take_place(&temporary, &place, false, &folder_exists));
    confined_require(rmdir(task->path) == 0);

    /* A FIFO. */
    confined_require(mkfifo(task->path, 0600) == 0);
    struct failure fifo = {0};
    confined_code(CINCH_E_FILE_TYPE, temporary_take_place(&temporary, &place, true, &fifo));
    confined_require(stat(task->path, &status) == 0 && S_ISFIFO(status.st_mode));
    confined_require(unlink(task->path) == 0);

    /* A hard link, then a symbolic one: the link goes, the victim stays. */
    confined_require(link(victim, task->path) == 0);
    struct failure links = {0};
    confined_code(CINCH_E_EXISTS, temporary_take_place(&temporary, &place, false, &links));
    confined_require(unlink(task->path) == 0);
    confined_require(symlink(victim, task->path) == 0);
    struct failure none = {0};
    confined_code(CINCH_OK, temporary_take_place(&temporary, &place, true, &none));
    end(&temporary, &place);
    require_text(victim, "safe");
    confined_require(stat(victim, &status) == 0);
    confined_number(0640, status.st_mode & 07777);
    confined_require(lstat(task->path, &status) == 0 && S_ISREG(status.st_mode));
    require_text(task->path, "new");
    confined_number(2, entries_of(task->folder, name));
}

static void what_is_swapped_in_meanwhile_is_not_followed(void **state)
{
    run_on_each_kind(*state, take_place_after_swaps);
}

static void create_in_closed_folder(void *argument)
{
    const struct task *task = argument;
    struct failure failure = {0};
    struct temporary temporary;
    struct place place;
    confined_require(chmod(task->folder, 0555) == 0);
    confined_drop_privileges();
    refuse_for(task->kind);
    confined_code(CINCH_OK, place_find(&place, task->path, &failure));
    confined_code(CINCH_E_PERMISSION, temporary_create(&temporary, &place, &failure));
    confined_number(EACCES, failure.system_error);
    end(&temporary, &place);
}

static void a_folder_that_may_not_be_written_is_told(void **state)
{
    run_on_each_kind(*state, create_in_closed_folder);
}

static void create_on_read_only_file_system(void *argument)
{
    const struct task *task = argument;
    struct failure failure = {0};
    struct temporary temporary;
    struct place place;
    confined_mount_tmpfs(task->folder, "ro,size=64k");
    refuse_for(task->kind);
    confined_code(CINCH_OK, place_find(&place, task->path, &failure));
    confined_code(CINCH_E_PERMISSION, temporary_create(&temporary, &place, &failure));
    confined_number(EROFS, failure.system_error);
    end(&temporary, &place);
}

static void create_without_inodes(void *argument)
{
    const struct task *task = argument;
    struct failure failure = {0};
    struct temporary temporary;
    struct place place;
    confined_mount_tmpfs(task->folder, "nr_inodes=1");
    refuse_for(task->kind);
    confined_code(CINCH_OK, place_find(&place, task->path, &failure));
    confined_code(CINCH_E_NO_SPACE, temporary_create(&temporary, &place, &failure));
    confined_number(ENOSPC, failure.system_error);
    end(&temporary, &place);
}

static void a_full_file_system_is_told(void **state)
{
    run_on_each_kind(*state, create_without_inodes);
}

static void create_without_descriptors(void *argument)
{
    const struct task *task = argument;
    struct failure failure = {0};
    struct temporary temporary;
    struct place place;
    char name[256];
    refuse_for(task->kind);
    confined_code(CINCH_OK, place_find(&place, task->path, &failure));

    /* Number 0 can be had, but is none that we would take: what was made for it must go. */
    struct rlimit limit;
    confined_require(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = 3;
    confined_require(close(0) == 0);
    confined_require(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    confined_code(CINCH_E_IO, temporary_create(&temporary, &place, &failure));
    confined_number(EMFILE, failure.system_error);
    limit.rlim_cur = limit.rlim_max;
    confined_require(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    confined_number(-1, fcntl(0, F_GETFD));
    end(&temporary, &place);
    confined_number(0, entries_of(task->folder, name));
}

static void having_no_descriptor_left_leaves_nothing(void **state)
{
    run_on_each_kind(*state, create_without_descriptors);
}

static void create_on_kernel(void *argument)
{
    const struct task *task = argument;
    static const int errors[] = {EOPNOTSUPP, EISDIR, ENOENT, EINVAL};
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        struct temporary temporary;
        struct place place;
        confined_refuse_nameless_files(errors[i]);
        make(&temporary, &place, task->path);
        confined_require(temporary.hidden != NULL);
        end(&temporary, &place);
    }
    confined_refuse_nameless_files(EIO);
    struct failure failure = {0};
    struct temporary temporary;
    struct place place;
    confined_code(CINCH_OK, place_find(&place, task->path, &failure));
    confined_code(CINCH_E_IO, temporary_create(&temporary, &place, &failure));
    end(&temporary, &place);
}

static void every_way_to_have_no_nameless_files_leads_to_hidden_ones(void **state)
{
    struct scratch *scratch = *state;
    struct task task = {.folder = scratch->folder, .path = scratch_path(scratch, "target")};
    confined_run(create_on_kernel, &task);
}

static void create_without_proc(void *argument)
{
    const struct task *task = argument;
    struct failure failure = {0};
    struct temporary temporary;
    struct place place;
    confined_mount_tmpfs("/proc", "size=4k");
    make(&temporary, &place, task->path);
    confined_require(temporary.hidden != NULL);
    confined_code(CINCH_OK, temporary_take_place(&temporary, &place, true, &failure));
    end(&temporary, &place);
    require_text(task->path, "new");
}

static void without_proc_the_file_is_hidden(void **state)
{
    struct scratch *scratch = *state;
    struct task task = {.folder = scratch->folder, .path = scratch_path(scratch, "target")};
    confined_run(create_without_proc, &task);
}

static void fail_to_take_place(void *argument)
{
    const struct task *task = argument;
    struct temporary temporary;
    struct place place;
    char name[256];
    make(&temporary, &place, task->path);
    int old = open(task->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    confined_require(old >= 0);

    /* The file has its hidden link by now, and may try again. */
    confined_refuse(SYS_renameat, EIO, 0, 0, 0);
    struct failure rename_failure = {0};
    confined_code(CINCH_E_IO, temporary_take_place(&temporary, &place, true, &rename_failure));
    confined_number(2, entries_of(task->folder, name));
    end(&temporary, &place);
    confined_number(1, entries_of(task->folder, name));

    make(&temporary, &place, task->path);
    confined_refuse(SYS_linkat, EIO, 0, 0, 0);
    struct failure link_failure = {0};
    confined_code(CINCH_E_IO, temporary_take_place(&temporary, &place, true, &link_failure));
    confined_require(strcmp("cannot create", link_failure.action) ==
                     0); /* and no other way tried */
    end(&temporary, &place);
    confined_number(1, entries_of(task->folder, name));

    /* Hidden, and neither way to take a free place: the second one's error is told. */
    confined_refuse_nameless_files(EOPNOTSUPP);
    confined_refuse(SYS_renameat2, ENOSYS, 0, 0, 0);
    make(&temporary, &place, task->path);
    confined_require(unlink(task->path) == 0);
    struct failure neither = {0};
    confined_code(CINCH_E_IO, temporary_take_place(&temporary, &place, false, &neither));
    confined_number(EIO, neither.system_error);
    end(&temporary, &place);
    confined_number(0, entries_of(task->folder, name));
}

static void what_failed_to_take_its_place_leaves_nothing(void **state)
{
    struct scratch *scratch = *state;
    struct task task = {.folder = scratch->folder, .path = scratch_path(scratch, "target")};
    confined_run(fail_to_take_place, &task);
}

/* --- Hidden names ------------------------------------------------------------------------- */

static void hide_long_names(void *argument)
{
    const struct task *task = argument;
    confined_refuse_nameless_files(EOPNOTSUPP);
    /* 255 bytes of one, two and three bytes a letter; and the length about which it is cut. */
    static const char *const letters[] = {"n", "\xc3\xa9", "\xe2\x82\xac"};
    for (size_t i = 0; i < 3; i++) {
        size_t width = strlen(letters[i]);
        for (size_t length = 90; length <= 255; length += length == 99 ? 156 : 1) {
            char path[768];
            /* The first letter makes the cut fall inside of the longer ones. */
            size_t at = (size_t)snprintf(path, sizeof path, "%s/a", task->folder);
            for (size_t used = 1; used + width <= length; used += width) {
                memcpy(path + at, letters[i], width);
                at += width;
            }
            path[at] = '\0';
            struct failure failure = {0};
            struct temporary temporary;
            struct place place;
            make(&temporary, &place, path);
            const char *hidden = hidden_name_text(temporary.hidden);
            confined_require(strlen(hidden) <= 143);
            size_t shown = strlen(hidden) - strlen(".") - strlen(".0123456789.cinch");
            confined_require(shown <= 96 && shown >= (at < 90 ? at : 90) - width);
            confined_number(0, (intmax_t)((shown - 1) % width));
            confined_code(CINCH_OK, temporary_take_place(&temporary, &place, true, &failure));
            end(&temporary, &place);
            require_text(path, "new");
            (void)unlink(path);
        }
    }
}

/* A name that no UTF-8 has, of bytes that only go on with a letter: there is no place to cut it. */
static void hide_a_name_without_letters(void *argument)
{
    const struct task *task = argument;
    struct failure failure = {0};
    struct temporary temporary;
    struct place place;
    char path[768];

    confined_refuse_nameless_files(EOPNOTSUPP);
    size_t at = (size_t)snprintf(path, sizeof path, "%s/", task->folder);
    memset(path + at, 0x80, 200);
    path[at + 200] = '\0';
    make(&temporary, &place, path);
    const char *hidden = hidden_name_text(temporary.hidden);
    confined_number(strlen("..0123456789.cinch"), (intmax_t)strlen(hidden));
    confined_code(CINCH_OK, temporary_take_place(&temporary, &place, true, &failure));
    end(&temporary, &place);
    require_text(path, "new");
}

static void names_without_letters_can_be_hidden(void **state)
{
    struct scratch *scratch = *state;
    struct task task = {.folder = scratch->folder};
    confined_run(hide_a_name_without_letters, &task);
}

static void the_longest_names_can_be_hidden(void **state)
{
    struct scratch *scratch = *state;
    struct task task = {.folder = scratch->folder};
    confined_run(hide_long_names, &task);
}

/* Many threads hide names and remove them at one time: whose turn it is, the list of those that are
 * there must stay whole. */
enum {
    HIDERS = 4,
    HIDDEN_EACH = 200
};

static void *hide_again_and_again(void *argument)
{
    const int directory = *(const int *)argument;
    struct hidden_name *before = NULL;
    uintptr_t failed = 0;

    for (int i = 0; i < HIDDEN_EACH; i++) {
        int fd = -1;
        struct hidden_name *hidden = hidden_name_create(directory, "target", &fd);
        failed += hidden == NULL;
        if (fd >= 0)
            (void)close(fd);
        /* Not the newest, so that names leave from the middle of the list. */
        hidden_name_remove(before);
        before = hidden;
    }
    hidden_name_remove(before);
    return (void *)failed;
}

static void many_threads_can_hide_names(void **state)
{
    struct scratch *scratch = *state;
    pthread_t threads[HIDERS];
    int directory = open(scratch->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    assert_true(directory >= 0);
    for (size_t i = 0; i < HIDERS; i++)
        assert_int_equal(0, pthread_create(&threads[i], NULL, hide_again_and_again, &directory));
    for (size_t i = 0; i < HIDERS; i++) {
        void *failed;
        assert_int_equal(0, pthread_join(threads[i], &failed));
        assert_null(failed);
    }
    (void)close(directory);
    scratch_assert_holds(scratch, NULL);
}

static void hide_without_randomness(void *argument)
{
    const struct task *task = argument;
    struct temporary first;
    struct temporary second;
    struct place place;
    struct place same;
    confined_refuse_nameless_files(EOPNOTSUPP);
    confined_refuse(SYS_getrandom, ENOSYS, 0, 0, 0);
    make(&first, &place, task->path);
    make(&second, &same, task->path);
    confined_require(strcmp(hidden_name_text(first.hidden), hidden_name_text(second.hidden)) != 0);
    end(&first, &place);
    end(&second, &same);

    /* Somebody who has every name that could be tried. */
    struct failure failure = {0};
    confined_code(CINCH_OK, place_find(&place, task->path, &failure));
    confined_refuse(SYS_openat, EEXIST, 2, O_EXCL, O_EXCL);
    confined_code(CINCH_E_IO, temporary_create(&first, &place, &failure));
    confined_number(EBUSY, failure.system_error);
    end(&first, &place);
}

static void a_name_is_found_without_randomness_or_given_up(void **state)
{
    struct scratch *scratch = *state;
    struct task task = {.folder = scratch->folder, .path = scratch_path(scratch, "target")};
    confined_run(hide_without_randomness, &task);
}

/* The program's own getrandom(), which the library calls here: first some bytes of the test's
 * choice, then the kernel's. */
static const char *random_script = "";

ssize_t getrandom(void *buffer, size_t size, unsigned int flags)
{
    if (*random_script != '\0') {
        memset(buffer, *random_script++ - '0', size);
        return (ssize_t)size;
    }
    return syscall(SYS_getrandom, buffer, size, flags);
}

static void hide_beside_taken_names(void *argument)
{
    const struct task *task = argument;
    struct temporary temporary;
    struct place place;
    char taken[2][512];
    for (int i = 0; i < 2; i++) {
        (void)snprintf(taken[i], sizeof taken[i], "%s/.target.%d%d%d%d%d%d%d%d%d%d.cinch",
                       task->folder, i, i, i, i, i, i, i, i, i, i);
        int fd = open(taken[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        confined_require(write(fd, "theirs", 6) == 6);
        (void)close(fd);
    }
    confined_refuse_nameless_files(EOPNOTSUPP);
    random_script = "0123";
    make(&temporary, &place, task->path);
    confined_require(strcmp(hidden_name_text(temporary.hidden), ".target.2222222222.cinch") == 0);
    end(&temporary, &place);
    require_text(taken[0], "theirs");
    require_text(taken[1], "theirs");
}

static void names_that_others_have_are_left_alone(void **state)
{
    struct scratch *scratch = *state;
    struct task task = {.folder = scratch_path(scratch, "folder"),
                        .path = scratch_path(scratch, "folder/target")};
    assert_int_equal(0, mkdir(task.folder, 0755));
    confined_run(hide_beside_taken_names, &task);
}

static struct place places[3];
static struct temporary temporaries[3];

/* Makes three hidden temporaries, gives one of them its place, and one up. */
static void leave_at_exit(const struct task *task)
{
    struct failure failure = {0};
    confined_refuse_nameless_files(EOPNOTSUPP);
    for (size_t i = 0; i < 3; i++) {
        make(&temporaries[i], &places[i], task->path);
    }
    confined_code(CINCH_OK, temporary_take_place(&temporaries[1], &places[1], true, &failure));
    end(&temporaries[0], &places[0]);
}

static int exit_status_of(pid_t child)
{
    int status;
    confined_require(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void exit_with_hidden(void *argument)
{
    const struct task *task = argument;
    char name[256];
    pid_t child = fork();
    confined_require(child >= 0);
    if (child == 0) {
        leave_at_exit(task);
        make(&temporaries[0], &places[0], task->path);
        exit(3);
    }
    confined_number(3, exit_status_of(child));
    confined_number(1, entries_of(task->folder, name));
    require_text(task->path, "new");

    /* Without exit() they stay: it was exit() that removed them. */
    child = fork();
    confined_require(child >= 0);
    if (child == 0) {
        leave_at_exit(task);
        _exit(3);
    }
    confined_number(3, exit_status_of(child));
    confined_number(2, entries_of(task->folder, name));
}

static void a_normal_exit_removes_hidden_names(void **state)
{
    struct scratch *scratch = *state;
    struct task task = {.folder = scratch_path(scratch, "folder"),
                        .path = scratch_path(scratch, "folder/target")};
    assert_int_equal(0, mkdir(task.folder, 0755));
    confined_run(exit_with_hidden, &task);
}

static void fork_with_hidden(void *argument)
{
    const struct task *task = argument;
    char name[256];
    struct failure failure = {0};
    confined_refuse_nameless_files(EOPNOTSUPP);
    make(&temporaries[0], &places[0], task->path);

    /* A child that only exits. */
    pid_t child = fork();
    confined_require(child >= 0);
    if (child == 0) {
        exit(3);
    }
    confined_number(3, exit_status_of(child));
    confined_number(1, entries_of(task->folder, name));

    /* One that was made without fork(), so that nothing told the library. */
    child = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
    confined_require(child >= 0);
    if (child == 0) {
        exit(3);
    }
    confined_number(3, exit_status_of(child));
    confined_number(1, entries_of(task->folder, name));

    /* One that has a hidden name of its own and exits with it. */
    child = fork();
    confined_require(child >= 0);
    if (child == 0) {
        make(&temporaries[1], &places[1], task->path);
        confined_number(2, entries_of(task->folder, name));
        exit(3);
    }
    confined_number(3, exit_status_of(child));
    confined_number(1, entries_of(task->folder, name));

    confined_code(CINCH_OK, temporary_take_place(&temporaries[0], &places[0], true, &failure));
    end(&temporaries[0], &places[0]);
    require_text(task->path, "new");
}

static void a_forked_child_removes_only_its_own(void **state)
{
    struct scratch *scratch = *state;
    struct task task = {.folder = scratch_path(scratch, "folder"),
                        .path = scratch_path(scratch, "folder/target")};
    assert_int_equal(0, mkdir(task.folder, 0755));
    confined_run(fork_with_hidden, &task);
}

/* Runs after the library's own destructor, which has the usual, later number. */
static bool creates_at_the_very_end;

__attribute__((destructor(101))) static void create_at_the_very_end(void)
{
    if (creates_at_the_very_end) {
        struct failure failure = {0};
        struct temporary temporary;
        confined_code(CINCH_E_IO, temporary_create(&temporary, &places[0], &failure));
        confined_number(ECANCELED, failure.system_error);
        child_end(4);
    }
}

static void exit_and_create(void *argument)
{
    const struct task *task = argument;
    char name[256];
    pid_t child = fork();
    confined_require(child >= 0);
    if (child == 0) {
        confined_refuse_nameless_files(EOPNOTSUPP);
        make(&temporaries[0], &places[0], task->path);
        creates_at_the_very_end = true;
        exit(3);
    }
    confined_number(4, exit_status_of(child));
    confined_number(0, entries_of(task->folder, name));
}

static void nothing_is_hidden_once_exit_has_cleaned_up(void **state)
{
    struct scratch *scratch = *state;
    struct task task = {.folder = scratch_path(scratch, "folder"),
                        .path = scratch_path(scratch, "folder/target")};
    assert_int_equal(0, mkdir(task.folder, 0755));
    confined_run(exit_and_create, &task);
}

static void a_read_only_file_system_is_told(void **state)
{
    run_on_each_kind(*state, create_on_read_only_file_system);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(it_is_private_and_leaves_nothing_when_discarded),
        scratch_test(it_takes_a_free_place),
        scratch_test(a_taken_place_is_replaced_only_when_asked),
        scratch_test(what_is_swapped_in_meanwhile_is_not_followed),
        scratch_test(a_folder_that_may_not_be_written_is_told),
        scratch_test(a_read_only_file_system_is_told),
        scratch_test(a_full_file_system_is_told),
        scratch_test(having_no_descriptor_left_leaves_nothing),
        scratch_test(every_way_to_have_no_nameless_files_leads_to_hidden_ones),
        scratch_test(without_proc_the_file_is_hidden),
        scratch_test(what_failed_to_take_its_place_leaves_nothing),
        scratch_test(the_longest_names_can_be_hidden),
        scratch_test(names_without_letters_can_be_hidden),
        scratch_test(many_threads_can_hide_names),
        scratch_test(names_that_others_have_are_left_alone),
        scratch_test(a_name_is_found_without_randomness_or_given_up),
        scratch_test(a_normal_exit_removes_hidden_names),
        scratch_test(a_forked_child_removes_only_its_own),
        scratch_test(nothing_is_hidden_once_exit_has_cleaned_up),
    };
    return cmocka_run_group_tests_name("temporary", tests, NULL, NULL);
}
