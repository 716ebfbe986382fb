#include "cli/options.h"

#include "cli/environment.h"
#include "cli/memory.h"
#include "cli/message.h"
#include "cli/option_settle.h"
#include "cli/option_table.h"
#include "cli/personality.h"

#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

struct parser {
    struct option_table table;
    struct option_reading reading;
    int argc;
    char **argv;
};

/* --- What is wrong with an option ------------------------------------------------------- */

static bool fail_unknown_long(const struct parser *parser, const char *argument)
{
    char word[64] = "";
    const char *name = argument + 2;
    const size_t length = strcspn(name, "=");
    size_t candidates = 0;
    for (const struct option *option = parser->table.long_options; option->name; option++) {
        if (strncmp(option->name, name, length) == 0)
            candidates++;
    }
    if (candidates > 1) {
        message_say(NULL, SEVERITY_ERROR, NULL, "option '--%.*s' is short for several: see -H",
                    (int)length, name);
        return false;
    }
    memcpy(word, name, length < sizeof(word) ? length : sizeof(word) - 1);
    const char *nearest = option_table_nearest(&parser->table, word);
    if (nearest)
        message_say(NULL, SEVERITY_ERROR, NULL, "unknown option '--%s': did you mean '--%s'?", word,
                    nearest);
    else
        message_say(NULL, SEVERITY_ERROR, NULL, "unknown option '--%s': see --help", word);
    return false;
}

static bool fail_unknown_letter(const struct parser *parser, char letter)
{
    const int other =
        islower((unsigned char)letter) ? toupper((unsigned char)letter) : tolower(letter);
    if (isalpha((unsigned char)letter) && parser->table.by_letter[other])
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
        return fail_unknown_long(parser, argument);
    if (optopt < OPTION_LONG_BASE)
        return fail_unknown_letter(parser, (char)optopt);
    message_say(NULL, SEVERITY_ERROR, NULL, "option '%.*s' takes no value",
                (int)strcspn(argument, "="), argument);
    return false;
}

static bool fail_missing_value(const struct parser *parser)
{
    if (optopt < OPTION_LONG_BASE)
        message_say(NULL, SEVERITY_ERROR, NULL, "option '-%c' needs a value", optopt);
    else
        message_say(NULL, SEVERITY_ERROR, NULL, "option '--%s' needs a value",
                    parser->table.long_options[optopt - OPTION_LONG_BASE].name);
    return false;
}

/* --- Reading them ----------------------------------------------------------------------- */

static bool is_digit(int option)
{
    return option >= '0' && option <= '9';
}

/* Applies what getopt_long() returned. */
static bool apply(struct parser *parser, int option)
{
    struct option_reading *reading = &parser->reading;
    struct settings *settings = reading->settings;
    memset(reading->name, 0, sizeof(reading->name));
    reading->value = optarg;
    if (option == 1) {
        settings->sources[settings->source_count++] = optarg;
        return true;
    }
    if (is_digit(option))
        return option_apply_digit(reading, (uint32_t)(option - '0'));

    const struct option_rule *rule = option_table_rule(&parser->table, option);
    reading->name[0] = reading->name[1] = '-';
    if (option >= OPTION_LONG_BASE)
        strncpy(reading->name + 2, rule->name, sizeof(reading->name) - 3);
    else
        reading->name[1] = (char)option;
    return rule->apply(reading, rule->operand);
}

static bool parse_arguments(struct parser *parser)
{
    struct settings *settings = parser->reading.settings;
    opterr = 0;
    while (!parser->reading.done) {
        const int argument = optind;
        int option = getopt_long(parser->argc, parser->argv, parser->table.letters,
                                 parser->table.long_options, NULL);
        if (option == -1)
            break;
        if (option == '?')
            return fail_unknown(parser);
        if (option == ':')
            return fail_missing_value(parser);
        if (!apply(parser, option))
            return false;
        /* Arguments are not moved about, so getopt stays at one exactly as long as it has
         * letters left. */
        parser->reading.level_goes_on = is_digit(option) && optind == argument;
    }
    /* What follows "--". */
    while (optind < parser->argc)
        settings->sources[settings->source_count++] = parser->argv[optind++];
    return true;
}

enum options_result options_parse(int argc, char **argv, struct settings *settings)
{
    struct parser parser = {.reading = {.settings = settings}, .argc = argc, .argv = argv};
    *settings = (struct settings){.verbosity = VERBOSITY_DEFAULT};
    personality_apply(argc > 0 ? argv[0] : "cinch", settings);
    message_setup(settings->program, settings->verbosity, false);
    /* Every argument may be a source or a list. */
    settings->sources = memory_allocate((size_t)argc + 1, sizeof(settings->sources[0]));
    settings->lists = memory_allocate((size_t)argc + 1, sizeof(settings->lists[0]));
    option_table_build(&parser.table, settings->family);

    if (!environment_apply(&parser.reading) || !parse_arguments(&parser))
        return OPTIONS_ERROR;
    message_setup(settings->program, settings->verbosity, settings->progress == PROGRESS_JSON);
    if (parser.reading.done)
        return OPTIONS_DONE;
    return option_settle(&parser.reading) ? OPTIONS_RUN : OPTIONS_ERROR;
}

void options_free(struct settings *settings)
{
    free(settings->sources);
    free(settings->lists);
    settings->sources = NULL;
    settings->lists = NULL;
}
