/*
 * batch.h - all sources of one run, many at once
 */
#ifndef CLI_BATCH_H
#define CLI_BATCH_H

#include "cli/settings.h"

/*
 * Does everything that `settings` asks for and says how it went; what was said is the exit
 * code (message.h). Does not return where a signal ended the run: the program then ends by
 * that signal, when all jobs have been cancelled and nothing of them is left behind.
 */
void batch_run(const struct settings *settings);

#endif
