/*
 * durable.h - names that are on the disk
 *
 * A file that was synced is lost all the same if its name was not: that is in its directory.
 */
#ifndef CLI_DURABLE_H
#define CLI_DURABLE_H

/* Opens the directory that a path lies in. -1 with errno set where it cannot be. */
int durable_open_directory(const char *path);

/* fsync() or syncfs() for the directory that a path lies in. Returns 0 or an errno value. */
int durable_sync_directory(const char *path, int (*sync)(int descriptor));

/*
 * Puts the name that a path ends with on the disk. Where its directory may be searched but not
 * read, and so not opened, everything on its file system is synced, by way of the directory in
 * which `inside` lies, another path on that file system. Returns 0 or an errno value.
 */
int durable_name(const char *path, const char *inside);

#endif
