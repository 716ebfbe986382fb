/* Files that change under a job: their bytes are read twice, once to find where the parts are, and
 * once to decode these. What was found the first time is no promise for the second. */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/types.h>
#include <zlib.h>

#include "compressed.h"
#include "format/bytes.h"
#include "format/gzip_header.h"
#include "format/gzip_index.h"
#include "support/bytes.h"
#include "support/gate.h"
#include "support/scratch.h"
#include "support/test.h"

/* --- Between the library and the file --------------------------------------------------- */

/* A byte of the file that is another when it is read to be decoded, for the second time; reads of a
 * number alone are not counted. Set while no job runs. */
static struct {
    uint64_t offset;   /* UINT64_MAX: none */
    uint8_t mask;      /* the bits that change */
    atomic_uint reads; /* of the byte, so far */
} change = {.offset = UINT64_MAX};

/* Reads of a number alone fail, or find this much more. */
static bool fails_numbers;
static uint8_t numbers_more;

ssize_t __real_pread64(int fd, void *buffer, size_t size, off_t offset);
ssize_t __wrap_pread64(int fd, void *buffer, size_t size, off_t offset);
ssize_t __wrap_pread64(int fd, void *buffer, size_t size, off_t offset)
{
    ssize_t count = __real_pread64(fd, buffer, size, offset);
    uint64_t from = (uint64_t)offset;
    if (size == 4 && fails_numbers) {
        errno = EIO;
        return -1;
    }
    if (size == 4 && count == 4)
        ((uint8_t *)buffer)[0] = (uint8_t)(((uint8_t *)buffer)[0] + numbers_more);
    if (count > 4 && change.offset >= from && change.offset - from < (uint64_t)count &&
        atomic_fetch_add(&change.reads, 1) > 0)
        ((uint8_t *)buffer)[change.offset - from] ^= change.mask;
    return count;
}

/* What progress says whenever zlib is called, which the others leave damage to. */
static struct {
    _Atomic(cinch_job *) job; /* NULL: nobody asks */
    struct gate is_known;
    uint64_t most; /* the rest is that of the only worker, while the job runs */
    unsigned calls;
    bool went_back;
} watched;

int __real_inflate(z_streamp stream, int flush);
int __wrap_inflate(z_streamp stream, int flush);
int __wrap_inflate(z_streamp stream, int flush)
{
    cinch_stats stats = CINCH_STATS_INIT;
    gate_pass(&watched.is_known);
    cinch_job *job = atomic_load(&watched.job);
    if (job != NULL && cinch_job_stats(job, &stats) == CINCH_OK) {
        watched.calls++;
        watched.went_back = watched.went_back || stats.bytes_in < watched.most;
        watched.most = stats.bytes_in > watched.most ? stats.bytes_in : watched.most;
    }
    return __real_inflate(stream, flush);
}

/* --- The tests -------------------------------------------------------------------------- */

/* Decompresses the file while a byte of it changes; must end with `expected`, and without an
 * output. */
static void assert_notices(struct scratch *scratch, const struct compressed *file, size_t offset,
                           uint8_t mask, int32_t expected)
{
    const struct bytes bytes = {file->bytes, file->size};
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");
    cinch_pool *pool = pool_with_threads(1);
    cinch_job *job;

    file_write(input, &bytes);
    atomic_store(&change.reads, 0);
    change.mask = mask;
    change.offset = offset;
    assert_code(CINCH_OK, cinch_decompress(pool, input, output, NULL, &job));
    int32_t code = cinch_job_wait(job);
    cinch_job_release(job);
    change.offset = UINT64_MAX;
    cinch_pool_destroy(pool, CINCH_DRAIN);
    assert_true(atomic_load(&change.reads) > 1);
    if (code != expected)
        fail_msg("byte %zu changed by %#x: %s instead of %s", offset, mask, code_name(code),
                 code_name(expected));
    assert_no_file(output);
}

/* A member's header, its size, its data and its trailer, in a group of members. */
static void members_that_change_are_damaged(void **state)
{
    struct compressed file = {.bytes = NULL};
    size_t sizes[3];

    for (size_t i = 0; i < 3; i++) {
        size_t before = file.size;
        compressed_add_member(&file, 1000 + 100 * i, MEMBER_BGZF);
        sizes[i] = file.size - before;
    }
    /* BGZF: 12 bytes of header, B C 2 0, and the member's size less one in two bytes. */
    assert_memory_equal("BC\2", file.bytes + 12, 3);
    assert_int_equal(sizes[0] - 1, load_le16(file.bytes + 16));
    const size_t member = sizes[0];
    const size_t trailer = sizes[0] + sizes[1] - GZIP_TRAILER_SIZE;
    assert_notices(*state, &file, member, 1, CINCH_E_CORRUPT);       /* no header */
    assert_notices(*state, &file, member + 12, 1, CINCH_E_CORRUPT);  /* no size */
    assert_notices(*state, &file, member + 17, 64, CINCH_E_CORRUPT); /* more than there is */
    assert_notices(*state, &file, trailer, 1, CINCH_E_CHECKSUM);
    /* More content, in the last member, than there is room for; and in all less than was told. */
    assert_notices(*state, &file, file.size - 3, 1, CINCH_E_CORRUPT);
    assert_notices(*state, &file, trailer + 5, 4, CINCH_E_CORRUPT);
    compressed_free(&file);
}

/* Frames that are passed on together are found again one by one: another magic number, a block that
 * reaches beyond the end, a frame less, and content that is another. */
static void frames_that_change_are_damaged(void **state)
{
    struct compressed file = compressed_frames(FRAME_CHECKSUM);
    const size_t second = file.frames[0].compressed_size;
    const size_t third = second + file.frames[1].compressed_size;
    /* 4 bytes of magic number, the descriptor, and 2 of the content's size, where it is one
     * segment: the block's header is next. */
    assert_int_equal(0x60, file.bytes[second + 4] & 0xE0);
    assert_notices(*state, &file, second, 1, CINCH_E_CORRUPT);
    /* A block of 16 bytes more, where its size has not that bit yet. */
    if ((file.bytes[third + 7] & 0x80) == 0)
        assert_notices(*state, &file, third + 7, 0x80, CINCH_E_TRUNCATED);
    assert_notices(*state, &file, file.size - 1, 1, CINCH_E_CHECKSUM);
    compressed_free(&file);
}

/* A block that has become shorter, so that its frame ends before what looks like another, of which
 * the take step has seen nothing. */
static void a_frame_that_became_two_is_damaged(void **state)
{
    static const uint8_t frames[] = {
        0x28, 0xB5, 0x2F, 0xFD, 0,    0x58, /* a window, and no content's size */
        0xC9, 0,    0,                      /* the last block: 25 bytes, raw; with other bits 16 */
        '1',  '2',  '3',  '4',  '5',  '6',  '7',  '8',  '1', '2',  '3', '4',
        '5',  '6',  '7',  '8',  0x28, 0xB5, 0x2F, 0xFD, 0,   0x58, /* the same, with nothing in it
                                                                    */
        1,    0,    0,
    };
    struct compressed file = {.bytes = NULL};

    compressed_add(&file, frames, sizeof frames);
    assert_notices(*state, &file, 6, 0x48, CINCH_E_CORRUPT);
    compressed_free(&file);
}

/* The final bit of a piece's last block: a member that has it says so, one that lost it is none. */
static void a_member_that_loses_its_end_is_damaged(void **state)
{
    struct compressed file = {.bytes = NULL};

    compressed_add_member(&file, 0, MEMBER_BGZF);
    compressed_add_member(&file, 0, MEMBER_BGZF);
    /* An empty static block: 03 00, of which the first bit is the final one. */
    const size_t data = file.size - GZIP_TRAILER_SIZE - 2;
    assert_int_equal(3, file.bytes[data]);
    assert_notices(*state, &file, data, 1, CINCH_E_TRUNCATED);
    compressed_free(&file);
}

/* Decompresses a member that tells its size. */
static int32_t decompress_member(struct scratch *scratch, unsigned flags)
{
    struct compressed file = {.bytes = NULL};
    const char *input = scratch_path(scratch, "input");
    cinch_pool *pool = pool_with_threads(1);
    cinch_job *job;

    compressed_add_member(&file, 1000, MEMBER_BGZF | flags);
    file_write(input, &(struct bytes){file.bytes, file.size});
    assert_code(CINCH_OK,
                cinch_decompress(pool, input, scratch_path(scratch, "output"), NULL, &job));
    int32_t code = cinch_job_wait(job);
    cinch_job_release(job);
    scratch_assert_holds(scratch, "input", NULL);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    compressed_free(&file);
    return code;
}

/* Before a member is passed on its length is read from its trailer. */
static void a_length_that_cannot_be_read_is_told(void **state)
{
    fails_numbers = true;
    int32_t code = decompress_member(*state, 0);
    fails_numbers = false;
    assert_code(CINCH_E_IO, code);
}

static void a_member_that_became_shorter_is_damaged(void **state)
{
    numbers_more = 1;
    int32_t code = decompress_member(*state, 0);
    numbers_more = 0;
    assert_code(CINCH_E_CORRUPT, code);
}

static void a_member_without_an_end_is_damaged(void **state)
{
    assert_code(CINCH_E_CORRUPT, decompress_member(*state, MEMBER_UNFINISHED));
}

/* What a faster engine finds fault with another judges, which begins anew; progress does not. */
static void a_long_piece_that_is_damaged_is_counted_once(void **state)
{
    enum {
        CHUNK = 9 << 20
    };
    struct scratch *scratch = *state;
    struct compressed file = {.bytes = NULL};
    cinch_pool *pool = pool_with_threads(1);
    cinch_job *job;

    const size_t index = compressed_add_indexed(&file, CHUNK + 1000, CHUNK, 0);
    const size_t end = index + gzip_index_size(2) + load_le32(file.bytes + index + 20);
    /* The first piece ends with an empty stored block, of no bytes and their complement. */
    assert_memory_equal("\0\0\xFF\xFF", file.bytes + end - 4, 4);
    file.bytes[end - 1] = 0;
    file_write(scratch_path(scratch, "input"), &(struct bytes){file.bytes, file.size});
    watched.most = watched.calls = 0;
    watched.went_back = false;
    gate_destroy(&watched.is_known);
    gate_init(&watched.is_known);
    assert_code(CINCH_OK, cinch_decompress(pool, scratch_path(scratch, "input"),
                                           scratch_path(scratch, "output"), NULL, &job));
    atomic_store(&watched.job, job);
    gate_open(&watched.is_known);
    assert_code(CINCH_E_CORRUPT, cinch_job_wait(job));
    atomic_store(&watched.job, NULL);
    cinch_job_release(job);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    assert_true(watched.calls > 2);
    assert_false(watched.went_back);
    assert_in_range(watched.most, 1, file.size);
    scratch_assert_holds(scratch, "input", NULL);
    compressed_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(members_that_change_are_damaged),
        scratch_test(frames_that_change_are_damaged),
        scratch_test(a_frame_that_became_two_is_damaged),
        scratch_test(a_member_that_loses_its_end_is_damaged),
        scratch_test(a_length_that_cannot_be_read_is_told),
        scratch_test(a_member_that_became_shorter_is_damaged),
        scratch_test(a_member_without_an_end_is_damaged),
        scratch_test(a_long_piece_that_is_damaged_is_counted_once),
    };

    gate_init(&watched.is_known);
    gate_open(&watched.is_known);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
