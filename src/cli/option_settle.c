#include "cli/option_settle.h"

#include "cli/message.h"
#include "cli/names.h"

#include <cinch/cinch.h>

#include <string.h>
#include <unistd.h>

static bool fail(const char *reason)
{
    message_say(NULL, SEVERITY_ERROR, NULL, "%s", reason);
    return false;
}

static bool reads_only_stdin(const struct settings *settings)
{
    return settings->list_count == 0 && settings->source_count == 1 &&
           strcmp(settings->sources[0], "-") == 0;
}

/* --- Where to --------------------------------------------------------------------------- */

static bool settle_places(struct settings *settings)
{
    static char standard_input[] = "-";
    if (settings->source_count == 0 && settings->list_count == 0)
        settings->sources[settings->source_count++] = standard_input;
    if (settings->output && strcmp(settings->output, "-") == 0) {
        settings->output = NULL;
        settings->to_stdout = true;
    }
    if (!settings->output && reads_only_stdin(settings))
        settings->to_stdout = true;
    if (settings->output && settings->to_stdout)
        return fail("-c and -o name two places for one output");
    if (settings->flat_directory && settings->mirror_directory)
        return fail("--output-dir-flat and --output-dir-mirror contradict each other");
    if (settings->output && (settings->flat_directory || settings->mirror_directory))
        return fail("-o and an output directory name two places for one output");
    if (settings->output && settings_are_many(settings))
        return fail("-o takes the output of one file: -c > FILE joins those of several");
    if (settings->to_stdout && settings->action != ACTION_LIST)
        settings->keep = true; /* no program removes sources whose output it cannot follow */
    return true;
}

static bool settle_modes(struct settings *settings)
{
    if (settings->part.count > 0) {
        if (settings->action != ACTION_COMPRESS)
            return fail("--part is for compression");
        if (settings->format == CINCH_FORMAT_ZLIB)
            return fail("--part: zlib streams cannot be joined; use zstd or gzip");
        if (reads_only_stdin(settings))
            return fail("--part needs a file: parts of standard input cannot be told apart");
        if (!settings->output && !settings->to_stdout)
            return fail("--part needs -o FILE or -c: the parts' names are yours to choose");
        if (!settings->keep)
            return fail("--part and --rm contradict each other: the other parts need the source");
    }
    if (settings->range.given) {
        if (settings->action != ACTION_DECOMPRESS)
            return fail("--range is for decompression: -d --range OFFSET:LENGTH");
        if (settings->output || settings->flat_directory || settings->mirror_directory)
            return fail("--range writes to standard output");
        settings->to_stdout = true;
        settings->keep = true;
    }
    if (settings->json && settings->action != ACTION_LIST)
        return fail("--json is for -l; for progress there is --progress=json");
    return true;
}

/* --- Format and level ------------------------------------------------------------------- */

/* What is written: as asked for, else by the output's suffix, else zstd. */
static void settle_format(struct settings *settings)
{
    if (settings->format == CINCH_FORMAT_AUTO)
        settings->format = settings->output ? names_format(settings->output) : CINCH_FORMAT_ZSTD;
    if (!settings->suffix_given)
        settings->suffix = names_suffix(settings->format);
}

static bool fail_level(int64_t level, const char *allowed)
{
    message_say(NULL, SEVERITY_ERROR, NULL, "there is no level %lld: %s", (long long)level,
                allowed);
    return false;
}

static bool settle_zstd_level(struct option_reading *reading)
{
    int64_t level = reading->level;
    if (!reading->level_given && reading->environment_level != 0) {
        reading->settings->level = (int32_t)reading->environment_level;
        return true;
    }
    if (!reading->level_given)
        return true;
    if (reading->best)
        level = 19;
    if (level < -131072 || level == 0 || level > 22)
        return fail_level(level, "zstd has 1 to 19, 20 to 22 with --ultra, and --fast=N");
    if (level > 19 && !reading->ultra && reading->settings->family == FAMILY_ZSTD) {
        message_say(NULL, SEVERITY_NOTE, NULL, "level %lld needs --ultra: taking 19",
                    (long long)level);
        level = 19;
    }
    if (level > 19 && !reading->ultra) {
        message_say(NULL, SEVERITY_ERROR, NULL, "level %lld needs --ultra", (long long)level);
        return false;
    }
    reading->settings->level = (int32_t)level;
    return true;
}

/* gzip and zlib. */
static bool settle_deflate_level(struct option_reading *reading)
{
    int64_t level = reading->level;
    if (!reading->level_given)
        return true;
    if (reading->best)
        level = 9;
    if (level < 0)
        level = 1; /* --fast: there is nothing faster */
    if (level > 12)
        return fail_level(level, "gzip and zlib have 0 (stored) to 12");
    reading->settings->level = level == 0 ? CINCH_LEVEL_STORED : (int32_t)level;
    return true;
}

static bool settle_level(struct option_reading *reading)
{
    if (reading->settings->action != ACTION_COMPRESS)
        return true;
    if (reading->settings->format == CINCH_FORMAT_ZSTD)
        return settle_zstd_level(reading);
    if (reading->settings->window_log > 0)
        return fail("--long is for zstd: the others' windows are 32 KiB always");
    return settle_deflate_level(reading);
}

/* --- Terminals -------------------------------------------------------------------------- */

/* Compressed data and terminals do not go together, unless -f says so. */
static bool settle_terminals(const struct settings *settings)
{
    if (settings->force || settings->action == ACTION_LIST)
        return true;
    if (settings->action == ACTION_COMPRESS) {
        if (settings->to_stdout && isatty(STDOUT_FILENO))
            return fail("compressed data is not written to a terminal without -f; see --help");
    } else if (reads_only_stdin(settings) && isatty(STDIN_FILENO)) {
        return fail("compressed data is not read from a terminal without -f; see --help");
    }
    return true;
}

bool option_settle(struct option_reading *reading)
{
    struct settings *settings = reading->settings;
    if (!settle_places(settings))
        return false;
    settle_format(settings);
    return settle_modes(settings) && settle_level(reading) && settle_terminals(settings);
}
