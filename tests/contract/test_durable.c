/*
 * CINCH_FLAG_DURABLE: the file is synced before it takes its name, its folder after that, and
 * both before success is told.
 *
 * The functions below take the C library's place for the library under test, write down what was
 * called, and do it.
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/bytes.h"
#include "support/decode.h"
#include "support/scratch.h"
#include "support/test.h"

/* One letter for each call: f a file synced, d a folder synced, p a name given (linkat or
 * rename), c completion. */
static char calls[64];
static atomic_uint call_count;

static void call_note(char letter)
{
    unsigned int index = atomic_fetch_add(&call_count, 1);

    if (index < sizeof(calls) - 1) {
        calls[index] = letter;
    }
}

static void calls_forget(void)
{
    memset(calls, 0, sizeof(calls));
    atomic_store(&call_count, 0);
}

static char kind_of(int descriptor)
{
    struct stat status;

    return fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode) ? 'd' : 'f';
}

int fsync(int descriptor)
{
    call_note(kind_of(descriptor));
    return (int)syscall(SYS_fsync, descriptor);
}

int fdatasync(int descriptor)
{
    call_note(kind_of(descriptor));
    return (int)syscall(SYS_fdatasync, descriptor);
}

int linkat(int old_folder, const char *old_name, int new_folder, const char *new_name, int flags)
{
    int result = (int)syscall(SYS_linkat, old_folder, old_name, new_folder, new_name, flags);

    /* A link that was only made to be renamed over the target is not the name it takes. */
    if (result == 0 && new_name[0] != '.') {
        call_note('p');
    }
    return result;
}

int renameat(int old_folder, const char *old_name, int new_folder, const char *new_name)
{
    int result = (int)syscall(SYS_renameat2, old_folder, old_name, new_folder, new_name, 0);

    if (result == 0) {
        call_note('p');
    }
    return result;
}

int renameat2(int old_folder, const char *old_name, int new_folder, const char *new_name,
              unsigned int flags)
{
    int result = (int)syscall(SYS_renameat2, old_folder, old_name, new_folder, new_name, flags);

    if (result == 0) {
        call_note('p');
    }
    return result;
}

int rename(const char *old_path, const char *new_path)
{
    return renameat(AT_FDCWD, old_path, AT_FDCWD, new_path);
}

static void note_completion(void *user, int32_t error_code)
{
    (void)user;
    (void)error_code;
    call_note('c');
}

static void assert_calls(struct scratch *scratch, uint32_t flags, const char *expected)
{
    cinch_pool *pool = pool_with_threads(2);
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");
    struct bytes bytes = file_make(input, BYTES_TEXT, 100000, 1);
    cinch_options options = CINCH_OPTIONS_INIT;

    options.flags = flags;
    options.chunk_size = 4096;
    options.on_complete = note_completion;
    calls_forget();
    assert_code(CINCH_OK, compress_and_wait(pool, input, output, &options));
    assert_string_equal(expected, calls);
    assert_file_decodes(output, CINCH_FORMAT_ZSTD, &bytes);
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

static void durable_job_is_synced_in_order(void **state)
{
    struct scratch *scratch = *state;

    assert_calls(scratch, CINCH_FLAG_DURABLE, "fpdc");
    /* In the place of an existing file, too. */
    assert_calls(scratch, CINCH_FLAG_DURABLE, "fpdc");
    assert_int_equal(0, unlink(scratch_path(scratch, "output")));
    assert_calls(scratch, CINCH_FLAG_DURABLE | CINCH_FLAG_NO_REPLACE, "fpdc");
    assert_calls(scratch, CINCH_FLAG_DURABLE | CINCH_FLAG_NO_METADATA, "fpdc");
}

static void other_jobs_are_not_synced(void **state)
{
    struct scratch *scratch = *state;

    assert_calls(scratch, 0, "pc");
    assert_calls(scratch, CINCH_FLAG_VERIFY, "pc");
}

static void durable_descriptor_is_synced(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *pool = pool_with_threads(2);
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");
    struct bytes bytes = file_make(input, BYTES_TEXT, 100000, 1);
    cinch_options options = CINCH_OPTIONS_INIT;
    int reading = open(input, O_RDONLY | O_CLOEXEC);
    int writing = open(output, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    cinch_job *job;

    options.flags = CINCH_FLAG_DURABLE;
    options.on_complete = note_completion;
    calls_forget();
    assert_code(CINCH_OK, cinch_compress_fd(pool, reading, writing, &options, &job));
    assert_job_ends(CINCH_OK, job);
    assert_string_equal("fc", calls);
    assert_file_decodes(output, CINCH_FORMAT_ZSTD, &bytes);
    close(reading);
    close(writing);
    bytes_free(&bytes);
    cinch_pool_destroy(pool, CINCH_DRAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(durable_job_is_synced_in_order),
        scratch_test(other_jobs_are_not_synced),
        scratch_test(durable_descriptor_is_synced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
