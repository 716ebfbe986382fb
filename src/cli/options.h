/*
 * options.h - the command line
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "cli/settings.h"

/* What is left to do once the command line was read. */
enum options_result {
    OPTIONS_RUN,  /* the settings are complete: do the work */
    OPTIONS_DONE, /* --help or --version has been printed */
    OPTIONS_ERROR /* said what is wrong */
};

/*
 * Reads the name the program was called by, the environment and the arguments into `settings`
 * and prepares message.h with the name and verbosity. `settings` keeps pointers into `argv`
 * and the environment. The caller gives the rest back with options_free(), whatever the result.
 */
enum options_result options_parse(int argc, char **argv, struct settings *settings);

void options_free(struct settings *settings);

#endif
