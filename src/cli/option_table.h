/*
 * option_table.h - the options there are
 *
 * One table says each option's names, whether it takes a value, under which names of the
 * program it exists, and the function that applies it. What getopt_long() wants is made from
 * it.
 */
#ifndef CLI_OPTION_TABLE_H
#define CLI_OPTION_TABLE_H

#include "cli/option_apply.h"

#include <getopt.h>
#include <stddef.h>
#include <stdint.h>

struct option_rule {
    const char *name; /* of the long option, or NULL */
    char letter;      /* of the short one, or 0 */
    uint8_t argument; /* no_argument, required_argument, optional_argument */
    uint8_t families; /* the enum family values it exists for, as bits */
    option_apply *apply;
    uint32_t operand; /* for `apply`, which says what it means */
};

/* The rules of one family, as getopt_long() wants them; at most OPTION_LIMIT of them. */
enum {
    OPTION_LIMIT = 96
};

struct option_table {
    char letters[2 * OPTION_LIMIT + 16];
    struct option long_options[OPTION_LIMIT + 1];
    const struct option_rule *by_long[OPTION_LIMIT];
    const struct option_rule *by_letter[128]; /* NULL where the family has no such letter */
};

/* What getopt_long() returns for a long option: this plus its index in long_options. */
enum {
    OPTION_LONG_BASE = 256
};

/*
 * Makes the table of a family. Operands are to be handed over in order, as option 1, and
 * without moving arguments about ("-"); a missing value is told from an unknown option (":").
 */
void option_table_build(struct option_table *table, enum family family);

/* The rule of an option that getopt_long() returned, long or a letter but no digit. */
const struct option_rule *option_table_rule(const struct option_table *table, int value);

/* The long option that is spelled most like `word`, or NULL where none is near enough to be
 * meant. */
const char *option_table_nearest(const struct option_table *table, const char *word);

#endif
