/*
 * help.h - the texts of --help, -H and --version, on standard output
 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/settings.h"

enum help_topic {
    HELP_SHORT, /* one screen of 80 by 24 */
    HELP_FULL,  /* every option */
    HELP_VERSION,
    HELP_LICENSE
};

void help_print(const struct settings *settings, enum help_topic topic);

#endif
