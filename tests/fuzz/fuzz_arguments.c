/*
 * The command line: arguments with a NUL behind each. The first is the name that the program is
 * called by; those after it of the form ZSTD_...=... or GZIP=... are the environment.
 *
 * Promises: whatever is written there, the program runs, or answers, or says what is wrong. Where
 * it runs, all settings are in range: the library accepts the options that follow from them.
 */
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include <cinch/cinch.h>

#include "cli/message.h"
#include "cli/options.h"
#include "fuzz.h"
#include "options.h"

enum {
    ARGUMENTS_MOST = 64
};

static const char *const variables[] = {"ZSTD_CLEVEL", "ZSTD_NBTHREADS", "GZIP"};

/* Sets what the argument says, if it is one of the variables'. */
static int set_variable(char *argument)
{
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
        const size_t length = strlen(variables[i]);
        if (strncmp(argument, variables[i], length) == 0 && argument[length] == '=') {
            REQUIRE(setenv(variables[i], argument + length + 1, 1) == 0);
            return 1;
        }
    }
    return 0;
}

static void check_settings(const struct settings *settings)
{
    cinch_options given = CINCH_OPTIONS_INIT, options;

    given.format = settings->format;
    given.level = settings->level;
    given.flags = settings->flags;
    given.chunk_size = settings->chunk_size;
    given.window_log = settings->window_log;
    given.memory_limit = settings->memory_limit;
    given.output_limit = settings->output_limit;
    REQUIRE(options_read(&options, &given) == CINCH_OK);
    /* Levels 10 to 12 are refused later, with the build's reason. */
    if (settings->action == ACTION_COMPRESS &&
        (settings->format == CINCH_FORMAT_ZSTD || settings->level <= 9))
        REQUIRE(options_resolve(&options, NULL) == CINCH_OK);
    REQUIRE(settings->threads <= 1024);
    REQUIRE(settings->part.count == 0 ||
            (settings->part.index >= 1 && settings->part.index <= settings->part.count));
    REQUIRE(settings->suffix != NULL && settings->suffix[0] != '\0');
    for (size_t i = 0; i < settings->source_count; i++)
        REQUIRE(settings->sources[i] != NULL);
    for (size_t i = 0; i < settings->list_count; i++)
        REQUIRE(settings->lists[i] != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char *arguments[ARGUMENTS_MOST + 1] = {NULL};
    struct settings settings;
    int count = 0;

    char *text = malloc(size + 1);
    REQUIRE(text != NULL);
    memcpy(text, bytes, size);
    text[size] = '\0';
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
        unsetenv(variables[i]);
    for (char *argument = text; argument < text + size; argument += strlen(argument) + 1) {
        if (count == ARGUMENTS_MOST)
            break;
        if (count != 1 || !set_variable(argument))
            arguments[count++] = argument;
    }
    optind = 0; /* makes getopt start anew */
    if (options_parse(count, arguments, &settings) == OPTIONS_RUN)
        check_settings(&settings);
    options_free(&settings);
    free(text);
    return 0;
}
