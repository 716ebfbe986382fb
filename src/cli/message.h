/*
 * message.h - what the program says, and the exit code that follows from it
 *
 * A message is one line on standard error, "cinch: FILE: TEXT", with whatever is not
 * printable escaped. A warning or an error counts towards the exit code whether or not it is
 * shown: an error makes it 1, else a warning 2, else it is 0.
 *
 * What is shown depends on the verbosity: with -q notes and warnings are silent, with -qq
 * errors too. With --progress=json each message is a JSON object instead.
 *
 * Messages about files appear in the order of the arguments although files end in any order: a
 * message given a `later` is rendered into it, and printed when its file's turn has come.
 *
 * Main thread only.
 */
#ifndef CLI_MESSAGE_H
#define CLI_MESSAGE_H

#include "cli/text.h"

#include <stdbool.h>

enum exit_code {
    EXIT_DONE = 0,
    EXIT_ERROR = 1,
    EXIT_WARNING = 2
};

enum severity {
    SEVERITY_DETAIL,  /* shown from verbosity 2 */
    SEVERITY_NOTE,    /* shown from verbosity 1 */
    SEVERITY_WARNING, /* shown from verbosity 1; exit 2 */
    SEVERITY_ERROR    /* shown from verbosity 0; exit 1 */
};

/* `program` is the name messages begin with; it must stay valid. */
void message_setup(const char *program, int verbosity, bool json);

int message_verbosity(void);

/* Says something about `file`, or about no file where it is NULL: at once, or rendered into
 * `later` where that is not NULL. */
void message_say(struct text *later, enum severity severity, const char *file, const char *format,
                 ...) __attribute__((format(printf, 4, 5)));

/* Counts a warning or an error towards the exit code without a word. */
void message_count(enum severity severity);

/* The exit code of all that was said so far. */
enum exit_code message_exit_code(void);

/* An error that nothing can follow: says it and ends the program with exit 1. */
_Noreturn void message_fatal(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The last thing a main() does: flushes standard output, and an error there (a full disk)
 * becomes a message and exit 1. Returns the exit code. */
int message_finish(void);

#endif
