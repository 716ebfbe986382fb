/*
 * Disk: what may be on it after a loss of power.
 *
 * A model of the weakest file system that the library has to live with. What was done to files
 * since the last sync of each may be on the disk or not, each operation for itself and in any
 * order:
 *
 *   - a write may be there, or only the length that it gave the file (then zeros), or nothing;
 *   - a name that was given, moved or taken may be so, or as before; a rename is one step;
 *   - fsync() of a file brings its bytes, length and mode to the disk, but not its name;
 *   - fsync() of a folder brings the names in it, but not the files' bytes; syncfs() everything.
 */
#ifndef CINCH_TESTS_FAULT_DISK_H
#define CINCH_TESTS_FAULT_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recorder.h"
#include "world.h"

enum {
    DISK_FILES = 64,
    DISK_NAMES = 64
};

struct disk_file {
    uint64_t number;
    bool is_folder;
    uint32_t mode;
    struct content content; /* owned; of regular files */
};

struct disk_name {
    uint64_t folder;
    char name[RECORDER_NAME];
    uint64_t file; /* 0: none any more */
};

/* Files and names as they are or may be. */
struct disk {
    uint64_t root; /* the folder that paths begin in */
    struct disk_file files[DISK_FILES];
    size_t files_count;
    struct disk_name names[DISK_NAMES];
    size_t names_count;
};

/* What is there now, all of it safe. Dies where it is too much. */
void disk_read(struct disk *disk, const char *path);
void disk_free(struct disk *disk);

/* The file at a path of components, NULL where there is none. */
const struct disk_file *disk_find(const struct disk *disk, const char *path);

/* Names in the folder at a path. */
size_t disk_count(const struct disk *disk, const char *path);

/* Where the power goes: behind the first `done` operations of the log. */
struct outage {
    const struct disk *before; /* the disk that the log began with */
    const struct log *log;
    uint32_t done;
    /* What may or may not be there. */
    uint32_t names[RECORDER_OPERATIONS]; /* operations on names */
    uint32_t names_count;
    uint32_t data[RECORDER_OPERATIONS]; /* operations on bytes and modes */
    uint32_t data_count;
};

void outage_plan(struct outage *outage, const struct disk *before, const struct log *log,
                 uint32_t done);

/*
 * Makes the disk of one legal outcome, a number below the one that outage_outcomes() gives.
 * The disk is the caller's, to be freed.
 */
uint64_t outage_outcomes(const struct outage *outage);
void outage_make(const struct outage *outage, uint64_t outcome, struct disk *disk);

#endif
