/*
 * plan.h - what is to be done with one source, decided before any work begins
 */
#ifndef CLI_PLAN_H
#define CLI_PLAN_H

#include "cli/item.h"
#include "cli/settings.h"

/*
 * Makes the item for `source`: waiting, with its output's name; or ended, its report saying why
 * nothing is done with it. Looks at the file system, and may ask the person at the terminal
 * whether an output may be replaced. The caller owns the item.
 */
struct item *plan_source(const struct settings *settings, const char *source);

/*
 * Whether the run as a whole makes sense: compressed data does not go to a terminal without
 * -f. Says what does not.
 */
bool plan_is_sensible(const struct settings *settings);

#endif
