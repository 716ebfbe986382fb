/*
 * names.h - what outputs are called
 *
 * Names are bytes. Suffixes are recognised in either case, as gzip does, and only after at
 * least one byte of name: ".gz" alone is a hidden file, not a compressed nothing.
 */
#ifndef CLI_NAMES_H
#define CLI_NAMES_H

#include "cli/settings.h"

#include <stdbool.h>
#include <stdint.h>

/* The CINCH_FORMAT_* that a path's suffix stands for; zstd where it stands for none. */
int32_t names_format(const char *path);

/* The suffix that files of a format get, ".zst"; static storage. */
const char *names_suffix(int32_t format);

/* The path that `input` gets when compressed; the caller frees it. */
char *names_compressed(const struct settings *settings, const char *input);

/*
 * The path that `input` gets when decompressed, ".tgz" becoming ".tar"; NULL where its suffix
 * is none that the program's family knows. The caller frees it.
 */
char *names_decompressed(const struct settings *settings, const char *input);

/* The known suffix that `path` ends with, or NULL. Static storage, or the settings'. */
const char *names_known_suffix(const struct settings *settings, const char *path);

/* Whether the name says that compressing the file is of no use: archives, pictures, films. */
bool names_is_compressed(const char *path);

/* `path` under another directory, its own directories dropped (flat) or kept. The caller frees it;
 * NULL where a kept directory is "..", which would lead out of `directory`. */
char *names_flat(const char *directory, const char *path);
char *names_mirrored(const char *directory, const char *path);

/* The part of a path after its last slash. */
const char *names_base(const char *path);

#endif
