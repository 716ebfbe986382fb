/* Error codes and messages, errno's translation, and the sentences about failures. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "error.h"
#include "error_codes.h"
#include "support/test.h"

struct code {
    int32_t number;
    const char *message;
};

#define CODE(number, name, message) {number, message},
static const struct code codes[] = {ERROR_CODES(CODE)};
#undef CODE

enum {
    CODE_COUNT = sizeof codes / sizeof codes[0]
};

static void the_table_holds_every_code_of_the_header(void **state)
{
    static const int32_t numbers[] = {0,  1,  2,  3,  4,  5,  6,  7,  10, 11, 12, 13, 14,
                                      15, 16, 17, 18, 20, 21, 22, 23, 24, 25, 26, 27, 30};
    (void)state;
    assert_int_equal(sizeof numbers / sizeof numbers[0], CODE_COUNT);
    for (size_t i = 0; i < CODE_COUNT; i++) {
        assert_int_equal(numbers[i], codes[i].number);
    }
}

static void every_code_has_a_sentence_of_its_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < CODE_COUNT; i++) {
        const char *message = cinch_strerror(codes[i].number);
        assert_string_equal(codes[i].message, message);
        assert_true(strlen(message) > 3);
        assert_int_not_equal('.', message[strlen(message) - 1]);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(codes[j].message, message);
        }
    }
}

static void a_number_that_is_no_code_is_told_as_such(void **state)
{
    static const int32_t numbers[] = {-1, 8, 9, 19, 28, 29, 31, INT32_MIN, INT32_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        assert_string_equal("unknown error code", cinch_strerror(numbers[i]));
    }
}

static void the_first_failure_stays(void **state)
{
    struct failure failure = {0};
    (void)state;
    assert_code(CINCH_E_CORRUPT,
                failure_set(&failure, CINCH_E_CORRUPT, FAILURE_OF_INPUT, "cannot decode", 0));
    assert_code(CINCH_E_NO_SPACE,
                failure_set_system(&failure, FAILURE_OF_OUTPUT, "cannot write", ENOSPC));
    assert_code(CINCH_E_CORRUPT, failure.code);
    assert_int_equal(FAILURE_OF_INPUT, failure.subject);
    assert_string_equal("cannot decode", failure.action);
    assert_int_equal(0, failure.system_error);
}

static void a_latch_keeps_the_first_failure(void **state)
{
    struct failure_latch latch = {0};
    const struct failure first = {CINCH_E_NO_SPACE, FAILURE_OF_OUTPUT, "cannot write", ENOSPC};
    const struct failure second = {CINCH_E_CORRUPT, FAILURE_OF_INPUT, "cannot decode", 0};
    (void)state;
    assert_code(CINCH_OK, failure_latch_get(&latch).code);
    failure_latch_set(&latch, &first);
    failure_latch_set(&latch, &second);
    const struct failure kept = failure_latch_get(&latch);
    assert_code(CINCH_E_NO_SPACE, kept.code);
    assert_int_equal(FAILURE_OF_OUTPUT, kept.subject);
    assert_string_equal("cannot write", kept.action);
    assert_int_equal(ENOSPC, kept.system_error);
}

static void errno_stands_for_the_code_of_the_table(void **state)
{
    static const struct {
        int system_error;
        int32_t code;
    } pairs[] = {
        {ENOENT, CINCH_E_NOT_FOUND}, {ENOTDIR, CINCH_E_NOT_FOUND}, {EACCES, CINCH_E_PERMISSION},
        {EPERM, CINCH_E_PERMISSION}, {EROFS, CINCH_E_PERMISSION},  {EISDIR, CINCH_E_FILE_TYPE},
        {EEXIST, CINCH_E_EXISTS},    {ENOSPC, CINCH_E_NO_SPACE},   {EDQUOT, CINCH_E_NO_SPACE},
        {EFBIG, CINCH_E_NO_SPACE},   {EPIPE, CINCH_E_BROKEN_PIPE}, {ENOMEM, CINCH_E_NO_MEMORY},
        {EIO, CINCH_E_IO},           {EBADF, CINCH_E_IO},          {EMFILE, CINCH_E_IO},
        {ENFILE, CINCH_E_IO},        {ELOOP, CINCH_E_IO},          {ENAMETOOLONG, CINCH_E_IO},
        {ESTALE, CINCH_E_IO},
    };
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct failure failure = {0};
        assert_code(pairs[i].code, failure_set_system(&failure, FAILURE_OF_INPUT, "cannot read",
                                                      pairs[i].system_error));
        assert_code(pairs[i].code, failure.code);
        assert_int_equal(pairs[i].system_error, failure.system_error);
    }
}

static void assert_description(const struct failure *failure, const char *expected)
{
    char text[256];
    assert_int_equal(strlen(expected), failure_describe(failure, "/a/b", "c d", text, sizeof text));
    assert_string_equal(expected, text);
}

static void a_failure_is_described_as_a_sentence(void **state)
{
    (void)state;
    assert_description(&(struct failure){0}, "");
    assert_description(
        &(struct failure){CINCH_E_NOT_FOUND, FAILURE_OF_INPUT, "cannot open", ENOENT},
        "cannot open input '/a/b': No such file or directory");
    assert_description(
        &(struct failure){CINCH_E_NO_SPACE, FAILURE_OF_OUTPUT, "cannot write", EDQUOT},
        "cannot write output 'c d': Disk quota exceeded");
    assert_description(&(struct failure){CINCH_E_CORRUPT, FAILURE_OF_INPUT, "cannot decode", 0},
                       "cannot decode input '/a/b': the data is corrupt");
    assert_description(&(struct failure){CINCH_E_CHECKSUM, FAILURE_OF_INPUT, NULL, 0},
                       "input '/a/b': the data does not match its checksum or length");
    assert_description(
        &(struct failure){CINCH_E_NO_THREAD, FAILURE_OF_NOTHING, "cannot start a thread", EAGAIN},
        "cannot start a thread: Resource temporarily unavailable");
    assert_description(&(struct failure){CINCH_E_NO_MEMORY, FAILURE_OF_NOTHING, NULL, 0},
                       "out of memory");
    assert_description(&(struct failure){CINCH_E_IO, FAILURE_OF_OUTPUT, "cannot write", 99999},
                       "cannot write output 'c d': system error 99999");
    assert_description(&(struct failure){CINCH_E_IO, FAILURE_OF_NOTHING, NULL, INT_MIN},
                       "system error -2147483648");
}

static void without_paths_the_subject_stands_alone(void **state)
{
    const struct failure failure = {CINCH_E_IO, FAILURE_OF_OUTPUT, "cannot write", EBADF};
    char text[256];
    (void)state;
    failure_describe(&failure, NULL, NULL, text, sizeof text);
    assert_string_equal("cannot write output: Bad file descriptor", text);
}

static void paths_appear_byte_for_byte(void **state)
{
    const struct failure failure = {CINCH_E_NOT_FOUND, FAILURE_OF_INPUT, "cannot open", ENOENT};
    char text[256];
    (void)state;
    failure_describe(&failure, "%s\n\033[2J\xff\xc3'", NULL, text, sizeof text);
    assert_string_equal("cannot open input '%s\n\033[2J\xff\xc3'': No such file or directory",
                        text);
}

static void a_long_sentence_is_cut_off_and_its_length_told(void **state)
{
    static const char whole[] = "cannot open input '/a/b': No such file or directory";
    const struct failure failure = {CINCH_E_NOT_FOUND, FAILURE_OF_INPUT, "cannot open", ENOENT};
    (void)state;
    assert_int_equal(sizeof whole - 1, failure_describe(&failure, "/a/b", NULL, NULL, 0));
    for (size_t size = 1; size <= sizeof whole + 1; size++) {
        char text[sizeof whole + 2];
        memset(text, '#', sizeof text);
        assert_int_equal(sizeof whole - 1, failure_describe(&failure, "/a/b", NULL, text, size));
        size_t kept = size - 1 < sizeof whole - 1 ? size - 1 : sizeof whole - 1;
        assert_int_equal(kept, strlen(text));
        assert_memory_equal(whole, text, kept);
        assert_int_equal('#', text[size]);
    }

    char end = '#';
    assert_int_equal(0, failure_describe(&(struct failure){0}, NULL, NULL, &end, 1));
    assert_int_equal('\0', end);
    char untouched = '#';
    assert_int_equal(0, failure_describe(&(struct failure){0}, NULL, NULL, &untouched, 0));
    assert_int_equal('#', untouched);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_holds_every_code_of_the_header),
        cmocka_unit_test(every_code_has_a_sentence_of_its_own),
        cmocka_unit_test(a_number_that_is_no_code_is_told_as_such),
        cmocka_unit_test(the_first_failure_stays),
        cmocka_unit_test(a_latch_keeps_the_first_failure),
        cmocka_unit_test(errno_stands_for_the_code_of_the_table),
        cmocka_unit_test(a_failure_is_described_as_a_sentence),
        cmocka_unit_test(without_paths_the_subject_stands_alone),
        cmocka_unit_test(paths_appear_byte_for_byte),
        cmocka_unit_test(a_long_sentence_is_cut_off_and_its_length_told),
    };
    return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
