#include "cli/batch.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/range.h"
#include "cli/screen.h"
#include "cli/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * A standard descriptor that was closed when the program started would be taken by the next
 * file it opens, which messages or data would then be written into. It gets /dev/null, opened
 * the wrong way round, so that using it is an error still.
 */
static void occupy_standard_descriptors(void)
{
    for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++) {
        if (fcntl(descriptor, F_GETFD) < 0 && errno == EBADF) {
            int mode = descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY;
            if (open("/dev/null", mode) != descriptor)
                _exit(EXIT_ERROR);
        }
    }
}

/* Names are shown as the locale says; where none was chosen, as UTF-8. */
static void choose_locale(void)
{
    static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    bool chosen = false;
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
        const char *value = getenv(variables[i]);
        chosen |= value && *value;
    }
    setlocale(LC_CTYPE, chosen ? "" : "C.UTF-8");
}

int main(int argc, char **argv)
{
    struct settings settings;
    occupy_standard_descriptors();
    choose_locale();
    screen_setup();
    switch (options_parse(argc, argv, &settings)) {
    case OPTIONS_RUN:
        break;
    case OPTIONS_DONE:
        options_free(&settings);
        return message_finish();
    case OPTIONS_ERROR:
        options_free(&settings);
        return EXIT_ERROR;
    }
    signals_setup();
    if (settings.range.given)
        range_run(&settings);
    else
        batch_run(&settings);
    options_free(&settings);
    return message_finish();
}
