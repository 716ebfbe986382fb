/*
 * option_apply.h - what each single option does to the settings
 */
#ifndef CLI_OPTION_APPLY_H
#define CLI_OPTION_APPLY_H

#include "cli/settings.h"

#include <stdbool.h>
#include <stdint.h>

/* What is known while options are being read, beside the settings themselves. */
struct option_reading {
    struct settings *settings;
    char name[64];      /* the option at hand as it was written, for messages */
    char *value;        /* its value, or NULL */
    bool level_given;   /* -1, --fast and their like */
    bool level_goes_on; /* the option before was a digit in the same argument */
    bool best;          /* --best: the highest ordinary level, whatever the format */
    bool ultra;
    int64_t level;
    int64_t environment_level; /* ZSTD_CLEVEL, or 0 */
    bool done;                 /* --help or --version has been answered */
};

/*
 * Applies one option. `operand` comes from the option's row in the table. Returns false after
 * saying what is wrong.
 */
typedef bool option_apply(struct option_reading *reading, uint32_t operand);

/* A digit of a level: "-19" arrives as 1 and 9, told from "-1 -9" by standing together. */
option_apply option_apply_digit;

option_apply option_apply_action;    /* operand: enum action */
option_apply option_apply_set_flag;  /* operand: CINCH_FLAG_* */
option_apply option_apply_drop_flag; /* operand: CINCH_FLAG_* */
option_apply option_apply_nothing;   /* a hint of other programs that changes nothing here */
option_apply option_apply_refuse;    /* known elsewhere, not wanted here; operand: enum refused */

enum refused {
    REFUSED_BENCHMARK,
    REFUSED_DICTIONARY,
    REFUSED_ZIP
};

option_apply option_apply_fast;
option_apply option_apply_best;
option_apply option_apply_ultra;
option_apply option_apply_format;     /* operand: CINCH_FORMAT_*, or 0 to read the value */
option_apply option_apply_threads;    /* operand: 1 for one thread, or 0 to read the value */
option_apply option_apply_chunk_size; /* operand: the shift of the value's unit, 0 = bytes */
option_apply option_apply_long;

option_apply option_apply_stdout;
option_apply option_apply_output;
option_apply option_apply_keep; /* operand: 1 keeps sources, 0 removes them */
option_apply option_apply_force;
option_apply option_apply_naming; /* operand: enum naming */
option_apply option_apply_suffix;
option_apply option_apply_recursive;
option_apply option_apply_filelist;
option_apply option_apply_flat;
option_apply option_apply_mirror;
option_apply option_apply_exclude;
option_apply option_apply_part;
option_apply option_apply_range;

option_apply option_apply_memory_limit;
option_apply option_apply_output_limit;
option_apply option_apply_size_hint;

option_apply option_apply_quiet;
option_apply option_apply_verbose;
option_apply option_apply_progress; /* operand: enum progress, _AUTO to read the value */
option_apply option_apply_json;
option_apply option_apply_help; /* operand: enum help_topic */

#endif
