/*
 * Recorder: a log of what a process did to files, for those who ask what a loss of power in the
 * middle of it would have left.
 *
 * The log lies in memory that is shared with the process that started it, so it can be read when
 * that process has ended. Files are told apart by their inode numbers; one that is made gets a
 * number that was not in the log before, as the system uses its own again.
 */
#ifndef CINCH_TESTS_FAULT_RECORDER_H
#define CINCH_TESTS_FAULT_RECORDER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum operation_kind {
    OPERATION_CREATE, /* `file` came into being, without a name and empty */
    OPERATION_WRITE,
    OPERATION_TRUNCATE, /* or extended, to `size` */
    OPERATION_MODE,
    OPERATION_LINK,   /* `file` is now called `name` in `folder` */
    OPERATION_RENAME, /* and no longer `from_name` in `from_folder` */
    OPERATION_UNLINK,
    OPERATION_SYNC,     /* of a file or a folder */
    OPERATION_SYNC_ALL, /* of everything */
    OPERATION_REPORT    /* success was reported to whoever had asked for the job */
};

enum {
    RECORDER_NAME = 160,
    RECORDER_OPERATIONS = 512,
    RECORDER_DATA = 4 << 20
};

struct operation {
    enum operation_kind kind;
    uint64_t file;
    uint64_t folder;
    char name[RECORDER_NAME];
    uint64_t from_folder;
    char from_name[RECORDER_NAME];
    uint64_t offset;
    uint64_t size;
    uint32_t data; /* where in the log's data the bytes are that were written */
    uint32_t mode;
};

struct log {
    atomic_bool is_on;
    atomic_flag lock;
    bool is_full;
    uint32_t count;
    uint32_t data_used;
    uint64_t made; /* files that came into being so far */
    struct operation operations[RECORDER_OPERATIONS];
    uint8_t data[RECORDER_DATA];
};

/* Where operations are logged; NULL = nowhere. A process that was started with a descriptor of a
 * log in its environment (RECORDER_VARIABLE) finds it by itself. */
extern struct log *recorder_log;
#define RECORDER_VARIABLE "CINCH_FAULT_LOG"

/* Makes an empty log that children share. Its descriptor, which is the caller's and survives
 * exec(), goes to `*fd`. NULL on failure. */
struct log *recorder_make(int *fd);

/* Gives up what recorder_make() made. */
void recorder_free(struct log *log, int fd);

/* Notes that success was reported. */
void record_report(void);

/* --- For the wrappers: what has succeeded ----------------------------------------------- */

void record_open(int fd, int directory, const char *path, int flags);
void record_write(int fd, const void *data, size_t size, off_t offset);
void record_truncate(int fd, uint64_t size);
void record_mode(int fd, mode_t mode);
void record_link(int directory, const char *path);
void record_rename(int from_directory, const char *from, int directory, const char *path);
void record_unlink(int directory, const char *path);
void record_folder(const char *path);
void record_sync(int fd);
void record_sync_all(void);

#endif
