/*
 * screen.h - standard error, shared by lasting lines and by live ones
 *
 * A *lasting* line (a message, a summary) scrolls up as in any program. *Live* lines stand
 * below the last lasting line and are replaced many times a second; a lasting line that
 * arrives removes them first. Every change is one write(), so nothing is seen half drawn.
 *
 * The cursor is never hidden, and wrapping is switched off only within one write(), for a
 * terminal that has become narrower than it has told: there is nothing to restore, so nothing
 * stays broken however the program ends, SIGKILL included. Between two writes the cursor stands
 * at the start of the first live line, where the shell's prompt will overwrite it.
 *
 * Main thread only, but for screen_clear_now().
 */
#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

/* Looks at standard error once: terminal or not, columns, colour (none with NO_COLOR). */
void screen_setup(void);

bool screen_is_terminal(void);
bool screen_has_colour(void);

/* The terminal's columns, 80 where they are unknown. */
size_t screen_columns(void);

/* Asks the terminal for its size again: after SIGWINCH. */
void screen_resize(void);

/* Writes lasting text, whole lines, to standard error after removing the live lines. */
void screen_print(const char *bytes, size_t length);

/* Replaces the live lines: `lines` lines joined by line ends, the last one without, none
 * wider than the screen. */
void screen_live(const char *bytes, size_t length, size_t lines);

/* Removes the live lines. */
void screen_clear(void);

/* The same from a signal handler: does nothing that is not async-signal-safe. */
void screen_clear_now(void);

#endif
