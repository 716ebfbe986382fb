#include "cli/prompt.h"

#include "cli/screen.h"
#include "cli/signals.h"
#include "cli/text.h"

#include <errno.h>
#include <unistd.h>

bool prompt_is_possible(void)
{
    return isatty(STDIN_FILENO) && isatty(STDERR_FILENO) && tcgetpgrp(STDIN_FILENO) == getpgrp();
}

/* Reads one line and returns its first character that is not a space, '\n' for an empty one.
 * The bytes are read one by one, so nothing typed for later questions or programs is lost. */
static char read_answer(void)
{
    char answer = '\n';
    for (;;) {
        char byte;
        ssize_t got = read(STDIN_FILENO, &byte, 1);
        if (got < 0 && errno == EINTR && !signals_ending())
            continue;
        if (got <= 0)
            return '\n';
        if (byte == '\n')
            return answer;
        if (answer == '\n' && byte != ' ' && byte != '\t')
            answer = byte;
    }
}

bool prompt_overwrite(const char *output)
{
    struct text question = {0};
    text_add_printable(&question, output);
    text_add(&question, " already exists; overwrite (y or n)? ");
    screen_print(question.bytes, question.length);
    text_free(&question);
    const char answer = read_answer();
    return answer == 'y' || answer == 'Y';
}
