/*
 * result.h - what is said of files that went well
 */
#ifndef CLI_RESULT_H
#define CLI_RESULT_H

#include "cli/item.h"
#include "cli/settings.h"

/* Adds the line for an item that has succeeded to its report, where the settings want one: -v,
 * in the words of the program's family, or --progress=json. */
void result_report(struct item *item, const struct settings *settings);

/* All files of a run together. */
struct result_totals {
    uint64_t files; /* that succeeded */
    uint64_t bytes_in;
    uint64_t bytes_out;
};

/* The last line: on a terminal, with -v, or as JSON. `only` is the name of the only file. */
void result_summarise(const struct result_totals *totals, const struct settings *settings,
                      const char *only);

#endif
