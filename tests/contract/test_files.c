/*
 * "Files": output takes its name at once and complete, follows links, is dressed like its input,
 * and leaves nothing behind.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/bytes.h"
#include "support/decode.h"
#include "support/jobs.h"
#include "support/monitor.h"
#include "support/process.h"
#include "support/scratch.h"
#include "support/stream.h"
#include "support/test.h"

/* --- Publishing ------------------------------------------------------------------------- */

/* While a job is in its middle the old file is whole; hidden names aside, nothing is new. */
static void old_output_stays_until_the_end(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    struct watched_job held = job_submit_held(scratch, pool, "held", 100000);
    struct bytes bytes = file_read(held.input);

    file_write_text(held.output, "old");
    assert_file_holds_text(held.output, "old");
    job_let_go(&held, CINCH_OK);
    assert_file_decodes(scratch_path(scratch, "held.zst"), CINCH_FORMAT_ZSTD, &bytes);
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    scratch_assert_holds(scratch, "held.in", "held.zst", NULL);
}

/* Reads the output again and again while jobs replace it. */
struct watcher {
    pthread_t thread;
    const char *path;
    struct bytes versions[2]; /* all that may ever be seen */
    atomic_bool stop;
    unsigned int reads;
    unsigned int wrong;
};

static bool same_bytes(const struct bytes *left, const struct bytes *right)
{
    return left->size == right->size && memcmp(left->data, right->data, left->size) == 0;
}

static void *watch_output(void *argument)
{
    struct watcher *watcher = argument;

    while (!atomic_load(&watcher->stop)) {
        int descriptor = open(watcher->path, O_RDONLY | O_CLOEXEC);
        struct bytes seen;
        if (descriptor < 0) {
            watcher->wrong++; /* the name must never be missing */
            continue;
        }
        seen = descriptor_read(descriptor);
        close(descriptor);
        if (!same_bytes(&seen, &watcher->versions[0]) &&
            !same_bytes(&seen, &watcher->versions[1])) {
            watcher->wrong++;
        }
        watcher->reads++;
        bytes_free(&seen);
    }
    return NULL;
}

static void readers_see_old_or_new(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);
    struct watcher watcher = {.path = scratch_path(scratch, "output.zst")};
    const char *inputs[2];

    for (int i = 0; i < 2; i++) {
        struct bytes bytes;
        inputs[i] = scratch_path(scratch, i == 0 ? "first" : "second");
        bytes = file_make(inputs[i], BYTES_TEXT, 60000, (uint64_t)i + 1);
        bytes_free(&bytes);
        assert_code(CINCH_OK, compress_and_wait(pool, inputs[i], watcher.path, NULL));
        watcher.versions[i] = file_read(watcher.path);
    }
    assert_int_equal(0, pthread_create(&watcher.thread, NULL, watch_output, &watcher));
    for (int i = 0; i < 200; i++) {
        assert_code(CINCH_OK, compress_and_wait(pool, inputs[i % 2], watcher.path, NULL));
    }
    atomic_store(&watcher.stop, true);
    assert_int_equal(0, pthread_join(watcher.thread, NULL));
    assert_int_equal(0, watcher.wrong);
    assert_true(watcher.reads > 0);
    bytes_free(&watcher.versions[0]);
    bytes_free(&watcher.versions[1]);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* Somebody who has the old output open keeps it. */
static void open_readers_keep_the_old_file(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");
    struct bytes seen;
    int descriptor;

    file_write_text(input, "new");
    file_write_text(output, "old");
    descriptor = open(output, O_RDONLY | O_CLOEXEC);
    assert_code(CINCH_OK, compress_and_wait(pool, input, output, NULL));
    seen = descriptor_read(descriptor);
    assert_int_equal(3, seen.size);
    assert_memory_equal("old", seen.data, 3);
    bytes_free(&seen);
    close(descriptor);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* The widest mode of any file that this process has open for writing in the folder. */
static mode_t widest_open_mode(const char *folder)
{
    DIR *listing = opendir("/proc/self/fd");
    struct dirent *entry;
    mode_t widest = 0;

    assert_non_null(listing);
    while ((entry = readdir(listing)) != NULL) {
        struct stat status;
        int descriptor = atoi(entry->d_name);
        char target[4096];
        ssize_t length = readlinkat(dirfd(listing), entry->d_name, target, sizeof(target) - 1);
        if (length <= 0 || strncmp(target, folder, strlen(folder)) != 0) {
            continue;
        }
        if ((fcntl(descriptor, F_GETFL) & O_ACCMODE) != O_RDONLY &&
            fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)) {
            widest |= status.st_mode & 07777;
        }
    }
    closedir(listing);
    return widest;
}

/* Whatever the umask and the input's mode, nobody else may look at what is half written. */
static void temporary_is_private(void **state)
{
    struct scratch *scratch = *state;
    static const mode_t masks[] = {0, 022, 077};
    cinch_pool *pool = pool_with_threads(1);

    for (size_t i = 0; i < 3; i++) {
        mode_t before = umask(masks[i]);
        struct watched_job endless = job_submit_endless(scratch, pool, "endless", true);
        DIR *listing = opendir(scratch->folder);
        struct dirent *entry;

        assert_int_equal(0600, widest_open_mode(scratch->folder));
        assert_non_null(listing);
        while ((entry = readdir(listing)) != NULL) {
            struct stat status;
            if (strcmp(entry->d_name, "endless.in") != 0 && strspn(entry->d_name, ".") == 0) {
                fail_msg("'%s' has a name too early", entry->d_name);
            }
            assert_int_equal(0, fstatat(dirfd(listing), entry->d_name, &status, 0));
            if (S_ISREG(status.st_mode) && entry->d_name[0] == '.') {
                assert_int_equal(0600, status.st_mode & 07777);
            }
        }
        closedir(listing);
        assert_code(CINCH_OK, cinch_job_cancel(endless.job));
        job_let_go(&endless, CINCH_E_CANCELLED);
        umask(before);
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);
    scratch_assert_holds(scratch, "endless.in", NULL);
}

static void no_replace_finds_the_output_at_once(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output.zst");
    const char *link = scratch_path(scratch, "link");
    cinch_options options = CINCH_OPTIONS_INIT;
    struct bytes bytes = file_make(input, BYTES_TEXT, 5000, 1);

    options.flags = CINCH_FLAG_NO_REPLACE;
    assert_code(CINCH_OK, compress_and_wait(pool, input, output, &options));
    assert_file_decodes(output, CINCH_FORMAT_ZSTD, &bytes);
    file_write_text(output, "old");
    assert_code(CINCH_E_EXISTS, compress_and_wait(pool, input, output, &options));
    assert_file_holds_text(output, "old");
    /* Through a link as well. */
    assert_int_equal(0, symlink("output.zst", link));
    assert_code(CINCH_E_EXISTS, compress_and_wait(pool, input, link, &options));
    assert_file_holds_text(output, "old");
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    scratch_assert_holds(scratch, "input", "output.zst", "link", NULL);
}

/* Somebody takes the name while the job is under way. */
static void no_replace_is_decided_when_publishing(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    cinch_options options = CINCH_OPTIONS_INIT;
    struct watched_job watched;

    options.flags = CINCH_FLAG_NO_REPLACE;
    options.chunk_size = 4096;
    watched = job_submit(scratch, pool, "a", 200000, &options, monitor_hold_first);
    counter_wait(&watched.monitor->progressed, 1);
    file_write_text(watched.output, "theirs");
    job_let_go(&watched, CINCH_E_EXISTS);
    assert_file_holds_text(scratch_path(scratch, "a.zst"), "theirs");
    cinch_pool_destroy(pool, CINCH_DRAIN);
    scratch_assert_holds(scratch, "a.in", "a.zst", NULL);
}

/* The folder goes away under a job: an error, and no file anywhere else. */
static void folder_removed_meanwhile(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    struct monitor *monitor = monitor_new();
    cinch_options options = options_watched_by(monitor);
    const char *input = scratch_path(scratch, "input");
    const char *folder = scratch_path(scratch, "folder");

    file_write_text(input, "words");
    assert_int_equal(0, mkdir(folder, 0755));
    monitor->progress_hook = monitor_hold_first;
    assert_code(CINCH_OK, cinch_compress(pool, input, scratch_path(scratch, "folder/output"),
                                         &options, &monitor->job));
    counter_wait(&monitor->progressed, 1);
    assert_int_equal(0, rmdir(folder));
    gate_open(&monitor->gate);
    assert_job_ends(CINCH_E_NOT_FOUND, monitor->job);
    monitor_assert_ended(monitor, CINCH_E_NOT_FOUND);
    monitor_free(monitor);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    scratch_assert_holds(scratch, "input", NULL);
}

/* --- Links ------------------------------------------------------------------------------ */

static void symbolic_links_are_followed(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    const char *input = scratch_path(scratch, "input");
    const char *link = scratch_path(scratch, "link");
    const char *chain = scratch_path(scratch, "chain");
    const char *target = scratch_path(scratch, "folder/target");
    struct bytes bytes = file_make(input, BYTES_TEXT, 5000, 1);
    struct stat status;

    assert_int_equal(0, mkdir(scratch_path(scratch, "folder"), 0755));
    assert_int_equal(0, symlink("folder/target", link));
    assert_int_equal(0, symlink("link", chain));
    /* The target need not exist. */
    assert_code(CINCH_OK, compress_and_wait(pool, input, link, NULL));
    assert_file_decodes(target, CINCH_FORMAT_ZSTD, &bytes);
    file_write_text(target, "old");
    assert_code(CINCH_OK, compress_and_wait(pool, input, chain, NULL));
    assert_file_decodes(target, CINCH_FORMAT_ZSTD, &bytes);
    assert_int_equal(0, lstat(link, &status));
    assert_true(S_ISLNK(status.st_mode));
    assert_int_equal(0, lstat(chain, &status));
    assert_true(S_ISLNK(status.st_mode));
    assert_int_equal(0, lstat(target, &status));
    assert_true(S_ISREG(status.st_mode));
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* A format chosen by the name goes by the name that the caller gave. */
static void absolute_links_and_loops(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    const char *input = scratch_path(scratch, "input");
    const char *link = scratch_path(scratch, "link.gz");
    const char *target = scratch_path(scratch, "target");
    const char *loop = scratch_path(scratch, "loop");
    struct bytes bytes = file_make(input, BYTES_TEXT, 5000, 1);
    struct stat status;
    int32_t code;

    assert_int_equal(0, symlink(target, link));
    assert_code(CINCH_OK, compress_and_wait(pool, input, link, NULL));
    assert_file_decodes(target, CINCH_FORMAT_GZIP, &bytes);
    assert_int_equal(0, symlink("loop", loop));
    code = compress_and_wait(pool, input, loop, NULL);
    if (code == CINCH_OK || code == CINCH_E_INTERNAL || code == CINCH_E_INVALID) {
        fail_msg("a loop of links gave %s", code_name(code));
    }
    assert_int_equal(0, lstat(loop, &status));
    assert_true(S_ISLNK(status.st_mode));
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    scratch_assert_holds(scratch, "input", "link.gz", "target", "loop", NULL);
}

/* Another name of the output's old file keeps the old content. */
static void hard_links_keep_the_old_file(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");
    const char *other = scratch_path(scratch, "other");

    file_write_text(input, "new");
    file_write_text(output, "old");
    assert_int_equal(0, link(output, other));
    assert_code(CINCH_OK, compress_and_wait(pool, input, output, NULL));
    assert_file_holds_text(other, "old");
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

static void input_may_be_a_link(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    const char *input = scratch_path(scratch, "input");
    const char *link = scratch_path(scratch, "link");
    const char *output = scratch_path(scratch, "output");
    struct bytes bytes = file_make(input, BYTES_TEXT, 5000, 1);

    assert_int_equal(0, symlink("input", link));
    assert_code(CINCH_OK, compress_and_wait(pool, link, output, NULL));
    assert_file_decodes(output, CINCH_FORMAT_ZSTD, &bytes);
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* --- Names ------------------------------------------------------------------------------ */

/* Paths are bytes: whatever is in them, but NUL and slash, is in the name. */
static void names_are_bytes(void **state)
{
    struct scratch *scratch = *state;
    static const char *const names[] = {
        "a\nb", "\xff\xfe", "-rf", " ", "%s%n", "\x1b[31m", "..gz", ".hidden.gz", "a b\tc",
    };
    cinch_pool *pool = pool_with_threads(1);
    const char *input = scratch_path(scratch, "input");

    file_write_text(input, "words");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *output = scratch_path(scratch, names[i]);
        struct stat status;
        assert_code(CINCH_OK, compress_and_wait(pool, input, output, NULL));
        assert_int_equal(0, lstat(output, &status));
        assert_code(CINCH_OK,
                    compress_and_wait(pool, output, scratch_path(scratch, "again"), NULL));
        assert_int_equal(0, unlink(output));
    }
    cinch_pool_destroy(pool, CINCH_DRAIN);
    scratch_assert_holds(scratch, "input", "again", NULL);
}

/* The longest name that a folder takes, so that a temporary beside it has no room for more. */
static void names_may_be_long(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    const char *input = scratch_path(scratch, "input");
    char name[300];

    file_write_text(input, "words");
    memset(name, 'n', sizeof(name));
    name[255] = '\0';
    assert_code(CINCH_OK, compress_and_wait(pool, input, scratch_path(scratch, name), NULL));
    scratch_assert_holds(scratch, "input", name, NULL);
    name[255] = 'n';
    name[256] = '\0';
    assert_code(CINCH_E_IO, compress_and_wait(pool, input, scratch_path(scratch, name), NULL));
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* A relative path is resolved when a worker opens it, not when it is submitted. */
static void relative_paths_are_resolved_late(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    struct watched_job held = job_submit_held(scratch, pool, "held", 1000);
    struct bytes bytes;
    int before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cinch_job *job;

    assert_int_equal(0, mkdir(scratch_path(scratch, "folder"), 0755));
    bytes = file_make(scratch_path(scratch, "folder/input"), BYTES_TEXT, 5000, 1);
    assert_code(CINCH_OK, cinch_compress(pool, "input", "output", NULL, &job));
    assert_int_equal(0, chdir(scratch_path(scratch, "folder")));
    job_let_go(&held, CINCH_OK);
    assert_job_ends(CINCH_OK, job);
    assert_int_equal(0, fchdir(before));
    close(before);
    assert_file_decodes(scratch_path(scratch, "folder/output"), CINCH_FORMAT_ZSTD, &bytes);
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* --- In place --------------------------------------------------------------------------- */

static void fifo_is_read_and_written_in_place(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    const char *from = scratch_path(scratch, "from");
    const char *to = scratch_path(scratch, "to");
    struct bytes text = bytes_make(BYTES_TEXT, 500000, 3);
    struct watched_job watched = {monitor_new(), NULL, from, to};
    cinch_options options = options_watched_by(watched.monitor);
    struct bytes encoded;
    struct feeder feeder;
    struct drain drain;
    struct stat status;
    int writer;
    int reader;

    assert_int_equal(0, mkfifo(from, 0600));
    assert_int_equal(0, mkfifo(to, 0600));
    assert_code(CINCH_OK, cinch_compress(pool, from, to, &options, &watched.job));
    writer = open(from, O_WRONLY | O_CLOEXEC);
    reader = open(to, O_RDONLY | O_CLOEXEC);
    assert_true(writer >= 0 && reader >= 0);
    drain_start(&drain, reader);
    feeder_start(&feeder, writer, &text);
    job_let_go(&watched, CINCH_OK);
    feeder_finish(&feeder);
    encoded = drain_finish(&drain);
    assert_bytes_decode(&encoded, CINCH_FORMAT_ZSTD, &text);
    assert_int_equal(0, lstat(to, &status));
    assert_true(S_ISFIFO(status.st_mode));
    bytes_free(&encoded);
    bytes_free(&text);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    scratch_assert_holds(scratch, "from", "to", NULL);
}

/* Devices of the test's own making, so that a mistake does not replace the machine's. */
static bool device_make(const char *path, unsigned int minor_number)
{
    return mknod(path, S_IFCHR | 0600, makedev(1, minor_number)) == 0;
}

static void devices_are_written_in_place(void **state)
{
    struct scratch *scratch = *state;
    const char *input = scratch_path(scratch, "input");
    const char *null = scratch_path(scratch, "null");
    const char *full = scratch_path(scratch, "full");
    struct bytes bytes;
    cinch_pool *pool;
    struct stat status;
    cinch_options options = CINCH_OPTIONS_INIT;

    if (!device_make(null, 3) || !device_make(full, 7) ||
        (access(null, W_OK) != 0 && errno != EACCES)) {
        skip();
    }
    pool = pool_with_threads(2);
    bytes = file_make(input, BYTES_TEXT, 100000, 1);
    options.chunk_size = 4096;
    assert_code(CINCH_OK, compress_and_wait(pool, input, null, &options));
    assert_code(CINCH_E_NO_SPACE, compress_and_wait(pool, input, full, &options));
    assert_int_equal(0, lstat(null, &status));
    assert_true(S_ISCHR(status.st_mode));
    assert_int_equal(0, lstat(full, &status));
    assert_true(S_ISCHR(status.st_mode));
    /* And a device that is empty is read to its end, which is at once. */
    assert_code(CINCH_OK, compress_and_wait(pool, null, scratch_path(scratch, "empty"), NULL));
    bytes_free(&bytes);
    bytes = bytes_make(BYTES_TEXT, 0, 0);
    assert_file_decodes(scratch_path(scratch, "empty"), CINCH_FORMAT_ZSTD, &bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    scratch_assert_holds(scratch, "input", "null", "full", "empty", NULL);
}

/* Neither read nor written: what compresses a whole disk is better told so by a pipe. */
static void block_devices_are_refused(void **state)
{
    struct scratch *scratch = *state;
    const char *device = scratch_path(scratch, "device");
    const char *file = scratch_path(scratch, "file");
    cinch_pool *pool;

    /* Major number 7 is the loop driver; that there is a device behind it is not needed. */
    if (mknod(device, S_IFBLK | 0600, makedev(7, 250)) != 0) {
        skip();
    }
    pool = pool_with_threads(1);
    file_write_text(file, "words");
    assert_code(CINCH_E_FILE_TYPE,
                compress_and_wait(pool, device, scratch_path(scratch, "out"), NULL));
    assert_code(CINCH_E_FILE_TYPE, compress_and_wait(pool, file, device, NULL));
    cinch_pool_destroy(pool, CINCH_DRAIN);
    scratch_assert_holds(scratch, "device", "file", NULL);
}

/* A socket has a place in the file system that no file may take. */
static void sockets_are_not_replaced(void **state)
{
    struct scratch *scratch = *state;
    const char *input = scratch_path(scratch, "input");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cinch_pool *pool = pool_with_threads(1);
    struct stat status;

    file_write_text(input, "words");
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", scratch_path(scratch, "socket"));
    assert_int_equal(0, bind(listener, (const struct sockaddr *)&address, sizeof(address)));
    (void)compress_and_wait(pool, input, address.sun_path, NULL);
    assert_int_equal(0, lstat(address.sun_path, &status));
    assert_true(S_ISSOCK(status.st_mode));
    close(listener);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    scratch_assert_holds(scratch, "input", "socket", NULL);
}

/* --- Metadata --------------------------------------------------------------------------- */

static const struct timespec old_times[2] = {{1234567890, 123456789}, {1111111111, 987654321}};

/* An input with its own mode, times and owner, compressed; returns what the output is like. */
static struct stat dress(struct scratch *scratch, mode_t mode, uid_t owner, gid_t group,
                         uint32_t flags)
{
    cinch_pool *pool = pool_with_threads(1);
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");
    cinch_options options = CINCH_OPTIONS_INIT;
    struct stat status;

    unlink(input);
    unlink(output);
    file_write_text(input, "words");
    if (owner != (uid_t)-1) {
        assert_int_equal(0, chown(input, owner, group));
    }
    assert_int_equal(0, chmod(input, mode));
    assert_int_equal(0, utimensat(AT_FDCWD, input, old_times, 0));
    options.flags = flags;
    assert_code(CINCH_OK, compress_and_wait(pool, input, output, &options));
    assert_int_equal(0, stat(output, &status));
    cinch_pool_destroy(pool, CINCH_DRAIN);
    return status;
}

static void mode_and_times_are_copied(void **state)
{
    struct scratch *scratch = *state;
    static const mode_t modes[] = {0600, 0644, 0444, 0777, 0640, 0400};

    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        struct stat status = dress(scratch, modes[i], (uid_t)-1, (gid_t)-1, 0);
        assert_int_equal(modes[i], status.st_mode & 07777);
        assert_int_equal(old_times[0].tv_sec, status.st_atim.tv_sec);
        assert_int_equal(old_times[0].tv_nsec, status.st_atim.tv_nsec);
        assert_int_equal(old_times[1].tv_sec, status.st_mtim.tv_sec);
        assert_int_equal(old_times[1].tv_nsec, status.st_mtim.tv_nsec);
    }
}

static void no_metadata_gives_the_usual_mode(void **state)
{
    struct scratch *scratch = *state;
    static const mode_t masks[] = {0, 022, 027, 077};

    for (size_t i = 0; i < 4; i++) {
        mode_t before = umask(masks[i]);
        struct stat status = dress(scratch, 0755, (uid_t)-1, (gid_t)-1, CINCH_FLAG_NO_METADATA);
        umask(before);
        assert_int_equal(0666 & ~masks[i], status.st_mode & 07777);
        assert_int_not_equal(old_times[1].tv_sec, status.st_mtim.tv_sec);
    }
}

static void owner_and_set_id_bits_are_copied_by_root(void **state)
{
    struct scratch *scratch = *state;
    struct stat status;

    if (geteuid() != 0) {
        skip();
    }
    status = dress(scratch, 06751, 1234, 4321, 0);
    assert_int_equal(1234, status.st_uid);
    assert_int_equal(4321, status.st_gid);
    assert_int_equal(06751, status.st_mode & 07777);
    status = dress(scratch, 06751, 1234, 4321, CINCH_FLAG_NO_METADATA);
    assert_int_equal(geteuid(), status.st_uid);
    assert_int_equal(0, status.st_mode & 06000);
}

/* Another user's setuid file becomes no setuid file of ours, nor does a group that could not be
 * copied hand its rights to ours. */
static void set_id_bits_need_the_owner(void **state)
{
    struct scratch *scratch = *state;
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "folder/output");
    cinch_pool *pool;
    struct stat status;
    int32_t code;

    if (geteuid() != 0) {
        skip();
    }
    assert_int_equal(0, chmod(scratch->folder, 0755));
    assert_int_equal(0, mkdir(scratch_path(scratch, "folder"), 0777));
    assert_int_equal(0, chmod(scratch_path(scratch, "folder"), 0777));
    file_write_text(input, "words");
    assert_int_equal(0, chown(input, 1234, 4321));
    assert_int_equal(0, chmod(input, 06775));
    /* Threads that start from here on, the pool's among them, are nobody's. */
    assert_int_equal(0, setegid(65534));
    assert_int_equal(0, seteuid(65534));
    pool = pool_with_threads(1);
    code = compress_and_wait(pool, input, output, NULL);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    assert_int_equal(0, seteuid(0));
    assert_int_equal(0, setegid(0));
    assert_code(CINCH_OK, code);
    assert_int_equal(0, stat(output, &status));
    assert_int_equal(65534, status.st_uid);
    assert_int_equal(0, status.st_mode & 06000);
    /* The group of the input could write; nobody's group gets what others have. */
    assert_int_equal((status.st_mode & 07) << 3, status.st_mode & 070);
    assert_int_equal(05, status.st_mode & 07);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(old_output_stays_until_the_end),
        scratch_test(readers_see_old_or_new),
        scratch_test(open_readers_keep_the_old_file),
        scratch_test(temporary_is_private),
        scratch_test(no_replace_finds_the_output_at_once),
        scratch_test(no_replace_is_decided_when_publishing),
        scratch_test(folder_removed_meanwhile),
        scratch_test(symbolic_links_are_followed),
        scratch_test(absolute_links_and_loops),
        scratch_test(hard_links_keep_the_old_file),
        scratch_test(input_may_be_a_link),
        scratch_test(names_are_bytes),
        scratch_test(names_may_be_long),
        scratch_test(relative_paths_are_resolved_late),
        scratch_test(fifo_is_read_and_written_in_place),
        scratch_test(devices_are_written_in_place),
        scratch_test(block_devices_are_refused),
        scratch_test(sockets_are_not_replaced),
        scratch_test(mode_and_times_are_copied),
        scratch_test(no_metadata_gives_the_usual_mode),
        scratch_test(owner_and_set_id_bits_are_copied_by_root),
        scratch_test(set_id_bits_need_the_owner),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
