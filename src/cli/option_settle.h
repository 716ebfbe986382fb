/*
 * option_settle.h - what all options together mean
 */
#ifndef CLI_OPTION_SETTLE_H
#define CLI_OPTION_SETTLE_H

#include "cli/option_apply.h"

/*
 * Decides what depends on several options, format and level among them, and refuses what
 * contradicts itself. Returns false after saying what does.
 */
bool option_settle(struct option_reading *reading);

#endif
