/*
 * prompt.h - questions to the person at the terminal
 */
#ifndef CLI_PROMPT_H
#define CLI_PROMPT_H

#include <stdbool.h>

/* Whether somebody can be asked: standard input and standard error are terminals, and the
 * program has the terminal to itself (a background job would be stopped by reading). */
bool prompt_is_possible(void);

/* Asks whether the existing file `output` may be replaced. True only for an answer that begins
 * with y or Y; an ending signal answers no. */
bool prompt_overwrite(const char *output);

#endif
