/*
 * Options: a caller's cinch_options brought to today's form, checked, with every default that
 * does not depend on the input filled in.
 */
#ifndef CINCH_SRC_OPTIONS_H
#define CINCH_SRC_OPTIONS_H

#include <stdint.h>

#include <cinch/cinch.h>

/* Limits of cinch_options.chunk_size, beside 0. */
#define OPTIONS_CHUNK_MIN (UINT32_C(4) << 10)
#define OPTIONS_CHUNK_MAX (UINT32_C(1) << 30)

/*
 * Fills `result` from `given` (NULL = all defaults), whose struct_size may be that of an older
 * header (the fields it lacks get their defaults) or of a newer one (what this library does not
 * know must be 0). Returns CINCH_OK or CINCH_E_INVALID.
 */
int32_t options_read(cinch_options *result, const cinch_options *given);

/*
 * For compression: replaces CINCH_FORMAT_AUTO by what `output_path` is called (NULL: a
 * descriptor, zstd) and CINCH_LEVEL_DEFAULT by the format's own level, and checks that this
 * build has an engine for the level. Returns CINCH_OK or CINCH_E_INVALID.
 */
int32_t options_resolve(cinch_options *options, const char *output_path);

/* As options_read(), for pools: the number of threads, with the default filled in. */
int32_t pool_options_threads(const cinch_pool_options *given, uint32_t *threads);

#endif
