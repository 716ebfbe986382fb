#include "recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "interposer.h"

struct log *recorder_log;

/* The system's number of each file that came into being; its place is the file's number here. */
static ino_t made[RECORDER_OPERATIONS];

/* Numbers that no file system gives. */
#define MADE_FIRST (UINT64_C(1) << 62)

static struct log *map(int fd)
{
    void *memory = mmap(NULL, sizeof(struct log), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return memory != MAP_FAILED ? memory : NULL;
}

struct log *recorder_make(int *fd)
{
    *fd = memfd_create("log", 0);
    if (*fd < 0)
        return NULL;
    struct log *log = ftruncate(*fd, sizeof(struct log)) == 0 ? map(*fd) : NULL;
    if (log == NULL) {
        close(*fd);
        *fd = -1;
    }
    return log;
}

void recorder_free(struct log *log, int fd)
{
    (void)munmap(log, sizeof *log);
    (void)close(fd);
}

__attribute__((constructor)) static void find_log(void)
{
    const char *text = getenv(RECORDER_VARIABLE);
    if (text != NULL)
        recorder_log = map(atoi(text));
}

/* Whether there is something to log to; then the log is ours until finish(). What a recorder asks
 * of the system is nobody's business. */
static bool begin(void)
{
    if (recorder_log == NULL || !atomic_load(&recorder_log->is_on))
        return false;
    interposer_pause();
    while (atomic_flag_test_and_set(&recorder_log->lock))
        continue;
    return true;
}

static void finish(int error)
{
    atomic_flag_clear(&recorder_log->lock);
    interposer_resume();
    errno = error;
}

static struct operation *add(enum operation_kind kind)
{
    if (recorder_log->count == RECORDER_OPERATIONS) {
        recorder_log->is_full = true;
        recorder_log->count--;
    }
    struct operation *operation = &recorder_log->operations[recorder_log->count++];
    *operation = (struct operation){.kind = kind};
    return operation;
}

/* The number of a file; one that came into being while we looked has its own. */
static uint64_t number_of(const struct stat *status)
{
    for (uint64_t i = recorder_log->made; i > 0; i--) {
        if (made[i - 1] == status->st_ino)
            return MADE_FIRST + i - 1;
    }
    return status->st_ino;
}

static uint64_t file_of(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 ? number_of(&status) : 0;
}

static uint64_t file_at(int directory, const char *path)
{
    struct stat status;
    return fstatat(directory, path, &status, AT_SYMLINK_NOFOLLOW) == 0 ? number_of(&status) : 0;
}

/* Puts what stands behind the last '/' into `name` and returns the folder before it. */
static uint64_t place_of(int directory, const char *path, char name[RECORDER_NAME])
{
    char folder[4096] = ".";
    const char *slash = strrchr(path, '/');
    if (slash != NULL)
        (void)snprintf(folder, sizeof folder, "%.*s", (int)(slash - path) + 1, path);
    (void)snprintf(name, RECORDER_NAME, "%s", slash != NULL ? slash + 1 : path);
    struct stat status;
    return fstatat(directory, folder, &status, 0) == 0 ? number_of(&status) : 0;
}

static uint64_t add_file(const struct stat *status)
{
    struct operation *operation = add(OPERATION_CREATE);
    made[recorder_log->made++] = status->st_ino;
    operation->file = number_of(status);
    operation->mode = status->st_mode & 07777;
    return operation->file;
}

static void add_name(uint64_t file, int directory, const char *path)
{
    struct operation *operation = add(OPERATION_LINK);
    operation->file = file;
    operation->folder = place_of(directory, path, operation->name);
}

void record_open(int fd, int directory, const char *path, int flags)
{
    bool nameless = (flags & O_TMPFILE) == O_TMPFILE;
    /* Who says nothing of O_EXCL may have opened what was there, which none of ours does. */
    if ((!nameless && (flags & (O_CREAT | O_EXCL)) != (O_CREAT | O_EXCL)) || !begin())
        return;
    struct stat status;
    if (fstat(fd, &status) == 0) {
        uint64_t file = add_file(&status);
        if (!nameless)
            add_name(file, directory, path);
    }
    finish(0);
}

void record_write(int fd, const void *data, size_t size, off_t offset)
{
    if (!begin())
        return;
    struct stat status;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
        struct operation *operation = add(OPERATION_WRITE);
        operation->file = number_of(&status);
        operation->offset =
            offset >= 0 ? (uint64_t)offset : (uint64_t)lseek(fd, 0, SEEK_CUR) - size;
        operation->size = size;
        operation->data = recorder_log->data_used;
        if (size <= RECORDER_DATA - recorder_log->data_used) {
            memcpy(recorder_log->data + operation->data, data, size);
            recorder_log->data_used += (uint32_t)size;
        } else {
            recorder_log->is_full = true;
        }
    }
    finish(0);
}

void record_truncate(int fd, uint64_t size)
{
    if (!begin())
        return;
    struct operation *operation = add(OPERATION_TRUNCATE);
    operation->file = file_of(fd);
    operation->size = size;
    finish(0);
}

void record_mode(int fd, mode_t mode)
{
    if (!begin())
        return;
    struct operation *operation = add(OPERATION_MODE);
    operation->file = file_of(fd);
    operation->mode = mode;
    finish(0);
}

void record_link(int directory, const char *path)
{
    if (!begin())
        return;
    add_name(file_at(directory, path), directory, path);
    finish(0);
}

void record_rename(int from_directory, const char *from, int directory, const char *path)
{
    if (!begin())
        return;
    struct operation *operation = add(OPERATION_RENAME);
    operation->file = file_at(directory, path);
    operation->folder = place_of(directory, path, operation->name);
    operation->from_folder = place_of(from_directory, from, operation->from_name);
    finish(0);
}

void record_unlink(int directory, const char *path)
{
    if (!begin())
        return;
    struct operation *operation = add(OPERATION_UNLINK);
    operation->folder = place_of(directory, path, operation->name);
    finish(0);
}

void record_folder(const char *path)
{
    if (!begin())
        return;
    struct stat status;
    if (stat(path, &status) == 0)
        add_name(add_file(&status), AT_FDCWD, path);
    finish(0);
}

void record_sync(int fd)
{
    if (!begin())
        return;
    add(OPERATION_SYNC)->file = file_of(fd);
    finish(0);
}

void record_sync_all(void)
{
    if (!begin())
        return;
    add(OPERATION_SYNC_ALL);
    finish(0);
}

void record_report(void)
{
    if (!begin())
        return;
    add(OPERATION_REPORT);
    finish(0);
}
