/*
 * display.h - the live lines, the status line and the summary
 *
 *     linux.tar          ▕██████████▌         ▏ 52 %  536 MiB/s  x4.11  ETA 0:12
 *     12 of 1,234 files  ▕█▊                  ▏  9 %  498 MiB/s  x3.87  ETA 1:02
 *
 * The first line is about the file that has been running longest, the second, where there are
 * several files, about all. Percent is of input. An ETA appears once a second has passed, from
 * the speed of the last few seconds; a ratio, once output was written twice. Where the screen is
 * narrow the bar shrinks first, then ratio, speed and ETA go, one by one.
 *
 * Main thread only.
 */
#ifndef CLI_DISPLAY_H
#define CLI_DISPLAY_H

#include "cli/settings.h"
#include "cli/text.h"

#include <stdbool.h>
#include <stdint.h>

/* How far one file, or all of them, have come. */
struct display_progress {
    uint64_t bytes_done;  /* of input */
    uint64_t bytes_total; /* of input; 0 while unknown */
    uint64_t bytes_out;
    double seconds; /* since it began; 0 where it has not */
};

struct display_state {
    const char *file;     /* the first line's name, or NULL where nothing runs */
    uint64_t file_number; /* tells it from others of that name */
    struct display_progress current;
    struct display_progress all;
    uint64_t files_done;
    uint64_t files;   /* found so far */
    bool files_known; /* there are no more to be found */
    bool several;     /* whether there is a second line */
};

/* Starts the clock, and decides whether there are live lines: on a terminal, without -q. */
void display_setup(const struct settings *settings);

/* Whether people watch the run, and no data goes to their terminal: what live lines and the
 * last line without -v depend on. */
bool display_is_watched(const struct settings *settings);

/* Milliseconds until display_draw() is due again, or -1 where it never is. It is due ten times
 * a second with live lines and with --progress=json. */
int display_delay(void);

/* Draws the live lines, if there are any and the program has the terminal to itself. */
void display_draw(const struct display_state *state);

/* Prints the state as one lasting line, whether or not there are live lines. */
void display_status(const struct display_state *state);

/* "12.3 MiB => 4.56 MiB (37.1 %) in 0.84 s, 14.6 MiB/s". */
void display_add_result(struct text *text, uint64_t bytes_in, uint64_t bytes_out, double seconds);

/* Seconds since display_setup(). */
double display_elapsed(void);

#endif
