/* Input: files at offsets, streams in order, descriptors left as they were found. */
#include <errno.h>
#include <fcntl.h>
#include <linux/major.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "confined.h"
#include "io/input.h"
#include "support/bytes.h"
#include "support/scratch.h"
#include "support/stream.h"
#include "support/test.h"

static const char *text_file(struct scratch *scratch, const char *name, const char *text)
{
    const char *path = scratch_path(scratch, name);
    file_write_text(path, text);
    return path;
}

static struct input open_path(const char *path)
{
    struct failure failure = {0};
    struct input input;
    assert_code(CINCH_OK, input_open_path(&input, path, &failure));
    assert_true(input.owned);
    assert_int_equal(FD_CLOEXEC, fcntl(input.fd, F_GETFD));
    return input;
}

static struct input open_fd(int fd)
{
    struct failure failure = {0};
    struct input input;
    assert_code(CINCH_OK, input_open_fd(&input, fd, &failure));
    assert_int_equal(fd, input.fd);
    assert_false(input.owned);
    return input;
}

static void assert_refused_path(const char *path, int32_t code, int system_error)
{
    struct failure failure = {0};
    struct input input;
    assert_code(code, input_open_path(&input, path, &failure));
    assert_code(code, failure.code);
    assert_int_equal(FAILURE_OF_INPUT, failure.subject);
    assert_int_equal(system_error, failure.system_error);
    assert_int_equal(-1, input.fd);
    input_close(&input);
}

static void assert_refused_fd(int fd, int32_t code, int system_error)
{
    struct failure failure = {0};
    struct input input;
    assert_code(code, input_open_fd(&input, fd, &failure));
    assert_int_equal(system_error, failure.system_error);
    assert_int_equal(-1, input.fd);
    input_close(&input);
}

static void assert_waits(const struct input *input)
{
    struct failure failure = {0};
    char buffer[16];
    size_t count = 99;
    assert_int_equal(INPUT_WAIT, input_read(input, buffer, sizeof buffer, &count, &failure));
    assert_int_equal(0, count);
    assert_code(CINCH_OK, failure.code);
}

static void assert_reads(const struct input *input, const char *expected)
{
    struct failure failure = {0};
    char buffer[16];
    size_t count = 99;
    assert_int_equal(INPUT_DATA, input_read(input, buffer, sizeof buffer, &count, &failure));
    assert_int_equal(strlen(expected), count);
    assert_memory_equal(expected, buffer, count);
}

static void assert_ends(const struct input *input)
{
    struct failure failure = {0};
    char buffer[16];
    size_t count = 99;
    assert_int_equal(INPUT_END, input_read(input, buffer, sizeof buffer, &count, &failure));
    assert_int_equal(0, count);
    assert_code(CINCH_OK, failure.code);
}

static void assert_holds(const struct input *input, uint64_t offset, const char *expected)
{
    struct failure failure = {0};
    char buffer[64];
    assert_code(CINCH_OK, input_read_at(input, offset, buffer, strlen(expected), &failure));
    assert_memory_equal(expected, buffer, strlen(expected));
}

/* --- Files ------------------------------------------------------------------------------ */

static void a_file_is_read_at_offsets(void **state)
{
    struct input input = open_path(text_file(*state, "file", "0123456789"));
    assert_true(input.is_file);
    assert_int_equal(0, input.start);
    assert_int_equal(10, input.size);
    assert_int_equal(10, input.status.st_size);
    assert_holds(&input, 7, "789");
    assert_holds(&input, 0, "0123456789");
    assert_holds(&input, 10, "");
    input_mark_consumed(&input);
    assert_int_equal(0, lseek(input.fd, 0, SEEK_CUR));
    input_close(&input);
    assert_int_equal(-1, input.fd);
    input_close(&input);
}

static void a_file_that_shrank_is_told(void **state)
{
    const char *path = text_file(*state, "file", "0123456789");
    struct input input = open_path(path);
    struct failure failure = {0};
    char buffer[10];
    assert_int_equal(0, truncate(path, 6));
    assert_holds(&input, 0, "012345");
    assert_code(CINCH_E_INPUT_CHANGED, input_read_at(&input, 0, buffer, 10, &failure));
    assert_code(CINCH_E_INPUT_CHANGED, failure.code);
    assert_int_equal(FAILURE_OF_INPUT, failure.subject);
    input_close(&input);
}

static void a_file_that_grew_keeps_the_size_it_had(void **state)
{
    const char *path = text_file(*state, "file", "0123");
    struct input input = open_path(path);
    file_write_text(path, "0123456789");
    assert_int_equal(4, input.size);
    assert_holds(&input, 0, "0123");
    input_close(&input);
}

static void a_file_of_holes_is_a_file(void **state)
{
    const char *path = scratch_path(*state, "sparse");
    const uint64_t size = UINT64_C(5) << 30;
    file_write_sparse(path, size);
    struct input input = open_path(path);
    assert_true(input.is_file);
    assert_true(input.size == size);
    struct failure failure = {0};
    char buffer[3] = "##";
    assert_code(CINCH_OK, input_read_at(&input, size - 3, buffer, 3, &failure));
    assert_memory_equal("\0\0\0", buffer, 3);
    input_close(&input);
}

static void a_descriptor_is_read_from_its_offset(void **state)
{
    int fd = open(text_file(*state, "file", "0123456789"), O_RDONLY | O_CLOEXEC);
    assert_int_equal(4, lseek(fd, 4, SEEK_SET));
    struct input input = open_fd(fd);
    assert_true(input.is_file);
    assert_int_equal(4, input.start);
    assert_int_equal(6, input.size);
    assert_holds(&input, 0, "456789");
    assert_holds(&input, 5, "9");
    assert_int_equal(4, lseek(fd, 0, SEEK_CUR));
    input_mark_consumed(&input);
    assert_int_equal(10, lseek(fd, 0, SEEK_CUR));
    input_close(&input);
    assert_int_equal(0, close(fd));
}

static void a_descriptor_at_or_behind_the_end_ends_at_once(void **state)
{
    int fd = open(text_file(*state, "file", "0123456789"), O_RDONLY | O_CLOEXEC);
    for (off_t offset = 10; offset <= 20; offset += 10) {
        assert_int_equal(offset, lseek(fd, offset, SEEK_SET));
        struct input input = open_fd(fd);
        assert_false(input.is_file);
        assert_ends(&input);
        input_mark_consumed(&input);
        assert_int_equal(offset, lseek(fd, 0, SEEK_CUR));
    }
    assert_int_equal(0, close(fd));
}

static void files_without_a_length_worth_the_name_are_streams(void **state)
{
    (void)state;
    struct input input = open_path("/proc/self/comm");
    assert_false(input.is_file);
    struct bytes name = file_read("/proc/self/comm");
    assert_int_not_equal(0, name.size);
    char expected[32];
    (void)snprintf(expected, sizeof expected, "%.*s", (int)name.size, (const char *)name.data);
    bytes_free(&name);
    assert_reads(&input, expected);
    assert_ends(&input);
    input_close(&input);

    /* Says that it has 4096 bytes. */
    const char *attribute = "/sys/kernel/mm/transparent_hugepage/use_zero_page";
    if (access(attribute, R_OK) == 0) {
        input = open_path(attribute);
        assert_int_not_equal(0, input.status.st_size);
        assert_false(input.is_file);
        assert_reads(&input, "1\n");
        assert_ends(&input);
        input_close(&input);
    }

    input = open_path(text_file(*state, "empty", ""));
    assert_false(input.is_file);
    assert_ends(&input);
    input_close(&input);
}

static void *lease_holder(void *argument)
{
    int fd = *(int *)argument;
    sigset_t set;
    int number;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGIO);
    (void)sigwait(&set, &number);
    (void)fcntl(fd, F_SETLEASE, F_UNLCK);
    return NULL;
}

static void a_leased_file_is_opened_once_the_holder_lets_go(void **state)
{
    const char *path = text_file(*state, "leased", "0123456789");
    int fd = open(path, O_RDWR | O_CLOEXEC);
    sigset_t set;
    sigset_t before;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGIO);
    assert_int_equal(0, pthread_sigmask(SIG_BLOCK, &set, &before));
    if (fcntl(fd, F_SETLEASE, F_WRLCK) != 0) {
        assert_int_equal(0, close(fd));
        skip();
    }
    pthread_t holder;
    assert_int_equal(0, pthread_create(&holder, NULL, lease_holder, &fd));

    struct input input = open_path(path);
    assert_int_equal(0, pthread_join(holder, NULL));
    assert_true(input.is_file);
    assert_holds(&input, 0, "0123456789");
    input_close(&input);
    assert_int_equal(0, close(fd));
    assert_int_equal(0, pthread_sigmask(SIG_SETMASK, &before, NULL));
}

/* --- Streams ---------------------------------------------------------------------------- */

static void a_fifo_without_a_writer_is_waited_for(void **state)
{
    const char *path = scratch_path(*state, "fifo");
    assert_int_equal(0, mkfifo(path, 0600));
    struct input input = open_path(path);
    assert_false(input.is_file);
    assert_waits(&input);

    int writer = open(path, O_WRONLY | O_CLOEXEC);
    assert_waits(&input);
    assert_int_equal(3, write(writer, "abc", 3));
    assert_reads(&input, "abc");
    assert_waits(&input);
    assert_int_equal(3, write(writer, "def", 3));
    assert_int_equal(0, close(writer));
    assert_reads(&input, "def");
    assert_ends(&input);
    input_close(&input);
}

static void a_fifo_whose_writer_wrote_nothing_ends(void **state)
{
    const char *path = scratch_path(*state, "fifo");
    assert_int_equal(0, mkfifo(path, 0600));
    struct input input = open_path(path);
    assert_waits(&input);
    int writer = open(path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(0, close(writer));
    assert_ends(&input);
    input_close(&input);
}

static void pipe_is_read(int flags)
{
    int ends[2];
    pipe_make(ends);
    assert_int_equal(0, fcntl(ends[0], F_SETFL, flags));
    struct input input = open_fd(ends[0]);
    assert_waits(&input);
    assert_int_equal(20, write(ends[1], "abcdefghijklmnopqrst", 20));
    assert_reads(&input, "abcdefghijklmnop");
    assert_reads(&input, "qrst");
    assert_waits(&input);
    assert_int_equal(0, close(ends[1]));
    assert_ends(&input);
    assert_int_equal(flags, fcntl(ends[0], F_GETFL) & O_NONBLOCK);
    input_close(&input);
    assert_int_equal(0, close(ends[0]));
}

static void a_pipe_never_blocks_and_keeps_its_flags(void **state)
{
    (void)state;
    pipe_is_read(0);
    pipe_is_read(O_NONBLOCK);
}

static void a_socket_never_blocks(void **state)
{
    int ends[2];
    (void)state;
    assert_int_equal(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
    struct input input = open_fd(ends[0]);
    assert_true(input.is_socket);
    assert_waits(&input);
    assert_int_equal(3, write(ends[1], "abc", 3));
    assert_reads(&input, "abc");
    assert_waits(&input);
    assert_int_equal(0, shutdown(ends[1], SHUT_WR));
    assert_ends(&input);
    assert_int_equal(0, close(ends[1]));
    assert_int_equal(0, close(ends[0]));
}

static void a_socket_whose_peer_broke_off_is_an_error(void **state)
{
    int ends[2];
    (void)state;
    assert_int_equal(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
    struct input input = open_fd(ends[0]);
    assert_int_equal(1, write(ends[0], "x", 1));
    assert_int_equal(0, close(ends[1])); /* with that byte unread */

    struct failure failure = {0};
    char buffer[4];
    size_t count;
    assert_int_equal(INPUT_ERROR, input_read(&input, buffer, sizeof buffer, &count, &failure));
    assert_code(CINCH_E_IO, failure.code);
    assert_int_equal(ECONNRESET, failure.system_error);
    assert_int_equal(0, close(ends[0]));
}

static void a_terminal_is_read_as_a_stream(void **state)
{
    (void)state;
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0) {
        skip();
    }
    assert_int_equal(0, grantpt(master));
    assert_int_equal(0, unlockpt(master));
    struct input by_path = open_path(ptsname(master));
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct input by_fd = open_fd(slave);
    assert_waits(&by_path);
    assert_waits(&by_fd);
    assert_int_equal(4, write(master, "abc\n", 4));
    assert_reads(&by_path, "abc\n");
    assert_int_equal(4, write(master, "def\n", 4));
    assert_reads(&by_fd, "def\n");
    assert_int_equal(1, write(master, "\004", 1)); /* control-D: the end */
    assert_ends(&by_fd);
    input_close(&by_path);
    assert_int_equal(0, close(slave));
    assert_int_equal(0, close(master));
}

/* --- Refusals --------------------------------------------------------------------------- */

static void paths_that_cannot_be_input_are_refused(void **state)
{
    struct scratch *scratch = *state;
    assert_refused_path(scratch_path(scratch, "missing"), CINCH_E_NOT_FOUND, ENOENT);
    text_file(scratch, "file", "x");
    assert_refused_path(scratch_path(scratch, "file/x"), CINCH_E_NOT_FOUND, ENOTDIR);
    assert_refused_path("", CINCH_E_NOT_FOUND, ENOENT);
    assert_refused_path(scratch->folder, CINCH_E_FILE_TYPE, EISDIR);

    const char *loop = scratch_path(scratch, "loop");
    assert_int_equal(0, symlink("loop", loop));
    assert_refused_path(loop, CINCH_E_IO, ELOOP);

    char name[300];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_refused_path(scratch_path(scratch, name), CINCH_E_IO, ENAMETOOLONG);
}

static void a_sockets_path_is_refused(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = scratch_path(*state, "socket");
    assert_true(strlen(path) < sizeof address.sun_path);
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(0, bind(fd, (struct sockaddr *)&address, sizeof address));
    assert_refused_path(path, CINCH_E_FILE_TYPE, 0);
    assert_int_equal(0, close(fd));
}

static void a_block_device_is_refused(void **state)
{
    /* One that no driver has, and the first loop device, which can be opened without a disk. */
    const char *without = scratch_path(*state, "without");
    const char *with = scratch_path(*state, "with");
    if (mknod(without, S_IFBLK | 0600, makedev(4000, 0)) != 0) {
        skip();
    }
    assert_refused_path(without, CINCH_E_FILE_TYPE, 0);
    if (mknod(with, S_IFBLK | 0600, makedev(LOOP_MAJOR, 0)) == 0) {
        int fd = open(with, O_RDONLY | O_CLOEXEC);
        if (fd >= 0) {
            assert_refused_path(with, CINCH_E_FILE_TYPE, 0);
            assert_refused_fd(fd, CINCH_E_FILE_TYPE, 0);
            assert_int_equal(0, close(fd));
        }
    }
}

static void open_unreadable(void *path)
{
    confined_drop_privileges();
    struct failure failure = {0};
    struct input input;
    confined_code(CINCH_E_PERMISSION, input_open_path(&input, path, &failure));
    confined_number(EACCES, failure.system_error);
    confined_number(-1, input.fd);
}

static void an_unreadable_file_is_refused(void **state)
{
    const char *path = text_file(*state, "file", "x");
    assert_int_equal(0, chmod(((struct scratch *)*state)->folder, 0755));
    assert_int_equal(0, chmod(path, 0600));
    confined_run(open_unreadable, (void *)(uintptr_t)path);
}

static void descriptors_not_open_for_reading_are_refused(void **state)
{
    const char *path = text_file(*state, "file", "x");
    assert_refused_fd(-1, CINCH_E_IO, EBADF);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_refused_fd(fd, CINCH_E_IO, EBADF);
    assert_int_equal(0, close(fd));
    assert_refused_fd(fd, CINCH_E_IO, EBADF); /* closed */
    fd = open(path, O_PATH | O_CLOEXEC);
    assert_refused_fd(fd, CINCH_E_IO, EBADF);
    assert_int_equal(0, close(fd));
    const char *fifo = scratch_path(*state, "fifo");
    assert_int_equal(0, mkfifo(fifo, 0600));
    fd = open(fifo, O_PATH | O_CLOEXEC);
    assert_refused_fd(fd, CINCH_E_IO, EBADF);
    assert_int_equal(0, close(fd));
    fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_refused_fd(fd, CINCH_E_FILE_TYPE, EISDIR);
    assert_int_equal(0, close(fd));
}

/* --- What the system may do to us --------------------------------------------------------- */

static void open_without_standard_descriptors(void *path)
{
    for (int fd = 0; fd <= 2; fd++) {
        (void)close(fd);
    }
    struct failure failure = {0};
    struct input input;
    confined_code(CINCH_OK, input_open_path(&input, path, &failure));
    confined_require(input.fd > 2);
    confined_number(FD_CLOEXEC, fcntl(input.fd, F_GETFD));
    for (int fd = 0; fd <= 2; fd++) {
        confined_number(-1, fcntl(fd, F_GETFD));
    }
}

static void standard_descriptors_are_never_taken(void **state)
{
    confined_run(open_without_standard_descriptors,
                 (void *)(uintptr_t)text_file(*state, "file", "x"));
}

static void open_without_descriptors_left(void *path)
{
    struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_NOFILE, &none) != 0) {
        confined_skip("the limit of descriptors cannot be set");
    }
    struct failure failure = {0};
    struct input input;
    confined_code(CINCH_E_IO, input_open_path(&input, path, &failure));
    confined_number(EMFILE, failure.system_error);

    /* A low number is there to be had, but none that we would take. */
    const struct rlimit three = {3, 3};
    (void)close(0);
    if (setrlimit(RLIMIT_NOFILE, &three) != 0) {
        return; /* only root may raise it again */
    }
    struct failure again = {0};
    confined_code(CINCH_E_IO, input_open_path(&input, path, &again));
    confined_number(EMFILE, again.system_error);
    confined_number(-1, fcntl(0, F_GETFD));
}

static void having_no_descriptor_left_is_told(void **state)
{
    confined_run(open_without_descriptors_left, (void *)(uintptr_t)text_file(*state, "file", "x"));
}

static void read_without_preadv2(void *context)
{
    int ends[2];
    (void)context;
    confined_require(pipe2(ends, O_CLOEXEC) == 0);
    struct failure failure = {0};
    struct input input;
    char buffer[8];
    size_t count;
    confined_code(CINCH_OK, input_open_fd(&input, ends[0], &failure));
    static const int errors[] = {ENOSYS, EOPNOTSUPP, EINVAL};
    for (size_t i = 0; i < 3; i++) {
        confined_refuse(SYS_preadv2, errors[i], 0, 0, 0);
        confined_number(INPUT_WAIT, input_read(&input, buffer, sizeof buffer, &count, &failure));
        confined_require(write(ends[1], "abc", 3) == 3);
        confined_number(INPUT_DATA, input_read(&input, buffer, sizeof buffer, &count, &failure));
        confined_number(3, count);
    }
}

static void a_kernel_without_reads_that_do_not_wait_will_do(void **state)
{
    (void)state;
    confined_run(read_without_preadv2, NULL);
}

static void read_bad_disk(void *path)
{
    struct failure failure = {0};
    struct input input;
    char buffer[1];
    confined_code(CINCH_OK, input_open_path(&input, path, &failure));
    confined_refuse(SYS_pread64, EIO, 0, 0, 0);
    confined_code(CINCH_E_IO, input_read_at(&input, 0, buffer, 1, &failure));
    confined_number(EIO, failure.system_error);
    input_close(&input);

    struct failure at_opening = {0};
    confined_refuse(SYS_lseek, EIO, 0, 0, 0);
#ifdef SYS__llseek
    confined_refuse(SYS__llseek, EIO, 0, 0, 0);
#endif
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    confined_code(CINCH_E_IO, input_open_fd(&input, fd, &at_opening));
    confined_number(EIO, at_opening.system_error);
}

static void errors_of_the_disk_are_told(void **state)
{
    confined_run(read_bad_disk, (void *)(uintptr_t)text_file(*state, "file", "x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_file_is_read_at_offsets),
        scratch_test(a_file_that_shrank_is_told),
        scratch_test(a_file_that_grew_keeps_the_size_it_had),
        scratch_test(a_file_of_holes_is_a_file),
        scratch_test(a_descriptor_is_read_from_its_offset),
        scratch_test(a_descriptor_at_or_behind_the_end_ends_at_once),
        scratch_test(files_without_a_length_worth_the_name_are_streams),
        scratch_test(a_leased_file_is_opened_once_the_holder_lets_go),
        scratch_test(a_fifo_without_a_writer_is_waited_for),
        scratch_test(a_fifo_whose_writer_wrote_nothing_ends),
        scratch_test(a_pipe_never_blocks_and_keeps_its_flags),
        scratch_test(a_socket_never_blocks),
        scratch_test(a_socket_whose_peer_broke_off_is_an_error),
        scratch_test(a_terminal_is_read_as_a_stream),
        scratch_test(paths_that_cannot_be_input_are_refused),
        scratch_test(a_sockets_path_is_refused),
        scratch_test(a_block_device_is_refused),
        scratch_test(an_unreadable_file_is_refused),
        scratch_test(descriptors_not_open_for_reading_are_refused),
        scratch_test(standard_descriptors_are_never_taken),
        scratch_test(having_no_descriptor_left_is_told),
        scratch_test(a_kernel_without_reads_that_do_not_wait_will_do),
        scratch_test(errors_of_the_disk_are_told),
    };
    return cmocka_run_group_tests_name("input", tests, NULL, NULL);
}
