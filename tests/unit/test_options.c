/* Options brought to today's form: what stands in for what was not said. */
#include "options.h"

#include <string.h>
#include <zstd.h>

#include "codec/codec.h"
#include "pool.h"
#include "processors.h"
#include "support/test.h"

static cinch_options options_read_of(const cinch_options *given)
{
    cinch_options options;
    memset(&options, 0xA5, sizeof options);
    assert_code(CINCH_OK, options_read(&options, given));
    return options;
}

/* The fields that a smaller header lacks get their defaults, whatever stands behind it in memory;
 * those that a larger one has beyond ours must be 0. */
static void sizes_of_other_headers_are_understood(void **state)
{
    struct {
        cinch_options options;
        unsigned char more[8];
    } given = {.options = CINCH_OPTIONS_INIT};
    const size_t first = offsetof(cinch_options, user) + sizeof(void *);
    cinch_options result;

    (void)state;
    memset(&given.options, 0xFF, sizeof given.options);
    const cinch_options defaults = CINCH_OPTIONS_INIT;
    memcpy(&given.options, &defaults, first);
    for (size_t size = 0; size < first; size++) {
        given.options.struct_size = size;
        assert_code(CINCH_E_INVALID, options_read(&result, &given.options));
    }
    given.options.struct_size = first;
    result = options_read_of(&given.options);
    assert_int_equal(sizeof result, result.struct_size);
    for (size_t i = first; i < sizeof result; i++)
        assert_int_equal(0, ((const unsigned char *)&result)[i]);

    given.options = defaults;
    given.options.struct_size = sizeof given;
    result = options_read_of(&given.options);
    assert_int_equal(sizeof result, result.struct_size);
    for (size_t i = 0; i < sizeof given.more; i++) {
        given.more[i] = 1;
        assert_code(CINCH_E_INVALID, options_read(&result, &given.options));
        given.options.struct_size = sizeof given.options + i;
        assert_code(CINCH_OK, options_read(&result, &given.options));
        given.options.struct_size = sizeof given;
        given.more[i] = 0;
    }
}

static void what_is_out_of_range_is_refused(void **state)
{
    static const struct {
        int32_t format;
        uint32_t flags, chunk_size;
        int32_t code;
    } cases[] = {
        {CINCH_FORMAT_AUTO, 0, 0, CINCH_OK},
        {CINCH_FORMAT_ZLIB, 0, 0, CINCH_OK},
        {CINCH_FORMAT_AUTO - 1, 0, 0, CINCH_E_INVALID},
        {CINCH_FORMAT_ZLIB + 1, 0, 0, CINCH_E_INVALID},
        {0, CINCH_FLAG_IGNORE_TRAILING, 0, CINCH_OK},
        {0, UINT32_C(1) << 31, 0, CINCH_E_INVALID},
        {0, 0, OPTIONS_CHUNK_MIN, CINCH_OK},
        {0, 0, OPTIONS_CHUNK_MIN - 1, CINCH_E_INVALID},
        {0, 0, 1, CINCH_E_INVALID},
        {0, 0, OPTIONS_CHUNK_MAX, CINCH_OK},
        {0, 0, OPTIONS_CHUNK_MAX + 1, CINCH_E_INVALID},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cinch_options given = CINCH_OPTIONS_INIT;
        cinch_options result;
        given.format = cases[i].format;
        given.flags = cases[i].flags;
        given.chunk_size = cases[i].chunk_size;
        assert_code(cases[i].code, options_read(&result, &given));
    }
}

/* The end of the name tells, in letters of any size; a descriptor has none. What was said stands,
 * whatever the name. */
static void the_output_s_name_tells_the_format(void **state)
{
    static const struct {
        const char *path;
        int32_t format;
    } cases[] = {
        {NULL, CINCH_FORMAT_ZSTD},     {"a", CINCH_FORMAT_ZSTD},
        {"a.zst", CINCH_FORMAT_ZSTD},  {"a.gz", CINCH_FORMAT_GZIP},
        {"d/a.GZ", CINCH_FORMAT_GZIP}, {"a.zz", CINCH_FORMAT_ZLIB},
        {"a.zlib", CINCH_FORMAT_ZLIB}, {"a.Zz", CINCH_FORMAT_ZLIB},
        {".gz", CINCH_FORMAT_GZIP},    {"gz", CINCH_FORMAT_ZSTD},
        {"z", CINCH_FORMAT_ZSTD},      {"a.gz.zst", CINCH_FORMAT_ZSTD},
        {"a.gz/b", CINCH_FORMAT_ZSTD},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cinch_options options = options_read_of(NULL);
        assert_code(CINCH_OK, options_resolve(&options, cases[i].path));
        assert_int_equal(cases[i].format, options.format);
        assert_int_equal(codec_default_level(options.format), options.level);
        for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++) {
            options = options_read_of(NULL);
            options.format = format;
            options.level = 1;
            assert_code(CINCH_OK, options_resolve(&options, cases[i].path));
            assert_int_equal(format, options.format);
            assert_int_equal(1, options.level);
        }
    }
}

static void only_zstd_has_windows(void **state)
{
    const ZSTD_bounds bounds = ZSTD_cParam_getBounds(ZSTD_c_windowLog);

    (void)state;
    for (int32_t format = CINCH_FORMAT_ZSTD; format <= CINCH_FORMAT_ZLIB; format++)
        for (int window = 1; window <= bounds.upperBound + 1; window++) {
            cinch_options options = options_read_of(NULL);
            const bool fits = format == CINCH_FORMAT_ZSTD && window >= bounds.lowerBound &&
                              window <= bounds.upperBound;
            options.format = format;
            options.window_log = (uint32_t)window;
            assert_code(fits ? CINCH_OK : CINCH_E_INVALID, options_resolve(&options, NULL));
        }
}

static void a_pool_has_as_many_threads_as_processors(void **state)
{
    cinch_pool_options given = CINCH_POOL_OPTIONS_INIT;
    uint32_t threads = 0;

    (void)state;
    assert_code(CINCH_OK, pool_options_threads(NULL, &threads));
    assert_int_equal(processors_usable(), threads);
    assert_code(CINCH_OK, pool_options_threads(&given, &threads));
    assert_int_equal(processors_usable(), threads);
    given.threads = POOL_THREADS_MAX;
    assert_code(CINCH_OK, pool_options_threads(&given, &threads));
    assert_int_equal(POOL_THREADS_MAX, threads);
    given.threads++;
    assert_code(CINCH_E_INVALID, pool_options_threads(&given, &threads));
    given.threads = 1;
    given.struct_size--;
    assert_code(given.struct_size < offsetof(cinch_pool_options, threads) + sizeof given.threads
                    ? CINCH_E_INVALID
                    : CINCH_OK,
                pool_options_threads(&given, &threads));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_of_other_headers_are_understood),
        cmocka_unit_test(what_is_out_of_range_is_refused),
        cmocka_unit_test(the_output_s_name_tells_the_format),
        cmocka_unit_test(only_zstd_has_windows),
        cmocka_unit_test(a_pool_has_as_many_threads_as_processors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
