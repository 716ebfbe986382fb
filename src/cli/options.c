#include "cli/options.h"

#include "cli/help.h"
#include "cli/memory.h"
#include "cli/message.h"
#include "cli/names.h"
#include "cli/suggest.h"
#include "cli/value.h"

#include <cinch/cinch.h>

#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

/* Long options that have no short form. */
enum {
    OPTION_FORMAT = 256,
    OPTION_FAST,
    OPTION_ULTRA,
    OPTION_PROGRESS,
    OPTION_NO_PROGRESS
};

/* getopt hands operands over in order, as option 1 ('-'), and tells a missing value from an
 * unknown option (':'). */
static const char short_options[] = "-:0123456789zT:co:kfqvhV";

static const struct option long_options[] = {
    {"compress", no_argument, NULL, 'z'},
    {"fast", optional_argument, NULL, OPTION_FAST},
    {"force", no_argument, NULL, 'f'},
    {"format", required_argument, NULL, OPTION_FORMAT},
    {"help", no_argument, NULL, 'h'},
    {"keep", no_argument, NULL, 'k'},
    {"no-progress", no_argument, NULL, OPTION_NO_PROGRESS},
    {"progress", no_argument, NULL, OPTION_PROGRESS},
    {"quiet", no_argument, NULL, 'q'},
    {"silent", no_argument, NULL, 'q'},
    {"stdout", no_argument, NULL, 'c'},
    {"threads", required_argument, NULL, 'T'},
    {"to-stdout", no_argument, NULL, 'c'},
    {"ultra", no_argument, NULL, OPTION_ULTRA},
    {"verbose", no_argument, NULL, 'v'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

/* What is known while the command line is being read, beside the settings themselves. */
struct parser {
    struct settings *settings;
    int argc;
    char **argv;
    char option[64];    /* the option at hand as it was written, for messages */
    bool level_given;   /* -1, --fast ... */
    bool level_goes_on; /* the last option was a digit and the next letter stands beside it */
    bool ultra;
    int64_t level;
    bool done; /* --help or --version */
};

/* --- What is wrong ---------------------------------------------------------------------- */

static bool fail_value(const struct parser *parser, const char *value, const char *allowed)
{
    message_say(NULL, SEVERITY_ERROR, NULL, "%s: '%s' is not allowed here: %s", parser->option,
                value, allowed);
    return false;
}

/* The long option nearest to `word`, or NULL where none is near enough to be meant. */
static const char *nearest_option(const char *word)
{
    const char *nearest = NULL;
    size_t least = strlen(word) / 3 + 2; /* about every third letter wrong */
    for (const struct option *option = long_options; option->name; option++) {
        size_t distance = suggest_distance(word, option->name);
        if (distance < least) {
            least = distance;
            nearest = option->name;
        }
    }
    return nearest;
}

static bool fail_unknown_long(const char *argument)
{
    char word[64];
    const char *name = argument + 2;
    const size_t length = strcspn(name, "=");
    size_t candidates = 0;
    for (const struct option *option = long_options; option->name; option++) {
        if (strncmp(option->name, name, length) == 0)
            candidates++;
    }
    if (candidates > 1) {
        message_say(NULL, SEVERITY_ERROR, NULL,
                    "option '--%.*s' is not the beginning of one option only", (int)length, name);
        return false;
    }
    memset(word, 0, sizeof(word));
    memcpy(word, name, length < sizeof(word) ? length : sizeof(word) - 1);
    const char *nearest = nearest_option(word);
    if (nearest)
        message_say(NULL, SEVERITY_ERROR, NULL, "unknown option '--%s': did you mean '--%s'?", word,
                    nearest);
    else
        message_say(NULL, SEVERITY_ERROR, NULL, "unknown option '--%s': see --help", word);
    return false;
}

static bool fail_unknown_short(char letter)
{
    const char other = (char)(isupper((unsigned char)letter) ? tolower((unsigned char)letter)
                                                             : toupper((unsigned char)letter));
    if (isalpha((unsigned char)letter) && strchr(short_options, other))
        message_say(NULL, SEVERITY_ERROR, NULL, "unknown option '-%c': did you mean '-%c'?", letter,
                    other);
    else
        message_say(NULL, SEVERITY_ERROR, NULL, "unknown option '-%c': see --help", letter);
    return false;
}

/* getopt_long() has returned '?': an unknown option, an ambiguous one, or a value where none
 * is taken. */
static bool fail_unknown(const struct parser *parser)
{
    const char *argument = parser->argv[optind - 1];
    if (optopt == 0)
        return fail_unknown_long(argument);
    if (optopt > 0 && optopt < OPTION_FORMAT && !strchr(short_options, optopt))
        return fail_unknown_short((char)optopt);
    message_say(NULL, SEVERITY_ERROR, NULL, "option '%.*s' takes no value",
                (int)strcspn(argument, "="), argument);
    return false;
}

/* --- Options one by one ----------------------------------------------------------------- */

/* A digit: "-19" arrives as '1' and '9', told from "-1 -9" by standing in one argument. */
static void apply_digit(struct parser *parser, int digit)
{
    if (parser->level_goes_on && parser->level >= 0 && parser->level < 1000)
        parser->level = parser->level * 10 + digit;
    else
        parser->level = digit;
    parser->level_given = true;
}

static bool apply_fast(struct parser *parser)
{
    int64_t factor = 1;
    if (optarg && !value_number(optarg, 1, 131072, &factor))
        return fail_value(parser, optarg, "a number from 1 to 131072");
    parser->level = -factor;
    parser->level_given = true;
    return true;
}

static bool apply_format(struct parser *parser)
{
    static const struct {
        const char *name;
        int32_t format;
    } formats[] = {
        {"zstd", CINCH_FORMAT_ZSTD},
        {"gzip", CINCH_FORMAT_GZIP},
        {"zlib", CINCH_FORMAT_ZLIB},
    };
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (strcmp(optarg, formats[i].name) == 0) {
            parser->settings->format = formats[i].format;
            return true;
        }
    }
    return fail_value(parser, optarg, "zstd, gzip or zlib");
}

static bool apply_threads(struct parser *parser)
{
    int64_t threads;
    if (!value_number(optarg, 0, 1024, &threads))
        return fail_value(parser, optarg, "a number from 0 (one per processor) to 1024");
    parser->settings->threads = (uint32_t)threads;
    return true;
}

static void add_source(struct settings *settings, char *source)
{
    settings->sources[settings->source_count++] = source;
}

/* Applies one option. Returns false after saying what is wrong with it. */
static bool apply_option(struct parser *parser, int option)
{
    struct settings *settings = parser->settings;
    switch (option) {
    case 1:
        add_source(settings, optarg);
        break;
    case 'z':
        settings->action = ACTION_COMPRESS;
        break;
    case OPTION_FAST:
        return apply_fast(parser);
    case OPTION_FORMAT:
        return apply_format(parser);
    case OPTION_ULTRA:
        parser->ultra = true;
        break;
    case 'T':
        return apply_threads(parser);
    case 'c':
        settings->to_stdout = true;
        break;
    case 'o':
        settings->output = optarg;
        break;
    case 'k':
        settings->keep = true;
        break;
    case 'f':
        settings->force = true;
        break;
    case 'q':
        settings->verbosity--;
        break;
    case 'v':
        settings->verbosity++;
        break;
    case OPTION_PROGRESS:
        settings->progress = PROGRESS_AUTO;
        break;
    case OPTION_NO_PROGRESS:
        settings->progress = PROGRESS_NEVER;
        break;
    case 'h':
        help_print(settings->program);
        parser->done = true;
        break;
    case 'V':
        help_print_version();
        parser->done = true;
        break;
    default:
        if (option >= '0' && option <= '9')
            apply_digit(parser, option - '0');
        break;
    }
    return true;
}

/* Notes the option at hand as it was written: "--threads" or "-T". */
static void note_option(struct parser *parser, int option, int long_index)
{
    memset(parser->option, 0, sizeof(parser->option));
    if (long_index >= 0) {
        parser->option[0] = parser->option[1] = '-';
        strncpy(parser->option + 2, long_options[long_index].name, sizeof(parser->option) - 3);
    } else {
        parser->option[0] = '-';
        parser->option[1] = (char)option;
    }
}

static bool parse_arguments(struct parser *parser)
{
    opterr = 0;
    while (!parser->done) {
        const int argument = optind;
        int long_index = -1;
        int option =
            getopt_long(parser->argc, parser->argv, short_options, long_options, &long_index);
        if (option == -1)
            break;
        if (option == '?')
            return fail_unknown(parser);
        if (option == ':') {
            message_say(NULL, SEVERITY_ERROR, NULL, "option '%s' needs a value",
                        parser->argv[optind - 1]);
            return false;
        }
        note_option(parser, option, long_index);
        if (!apply_option(parser, option))
            return false;
        /* Operands are not moved about, so getopt stays at an argument exactly as long as it
         * has letters left. */
        parser->level_goes_on = option >= '0' && option <= '9' && optind == argument;
    }
    /* What follows "--". */
    while (optind < parser->argc)
        add_source(parser->settings, parser->argv[optind++]);
    return true;
}

/* --- The whole -------------------------------------------------------------------------- */

/* Decides what format is written: as asked for, else by the output's suffix, else zstd. */
static void settle_format(struct settings *settings)
{
    if (settings->format == CINCH_FORMAT_AUTO)
        settings->format = settings->output ? names_format(settings->output) : CINCH_FORMAT_ZSTD;
    settings->suffix = names_suffix(settings->format);
}

static bool settle_level(struct parser *parser)
{
    struct settings *settings = parser->settings;
    if (!parser->level_given)
        return true;
    const int64_t level = parser->level;
    if (settings->format == CINCH_FORMAT_ZSTD) {
        if (level >= 20 && level <= 22 && !parser->ultra) {
            message_say(NULL, SEVERITY_ERROR, NULL, "level %d needs --ultra", (int)level);
            return false;
        }
        if (level < -131072 || level == 0 || level > 22) {
            message_say(NULL, SEVERITY_ERROR, NULL,
                        "there is no level %d: zstd has 1 to 19, 20 to 22 with --ultra, and "
                        "--fast=N",
                        (int)level);
            return false;
        }
        settings->level = (int32_t)level;
        return true;
    }
    /* --fast is the fastest level where the format has no negative ones. */
    if (level > 9 || level == 0) {
        message_say(NULL, SEVERITY_ERROR, NULL, "there is no level %d: gzip and zlib have 1 to 9",
                    (int)level);
        return false;
    }
    settings->level = level < 0 ? 1 : (int32_t)level;
    return true;
}

static bool settle_sources(struct settings *settings)
{
    static char standard_input[] = "-";
    if (settings->source_count == 0)
        add_source(settings, standard_input);
    if (settings->output && settings->source_count > 1) {
        message_say(NULL, SEVERITY_ERROR, NULL,
                    "-o takes one file, and there are %zu: -c writes several to one place",
                    settings->source_count);
        return false;
    }
    if (settings->output && strcmp(settings->output, "-") == 0) {
        settings->output = NULL;
        settings->to_stdout = true;
    }
    if (settings->output && settings->to_stdout) {
        message_say(NULL, SEVERITY_ERROR, NULL, "-c and -o name two places for one output");
        return false;
    }
    return true;
}

enum options_result options_parse(int argc, char **argv, struct settings *settings)
{
    *settings = (struct settings){.program = "cinch", .verbosity = VERBOSITY_DEFAULT};
    settings->keep = true;
    /* Every argument may be a source, and there is one at least. */
    settings->sources = memory_allocate((size_t)argc + 1, sizeof(settings->sources[0]));
    struct parser parser = {.settings = settings, .argc = argc, .argv = argv};

    bool parsed = parse_arguments(&parser);
    message_setup(settings->program, settings->verbosity, false);
    if (!parsed)
        return OPTIONS_ERROR;
    if (parser.done)
        return OPTIONS_DONE;
    if (!settle_sources(settings))
        return OPTIONS_ERROR;
    settle_format(settings);
    if (!settle_level(&parser))
        return OPTIONS_ERROR;
    return OPTIONS_RUN;
}

void options_free(struct settings *settings)
{
    free(settings->sources);
    settings->sources = NULL;
}
