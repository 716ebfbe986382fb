/* Output streams: never a write that blocks, never a flag of the caller's changed. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "confined.h"
#include "io/output.h"
#include "support/bytes.h"
#include "support/scratch.h"
#include "support/stream.h"
#include "support/test.h"

enum {
    MANY = 1 << 20 /* bytes: more than any pipe or socket here has room for */
};

static char many[MANY];

static enum output_result write_many(struct output *output, size_t *written,
                                     struct failure *failure)
{
    *written = 0;
    return output_write(output, many, sizeof many, written, failure);
}

/* Writes until there is no more room; returns how much there was. */
static size_t assert_fills(struct output *output)
{
    struct failure failure = {0};
    size_t written;
    assert_int_equal(OUTPUT_WAIT, write_many(output, &written, &failure));
    assert_code(CINCH_OK, failure.code);
    assert_true(written > 0 && written < MANY);
    size_t more;
    assert_int_equal(OUTPUT_WAIT, write_many(output, &more, &failure));
    return written + more;
}

static void assert_writes(struct output *output, const char *text)
{
    struct failure failure = {0};
    size_t written = 0;
    assert_int_equal(OUTPUT_DONE, output_write(output, text, strlen(text), &written, &failure));
    assert_int_equal(strlen(text), written);
}

static void assert_broken(struct output *output)
{
    struct failure failure = {0};
    size_t written;
    assert_int_equal(OUTPUT_ERROR, write_many(output, &written, &failure));
    assert_code(CINCH_E_BROKEN_PIPE, failure.code);
    assert_int_equal(FAILURE_OF_OUTPUT, failure.subject);
    assert_true(failure.system_error == EPIPE || failure.system_error == ECONNRESET);
    assert_int_equal(0, written);
}

static void assert_arrives(int fd, const char *expected)
{
    char text[64];
    assert_int_equal(strlen(expected), read(fd, text, sizeof text));
    assert_memory_equal(expected, text, strlen(expected));
}

/* Takes that many bytes out of a pipe, terminal or socket. */
static void take(int fd, size_t size)
{
    static char sink[65536];
    while (size > 0) {
        ssize_t count = read(fd, sink, size < sizeof sink ? size : sizeof sink);
        assert_true(count > 0);
        size -= (size_t)count;
    }
}

static struct output open_fd(int fd)
{
    struct failure failure = {0};
    struct output output;
    assert_code(CINCH_OK, output_open_fd(&output, fd, NULL, &failure));
    assert_int_equal(OUTPUT_STREAM, output.kind);
    return output;
}

static struct output open_path(const char *path)
{
    struct failure failure = {0};
    struct output output;
    assert_int_equal(OUTPUT_DONE, output_open_path(&output, path, true, NULL, &failure));
    assert_int_equal(OUTPUT_STREAM, output.kind);
    assert_true(output.owned);
    assert_int_equal(FD_CLOEXEC, fcntl(output.fd, F_GETFD));
    return output;
}

static void finish(struct output *output)
{
    const struct output_finish how = {.metadata = NULL, .durable = true};
    struct failure failure = {0};
    assert_code(CINCH_OK, output_seal(output, &how, &failure));
    assert_code(CINCH_OK, output_publish(output, &how, &failure));
    output_close(output);
    assert_int_equal(-1, output->fd);
}

/* --- Pipes ------------------------------------------------------------------------------ */

static void a_fifo_without_a_reader_is_waited_for(void **state)
{
    struct scratch *scratch = *state;
    const char *path = scratch_path(scratch, "fifo");
    struct failure failure = {0};
    struct output output;
    assert_int_equal(0, mkfifo(path, 0600));
    assert_int_equal(OUTPUT_WAIT, output_open_path(&output, path, true, NULL, &failure));
    assert_int_equal(-1, output.fd);
    assert_code(CINCH_OK, failure.code);
    output_close(&output);

    int reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    output = open_path(path);
    assert_writes(&output, "abc");
    assert_arrives(reader, "abc");
    assert_fills(&output);
    finish(&output);
    assert_int_equal(0, close(reader));
    struct stat status;
    assert_int_equal(0, stat(path, &status));
    assert_true(S_ISFIFO(status.st_mode));
    scratch_assert_holds(scratch, "fifo", NULL);
}

static void pipe_is_written(int flags)
{
    int ends[2];
    pipe_make(ends);
    assert_int_equal(0, fcntl(ends[1], F_SETFL, flags));
    struct output output = open_fd(ends[1]);
    size_t room = assert_fills(&output);
    take(ends[0], room);
    assert_writes(&output, "abc");
    assert_arrives(ends[0], "abc");
    finish(&output);

    /* Ours is gone: the caller's was the last. */
    assert_int_equal(flags, fcntl(ends[1], F_GETFL) & O_NONBLOCK);
    assert_int_equal(0, close(ends[1]));
    char byte;
    assert_int_equal(0, read(ends[0], &byte, 1));
    assert_int_equal(0, close(ends[0]));
}

static void a_pipe_never_blocks_and_keeps_its_flags(void **state)
{
    (void)state;
    pipe_is_written(0);
    pipe_is_written(O_NONBLOCK);
}

static void a_pipe_whose_reader_went_away_is_broken(void **state)
{
    int ends[2];
    (void)state;
    pipe_make(ends);
    struct output output = open_fd(ends[1]);
    assert_fills(&output);
    assert_int_equal(0, close(ends[0]));
    assert_broken(&output);
    output_close(&output);

    /* And one that was broken before. */
    output = open_fd(ends[1]);
    assert_broken(&output);
    output_close(&output);
    assert_int_equal(0, close(ends[1]));
}

static void write_without_proc(void *argument)
{
    const int *ends = argument;
    sigset_t all;
    (void)sigfillset(&all);
    confined_require(sigprocmask(SIG_SETMASK, &all, NULL) == 0);
    confined_mount_tmpfs("/proc", "size=4k");
    struct failure failure = {0};
    struct output output;
    size_t written;
    confined_code(CINCH_OK, output_open_fd(&output, ends[1], NULL, &failure));
    confined_number(ends[1], output.fd);
    confined_require(!output.owned && !output.never_blocks);

    /* Page by page until it is full, and again when there is room for a page. */
    confined_number(OUTPUT_WAIT, write_many(&output, &written, &failure));
    confined_number(fcntl(ends[1], F_GETPIPE_SZ), (intmax_t)written);
    confined_number(OUTPUT_WAIT, write_many(&output, &written, &failure));
    confined_number(0, (intmax_t)written);
    char page[PIPE_BUF];
    confined_number(PIPE_BUF, read(ends[0], page, sizeof page));
    confined_number(OUTPUT_WAIT, write_many(&output, &written, &failure));
    confined_number(PIPE_BUF, (intmax_t)written);
    confined_number(0, fcntl(ends[1], F_GETFL) & O_NONBLOCK);

    (void)close(ends[0]);
    confined_number(OUTPUT_ERROR, write_many(&output, &written, &failure));
    confined_code(CINCH_E_BROKEN_PIPE, failure.code);
    output_close(&output);
    confined_require(fcntl(ends[1], F_GETFD) >= 0);
}

static void run_with_pipe(void *context)
{
    int ends[2];
    (void)context;
    confined_require(pipe2(ends, O_CLOEXEC) == 0);
    write_without_proc(ends);
}

static void without_a_description_of_our_own_a_pipe_does_not_block_either(void **state)
{
    (void)state;
    confined_run(run_with_pipe, NULL);
}

/* What is no file, pipe or terminal has nothing to be opened again. */
static void what_is_none_of_these_is_written_as_it_is(void **state)
{
    uint64_t value = 0;
    (void)state;
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    assert_true(fd >= 0);
    struct output output = open_fd(fd);
    assert_int_equal(OUTPUT_STREAM, output.kind);
    assert_int_equal(fd, output.fd);
    assert_false(output.owned || output.never_blocks || output.is_socket);
    assert_writes(&output, "12345678");
    assert_int_equal(sizeof value, read(fd, &value, sizeof value));
    assert_memory_equal("12345678", &value, sizeof value);
    finish(&output);
    assert_int_equal(0, close(fd));
}

/* --- Sockets ---------------------------------------------------------------------------- */

static void a_socket_never_blocks(void **state)
{
    int ends[2];
    (void)state;
    assert_int_equal(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
    struct output output = open_fd(ends[0]);
    assert_true(output.is_socket);
    size_t room = assert_fills(&output);
    take(ends[1], room);
    assert_writes(&output, "abc");
    assert_arrives(ends[1], "abc");
    assert_int_equal(0, fcntl(ends[0], F_GETFL) & O_NONBLOCK);
    assert_int_equal(0, close(ends[1]));
    assert_broken(&output);
    finish(&output);
    assert_int_equal(0, close(ends[0]));
}

static void a_connection_that_was_reset_is_broken(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    (void)state;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 1) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) != 0 ||
        connect(fd, (struct sockaddr *)&address, length) != 0) {
        (void)close(fd);
        (void)close(listener);
        skip();
    }
    int peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    struct output output = open_fd(fd);
    assert_writes(&output, "abc");
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    assert_int_equal(0, setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once));
    assert_int_equal(0, close(peer));

    struct failure failure = {0};
    size_t written;
    assert_int_equal(OUTPUT_ERROR, write_many(&output, &written, &failure));
    assert_code(CINCH_E_BROKEN_PIPE, failure.code);
    assert_int_equal(ECONNRESET, failure.system_error);
    assert_int_equal(0, close(fd));
    assert_int_equal(0, close(listener));
}

static int listen_at(const char *path, int type)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    assert_true(strlen(path) < sizeof address.sun_path);
    strcpy(address.sun_path, path);
    assert_int_equal(0, bind(fd, (struct sockaddr *)&address, sizeof address));
    if (type == SOCK_STREAM) {
        assert_int_equal(0, listen(fd, 0));
    }
    return fd;
}

static void assert_path_refused(const char *path, int32_t code, int system_error)
{
    struct failure failure = {0};
    struct output output;
    assert_int_equal(OUTPUT_ERROR, output_open_path(&output, path, true, NULL, &failure));
    assert_code(code, failure.code);
    assert_int_equal(system_error, failure.system_error);
    assert_int_equal(-1, output.fd);
    output_close(&output);
}

static void a_socket_by_path_is_connected(void **state)
{
    struct scratch *scratch = *state;
    const char *path = scratch_path(scratch, "socket");
    int listener = listen_at(path, SOCK_STREAM);
    struct output output = open_path(path);
    assert_true(output.is_socket);

    /* The queue has room for one; the listener is busy. */
    struct failure failure = {0};
    struct output second;
    assert_int_equal(OUTPUT_WAIT, output_open_path(&second, path, true, NULL, &failure));
    assert_int_equal(-1, second.fd);
    assert_code(CINCH_OK, failure.code);

    int peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(peer >= 0);
    assert_writes(&output, "abc");
    assert_arrives(peer, "abc");
    assert_fills(&output);
    finish(&output);
    assert_int_equal(0, close(peer));

    assert_int_equal(0, close(listener));
    assert_path_refused(path, CINCH_E_BROKEN_PIPE, ECONNREFUSED);
    scratch_assert_holds(scratch, "socket", NULL);
}

static void a_socket_with_a_long_path_is_connected(void **state)
{
    struct scratch *scratch = *state;
    const char *short_path = scratch_path(scratch, "socket");
    char name[200];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    const char *path = scratch_path(scratch, name);
    int listener = listen_at(short_path, SOCK_STREAM);
    assert_int_equal(0, rename(short_path, path));
    struct output output = open_path(path);
    int peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    assert_writes(&output, "abc");
    assert_arrives(peer, "abc");
    finish(&output);
    assert_int_equal(0, close(peer));
    assert_int_equal(0, close(listener));
}

static void a_socket_of_datagrams_is_refused(void **state)
{
    const char *path = scratch_path(*state, "socket");
    int fd = listen_at(path, SOCK_DGRAM);
    assert_path_refused(path, CINCH_E_FILE_TYPE, 0);
    assert_int_equal(0, close(fd));
}

static void open_closed_sockets(void *path)
{
    struct failure none_left = {0};
    struct output output;
    confined_refuse_socket(EMFILE);
    confined_number(OUTPUT_ERROR, output_open_path(&output, path, true, NULL, &none_left));
    confined_code(CINCH_E_IO, none_left.code);
    confined_number(EMFILE, none_left.system_error);
}

static void connect_without_permission(void *path)
{
    confined_drop_privileges();
    struct failure failure = {0};
    struct output output;
    confined_number(OUTPUT_ERROR, output_open_path(&output, path, true, NULL, &failure));
    confined_code(CINCH_E_PERMISSION, failure.code);
    confined_number(-1, output.fd);
}

static void a_socket_that_cannot_be_had_is_told(void **state)
{
    struct scratch *scratch = *state;
    const char *path = scratch_path(scratch, "socket");
    /* Nobody listens any more, which neither case comes to ask. */
    assert_int_equal(0, close(listen_at(path, SOCK_STREAM)));
    confined_run(open_closed_sockets, (void *)(uintptr_t)path);
    assert_int_equal(0, chmod(scratch->folder, 0755));
    assert_int_equal(0, chmod(path, 0700));
    confined_run(connect_without_permission, (void *)(uintptr_t)path);
    const char *fifo = scratch_path(scratch, "fifo");
    assert_int_equal(0, mkfifo(fifo, 0600));
    confined_run(connect_without_permission, (void *)(uintptr_t)fifo);
}

/* --- Devices ---------------------------------------------------------------------------- */

static void devices_are_written_in_place(void **state)
{
    (void)state;
    for (int by_path = 0; by_path <= 1; by_path++) {
        struct failure failure = {0};
        size_t written;
        int fd = by_path ? -1 : open("/dev/null", O_WRONLY | O_CLOEXEC);
        struct output output = by_path ? open_path("/dev/null") : open_fd(fd);
        assert_true(output.never_blocks);
        assert_int_equal(OUTPUT_DONE, write_many(&output, &written, &failure));
        assert_int_equal(MANY, written);
        finish(&output);
        if (fd >= 0) {
            assert_int_equal(0, close(fd));
        }

        fd = by_path ? -1 : open("/dev/full", O_WRONLY | O_CLOEXEC);
        output = by_path ? open_path("/dev/full") : open_fd(fd);
        assert_int_equal(OUTPUT_ERROR, write_many(&output, &written, &failure));
        assert_code(CINCH_E_NO_SPACE, failure.code);
        assert_int_equal(ENOSPC, failure.system_error);
        assert_int_equal(0, written);
        finish(&output);
        if (fd >= 0) {
            assert_int_equal(0, close(fd));
        }
    }
}

static void standard_output_by_its_path_is_written_in_place(void **state)
{
    int ends[2];
    char path[64];
    (void)state;
    pipe_make(ends);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", ends[1]);
    struct output output = open_path(path);
    assert_writes(&output, "abc");
    assert_arrives(ends[0], "abc");
    finish(&output);
    assert_int_equal(0, close(ends[0]));
    assert_int_equal(0, close(ends[1]));
}

static void a_terminal_never_blocks(void **state)
{
    (void)state;
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0) {
        skip();
    }
    assert_int_equal(0, grantpt(master));
    assert_int_equal(0, unlockpt(master));
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct termios settings;
    assert_int_equal(0, tcgetattr(slave, &settings));
    cfmakeraw(&settings);
    assert_int_equal(0, tcsetattr(slave, TCSANOW, &settings));

    for (int by_path = 0; by_path <= 1; by_path++) {
        struct output output = by_path ? open_path(ptsname(master)) : open_fd(slave);
        assert_true(output.fd != slave && output.never_blocks);
        assert_writes(&output, "abc");
        assert_arrives(master, "abc");
        size_t room = assert_fills(&output);
        take(master, room);
        assert_writes(&output, "def");
        assert_arrives(master, "def");
        finish(&output);
    }
    assert_int_equal(0, fcntl(slave, F_GETFL) & O_NONBLOCK);

    /* The master's side opened again would be another terminal. */
    struct output output = open_fd(master);
    assert_int_equal(master, output.fd);
    assert_false(output.owned);
    assert_writes(&output, "ghi");
    assert_arrives(slave, "ghi");
    output_close(&output);
    assert_int_equal(0, close(slave));
    assert_int_equal(0, close(master));
}

static void write_to_bad_devices(void *context)
{
    (void)context;
    struct failure failure = {0};
    struct output output;
    size_t written;
    confined_number(OUTPUT_DONE, output_open_path(&output, "/dev/null", true, NULL, &failure));
    confined_refuse(SYS_write, 0, 0, 0xFFFFFFFF, (uint32_t)output.fd);
    confined_number(OUTPUT_ERROR, write_many(&output, &written, &failure));
    confined_code(CINCH_E_IO, failure.code);
    confined_number(EIO, failure.system_error);
    /* The number stays taken: whatever came after under it would be refused, too. */
}

static void a_device_that_takes_nothing_is_an_error(void **state)
{
    (void)state;
    confined_run(write_to_bad_devices, NULL);
}

/* The workers block all signals, and so does this thread: see output_write(). */
static int signals_block(void **state)
{
    sigset_t set;
    (void)state;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGPIPE);
    return sigprocmask(SIG_BLOCK, &set, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_fifo_without_a_reader_is_waited_for),
        scratch_test(a_pipe_never_blocks_and_keeps_its_flags),
        scratch_test(a_pipe_whose_reader_went_away_is_broken),
        scratch_test(without_a_description_of_our_own_a_pipe_does_not_block_either),
        scratch_test(what_is_none_of_these_is_written_as_it_is),
        scratch_test(a_socket_never_blocks),
        scratch_test(a_connection_that_was_reset_is_broken),
        scratch_test(a_socket_by_path_is_connected),
        scratch_test(a_socket_with_a_long_path_is_connected),
        scratch_test(a_socket_of_datagrams_is_refused),
        scratch_test(a_socket_that_cannot_be_had_is_told),
        scratch_test(devices_are_written_in_place),
        scratch_test(standard_output_by_its_path_is_written_in_place),
        scratch_test(a_terminal_never_blocks),
        scratch_test(a_device_that_takes_nothing_is_an_error),
    };
    return cmocka_run_group_tests_name("output stream", tests, signals_block, NULL);
}
