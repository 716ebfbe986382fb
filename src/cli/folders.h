/*
 * folders.h - the folders that --output-dir-mirror needs
 */
#ifndef CLI_FOLDERS_H
#define CLI_FOLDERS_H

#include <stdbool.h>

struct folders;

struct folders *folders_create(void);
void folders_free(struct folders *folders);

/* Makes all folders on the way to `path`, mode 0777 less the umask. Returns whether they
 * exist now; errno says why not. */
bool folders_make(struct folders *folders, const char *path);

#endif
