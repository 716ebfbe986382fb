#include "cli/screen.h"

#include "cli/text.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const size_t COLUMNS_UNKNOWN = 80;

/* "Erase from the cursor to the end of the screen." */
#define ERASE_BELOW "\x1b[J"

/* Whether a line that is too long goes on below. */
#define WRAP_OFF "\x1b[?7l"
#define WRAP_ON  "\x1b[?7h"

static struct {
    bool terminal;
    bool colour;
    size_t columns;
    struct text frame;                   /* scratch, kept for its memory */
    volatile sig_atomic_t live_is_drawn; /* read by screen_clear_now() in a signal handler */
} screen;

void screen_setup(void)
{
    const char *type = getenv("TERM");
    const char *no_colour = getenv("NO_COLOR");
    const bool dumb = !type || strcmp(type, "dumb") == 0;
    screen.terminal = isatty(STDERR_FILENO) && !dumb;
    screen.colour = screen.terminal && !(no_colour && *no_colour);
    screen_resize();
}

bool screen_is_terminal(void)
{
    return screen.terminal;
}

bool screen_has_colour(void)
{
    return screen.colour;
}

size_t screen_columns(void)
{
    return screen.columns;
}

void screen_resize(void)
{
    struct winsize size;
    screen.columns = COLUMNS_UNKNOWN;
    if (screen.terminal && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        screen.columns = size.ws_col;
}

/* Standard error has nobody to report its own failures to: they end the attempt. */
static void write_all(const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(STDERR_FILENO, bytes, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return;
        bytes += written;
        length -= (size_t)written;
    }
}

void screen_print(const char *bytes, size_t length)
{
    if (!screen.live_is_drawn) {
        write_all(bytes, length);
        return;
    }
    screen.live_is_drawn = 0;
    text_clear(&screen.frame);
    text_add(&screen.frame, "\r" ERASE_BELOW);
    text_append(&screen.frame, bytes, length);
    write_all(screen.frame.bytes, screen.frame.length);
}

void screen_live(const char *bytes, size_t length, size_t lines)
{
    text_clear(&screen.frame);
    text_add(&screen.frame, "\r" ERASE_BELOW WRAP_OFF);
    text_append(&screen.frame, bytes, length);
    text_add(&screen.frame, "\r" WRAP_ON);
    if (lines > 1)
        text_format(&screen.frame, "\x1b[%zuA", lines - 1);
    screen.live_is_drawn = 1;
    write_all(screen.frame.bytes, screen.frame.length);
}

void screen_clear(void)
{
    screen_clear_now();
}

void screen_clear_now(void)
{
    if (screen.live_is_drawn) {
        screen.live_is_drawn = 0;
        write_all("\r" ERASE_BELOW, strlen("\r" ERASE_BELOW));
    }
}
