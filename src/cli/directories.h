/*
 * directories.h - the directories that --output-dir-mirror needs
 */
#ifndef CLI_DIRECTORIES_H
#define CLI_DIRECTORIES_H

#include <stdbool.h>

struct directories;

struct directories *directories_create(void);
void directories_free(struct directories *directories);

/* Makes all directories on the way to `path`, mode 0777 less the umask; if `durable`, with their
 * names on the disk. Returns whether that was done; errno says why not. */
bool directories_make(struct directories *directories, const char *path, bool durable);

#endif
