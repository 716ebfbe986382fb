/*
 * names.h - what outputs are called
 */
#ifndef CLI_NAMES_H
#define CLI_NAMES_H

#include <stdint.h>

/* The CINCH_FORMAT_* that a path's suffix stands for; zstd where it stands for none. */
int32_t names_format(const char *path);

/* The suffix that files of a format get, ".zst"; static storage. */
const char *names_suffix(int32_t format);

/* The path that `input` gets when compressed; the caller frees it. */
char *names_compressed(const char *input, const char *suffix);

#endif
