#include "cli/option_apply.h"

#include "cli/help.h"
#include "cli/message.h"
#include "cli/part.h"
#include "cli/range.h"
#include "cli/value.h"

#include <cinch/cinch.h>

#include <string.h>

static bool fail_value(const struct option_reading *reading, const char *allowed)
{
    message_say(NULL, SEVERITY_ERROR, NULL, "%s: '%s' is not allowed here: %s", reading->name,
                reading->value, allowed);
    return false;
}

static bool read_size(const struct option_reading *reading, uint64_t *size)
{
    if (value_size(reading->value, size) && *size > 0)
        return true;
    return fail_value(reading, "a number of bytes, such as 4096, 512K, 64MiB or 2G");
}

/* --- What is done ----------------------------------------------------------------------- */

bool option_apply_action(struct option_reading *reading, uint32_t operand)
{
    reading->settings->action = (enum action)operand;
    return true;
}

bool option_apply_set_flag(struct option_reading *reading, uint32_t operand)
{
    reading->settings->flags |= operand;
    return true;
}

bool option_apply_drop_flag(struct option_reading *reading, uint32_t operand)
{
    reading->settings->flags &= ~operand;
    return true;
}

bool option_apply_nothing(struct option_reading *reading, uint32_t operand)
{
    (void)reading;
    (void)operand;
    return true;
}

bool option_apply_refuse(struct option_reading *reading, uint32_t operand)
{
    static const char *const reasons[] = {
        [REFUSED_BENCHMARK] = "there is no benchmark in this program; see zstd -b",
        [REFUSED_DICTIONARY] = "dictionaries are not supported",
        [REFUSED_ZIP] = "zip archives are not written by this program",
    };
    message_say(NULL, SEVERITY_ERROR, NULL, "%s: %s", reading->name, reasons[operand]);
    return false;
}

/* --- Levels, formats, threads, chunks --------------------------------------------------- */

bool option_apply_digit(struct option_reading *reading, uint32_t operand)
{
    /* No level has more than three digits; the limit only keeps the number small. */
    if (reading->level_goes_on && reading->level < 1000)
        reading->level = reading->level * 10 + operand;
    else
        reading->level = operand;
    /* GNU gzip takes "-19" for "-1 -9". It has no levels of two digits; 10 to 12 are ours. */
    if (reading->settings->family == FAMILY_GZIP && reading->level > 12)
        reading->level = operand;
    reading->level_given = true;
    reading->best = false;
    return true;
}

bool option_apply_fast(struct option_reading *reading, uint32_t operand)
{
    (void)operand;
    int64_t factor = 1;
    if (reading->value && !value_number(reading->value, 1, 131072, &factor))
        return fail_value(reading, "a number from 1 to 131072");
    reading->level = -factor;
    reading->level_given = true;
    reading->best = false;
    return true;
}

bool option_apply_best(struct option_reading *reading, uint32_t operand)
{
    (void)operand;
    reading->best = reading->level_given = true;
    return true;
}

bool option_apply_ultra(struct option_reading *reading, uint32_t operand)
{
    (void)operand;
    reading->ultra = true;
    return true;
}

bool option_apply_format(struct option_reading *reading, uint32_t operand)
{
    static const char *const names[] = {
        [CINCH_FORMAT_ZSTD] = "zstd",
        [CINCH_FORMAT_GZIP] = "gzip",
        [CINCH_FORMAT_ZLIB] = "zlib",
    };
    int32_t format = (int32_t)operand;
    for (int32_t i = CINCH_FORMAT_ZSTD; operand == 0 && i <= CINCH_FORMAT_ZLIB; i++) {
        if (strcmp(reading->value, names[i]) == 0)
            format = i;
    }
    if (format == CINCH_FORMAT_AUTO)
        return fail_value(reading, "zstd, gzip or zlib");
    reading->settings->format = format;
    return true;
}

bool option_apply_threads(struct option_reading *reading, uint32_t operand)
{
    int64_t threads = operand;
    if (operand == 0 && !value_number(reading->value, 0, 1024, &threads))
        return fail_value(reading, "a number from 0 (one per processor) to 1024");
    reading->settings->threads = (uint32_t)threads;
    return true;
}

bool option_apply_chunk_size(struct option_reading *reading, uint32_t operand)
{
    static const uint64_t least = 4 << 10;
    static const uint64_t most = 1 << 30;
    uint64_t size;
    if (!value_size(reading->value, &size) || size > most || size << operand < least ||
        size << operand > most)
        return fail_value(reading, "a size from 4K to 1G");
    reading->settings->chunk_size = (uint32_t)(size << operand);
    return true;
}

bool option_apply_long(struct option_reading *reading, uint32_t operand)
{
    (void)operand;
    int64_t window_log = 27; /* as zstd's --long */
    if (reading->value && !value_number(reading->value, 10, 31, &window_log))
        return fail_value(reading, "a number from 10 to 31, the window's logarithm");
    reading->settings->window_log = (uint32_t)window_log;
    return true;
}

/* --- Files ------------------------------------------------------------------------------ */

bool option_apply_stdout(struct option_reading *reading, uint32_t operand)
{
    (void)operand;
    reading->settings->to_stdout = true;
    return true;
}

bool option_apply_output(struct option_reading *reading, uint32_t operand)
{
    (void)operand;
    if (reading->value[0] == '\0')
        return fail_value(reading, "the name of a file");
    reading->settings->output = reading->value;
    return true;
}

bool option_apply_keep(struct option_reading *reading, uint32_t operand)
{
    reading->settings->keep = operand != 0;
    return true;
}

bool option_apply_force(struct option_reading *reading, uint32_t operand)
{
    (void)operand;
    reading->settings->force = true;
    return true;
}

bool option_apply_naming(struct option_reading *reading, uint32_t operand)
{
    reading->settings->naming = (enum naming)operand;
    return true;
}

bool option_apply_suffix(struct option_reading *reading, uint32_t operand)
{
    (void)operand;
    const size_t length = strlen(reading->value);
    /* An empty suffix would make each output its own source; a slash, another directory's. */
    if (length == 0 || length > 30 || strchr(reading->value, '/'))
        return fail_value(reading, "a suffix of 1 to 30 bytes without a slash");
    reading->settings->suffix = reading->value;
    reading->settings->suffix_given = true;
    return true;
}

bool option_apply_recursive(struct option_reading *reading, uint32_t operand)
{
    (void)operand;
    reading->settings->recursive = true;
    return true;
}

bool option_apply_filelist(struct option_reading *reading, uint32_t operand)
{
    (void)operand;
    reading->settings->lists[reading->settings->list_count++] = reading->value;
    return true;
}

bool option_apply_flat(struct option_reading *reading, uint32_t operand)
{
    (void)operand;
    if (reading->value[0] == '\0')
        return fail_value(reading, "the name of a directory");
    reading->settings->flat_directory = reading->value;
    return true;
}

bool option_apply_mirror(struct option_reading *reading, uint32_t operand)
{
    (void)operand;
    if (reading->value[0] == '\0')
        return fail_value(reading, "the name of a directory");
    reading->settings->mirror_directory = reading->value;
    return true;
}

bool option_apply_exclude(struct option_reading *reading, uint32_t operand)
{
    (void)operand;
    reading->settings->exclude_compressed = true;
    return true;
}

bool option_apply_part(struct option_reading *reading, uint32_t operand)
{
    (void)operand;
    if (part_parse(reading->value, &reading->settings->part))
        return true;
    return fail_value(reading, "I/N, the I-th of N parts, such as 3/16");
}

bool option_apply_range(struct option_reading *reading, uint32_t operand)
{
    (void)operand;
    if (range_parse(reading->value, &reading->settings->range))
        return true;
    return fail_value(reading, "OFFSET:LENGTH in bytes, such as 1G:64K, or 1G: to the end");
}

/* --- Bounds ----------------------------------------------------------------------------- */

bool option_apply_memory_limit(struct option_reading *reading, uint32_t operand)
{
    (void)operand;
    return read_size(reading, &reading->settings->memory_limit);
}

bool option_apply_output_limit(struct option_reading *reading, uint32_t operand)
{
    (void)operand;
    return read_size(reading, &reading->settings->output_limit);
}

bool option_apply_size_hint(struct option_reading *reading, uint32_t operand)
{
    (void)operand;
    return read_size(reading, &reading->settings->size_hint);
}

/* --- Talk ------------------------------------------------------------------------------- */

bool option_apply_quiet(struct option_reading *reading, uint32_t operand)
{
    (void)operand;
    reading->settings->verbosity--;
    return true;
}

bool option_apply_verbose(struct option_reading *reading, uint32_t operand)
{
    (void)operand;
    reading->settings->verbosity++;
    return true;
}

bool option_apply_progress(struct option_reading *reading, uint32_t operand)
{
    reading->settings->progress = (enum progress)operand;
    if (!reading->value)
        return true;
    if (strcmp(reading->value, "json") != 0)
        return fail_value(reading, "json, or no value");
    reading->settings->progress = PROGRESS_JSON;
    return true;
}

bool option_apply_json(struct option_reading *reading, uint32_t operand)
{
    (void)operand;
    reading->settings->json = true;
    return true;
}

bool option_apply_help(struct option_reading *reading, uint32_t operand)
{
    help_print(reading->settings, (enum help_topic)operand);
    reading->done = true;
    return true;
}
