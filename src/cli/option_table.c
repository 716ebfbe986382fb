#include "cli/option_table.h"

#include "cli/help.h"
#include "cli/suggest.h"

#include <cinch/cinch.h>

#include <assert.h>
#include <string.h>

/* Families as bits. */
#define CINCH    (1u << FAMILY_CINCH)
#define GZIP     (1u << FAMILY_GZIP)
#define PIGZ     (1u << FAMILY_PIGZ)
#define ZSTD     (1u << FAMILY_ZSTD)
#define ALL      (CINCH | GZIP | PIGZ | ZSTD)
#define NOT_PIGZ (ALL & ~PIGZ)

/* Whether an option takes a value. */
#define ALONE   no_argument
#define VALUE   required_argument
#define PERHAPS optional_argument

/* clang-format off */
static const struct option_rule rules[] = {
    /* What is done. */
    {"compress",           'z', ALONE,   NOT_PIGZ, option_apply_action, ACTION_COMPRESS},
    {"zlib",               'z', ALONE,   PIGZ,     option_apply_format, CINCH_FORMAT_ZLIB},
    {"decompress",         'd', ALONE,   ALL,      option_apply_action, ACTION_DECOMPRESS},
    {"uncompress",          0,  ALONE,   ALL,      option_apply_action, ACTION_DECOMPRESS},
    {"test",               't', ALONE,   ALL,      option_apply_action, ACTION_TEST},
    {"list",               'l', ALONE,   ALL,      option_apply_action, ACTION_LIST},
    {"json",                0,  ALONE,   ALL,      option_apply_json, 0},
    {"range",               0,  VALUE,   ALL,      option_apply_range, 0},
    {"part",                0,  VALUE,   ALL,      option_apply_part, 0},
    /* Format, level, threads, chunks. */
    {"format",              0,  VALUE,   ALL,      option_apply_format, 0},
    {"fast",                0,  PERHAPS, ALL,      option_apply_fast, 0},
    {"best",                0,  ALONE,   ALL,      option_apply_best, 0},
    {"ultra",               0,  ALONE,   ALL,      option_apply_ultra, 0},
    {"threads",            'T', VALUE,   ALL,      option_apply_threads, 0},
    {"processes",          'p', VALUE,   ALL,      option_apply_threads, 0},
    {"single-thread",       0,  ALONE,   ALL,      option_apply_threads, 1},
    {"blocksize",          'B', VALUE,   NOT_PIGZ, option_apply_chunk_size, 0},
    {"blocksize",          'b', VALUE,   PIGZ,     option_apply_chunk_size, 10},
    {"long",                0,  PERHAPS, ALL,      option_apply_long, 0},
    {"single-stream",       0,  ALONE,   ALL,      option_apply_set_flag, CINCH_FLAG_SINGLE_STREAM},
    {"seekable",            0,  ALONE,   ALL,      option_apply_drop_flag, CINCH_FLAG_SINGLE_STREAM},
    /* Files. */
    {"stdout",             'c', ALONE,   ALL,      option_apply_stdout, 0},
    {"to-stdout",           0,  ALONE,   ALL,      option_apply_stdout, 0},
    {NULL,                 'o', VALUE,   ALL,      option_apply_output, 0},
    {"keep",               'k', ALONE,   ALL,      option_apply_keep, 1},
    {"rm",                  0,  ALONE,   ALL,      option_apply_keep, 0},
    {"force",              'f', ALONE,   ALL,      option_apply_force, 0},
    {"name",               'N', ALONE,   ALL,      option_apply_naming, NAMING_ALWAYS},
    {"no-name",            'n', ALONE,   ALL,      option_apply_naming, NAMING_NEVER},
    {"suffix",             'S', VALUE,   ALL,      option_apply_suffix, 0},
    {"recursive",          'r', ALONE,   ALL,      option_apply_recursive, 0},
    {"filelist",            0,  VALUE,   ALL,      option_apply_filelist, 0},
    {"output-dir-flat",     0,  VALUE,   ALL,      option_apply_flat, 0},
    {"output-dir-mirror",   0,  VALUE,   ALL,      option_apply_mirror, 0},
    {"exclude-compressed",  0,  ALONE,   ALL,      option_apply_exclude, 0},
    /* Safety and bounds. */
    {"verify",              0,  ALONE,   ALL,      option_apply_set_flag, CINCH_FLAG_VERIFY},
    {"synchronous",         0,  ALONE,   NOT_PIGZ, option_apply_set_flag, CINCH_FLAG_DURABLE},
    {"synchronous",        'Y', ALONE,   PIGZ,     option_apply_set_flag, CINCH_FLAG_DURABLE},
    {"sync",                0,  ALONE,   ALL,      option_apply_set_flag, CINCH_FLAG_DURABLE},
    {"check",               0,  ALONE,   ALL,      option_apply_drop_flag, CINCH_FLAG_NO_CHECKSUM},
    {"no-check",            0,  ALONE,   ALL,      option_apply_set_flag, CINCH_FLAG_NO_CHECKSUM},
    {"sparse",              0,  ALONE,   ALL,      option_apply_set_flag, CINCH_FLAG_SPARSE},
    {"no-sparse",           0,  ALONE,   ALL,      option_apply_drop_flag, CINCH_FLAG_SPARSE},
    {"memlimit",           'M', VALUE,   ALL,      option_apply_memory_limit, 0},
    {"memory",              0,  VALUE,   ALL,      option_apply_memory_limit, 0},
    {"limit-output",        0,  VALUE,   ALL,      option_apply_output_limit, 0},
    {"size-hint",           0,  VALUE,   ALL,      option_apply_size_hint, 0},
    {"stream-size",         0,  VALUE,   ALL,      option_apply_size_hint, 0},
    /* Talk. */
    {"quiet",              'q', ALONE,   ALL,      option_apply_quiet, 0},
    {"silent",              0,  ALONE,   ALL,      option_apply_quiet, 0},
    {"verbose",            'v', ALONE,   ALL,      option_apply_verbose, 0},
    {"progress",            0,  PERHAPS, ALL,      option_apply_progress, PROGRESS_AUTO},
    {"no-progress",         0,  ALONE,   ALL,      option_apply_progress, PROGRESS_NEVER},
    {"help",               'h', ALONE,   ALL,      option_apply_help, HELP_SHORT},
    {NULL,                 'H', ALONE,   ALL,      option_apply_help, HELP_FULL},
    {"version",            'V', ALONE,   ALL,      option_apply_help, HELP_VERSION},
    {"license",            'L', ALONE,   GZIP | PIGZ, option_apply_help, HELP_LICENSE},
    /* Accepted because other programs have them: chunks are independent always, and the rest
     * is about how others work inside. */
    {"ascii",              'a', ALONE,   GZIP,     option_apply_nothing, 0},
    {NULL,                 'b', VALUE,   GZIP,     option_apply_nothing, 0},
    {"independent",        'i', ALONE,   PIGZ,     option_apply_nothing, 0},
    {"rsyncable",           0,  ALONE,   NOT_PIGZ, option_apply_nothing, 0},
    {"rsyncable",          'R', ALONE,   PIGZ,     option_apply_nothing, 0},
    {"adapt",               0,  PERHAPS, ZSTD,     option_apply_nothing, 0},
    {"asyncio",             0,  ALONE,   ZSTD,     option_apply_nothing, 0},
    {"no-asyncio",          0,  ALONE,   ZSTD,     option_apply_nothing, 0},
    {"content-size",        0,  ALONE,   ZSTD,     option_apply_nothing, 0},
    {"no-content-size",     0,  ALONE,   ZSTD,     option_apply_nothing, 0},
    {"no-dictID",           0,  ALONE,   ZSTD,     option_apply_nothing, 0},
    /* Known, and refused with a reason. */
    {NULL,                 'b', PERHAPS, CINCH | ZSTD, option_apply_refuse, REFUSED_BENCHMARK},
    {NULL,                 'i', PERHAPS, CINCH | ZSTD, option_apply_refuse, REFUSED_BENCHMARK},
    {NULL,                 'D', VALUE,   CINCH | ZSTD, option_apply_refuse, REFUSED_DICTIONARY},
    {"zip",                'K', ALONE,   PIGZ,     option_apply_refuse, REFUSED_ZIP},
};
/* clang-format on */

static_assert(sizeof(rules) / sizeof(rules[0]) <= OPTION_LIMIT, "the tables have room for all");

static void add_letter(struct option_table *table, const struct option_rule *rule)
{
    static const char *const marks[] = {[ALONE] = "", [VALUE] = ":", [PERHAPS] = "::"};
    const size_t end = strlen(table->letters);
    table->letters[end] = rule->letter;
    strcpy(table->letters + end + 1, marks[rule->argument]);
    table->by_letter[(unsigned char)rule->letter] = rule;
}

void option_table_build(struct option_table *table, enum family family)
{
    size_t count = 0;
    memset(table, 0, sizeof(*table));
    strcpy(table->letters, "-:0123456789");
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        const struct option_rule *rule = &rules[i];
        if (!(rule->families & 1u << family))
            continue;
        if (rule->letter)
            add_letter(table, rule);
        if (rule->name) {
            table->by_long[count] = rule;
            table->long_options[count] =
                (struct option){rule->name, rule->argument, NULL, OPTION_LONG_BASE + (int)count};
            count++;
        }
    }
}

const struct option_rule *option_table_rule(const struct option_table *table, int value)
{
    return value >= OPTION_LONG_BASE ? table->by_long[value - OPTION_LONG_BASE]
                                     : table->by_letter[value];
}

const char *option_table_nearest(const struct option_table *table, const char *word)
{
    const char *nearest = NULL;
    size_t least = strlen(word) / 3 + 2; /* about every third letter may be wrong */
    for (const struct option *option = table->long_options; option->name; option++) {
        size_t distance = suggest_distance(word, option->name);
        if (distance < least) {
            least = distance;
            nearest = option->name;
        }
    }
    return nearest;
}
