/*
 * list.h - what compressed files hold: -l, on standard output
 *
 * Lengths are those of the data itself, not of the field of 32 bits that ends a gzip file, so
 * files of more than 4 GiB are listed right.
 */
#ifndef CLI_LIST_H
#define CLI_LIST_H

#include "cli/item.h"
#include "cli/settings.h"

struct list_totals {
    uint64_t files;
    uint64_t compressed;
    uint64_t uncompressed;
    uint64_t overhead; /* of the last gzip file's header and trailer */
};

/* Prints the row of an item that has succeeded, after the heading if it is the first. */
void list_print(const struct item *item, const struct settings *settings,
                struct list_totals *totals);

/* Prints the row of totals where there were several files. */
void list_end(const struct settings *settings, const struct list_totals *totals);

#endif
