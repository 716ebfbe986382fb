/*
 * Files and descriptors.
 *
 * Everything in this project is compiled with 64-bit offsets, so the functions have those names.
 * What succeeds is told to the recorder, which keeps a log of it if it was asked to.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include "interposer.h"
#include "recorder.h"
#include "wrap.h"

/* What is known of descriptors that are not like others. */
enum {
    DESCRIPTORS_MOST = 4096
};
enum descriptor_kind {
    DESCRIPTOR_PLAIN,
    DESCRIPTOR_WAKE,  /* an eventfd */
    DESCRIPTOR_SYSTEM /* of a file in /proc or /sys */
};
static _Atomic unsigned char descriptors[DESCRIPTORS_MOST];

static void descriptor_learn(int fd, enum descriptor_kind kind)
{
    if (fd >= 0 && fd < DESCRIPTORS_MOST)
        atomic_store(&descriptors[fd], (unsigned char)kind);
}

static enum descriptor_kind descriptor_kind(int fd)
{
    return fd >= 0 && fd < DESCRIPTORS_MOST ? (enum descriptor_kind)atomic_load(&descriptors[fd])
                                            : DESCRIPTOR_PLAIN;
}

static mode_t type_of(int fd)
{
    NEXT(fstat64);
    struct stat64 status;
    return next(fd, &status) == 0 ? status.st_mode & S_IFMT : 0;
}

/* Which of the calls of one function this is. */
static enum call call_of(int fd, enum call plain, enum call stream, enum call wake)
{
    switch (descriptor_kind(fd)) {
    case DESCRIPTOR_WAKE:
        return wake;
    case DESCRIPTOR_SYSTEM:
        return CALL_READ_SYSTEM;
    default:
        return type_of(fd) == S_IFREG ? plain : stream;
    }
}

/* Sets errno and returns true where the call is to be refused. */
static bool is_refused(enum call call)
{
    int error = interposer_enter(call);
    if (error != 0)
        errno = error;
    return error != 0;
}

static bool is_refused_transfer(enum call call, size_t *size)
{
    int error = interposer_enter_transfer(call, size);
    if (error != 0)
        errno = error;
    return error != 0;
}

/* --- Descriptors ------------------------------------------------------------------------ */

int openat64(int directory, const char *path, int flags, ...)
{
    NEXT(openat64);
    mode_t mode = 0;
    bool creates = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
    if (creates) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    bool of_system = strncmp(path, "/proc/", 6) == 0 || strncmp(path, "/sys/", 5) == 0;
    if (creates && (flags & O_TMPFILE) == O_TMPFILE && !interposer_is_idle() &&
        interposer.plan.no_tmpfile) {
        errno = EOPNOTSUPP;
        return -1;
    }
    if (is_refused(creates ? CALL_CREATE : of_system ? CALL_OPEN_SYSTEM : CALL_OPEN))
        return -1;
    int fd = next(directory, path, flags, mode);
    descriptor_learn(fd, of_system ? DESCRIPTOR_SYSTEM : DESCRIPTOR_PLAIN);
    if (fd >= 0)
        record_open(fd, directory, path, flags);
    return fd;
}

int open64(const char *path, int flags, ...)
{
    mode_t mode = 0;
    if ((flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE) {
        va_list arguments;
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    return openat64(AT_FDCWD, path, flags, mode);
}

int eventfd(unsigned int count, int flags)
{
    NEXT(eventfd);
    if (is_refused(CALL_EVENTFD))
        return -1;
    int fd = next(count, flags);
    descriptor_learn(fd, DESCRIPTOR_WAKE);
    return fd;
}

/* Whether the file was written and has not taken its name. One that is empty yet may be given up
 * for another, and then its close matters to nobody. */
static bool is_unpublished_output(int fd)
{
    struct stat status;
    if (interposer_is_idle() || atomic_load(&interposer.is_published) || type_of(fd) != S_IFREG)
        return false;
    interposer_pause();
    bool is_written = (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY && fstat(fd, &status) == 0 &&
                      status.st_size > 0;
    interposer_resume();
    return is_written;
}

/* The descriptor is gone whatever close() tells, as Linux has it. */
int close(int fd)
{
    NEXT(close);
    bool is_output = is_unpublished_output(fd);
    bool refused = is_refused(is_output ? CALL_CLOSE_OUTPUT : CALL_CLOSE);
    descriptor_learn(fd, DESCRIPTOR_PLAIN);
    int error = errno;
    int result = next(fd);
    if (!refused)
        return result;
    errno = error;
    return -1;
}

/* All commands of fcntl() that have an argument take one that is no wider than a pointer. */
int fcntl64(int fd, int command, ...)
{
    NEXT(fcntl64);
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    return is_refused(CALL_FCNTL) ? -1 : next(fd, command, argument);
}

int socket(int family, int type, int protocol)
{
    NEXT(socket);
    return is_refused(CALL_SOCKET) ? -1 : next(family, type, protocol);
}

int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t size)
{
    NEXT(connect);
    return is_refused(CALL_CONNECT) ? -1 : next(fd, address, size);
}

int poll(struct pollfd *set, nfds_t count, int milliseconds)
{
    NEXT(poll);
    return is_refused(CALL_POLL) ? -1 : next(set, count, milliseconds);
}

off64_t lseek64(int fd, off64_t offset, int whence)
{
    NEXT(lseek64);
    return is_refused(CALL_LSEEK) ? -1 : next(fd, offset, whence);
}

/* --- Reading ---------------------------------------------------------------------------- */

static enum call read_call(int fd)
{
    return call_of(fd, CALL_READ, CALL_READ_STREAM, CALL_READ_WAKE);
}

ssize_t read(int fd, void *buffer, size_t size)
{
    NEXT(read);
    return is_refused_transfer(read_call(fd), &size) ? -1 : next(fd, buffer, size);
}

ssize_t pread64(int fd, void *buffer, size_t size, off64_t offset)
{
    NEXT(pread64);
    return is_refused_transfer(CALL_READ, &size) ? -1 : next(fd, buffer, size, offset);
}

ssize_t preadv64v2(int fd, const struct iovec *vectors, int count, off64_t offset, int flags)
{
    NEXT(preadv64v2);
    struct iovec first = vectors[0];
    if (is_refused_transfer(read_call(fd), &first.iov_len))
        return -1;
    return count == 1 ? next(fd, &first, 1, offset, flags)
                      : next(fd, vectors, count, offset, flags);
}

ssize_t recv(int fd, void *buffer, size_t size, int flags)
{
    NEXT(recv);
    return is_refused_transfer(CALL_READ_STREAM, &size) ? -1 : next(fd, buffer, size, flags);
}

/* --- Writing ---------------------------------------------------------------------------- */

ssize_t write(int fd, const void *buffer, size_t size)
{
    NEXT(write);
    if (is_refused_transfer(call_of(fd, CALL_WRITE, CALL_WRITE_STREAM, CALL_WRITE_WAKE), &size))
        return -1;
    ssize_t count = next(fd, buffer, size);
    if (count > 0)
        record_write(fd, buffer, (size_t)count, -1);
    return count;
}

ssize_t pwrite64(int fd, const void *buffer, size_t size, off64_t offset)
{
    NEXT(pwrite64);
    if (is_refused_transfer(CALL_WRITE, &size))
        return -1;
    ssize_t count = next(fd, buffer, size, offset);
    if (count > 0)
        record_write(fd, buffer, (size_t)count, offset);
    return count;
}

ssize_t send(int fd, const void *buffer, size_t size, int flags)
{
    NEXT(send);
    return is_refused_transfer(CALL_WRITE_STREAM, &size) ? -1 : next(fd, buffer, size, flags);
}

int ftruncate64(int fd, off64_t size)
{
    NEXT(ftruncate64);
    if (is_refused(CALL_FTRUNCATE))
        return -1;
    int result = next(fd, size);
    if (result == 0)
        record_truncate(fd, (uint64_t)size);
    return result;
}

int fsync(int fd)
{
    NEXT(fsync);
    if (is_refused(type_of(fd) == S_IFDIR ? CALL_FSYNC_FOLDER : CALL_FSYNC))
        return -1;
    /* Told before: what is written while it runs need not be part of it. */
    record_sync(fd);
    return next(fd);
}

int syncfs(int fd)
{
    NEXT(syncfs);
    if (is_refused(CALL_FSYNC))
        return -1;
    record_sync_all();
    return next(fd);
}

/* --- Asking ----------------------------------------------------------------------------- */

int fstat64(int fd, struct stat64 *status)
{
    NEXT(fstat64);
    return is_refused(CALL_FSTAT) ? -1 : next(fd, status);
}

int stat64(const char *path, struct stat64 *status)
{
    NEXT(stat64);
    return is_refused(CALL_STAT) ? -1 : next(path, status);
}

int fstatat64(int directory, const char *path, struct stat64 *status, int flags)
{
    NEXT(fstatat64);
    return is_refused(CALL_STAT) ? -1 : next(directory, path, status, flags);
}

int fstatfs64(int fd, struct statfs64 *status)
{
    NEXT(fstatfs64);
    return is_refused(CALL_STATFS) ? -1 : next(fd, status);
}

int faccessat(int directory, const char *path, int mode, int flags)
{
    NEXT(faccessat);
    return is_refused(CALL_ACCESS) ? -1 : next(directory, path, mode, flags);
}

ssize_t readlinkat(int directory, const char *path, char *buffer, size_t size)
{
    NEXT(readlinkat);
    return is_refused(CALL_READLINK) ? -1 : next(directory, path, buffer, size);
}

ssize_t getrandom(void *buffer, size_t size, unsigned int flags)
{
    NEXT(getrandom);
    return is_refused(CALL_RANDOM) ? -1 : next(buffer, size, flags);
}

/* --- Metadata --------------------------------------------------------------------------- */

int fchmod(int fd, mode_t mode)
{
    NEXT(fchmod);
    if (is_refused(mode == 0600 ? CALL_FCHMOD_PRIVATE : CALL_FCHMOD))
        return -1;
    int result = next(fd, mode);
    if (result == 0)
        record_mode(fd, mode);
    return result;
}

int fchown(int fd, uid_t owner, gid_t group)
{
    NEXT(fchown);
    return is_refused(CALL_FCHOWN) ? -1 : next(fd, owner, group);
}

int futimens(int fd, const struct timespec times[2])
{
    NEXT(futimens);
    return is_refused(CALL_FUTIMENS) ? -1 : next(fd, times);
}

/* --- Names ------------------------------------------------------------------------------ */

/* A name that is not hidden has been given: what was written is the output now. */
static void note_name(const char *name)
{
    const char *slash = strrchr(name, '/');
    if (!interposer_is_idle() && (slash != NULL ? slash[1] : name[0]) != '.')
        atomic_store(&interposer.is_published, true);
}

int linkat(int from_directory, const char *from, int directory, const char *name, int flags)
{
    NEXT(linkat);
    if (is_refused(CALL_LINK))
        return -1;
    int result = next(from_directory, from, directory, name, flags);
    if (result == 0) {
        note_name(name);
        record_link(directory, name);
    }
    return result;
}

int renameat(int from_directory, const char *from, int directory, const char *name)
{
    NEXT(renameat);
    if (is_refused(CALL_RENAME))
        return -1;
    int result = next(from_directory, from, directory, name);
    if (result == 0) {
        note_name(name);
        record_rename(from_directory, from, directory, name);
    }
    return result;
}

int renameat2(int from_directory, const char *from, int directory, const char *name,
              unsigned int flags)
{
    NEXT(renameat2);
    if (!interposer_is_idle() && interposer.plan.no_renameat2) {
        errno = EINVAL;
        return -1;
    }
    if (is_refused(CALL_RENAME))
        return -1;
    int result = next(from_directory, from, directory, name, flags);
    if (result == 0) {
        note_name(name);
        record_rename(from_directory, from, directory, name);
    }
    return result;
}

int unlinkat(int directory, const char *name, int flags)
{
    NEXT(unlinkat);
    if (is_refused(CALL_UNLINK))
        return -1;
    int result = next(directory, name, flags);
    if (result == 0)
        record_unlink(directory, name);
    return result;
}

int unlink(const char *name)
{
    return unlinkat(AT_FDCWD, name, 0);
}

int mkdir(const char *path, mode_t mode)
{
    NEXT(mkdir);
    int result = next(path, mode);
    if (result == 0)
        record_folder(path);
    return result;
}
