/* Whole jobs, each allocation of which is refused in its turn, with files that tests/fault has not:
 * one whose table is longer than what there is room for behind its last frame, and one with a table
 * that is left to the put step. */
#include <stdio.h>

#include "compressed.h"
#include "refusal.h"
#include "support/bytes.h"
#include "support/scratch.h"
#include "support/test.h"

enum {
    CHUNK = 4096
};

/* Both return how the job ended, a refused submit included. */
typedef int32_t job_function(cinch_pool *pool, const char *input, const char *output);

static int32_t compress(cinch_pool *pool, const char *input, const char *output)
{
    cinch_options options = CINCH_OPTIONS_INIT;
    options.chunk_size = CHUNK;
    return compress_and_wait(pool, input, output, &options);
}

static int32_t decompress(cinch_pool *pool, const char *input, const char *output)
{
    cinch_job *job = NULL;
    int32_t code = cinch_decompress(pool, input, output, NULL, &job);
    if (code == CINCH_OK)
        code = cinch_job_wait(job);
    cinch_job_release(job);
    return code;
}

/* Whatever is refused, the job lacks memory and leaves nothing, or it succeeds nevertheless. */
static void assert_bears_refusals(struct scratch *scratch, job_function *run)
{
    const char *input = scratch_path(scratch, "input");
    const char *output = scratch_path(scratch, "output");
    cinch_pool *pool = pool_with_threads(1);
    bool was_refused = true;
    unsigned failed = 0;

    assert_code(CINCH_OK, run(pool, input, output));
    struct bytes expected = file_read(output);
    cinch_pool_destroy(pool, CINCH_DRAIN);
    for (unsigned number = 0; was_refused; number++) {
        assert_int_equal(0, remove(output));
        pool = pool_with_threads(1); /* whose worker has kept nothing */
        refusal_begin(REFUSE_MEMORY, number);
        int32_t code = run(pool, input, output);
        was_refused = refusal_end();
        cinch_pool_destroy(pool, CINCH_DRAIN);
        if (code != CINCH_OK) {
            assert_true(was_refused);
            assert_code(CINCH_E_NO_MEMORY, code);
            scratch_assert_holds(scratch, "input", NULL);
            failed++;
            file_write(output, &expected);
        }
        assert_file_holds(output, &expected);
    }
    assert_true(failed > 5);
    bytes_free(&expected);
}

static void a_table_that_is_longer_than_the_room_for_a_frame(void **state)
{
    struct bytes content = file_make(scratch_path(*state, "input"), BYTES_RANDOM, 100 * CHUNK, 1);
    assert_bears_refusals(*state, compress);
    bytes_free(&content);
}

static void a_table_with_checksums(void **state)
{
    struct compressed file = compressed_frames(0);
    compressed_add_table(&file, TABLE_CHECKSUMS);
    file_write(scratch_path(*state, "input"), &(struct bytes){file.bytes, file.size});
    assert_bears_refusals(*state, decompress);
    compressed_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(a_table_that_is_longer_than_the_room_for_a_frame),
        scratch_test(a_table_with_checksums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
