#include "cli/message.h"

#include "cli/screen.h"
#include "cli/settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
    const char *program;
    int verbosity;
    bool json;
    bool warned;
    bool failed;
} state = {.program = "cinch", .verbosity = VERBOSITY_DEFAULT};

void message_setup(const char *program, int verbosity, bool json)
{
    state.program = program;
    state.verbosity = verbosity;
    state.json = json;
}

int message_verbosity(void)
{
    return state.verbosity;
}

void message_count(enum severity severity)
{
    state.warned |= severity == SEVERITY_WARNING;
    state.failed |= severity == SEVERITY_ERROR;
}

enum exit_code message_exit_code(void)
{
    return state.failed ? EXIT_ERROR : state.warned ? EXIT_WARNING : EXIT_DONE;
}

static bool severity_is_shown(enum severity severity)
{
    static const int least[] = {
        [SEVERITY_DETAIL] = 2,
        [SEVERITY_NOTE] = 1,
        [SEVERITY_WARNING] = 1,
        [SEVERITY_ERROR] = 0,
    };
    return state.verbosity >= least[severity];
}

static void render_json(struct text *line, enum severity severity, const char *file,
                        const char *content)
{
    static const char *const events[] = {"detail", "note", "warning", "error"};
    text_format(line, "{\"event\":\"%s\"", events[severity]);
    if (file) {
        text_add(line, ",\"file\":");
        text_add_json(line, file);
    }
    text_add(line, ",\"message\":");
    text_add_json(line, content);
    text_add(line, "}\n");
}

static void render_plain(struct text *line, const char *file, const char *content)
{
    text_add_printable(line, state.program);
    text_add(line, ": ");
    if (file) {
        text_add_printable(line, *file ? file : "''");
        text_add(line, ": ");
    }
    text_add_printable(line, content);
    text_add(line, "\n");
}

static void message_say_list(struct text *later, enum severity severity, const char *file,
                             const char *format, va_list arguments)
{
    message_count(severity);
    if (!severity_is_shown(severity))
        return;
    struct text content = {0};
    struct text line = {0};
    text_format_list(&content, format, arguments);
    const char *string = content.length ? content.bytes : "";
    if (state.json)
        render_json(&line, severity, file, string);
    else
        render_plain(&line, file, string);
    if (later)
        text_append(later, line.bytes, line.length);
    else
        screen_print(line.bytes, line.length);
    text_free(&line);
    text_free(&content);
}

void message_say(struct text *later, enum severity severity, const char *file, const char *format,
                 ...)
{
    va_list arguments;
    va_start(arguments, format);
    message_say_list(later, severity, file, format, arguments);
    va_end(arguments);
}

void message_fatal(const char *format, ...)
{
    /* Memory may be what is missing, so this message is made without any. */
    char line[512];
    screen_clear();
    int used = snprintf(line, sizeof(line), "%s: ", state.program);
    if (used < 0 || (size_t)used >= sizeof(line))
        used = 0;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + used, sizeof(line) - (size_t)used, format, arguments);
    va_end(arguments);
    if (state.verbosity >= 0)
        fprintf(stderr, "%s\n", line);
    _exit(EXIT_ERROR);
}

int message_finish(void)
{
    bool failed = ferror(stdout) != 0;
    errno = 0;
    /* A standard output that was closed from the start is no error if nothing was written. */
    if (fflush(stdout) != 0)
        failed = true;
    if (failed)
        message_say(NULL, SEVERITY_ERROR, NULL, "cannot write to standard output: %s",
                    strerror(errno));
    return (int)message_exit_code();
}
