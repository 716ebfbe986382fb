/* What a process has one of: the default pool, and the forks that are counted. */
#include "pool.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "confined.h"
#include "io/temporary.h"
#include "support/bytes.h"
#include "support/scratch.h"
#include "support/test.h"

/* The children below start threads, which the thread sanitizer must be asked for. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "die_after_fork=0";
}

/* --- A system that refuses -------------------------------------------------------------- */

static bool refuses_atfork;

/* The thread sanitizer's own runtime calls it as well, before anything of it works. */
#if defined(__clang__) && __clang_major__ >= 14
#define UNSANITIZED __attribute__((disable_sanitizer_instrumentation))
#else
#define UNSANITIZED
#endif

int __real_pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void));
int __wrap_pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void));

UNSANITIZED int __wrap_pthread_atfork(void (*prepare)(void), void (*parent)(void),
                                      void (*child)(void))
{
    return refuses_atfork ? ENOMEM : __real_pthread_atfork(prepare, parent, child);
}

/* --- The tests -------------------------------------------------------------------------- */

static int32_t completion;

static void on_complete(int32_t code)
{
    completion = code;
}

/* In a child, as a process asks for news of its forks once. Where there are none nothing is made
 * that its children would take for their own. */
static void do_without_news_of_forks(void *context)
{
    cinch_pool *pool = NULL;
    cinch_reader *reader = NULL;
    const char *path = context;

    refuses_atfork = true;
    confined_code(CINCH_E_NO_MEMORY, pool_create(1, &pool));
    confined_require(pool == NULL);
    confined_code(CINCH_E_NO_MEMORY, pool_default(&pool));
    confined_require(pool == NULL);
    confined_code(CINCH_E_NO_MEMORY, cinch_compress(NULL, path, "/nonexistent/output", NULL, NULL));
    confined_code(CINCH_E_NO_MEMORY, cinch_reader_open(path, &reader));
    confined_require(reader == NULL);
    confined_code(CINCH_E_NO_MEMORY, compress_file(path, "/nonexistent/output", NULL));
    compress_async(path, "/nonexistent/output", NULL, on_complete);
    confined_code(CINCH_E_NO_MEMORY, completion);
    /* Nobody is told, and nothing is left. */
    compress_async(path, "/nonexistent/output", NULL, NULL);
}

/* A hidden name is to be removed by the process that made it alone. */
static void hide_without_news_of_forks(void *context)
{
    struct failure failure = {.code = CINCH_OK};
    struct temporary temporary;
    struct place place;

    refuses_atfork = true;
    confined_refuse_nameless_files(EOPNOTSUPP);
    confined_code(CINCH_OK, place_find(&place, context, &failure));
    confined_code(CINCH_E_NO_MEMORY, temporary_create(&temporary, &place, &failure));
    place_release(&place);
}

static void without_news_of_forks_nothing_is_made(void **state)
{
    struct scratch *scratch = *state;
    const char *path = scratch_path(scratch, "input");

    file_write_text(path, "words");
    confined_run(do_without_news_of_forks, (void *)(uintptr_t)path);
    confined_run(hide_without_news_of_forks, (void *)(uintptr_t)path);
    scratch_assert_holds(scratch, "input", NULL);
}

static void make_pools_in_a_child(void *parent_s)
{
    cinch_pool *first = NULL;
    cinch_pool *second = NULL;

    confined_number(1, pool_fork_generation());
    confined_code(CINCH_OK, pool_default(&first));
    confined_require(first != NULL && first != parent_s);
    confined_code(CINCH_OK, pool_default(&second));
    confined_require(second == first);
}

static void each_process_has_one_default_pool(void **state)
{
    struct scratch *scratch = *state;
    cinch_pool *first = NULL;
    cinch_pool *second = NULL;

    scratch->uses_default_pool = true;
    assert_int_equal(0, pool_fork_generation());
    assert_code(CINCH_OK, pool_default(&first));
    assert_code(CINCH_OK, pool_default(&second));
    assert_ptr_equal(first, second);
    confined_run(make_pools_in_a_child, first);
    assert_int_equal(0, pool_fork_generation());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        scratch_test(without_news_of_forks_nothing_is_made),
        scratch_test(each_process_has_one_default_pool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
