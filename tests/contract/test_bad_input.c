/*
 * Every line of the table of errors that compression can meet: the right code, the old output
 * intact, nothing left behind. (A NULL or empty path is in test_submit.c, options out of range in
 * test_options.c, descriptors in test_descriptors.c.)
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/bytes.h"
#include "support/decode.h"
#include "support/jobs.h"
#include "support/monitor.h"
#include "support/process.h"
#include "support/scratch.h"
#include "support/test.h"

static const char old_text[] = "what was there before";

/* Runs one job with the contract monitor, and expects it to end with `code`. */
static void assert_compress(int32_t code, const char *input, const char *output)
{
    for (uint32_t threads = 1; threads <= 3; threads += 2) {
        cinch_pool *pool = pool_with_threads(threads);
        struct monitor *monitor = monitor_new();
        cinch_options options = options_watched_by(monitor);
        char message[600] = "";
        options.chunk_size = 4096;
        assert_code(CINCH_OK, cinch_compress(pool, input, output, &options, &monitor->job));
        assert_code(code, cinch_job_wait(monitor->job));
        assert_code(CINCH_OK, cinch_job_message(monitor->job, message, sizeof(message)));
        if (code != CINCH_OK) {
            assert_string_not_equal("", message);
        }
        cinch_job_release(monitor->job);
        monitor_assert_ended(monitor, code);
        monitor_free(monitor);
        cinch_pool_destroy(pool, CINCH_DRAIN);
    }
}

/* --- Paths ------------------------------------------------------------------------------ */

static void input_is_missing(void **state)
{
    struct scratch *scratch = *state;
    const char *output = scratch_path(scratch, "output");

    file_write_text(output, old_text);
    assert_compress(CINCH_E_NOT_FOUND, scratch_path(scratch, "missing"), output);
    assert_compress(CINCH_E_NOT_FOUND, scratch_path(scratch, "no/folder"), output);
    assert_int_equal(0, symlink("nowhere", scratch_path(scratch, "dangling")));
    assert_compress(CINCH_E_NOT_FOUND, scratch_path(scratch, "dangling"), output);
    assert_file_holds_text(output, old_text);
    scratch_assert_holds(scratch, "output", "dangling", NULL);
}

static void input_is_a_folder(void **state)
{
    struct scratch *scratch = *state;
    const char *output = scratch_path(scratch, "output");

    file_write_text(output, old_text);
    assert_compress(CINCH_E_FILE_TYPE, scratch->folder, output);
    assert_compress(CINCH_E_FILE_TYPE, "/", output);
    assert_compress(CINCH_E_FILE_TYPE, ".", output);
    assert_file_holds_text(output, old_text);
    scratch_assert_holds(scratch, "output", NULL);
}

static void output_is_a_folder(void **state)
{
    struct scratch *scratch = *state;
    const char *input = scratch_path(scratch, "input");
    const char *folder = scratch_path(scratch, "folder");

    file_write_text(input, "words");
    assert_int_equal(0, mkdir(folder, 0755));
    assert_int_equal(0, symlink("folder", scratch_path(scratch, "link")));
    assert_compress(CINCH_E_FILE_TYPE, input, folder);
    assert_compress(CINCH_E_FILE_TYPE, input, scratch_path(scratch, "folder/"));
    assert_compress(CINCH_E_FILE_TYPE, input, scratch_path(scratch, "folder/."));
    assert_compress(CINCH_E_FILE_TYPE, input, scratch_path(scratch, "folder/.."));
    assert_compress(CINCH_E_FILE_TYPE, input, scratch_path(scratch, "link"));
    assert_compress(CINCH_E_FILE_TYPE, input, "/");
    assert_compress(CINCH_E_FILE_TYPE, input, "..");
    scratch_assert_holds(scratch, "input", "folder", "link", NULL);
}

static void folder_of_the_output_is_missing(void **state)
{
    struct scratch *scratch = *state;
    const char *input = scratch_path(scratch, "input");

    file_write_text(input, "words");
    assert_compress(CINCH_E_NOT_FOUND, input, scratch_path(scratch, "no/output"));
    assert_int_equal(0, symlink("no/output", scratch_path(scratch, "link")));
    assert_compress(CINCH_E_NOT_FOUND, input, scratch_path(scratch, "link"));
    scratch_assert_holds(scratch, "input", "link", NULL);
}

/* A path component that is a file. The table has no line of its own for it. */
static void folder_of_the_output_is_a_file(void **state)
{
    struct scratch *scratch = *state;
    const char *input = scratch_path(scratch, "input");
    cinch_pool *pool = pool_with_threads(1);
    int32_t code;

    file_write_text(input, "words");
    code = compress_and_wait(pool, input, scratch_path(scratch, "input/output"), NULL);
    assert_true(code == CINCH_E_NOT_FOUND || code == CINCH_E_FILE_TYPE || code == CINCH_E_IO);
    code = compress_and_wait(pool, scratch_path(scratch, "input/input"),
                             scratch_path(scratch, "output"), NULL);
    assert_true(code == CINCH_E_NOT_FOUND || code == CINCH_E_FILE_TYPE || code == CINCH_E_IO);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    scratch_assert_holds(scratch, "input", NULL);
}

static void output_is_the_input(void **state)
{
    struct scratch *scratch = *state;
    const char *input = scratch_path(scratch, "input");
    struct bytes bytes = file_make(input, BYTES_TEXT, 50000, 1);
    struct stat before;
    struct stat after;
    char by_another_way[600];

    assert_int_equal(0, mkdir(scratch_path(scratch, "folder"), 0755));
    assert_int_equal(0, link(input, scratch_path(scratch, "hard")));
    assert_int_equal(0, symlink("input", scratch_path(scratch, "soft")));
    assert_int_equal(0, symlink("soft", scratch_path(scratch, "softer")));
    assert_int_equal(0, symlink(scratch->folder, scratch_path(scratch, "here")));
    assert_int_equal(0, stat(input, &before));
    snprintf(by_another_way, sizeof(by_another_way), "%s/folder/../input", scratch->folder);

    assert_compress(CINCH_E_SAME_FILE, input, input);
    assert_compress(CINCH_E_SAME_FILE, input, by_another_way);
    assert_compress(CINCH_E_SAME_FILE, input, scratch_path(scratch, "hard"));
    assert_compress(CINCH_E_SAME_FILE, scratch_path(scratch, "hard"), input);
    assert_compress(CINCH_E_SAME_FILE, input, scratch_path(scratch, "soft"));
    assert_compress(CINCH_E_SAME_FILE, scratch_path(scratch, "soft"), input);
    assert_compress(CINCH_E_SAME_FILE, input, scratch_path(scratch, "softer"));
    assert_compress(CINCH_E_SAME_FILE, scratch_path(scratch, "softer"),
                    scratch_path(scratch, "soft"));
    assert_compress(CINCH_E_SAME_FILE, input, scratch_path(scratch, "here/input"));

    assert_int_equal(0, stat(input, &after));
    assert_int_equal(before.st_ino, after.st_ino);
    assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
    assert_file_holds(input, &bytes);
    bytes_free(&bytes);
    scratch_assert_holds(scratch, "input", "folder", "hard", "soft", "softer", "here", NULL);
}

/* Also when nothing may be replaced, the reason to give is the worse one; either will do. */
static void output_is_the_input_without_replacing(void **state)
{
    struct scratch *scratch = *state;
    const char *input = scratch_path(scratch, "input");
    cinch_pool *pool = pool_with_threads(1);
    cinch_options options = CINCH_OPTIONS_INIT;
    int32_t code;

    file_write_text(input, old_text);
    options.flags = CINCH_FLAG_NO_REPLACE;
    code = compress_and_wait(pool, input, input, &options);
    assert_true(code == CINCH_E_SAME_FILE || code == CINCH_E_EXISTS);
    assert_file_holds_text(input, old_text);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* --- Permissions ------------------------------------------------------------------------ */

/* A folder in which nobody may do what root's children could. */
static void require_root(void)
{
    if (geteuid() != 0) {
        skip();
    }
}

/* From here on this process is nobody, and so are threads that it starts. */
static void become_nobody(void)
{
    assert_int_equal(0, setegid(65534));
    assert_int_equal(0, seteuid(65534));
}

static void become_root(void)
{
    assert_int_equal(0, seteuid(0));
    assert_int_equal(0, setegid(0));
}

static int32_t compress_as_nobody(const char *input, const char *output)
{
    cinch_pool *pool;
    int32_t code;

    become_nobody();
    pool = pool_with_threads(1);
    code = compress_and_wait(pool, input, output, NULL);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    become_root();
    return code;
}

static void input_may_not_be_read(void **state)
{
    struct scratch *scratch = *state;
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");

    require_root();
    assert_int_equal(0, chmod(scratch->folder, 0777));
    file_write_text(input, "words");
    file_write_text(output, old_text);
    assert_int_equal(0, chmod(input, 0000));
    assert_code(CINCH_E_PERMISSION, compress_as_nobody(input, output));
    assert_int_equal(0, chmod(input, 0600));
    assert_code(CINCH_E_PERMISSION, compress_as_nobody(input, output));
    assert_file_holds_text(output, old_text);
    scratch_assert_holds(scratch, "input", "output", NULL);
}

static void folder_of_the_output_may_not_be_written(void **state)
{
    struct scratch *scratch = *state;
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "folder/output");

    require_root();
    assert_int_equal(0, chmod(scratch->folder, 0755));
    file_write_text(input, "words");
    assert_int_equal(0, mkdir(scratch_path(scratch, "folder"), 0755));
    file_write_text(output, old_text);
    assert_code(CINCH_E_PERMISSION, compress_as_nobody(input, output));
    assert_code(CINCH_E_PERMISSION,
                compress_as_nobody(input, scratch_path(scratch, "folder/other")));
    assert_int_equal(0, chmod(scratch_path(scratch, "folder"), 0000));
    assert_code(CINCH_E_PERMISSION, compress_as_nobody(input, output));
    assert_int_equal(0, chmod(scratch_path(scratch, "folder"), 0755));
    assert_file_holds_text(output, old_text);
}

/* In a folder that is writable, a file of another user may be replaced: that is a matter of the
 * folder. And a user who is not root has no way around /proc. */
static void nobody_may_compress_too(void **state)
{
    struct scratch *scratch = *state;
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");
    struct bytes bytes;

    require_root();
    assert_int_equal(0, chmod(scratch->folder, 0777));
    bytes = file_make(input, BYTES_TEXT, 50000, 1);
    file_write_text(output, old_text);
    assert_int_equal(0, chmod(input, 0644));
    assert_code(CINCH_OK, compress_as_nobody(input, output));
    assert_file_decodes(output, CINCH_FORMAT_ZSTD, &bytes);
    bytes_free(&bytes);
    scratch_assert_holds(scratch, "input", "output", NULL);
}

/* Mounts a small file system over a new folder; skips the test where that is not allowed. */
static const char *mount_small(struct scratch *scratch, const char *options)
{
    const char *folder = scratch_path(scratch, "mount");

    assert_int_equal(0, mkdir(folder, 0755));
    if (mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, options) != 0) {
        skip();
    }
    return folder;
}

static void file_system_is_read_only(void **state)
{
    struct scratch *scratch = *state;
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "mount/output");
    const char *folder;

    require_root();
    file_write_text(input, "words");
    folder = mount_small(scratch, "size=64k");
    file_write_text(output, old_text);
    assert_int_equal(0, mount(NULL, folder, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL));
    assert_compress(CINCH_E_PERMISSION, input, output);
    assert_compress(CINCH_E_PERMISSION, input, scratch_path(scratch, "mount/other"));
    assert_file_holds_text(output, old_text);
    assert_no_file(scratch_path(scratch, "mount/other"));
    assert_int_equal(0, umount(folder));
}

/* --- Space ------------------------------------------------------------------------------ */

static void disk_is_full(void **state)
{
    struct scratch *scratch = *state;
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "mount/output");
    struct bytes bytes;
    const char *folder;

    require_root();
    bytes = file_make(input, BYTES_RANDOM, 1 << 20, 1);
    folder = mount_small(scratch, "size=256k");
    file_write_text(output, old_text);
    assert_compress(CINCH_E_NO_SPACE, input, output);
    assert_file_holds_text(output, old_text);
    assert_compress(CINCH_E_NO_SPACE, input, scratch_path(scratch, "mount/other"));
    assert_no_file(scratch_path(scratch, "mount/other"));
    assert_int_equal(0, scratch_hidden_count(folder));
    /* The room is there again, so nothing was kept: enough for the old output and the new one. */
    bytes_free(&bytes);
    bytes = file_make(input, BYTES_RANDOM, 100000, 1);
    assert_compress(CINCH_OK, input, output);
    assert_file_decodes(output, CINCH_FORMAT_ZSTD, &bytes);
    bytes_free(&bytes);
    assert_int_equal(0, umount(folder));
}

/* No room for even one more file. */
static void no_inode_is_left(void **state)
{
    struct scratch *scratch = *state;
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "mount/output");
    const char *folder;

    require_root();
    file_write_text(input, "words");
    folder = mount_small(scratch, "size=256k,nr_inodes=2");
    file_write_text(output, old_text);
    assert_compress(CINCH_E_NO_SPACE, input, output);
    assert_file_holds_text(output, old_text);
    assert_int_equal(0, umount(folder));
}

/* --- Input that changes ----------------------------------------------------------------- */

/* Truncates the input while the job is held with nothing, or a part, of it dealt with. */
static void truncate_while_held(struct scratch *scratch, uint32_t threads, uint64_t size,
                                off_t left, bool later, int32_t format)
{
    cinch_pool *pool = pool_with_threads(threads);
    struct monitor *monitor = monitor_new();
    cinch_options options = options_watched_by(monitor);
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");

    file_write_sparse(input, size);
    file_write_text(output, old_text);
    options.format = format;
    options.chunk_size = 65536;
    monitor->progress_hook = later ? monitor_hold_later : monitor_hold_first;
    assert_code(CINCH_OK, cinch_compress(pool, input, output, &options, &monitor->job));
    counter_wait(later ? &monitor->advanced : &monitor->progressed, 1);
    assert_int_equal(0, truncate(input, left));
    gate_open(&monitor->gate);
    assert_job_ends(CINCH_E_INPUT_CHANGED, monitor->job);
    monitor_assert_ended(monitor, CINCH_E_INPUT_CHANGED);
    assert_file_holds_text(output, old_text);
    monitor_free(monitor);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

static void input_is_truncated(void **state)
{
    struct scratch *scratch = *state;
    const uint64_t size = (uint64_t)16 << 30;

    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
        for (uint32_t threads = 1; threads <= 3; threads += 2) {
            truncate_while_held(scratch, threads, size, 0, false, format);
            truncate_while_held(scratch, threads, (uint64_t)64 << 20, (64 << 20) - 1, false,
                                format);
            truncate_while_held(scratch, threads, size, 70000, true, format);
        }
    }
    scratch_assert_holds(scratch, "input", "output", NULL);
}

/* A small file is read in one go, and yet its end is noticed. */
static void small_input_is_truncated(void **state)
{
    struct scratch *scratch = *state;

    truncate_while_held(scratch, 1, 70000, 69999, false, CINCH_FORMAT_ZSTD);
    truncate_while_held(scratch, 1, 70000, 0, false, CINCH_FORMAT_GZIP);
    truncate_while_held(scratch, 1, 5, 4, false, CINCH_FORMAT_ZSTD);
    truncate_while_held(scratch, 1, 5, 0, false, CINCH_FORMAT_ZLIB);
}

/* What was there at open is compressed; stats tell how much. */
static void input_grows(void **state)
{
    struct scratch *scratch = *state;
    static const size_t sizes[] = {0, 1000, 8192, 300000};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        cinch_pool *pool = pool_with_threads(1);
        cinch_options options = CINCH_OPTIONS_INIT;
        cinch_stats stats = CINCH_STATS_INIT;
        struct watched_job watched;
        struct bytes bytes;
        int writing;

        options.chunk_size = 4096;
        watched = job_submit(scratch, pool, "a", sizes[i], &options, monitor_hold_first);
        bytes = file_read(watched.input);
        assert_int_equal(sizes[i], bytes.size);
        counter_wait(&watched.monitor->progressed, 1);
        writing = open(watched.input, O_WRONLY | O_APPEND | O_CLOEXEC);
        for (int j = 0; j < 1000; j++) {
            assert_int_equal(10, write(writing, "more words", 10));
        }
        close(writing);
        gate_open(&watched.monitor->gate);
        assert_code(CINCH_OK, cinch_job_wait(watched.job));
        assert_code(CINCH_OK, cinch_job_stats(watched.job, &stats));
        if (sizes[i] != 0) {
            assert_int_equal(sizes[i], stats.bytes_in);
            assert_int_equal(sizes[i], stats.bytes_total);
            assert_file_decodes(watched.output, CINCH_FORMAT_ZSTD, &bytes);
        }
        job_let_go(&watched, CINCH_OK);
        bytes_free(&bytes);
        cinch_pool_destroy(pool, CINCH_DRAIN);
    }
}

/* The name may go to another file: the job has the one that it opened. */
static void input_is_replaced(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    struct watched_job held = job_submit_held(scratch, pool, "held", 300000);
    struct bytes bytes = file_read(held.input);
    const char *other = scratch_path(scratch, "other");

    file_write_text(other, "another file");
    assert_int_equal(0, rename(other, held.input));
    job_let_go(&held, CINCH_OK);
    assert_file_decodes(scratch_path(scratch, "held.zst"), CINCH_FORMAT_ZSTD, &bytes);
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

/* --- A pool survives -------------------------------------------------------------------- */

/* After every kind of failure the same worker, with its warm context, does good work. */
static void failures_leave_the_pool_fit(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(1);
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");
    struct bytes bytes = file_make(input, BYTES_TEXT, 100000, 1);

    for (int i = 0; i < 20; i++) {
        cinch_options options = CINCH_OPTIONS_INIT;
        cinch_job *job;
        options.format = 1 + i % 3;
        options.chunk_size = 4096;
        assert_code(CINCH_E_NOT_FOUND,
                    compress_and_wait(pool, scratch_path(scratch, "missing"), output, &options));
        assert_code(CINCH_E_SAME_FILE, compress_and_wait(pool, input, input, &options));
        assert_code(CINCH_OK, cinch_compress(pool, input, output, &options, &job));
        cinch_job_close(job);
        assert_code(CINCH_OK, compress_and_wait(pool, input, output, &options));
        assert_file_decodes(output, options.format, &bytes);
    }
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(input_is_missing),
        scratch_test(input_is_a_folder),
        scratch_test(output_is_a_folder),
        scratch_test(folder_of_the_output_is_missing),
        scratch_test(folder_of_the_output_is_a_file),
        scratch_test(output_is_the_input),
        scratch_test(output_is_the_input_without_replacing),
        scratch_test(input_may_not_be_read),
        scratch_test(folder_of_the_output_may_not_be_written),
        scratch_test(nobody_may_compress_too),
        scratch_test(file_system_is_read_only),
        scratch_test(disk_is_full),
        scratch_test(no_inode_is_left),
        scratch_test(input_is_truncated),
        scratch_test(small_input_is_truncated),
        scratch_test(input_grows),
        scratch_test(input_is_replaced),
        scratch_test(failures_leave_the_pool_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
