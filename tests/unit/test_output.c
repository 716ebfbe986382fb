/* Output: new files from opening to publishing, appended files, and all that is refused. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "confined.h"
#include "io/output.h"
#include "refusal.h"
#include "support/bytes.h"
#include "support/scratch.h"
#include "support/stream.h"
#include "support/test.h"

static const struct output_finish plain = {.metadata = NULL, .durable = false};
static const struct output_finish durable = {.metadata = NULL, .durable = true};

static const char *text_file(struct scratch *scratch, const char *name, const char *text)
{
    const char *path = scratch_path(scratch, name);
    file_write_text(path, text);
    return path;
}

static struct output open_new(const char *path, bool replace)
{
    struct failure failure = {0};
    struct output output;
    assert_int_equal(OUTPUT_DONE, output_open_path(&output, path, replace, NULL, &failure));
    assert_int_equal(OUTPUT_NEW_FILE, output.kind);
    return output;
}

static void write_text(struct output *output, const char *text)
{
    struct failure failure = {0};
    size_t written = 0;
    assert_int_equal(OUTPUT_DONE, output_write(output, text, strlen(text), &written, &failure));
    assert_int_equal(strlen(text), written);
}

static void assert_sealed(struct output *output, const struct output_finish *finish)
{
    struct failure failure = {0};
    assert_code(CINCH_OK, output_seal(output, finish, &failure));
}

static void assert_published(struct output *output, const struct output_finish *finish)
{
    struct failure failure = {0};
    assert_code(CINCH_OK, output_publish(output, finish, &failure));
}

static void assert_refused(const char *path, bool replace, const struct input *input, int32_t code,
                           int system_error)
{
    struct failure failure = {0};
    struct output output;
    assert_int_equal(OUTPUT_ERROR, output_open_path(&output, path, replace, input, &failure));
    assert_code(code, failure.code);
    assert_int_equal(FAILURE_OF_OUTPUT, failure.subject);
    assert_int_equal(system_error, failure.system_error);
    assert_int_equal(-1, output.fd);
    output_close(&output);
}

static void assert_refused_fd(int fd, const struct input *input, int32_t code, int system_error)
{
    struct failure failure = {0};
    struct output output;
    assert_code(code, output_open_fd(&output, fd, input, &failure));
    assert_code(code, failure.code);
    assert_int_equal(system_error, failure.system_error);
    assert_int_equal(-1, output.fd);
    output_close(&output);
}

/* --- New files -------------------------------------------------------------------------- */

static void a_new_file_appears_complete_when_published(void **state)
{
    struct scratch *scratch = *state;
    for (int is_durable = 0; is_durable <= 1; is_durable++) {
        const struct output_finish *finish = is_durable ? &durable : &plain;
        const char *path = scratch_path(scratch, is_durable ? "durable" : "plain");
        struct output output = open_new(path, true);
        assert_no_file(path);
        write_text(&output, "one");
        write_text(&output, " two");
        assert_sealed(&output, finish);
        assert_no_file(path);
        assert_published(&output, finish);
        assert_file_holds_text(path, "one two");
        output_close(&output);
        assert_int_equal(-1, output.fd);
        output_close(&output);
        assert_file_holds_text(path, "one two");
    }
    scratch_assert_holds(scratch, "plain", "durable", NULL);
}

static void a_file_not_published_leaves_nothing(void **state)
{
    struct scratch *scratch = *state;
    const char *path = text_file(scratch, "old", "old");
    struct output output = open_new(path, true);
    write_text(&output, "new");
    output_close(&output);

    output = open_new(path, true);
    write_text(&output, "new");
    assert_sealed(&output, &durable);
    output_close(&output);

    output = open_new(scratch_path(scratch, "new"), true);
    output_close(&output);
    scratch_assert_holds(scratch, "old", NULL);
    assert_file_holds_text(path, "old");
}

static void an_existing_file_is_replaced(void **state)
{
    struct scratch *scratch = *state;
    const char *path = text_file(scratch, "old", "old");
    const char *link_path = scratch_path(scratch, "link");
    assert_int_equal(0, link(path, link_path));
    assert_int_equal(0, chmod(path, 0444));
    int reader = open(path, O_RDONLY | O_CLOEXEC);

    struct output output = open_new(path, true);
    write_text(&output, "newer");
    assert_sealed(&output, &plain);
    assert_file_holds_text(path, "old");
    assert_published(&output, &plain);
    output_close(&output);
    assert_file_holds_text(path, "newer");
    assert_file_holds_text(link_path, "old");
    struct bytes bytes = descriptor_read(reader);
    assert_int_equal(3, bytes.size);
    bytes_free(&bytes);
    assert_int_equal(0, close(reader));
    scratch_assert_holds(scratch, "old", "link", NULL);
}

static void a_link_leads_to_the_place_of_its_target(void **state)
{
    struct scratch *scratch = *state;
    assert_int_equal(0, mkdir(scratch_path(scratch, "sub"), 0755));
    const char *link_path = scratch_path(scratch, "link");
    const char *target = scratch_path(scratch, "sub/target");
    assert_int_equal(0, symlink("sub/target", link_path));
    for (int round = 0; round < 2; round++) { /* dangling, then not */
        struct output output = open_new(link_path, true);
        write_text(&output, round == 0 ? "first" : "second");
        assert_sealed(&output, &plain);
        assert_published(&output, &plain);
        output_close(&output);
        assert_file_holds_text(target, round == 0 ? "first" : "second");
    }
    struct stat status;
    assert_int_equal(0, lstat(link_path, &status));
    assert_true(S_ISLNK(status.st_mode));
    assert_int_equal(0, lstat(target, &status));
    assert_true(S_ISREG(status.st_mode));
}

static void writes_may_come_in_any_order_and_leave_holes(void **state)
{
    const char *path = scratch_path(*state, "file");
    struct failure failure = {0};
    struct output output = open_new(path, true);
    assert_code(CINCH_OK, output_write_at(&output, 8, "89", 2, &failure));
    assert_code(CINCH_OK, output_write_at(&output, 0, "012", 3, &failure));
    assert_code(CINCH_OK, output_write_at(&output, 0, "", 0, &failure));
    assert_code(CINCH_OK, output_set_size(&output, 12, &failure));
    assert_sealed(&output, &plain);
    assert_published(&output, &plain);
    output_close(&output);
    char expected[12] = "012\0\0\0\0\00089\0\0";
    assert_file_holds(path, &(struct bytes){(uint8_t *)expected, sizeof expected});
}

static void offsets_go_beyond_four_gigabytes(void **state)
{
    const char *path = scratch_path(*state, "file");
    const uint64_t offset = UINT64_C(5) << 30;
    struct failure failure = {0};
    struct output output = open_new(path, true);
    assert_code(CINCH_OK, output_write_at(&output, offset, "x", 1, &failure));
    struct stat status;
    assert_int_equal(0, fstat(output.fd, &status));
    assert_true((uint64_t)status.st_size == offset + 1);
    assert_code(CINCH_OK, output_set_size(&output, offset + 5, &failure));
    assert_int_equal(0, fstat(output.fd, &status));
    assert_true((uint64_t)status.st_size == offset + 5);
    output_close(&output);
}

static void sealing_dresses_the_file(void **state)
{
    struct scratch *scratch = *state;
    const char *source = text_file(scratch, "source", "source");
    const struct timespec times[2] = {{1234567890, 123456789}, {987654321, 987654321}};
    assert_int_equal(0, chmod(source, 0640));
    assert_int_equal(0, utimensat(AT_FDCWD, source, times, 0));
    struct failure failure = {0};
    struct input input;
    assert_code(CINCH_OK, input_open_path(&input, source, &failure));

    const char *path = scratch_path(scratch, "target");
    const struct output_finish finish = {.metadata = &input.status, .durable = true};
    struct output output = open_new(path, true);
    write_text(&output, "target");
    struct stat status;
    assert_int_equal(0, fstat(output.fd, &status));
    assert_int_equal(0600, status.st_mode & 07777);
    assert_sealed(&output, &finish);
    assert_published(&output, &finish);
    output_close(&output);
    input_close(&input);
    assert_int_equal(0, stat(path, &status));
    assert_int_equal(0640, status.st_mode & 07777);
    assert_int_equal(times[1].tv_sec, status.st_mtim.tv_sec);
    assert_int_equal(times[1].tv_nsec, status.st_mtim.tv_nsec);
}

/* --- What stands there ------------------------------------------------------------------ */

static void without_replace_an_existing_file_is_refused(void **state)
{
    struct scratch *scratch = *state;
    const char *path = text_file(scratch, "old", "old");
    assert_refused(path, false, NULL, CINCH_E_EXISTS, EEXIST);
    assert_file_holds_text(path, "old");
    const char *link_path = scratch_path(scratch, "link");
    assert_int_equal(0, symlink("old", link_path));
    assert_refused(link_path, false, NULL, CINCH_E_EXISTS, EEXIST);
    const char *fifo = scratch_path(scratch, "fifo");
    assert_int_equal(0, mkfifo(fifo, 0600));
    assert_refused(fifo, false, NULL, CINCH_E_EXISTS, EEXIST);
    assert_refused("/dev/null", false, NULL, CINCH_E_EXISTS, EEXIST);

    /* The place of a dangling link is free. */
    const char *dangling = scratch_path(scratch, "dangling");
    assert_int_equal(0, symlink("new", dangling));
    struct output output = open_new(dangling, false);
    write_text(&output, "new");
    assert_sealed(&output, &plain);
    assert_published(&output, &plain);
    output_close(&output);
    assert_file_holds_text(scratch_path(scratch, "new"), "new");
}

static void without_replace_whoever_came_first_stays(void **state)
{
    struct scratch *scratch = *state;
    const char *path = scratch_path(scratch, "target");
    struct output output = open_new(path, false);
    write_text(&output, "ours");
    assert_sealed(&output, &durable);
    file_write_text(path, "theirs");

    struct failure failure = {0};
    assert_code(CINCH_E_EXISTS, output_publish(&output, &durable, &failure));
    assert_code(CINCH_E_EXISTS, failure.code);
    output_close(&output);
    assert_file_holds_text(path, "theirs");
    scratch_assert_holds(scratch, "target", NULL);
}

static void with_replace_a_file_that_came_meanwhile_is_replaced(void **state)
{
    struct scratch *scratch = *state;
    const char *path = scratch_path(scratch, "target");
    struct output output = open_new(path, true);
    write_text(&output, "ours");
    assert_sealed(&output, &plain);
    file_write_text(path, "theirs");
    assert_published(&output, &plain);
    output_close(&output);
    assert_file_holds_text(path, "ours");
    scratch_assert_holds(scratch, "target", NULL);
}

static void a_folder_that_came_meanwhile_is_told(void **state)
{
    struct scratch *scratch = *state;
    const char *path = scratch_path(scratch, "target");
    struct output output = open_new(path, true);
    assert_sealed(&output, &plain);
    assert_int_equal(0, mkdir(path, 0755));
    struct failure failure = {0};
    assert_code(CINCH_E_FILE_TYPE, output_publish(&output, &plain, &failure));
    assert_int_equal(EISDIR, failure.system_error);
    output_close(&output);
    scratch_assert_holds(scratch, "target", NULL);
    assert_int_equal(0, rmdir(path));
}

static void a_folder_removed_meanwhile_is_told(void **state)
{
    struct scratch *scratch = *state;
    const char *folder = scratch_path(scratch, "folder");
    assert_int_equal(0, mkdir(folder, 0755));
    struct output output = open_new(scratch_path(scratch, "folder/target"), true);
    assert_sealed(&output, &plain);
    assert_int_equal(0, rmdir(folder));
    struct failure failure = {0};
    assert_code(CINCH_E_NOT_FOUND, output_publish(&output, &plain, &failure));
    assert_int_equal(ENOENT, failure.system_error);
    output_close(&output);
    scratch_assert_holds(scratch, NULL);
}

static void paths_that_cannot_be_output_are_refused(void **state)
{
    struct scratch *scratch = *state;
    text_file(scratch, "file", "x");
    assert_refused(scratch->folder, true, NULL, CINCH_E_FILE_TYPE, EISDIR);
    assert_refused(scratch->folder, false, NULL, CINCH_E_FILE_TYPE, EISDIR);
    assert_refused("/", true, NULL, CINCH_E_FILE_TYPE, EISDIR);
    assert_refused(".", true, NULL, CINCH_E_FILE_TYPE, EISDIR);
    assert_refused(scratch_path(scratch, "new/"), true, NULL, CINCH_E_FILE_TYPE, EISDIR);
    assert_refused(scratch_path(scratch, "file/"), true, NULL, CINCH_E_FILE_TYPE, EISDIR);
    assert_refused(scratch_path(scratch, "missing/new"), true, NULL, CINCH_E_NOT_FOUND, ENOENT);
    assert_refused(scratch_path(scratch, "file/new"), true, NULL, CINCH_E_NOT_FOUND, ENOTDIR);
    assert_refused("", true, NULL, CINCH_E_NOT_FOUND, ENOENT);

    const char *loop = scratch_path(scratch, "loop");
    assert_int_equal(0, symlink("loop", loop));
    assert_refused(loop, true, NULL, CINCH_E_IO, ELOOP);
    char name[257];
    memset(name, 'n', 256);
    name[256] = '\0';
    assert_refused(scratch_path(scratch, name), true, NULL, CINCH_E_IO, ENAMETOOLONG);
    assert_int_equal(0, unlink(loop));
    scratch_assert_holds(scratch, "file", NULL);
}

static void a_block_device_is_refused(void **state)
{
    const char *path = scratch_path(*state, "device");
    if (mknod(path, S_IFBLK | 0600, makedev(4000, 0)) != 0) {
        skip();
    }
    assert_refused(path, true, NULL, CINCH_E_FILE_TYPE, 0);
    assert_refused(path, false, NULL, CINCH_E_FILE_TYPE, 0);
}

static void the_longest_name_is_published(void **state)
{
    struct scratch *scratch = *state;
    char name[256];
    memset(name, 'n', 255);
    name[255] = '\0';
    const char *path = scratch_path(scratch, name);
    for (int round = 0; round < 2; round++) {
        struct output output = open_new(path, true);
        assert_sealed(&output, &plain);
        assert_published(&output, &plain);
        output_close(&output);
    }
    scratch_assert_holds(scratch, name, NULL);
}

/* --- The input -------------------------------------------------------------------------- */

static void the_input_itself_is_refused_by_any_name(void **state)
{
    struct scratch *scratch = *state;
    const char *path = text_file(scratch, "file", "precious");
    const char *hard = scratch_path(scratch, "hard");
    const char *soft = scratch_path(scratch, "soft");
    const char *roundabout = scratch_path(scratch, "../");
    char by_parent[1024];
    const char *base = strrchr(scratch->folder, '/') + 1;
    (void)snprintf(by_parent, sizeof by_parent, "%s%s/file", roundabout, base);
    assert_int_equal(0, link(path, hard));
    assert_int_equal(0, symlink("hard", soft));

    struct failure failure = {0};
    struct input input;
    assert_code(CINCH_OK, input_open_path(&input, path, &failure));
    const char *const names[] = {path, hard, soft, by_parent};
    for (size_t i = 0; i < 4; i++) {
        assert_refused(names[i], true, &input, CINCH_E_SAME_FILE, 0);
        assert_refused(names[i], false, &input, CINCH_E_SAME_FILE, 0);
    }
    int fd = open(hard, O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_refused_fd(fd, &input, CINCH_E_SAME_FILE, 0);
    assert_int_equal(0, close(fd));
    input_close(&input);
    assert_file_holds_text(path, "precious");
}

static void a_fifo_is_not_fed_its_own_output(void **state)
{
    const char *path = scratch_path(*state, "fifo");
    assert_int_equal(0, mkfifo(path, 0600));
    struct failure failure = {0};
    struct input input;
    assert_code(CINCH_OK, input_open_path(&input, path, &failure));
    assert_refused(path, true, &input, CINCH_E_SAME_FILE, 0);
    input_close(&input);

    int ends[2];
    pipe_make(ends);
    assert_code(CINCH_OK, input_open_fd(&input, ends[0], &failure));
    assert_refused_fd(ends[1], &input, CINCH_E_SAME_FILE, 0);
    assert_int_equal(0, close(ends[0]));
    assert_int_equal(0, close(ends[1]));
}

static void a_device_may_be_both(void **state)
{
    struct failure failure = {0};
    struct input input;
    struct output output;
    (void)state;
    assert_code(CINCH_OK, input_open_path(&input, "/dev/null", &failure));
    assert_int_equal(OUTPUT_DONE, output_open_path(&output, "/dev/null", true, &input, &failure));
    assert_int_equal(OUTPUT_STREAM, output.kind);
    write_text(&output, "gone");
    output_close(&output);
    input_close(&input);
}

/* --- Appended files --------------------------------------------------------------------- */

static void a_descriptor_of_a_file_is_appended_to(void **state)
{
    const char *path = text_file(*state, "file", "0123456789");
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(4, lseek(fd, 4, SEEK_SET));
    struct failure failure = {0};
    struct output output;
    assert_code(CINCH_OK, output_open_fd(&output, fd, NULL, &failure));
    assert_int_equal(OUTPUT_APPENDED_FILE, output.kind);
    write_text(&output, "ab");
    write_text(&output, "cd");
    assert_sealed(&output, &durable);
    assert_published(&output, &durable);
    output_close(&output);
    assert_int_equal(8, lseek(fd, 0, SEEK_CUR));
    assert_int_equal(0, close(fd));
    assert_file_holds_text(path, "0123abcd89");

    fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_code(CINCH_OK, output_open_fd(&output, fd, NULL, &failure));
    write_text(&output, "end");
    output_close(&output);
    assert_int_equal(0, close(fd));
    assert_file_holds_text(path, "0123abcd89end");
}

static void descriptors_not_open_for_writing_are_refused(void **state)
{
    const char *path = text_file(*state, "file", "x");
    assert_refused_fd(-1, NULL, CINCH_E_IO, EBADF);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_refused_fd(fd, NULL, CINCH_E_IO, EBADF);
    assert_int_equal(0, close(fd));
    assert_refused_fd(fd, NULL, CINCH_E_IO, EBADF);
    fd = open(path, O_PATH | O_CLOEXEC);
    assert_refused_fd(fd, NULL, CINCH_E_IO, EBADF);
    assert_int_equal(0, close(fd));
}

/* --- What the system may do to us --------------------------------------------------------- */

static enum output_result open_quietly(struct output *output, const char *path,
                                       struct failure *failure)
{
    return output_open_path(output, path, true, NULL, failure);
}

static void open_in_closed_folder(void *path)
{
    confined_drop_privileges();
    struct failure failure = {0};
    struct output output;
    int free_number = dup(0);
    (void)close(free_number);
    confined_number(OUTPUT_ERROR, open_quietly(&output, path, &failure));
    confined_code(CINCH_E_PERMISSION, failure.code);
    confined_number(-1, output.fd);
    confined_number(free_number, dup(0)); /* nothing was left open */
}

static void a_folder_that_may_not_be_written_or_searched_is_told(void **state)
{
    struct scratch *scratch = *state;
    const char *folder = scratch_path(scratch, "folder");
    const char *path = scratch_path(scratch, "folder/new");
    assert_int_equal(0, chmod(scratch->folder, 0755));
    assert_int_equal(0, mkdir(folder, 0755));
    confined_run(open_in_closed_folder, (void *)(uintptr_t)path);
    assert_int_equal(0, chmod(folder, 0700));
    confined_run(open_in_closed_folder, (void *)(uintptr_t)path);
}

static void publish_in_unreadable_folder(void *path)
{
    confined_drop_privileges();
    struct failure failure = {0};
    struct output output;
    confined_number(OUTPUT_DONE, open_quietly(&output, path, &failure));
    confined_code(CINCH_OK, output_seal(&output, &durable, &failure));
    confined_code(CINCH_E_PERMISSION, output_publish(&output, &durable, &failure));
    confined_require(access(path, F_OK) != 0);
    output_close(&output);

    struct failure none = {0};
    confined_number(OUTPUT_DONE, open_quietly(&output, path, &none));
    confined_code(CINCH_OK, output_seal(&output, &plain, &none));
    confined_code(CINCH_OK, output_publish(&output, &plain, &none));
    output_close(&output);
    confined_require(access(path, F_OK) == 0);
}

static void a_folder_that_cannot_be_synced_is_told_before_publishing(void **state)
{
    struct scratch *scratch = *state;
    const char *folder = scratch_path(scratch, "folder");
    assert_int_equal(0, chmod(scratch->folder, 0755));
    assert_int_equal(0, mkdir(folder, 0700));
    assert_int_equal(0, chmod(folder, 0333));
    confined_run(publish_in_unreadable_folder,
                 (void *)(uintptr_t)scratch_path(scratch, "folder/new"));
}

static void fill_disk(void *folder)
{
    confined_mount_tmpfs(folder, "size=64k");
    char path[512];
    (void)snprintf(path, sizeof path, "%s/new", (const char *)folder);
    static char data[128 * 1024];
    struct failure failure = {0};
    struct output output;
    size_t written = 0;
    confined_number(OUTPUT_DONE, open_quietly(&output, path, &failure));
    confined_number(OUTPUT_ERROR, output_write(&output, data, sizeof data, &written, &failure));
    confined_code(CINCH_E_NO_SPACE, failure.code);
    confined_number(ENOSPC, failure.system_error);
    confined_number(64 * 1024, (intmax_t)written);
    struct failure at_offset = {0};
    confined_code(CINCH_E_NO_SPACE, output_write_at(&output, 64 * 1024, data, 1, &at_offset));
    output_close(&output);

    /* The room is there again. */
    struct failure none = {0};
    confined_number(OUTPUT_DONE, open_quietly(&output, path, &none));
    confined_code(CINCH_OK, output_write_at(&output, 0, data, 64 * 1024, &none));
    output_close(&output);
    confined_require(rmdir(path) != 0 && errno == ENOENT);
}

static void a_full_disk_is_told(void **state)
{
    const char *folder = scratch_path(*state, "disk");
    assert_int_equal(0, mkdir(folder, 0755));
    confined_run(fill_disk, (void *)(uintptr_t)folder);
}

static void pass_file_size_limit(void *path)
{
    sigset_t all;
    (void)sigfillset(&all);
    confined_require(pthread_sigmask(SIG_SETMASK, &all, NULL) == 0);
    const struct rlimit limit = {10000, 10000};
    confined_require(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    static char data[16384];
    struct failure failure = {0};
    struct output output;
    size_t written = 0;
    confined_number(OUTPUT_DONE, open_quietly(&output, path, &failure));
    confined_number(OUTPUT_ERROR, output_write(&output, data, sizeof data, &written, &failure));
    confined_code(CINCH_E_NO_SPACE, failure.code);
    confined_number(EFBIG, failure.system_error);
    confined_number(10000, (intmax_t)written);
    struct failure at_offset = {0};
    confined_code(CINCH_E_NO_SPACE, output_write_at(&output, 9999, data, 2, &at_offset));
    struct failure size = {0};
    confined_code(CINCH_E_NO_SPACE, output_set_size(&output, 10001, &size));
    output_close(&output);
}

static void the_file_size_limit_is_an_error_and_no_signal(void **state)
{
    struct scratch *scratch = *state;
    confined_run(pass_file_size_limit, (void *)(uintptr_t)scratch_path(scratch, "new"));
    scratch_assert_holds(scratch, NULL);
}

static void fail_syncing(void *path)
{
    struct failure failure = {0};
    struct output output;
    confined_number(OUTPUT_DONE, open_quietly(&output, path, &failure));
    confined_code(CINCH_OK, output_seal(&output, &durable, &failure));

    /* The folder: the file has its name by then. A file system that cannot do it is no error. */
    confined_refuse(SYS_fsync, EINVAL, 0, 0, 0);
    confined_code(CINCH_OK, output_publish(&output, &durable, &failure));
    output_close(&output);
    confined_require(unlink(path) == 0);

    confined_number(OUTPUT_DONE, open_quietly(&output, path, &failure));
    confined_code(CINCH_OK, output_seal(&output, &plain, &failure));
    confined_refuse(SYS_fsync, EIO, 0, 0, 0);
    confined_code(CINCH_E_IO, output_publish(&output, &durable, &failure));
    confined_number(EIO, failure.system_error);
    confined_require(strcmp(failure.action, "cannot sync the folder of") == 0);
    output_close(&output);
    confined_require(access(path, F_OK) == 0);
    confined_require(unlink(path) == 0);

    /* The file: nothing is published. */
    struct failure sealing = {0};
    confined_number(OUTPUT_DONE, open_quietly(&output, path, &sealing));
    confined_code(CINCH_E_IO, output_seal(&output, &durable, &sealing));
    confined_require(strcmp(sealing.action, "cannot sync") == 0);
    output_close(&output);
    confined_require(access(path, F_OK) != 0);
}

static void a_failed_sync_is_told(void **state)
{
    struct scratch *scratch = *state;
    confined_run(fail_syncing, (void *)(uintptr_t)scratch_path(scratch, "new"));
    scratch_assert_holds(scratch, NULL);
}

static void fail_closing(void *path)
{
    struct failure failure = {0};
    struct output output;
    confined_number(OUTPUT_DONE, open_quietly(&output, path, &failure));
    confined_refuse(SYS_close, EDQUOT, 0, 0, 0);
    confined_code(CINCH_E_NO_SPACE, output_seal(&output, &plain, &failure));
    confined_number(EDQUOT, failure.system_error);
    output_close(&output);
}

static void what_only_closing_tells_is_told_before_publishing(void **state)
{
    struct scratch *scratch = *state;
    confined_run(fail_closing, (void *)(uintptr_t)scratch_path(scratch, "new"));
    scratch_assert_holds(scratch, NULL);
}

static void fail_writing(void *path)
{
    struct failure failure = {0};
    struct output output;
    size_t written = 0;
    confined_number(OUTPUT_DONE, open_quietly(&output, path, &failure));
    confined_refuse(SYS_pwrite64, EIO, 0, 0, 0);
    confined_code(CINCH_E_IO, output_write_at(&output, 0, "x", 1, &failure));
    confined_refuse(SYS_write, EDQUOT, 0, 0xFFFFFFFF, (uint32_t)output.fd);
    struct failure quota = {0};
    confined_number(OUTPUT_ERROR, output_write(&output, "x", 1, &written, &quota));
    confined_code(CINCH_E_NO_SPACE, quota.code);
    confined_number(0, (intmax_t)written);
    output_close(&output);
}

static void errors_of_the_disk_are_told(void **state)
{
    struct scratch *scratch = *state;
    confined_run(fail_writing, (void *)(uintptr_t)scratch_path(scratch, "new"));
    scratch_assert_holds(scratch, NULL);
}

/* No file system should, but one that takes nothing of what is written, and names no error, must
 * not be asked for ever. */
static void write_nothing(void *path)
{
    struct failure failure = {0};
    struct output output;
    size_t written = 0;
    confined_number(OUTPUT_DONE, open_quietly(&output, path, &failure));
    confined_refuse(SYS_pwrite64, 0, 0, 0, 0);
    errno = EINTR;
    confined_code(CINCH_E_IO, output_write_at(&output, 0, "x", 1, &failure));
    confined_number(EIO, failure.system_error);
    confined_refuse(SYS_write, 0, 0, 0xFFFFFFFF, (uint32_t)output.fd);
    struct failure other = {0};
    errno = EINTR;
    confined_number(OUTPUT_ERROR, output_write(&output, "x", 1, &written, &other));
    confined_number(EIO, other.system_error);
    confined_number(0, (intmax_t)written);
    output_close(&output);
}

static void a_file_that_takes_nothing_is_told(void **state)
{
    struct scratch *scratch = *state;
    confined_run(write_nothing, (void *)(uintptr_t)scratch_path(scratch, "new"));
    scratch_assert_holds(scratch, NULL);
}

static void what_a_signal_interrupts_is_tried_again(void **state)
{
    struct failure failure = {0};
    struct output output = open_new(scratch_path(*state, "new"), false);
    refusal_begin(INTERRUPT, 0);
    write_text(&output, "one two");
    assert_true(refusal_end());
    refusal_begin(INTERRUPT, 0);
    assert_code(CINCH_OK, output_write_at(&output, 4, "THREE", 5, &failure));
    assert_true(refusal_end());
    refusal_begin(INTERRUPT, 0);
    assert_code(CINCH_OK, output_set_size(&output, 8, &failure));
    assert_true(refusal_end());
    assert_sealed(&output, &plain);
    assert_published(&output, &plain);
    output_close(&output);
    assert_file_holds_text(scratch_path(*state, "new"), "one THRE");
}

#ifdef SYS_newfstatat
static void open_unknown(void *path)
{
    /* stat() fails, while fstat() goes on. */
    confined_refuse(SYS_newfstatat, EIO, 3, AT_EMPTY_PATH, 0);
    struct failure failure = {0};
    struct output output;
    confined_number(OUTPUT_ERROR, output_open_path(&output, path, false, NULL, &failure));
    confined_code(CINCH_E_IO, failure.code);
    confined_number(EIO, failure.system_error);
}

static void what_cannot_be_looked_at_is_not_taken_for_missing(void **state)
{
    confined_run(open_unknown, (void *)(uintptr_t)text_file(*state, "old", "old"));
}
#endif

static void open_without_standard_descriptors(void *path)
{
    for (int fd = 0; fd <= 2; fd++) {
        (void)close(fd);
    }
    struct failure failure = {0};
    struct output output;
    confined_number(OUTPUT_DONE, open_quietly(&output, path, &failure));
    confined_require(output.fd > 2 && output.place.directory > 2);
    confined_code(CINCH_OK, output_seal(&output, &durable, &failure));
    confined_code(CINCH_OK, output_publish(&output, &durable, &failure));
    for (int fd = 0; fd <= 2; fd++) {
        confined_number(-1, fcntl(fd, F_GETFD));
    }
    output_close(&output);
    confined_number(OUTPUT_DONE, open_quietly(&output, "/dev/null", &failure));
    confined_require(output.fd > 2);
    output_close(&output);
}

static void standard_descriptors_are_never_taken(void **state)
{
    confined_run(open_without_standard_descriptors, (void *)(uintptr_t)scratch_path(*state, "new"));
}

static void closing_a_closed_output_does_nothing(void **state)
{
    struct output output = OUTPUT_CLOSED;
    (void)state;
    output_close(&output);
    assert_int_equal(-1, output.fd);
    assert_true(fcntl(0, F_GETFD) >= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_new_file_appears_complete_when_published),
        scratch_test(a_file_not_published_leaves_nothing),
        scratch_test(an_existing_file_is_replaced),
        scratch_test(a_link_leads_to_the_place_of_its_target),
        scratch_test(writes_may_come_in_any_order_and_leave_holes),
        scratch_test(offsets_go_beyond_four_gigabytes),
        scratch_test(sealing_dresses_the_file),
        scratch_test(without_replace_an_existing_file_is_refused),
        scratch_test(without_replace_whoever_came_first_stays),
        scratch_test(with_replace_a_file_that_came_meanwhile_is_replaced),
        scratch_test(a_folder_that_came_meanwhile_is_told),
        scratch_test(a_folder_removed_meanwhile_is_told),
        scratch_test(paths_that_cannot_be_output_are_refused),
        scratch_test(a_block_device_is_refused),
        scratch_test(the_longest_name_is_published),
        scratch_test(the_input_itself_is_refused_by_any_name),
        scratch_test(a_fifo_is_not_fed_its_own_output),
        scratch_test(a_device_may_be_both),
        scratch_test(a_descriptor_of_a_file_is_appended_to),
        scratch_test(descriptors_not_open_for_writing_are_refused),
        scratch_test(a_folder_that_may_not_be_written_or_searched_is_told),
        scratch_test(a_folder_that_cannot_be_synced_is_told_before_publishing),
        scratch_test(a_full_disk_is_told),
        scratch_test(the_file_size_limit_is_an_error_and_no_signal),
        scratch_test(a_failed_sync_is_told),
        scratch_test(what_only_closing_tells_is_told_before_publishing),
        scratch_test(errors_of_the_disk_are_told),
        scratch_test(a_file_that_takes_nothing_is_told),
        scratch_test(what_a_signal_interrupts_is_tried_again),
#ifdef SYS_newfstatat
        scratch_test(what_cannot_be_looked_at_is_not_taken_for_missing),
#endif
        scratch_test(standard_descriptors_are_never_taken),
        scratch_test(closing_a_closed_output_does_nothing),
    };
    return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
