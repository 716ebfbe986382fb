/*
 * help.h - the texts of --help and --version, on standard output
 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

/* The options on one screen of 80 by 24. */
void help_print(const char *program);

void help_print_version(void);

#endif
