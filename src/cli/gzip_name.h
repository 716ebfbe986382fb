/*
 * gzip_name.h - the name and time that a gzip file carries of its original: -N
 *
 * Both are an attacker's to choose (CVE-2005-1228, CVE-2015-1191): of the name only what
 * follows its last slash is used, and only as a file beside the compressed one.
 */
#ifndef CLI_GZIP_NAME_H
#define CLI_GZIP_NAME_H

#include <stdint.h>

/*
 * The path that `input` gets when decompressed under its own name: in its folder, with the
 * name its header gives. `path` is what it would be called otherwise, or NULL; it is returned
 * where the file is no gzip file or its header has no usable name, and freed where it is not.
 * `time` receives the header's time in seconds, or stays as it is where there is none.
 */
char *gzip_name_apply(const char *input, char *path, int64_t *time);

#endif
