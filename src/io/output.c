#include "io/output.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "io/descriptor.h"
#include "io/metadata.h"
#include "io/output_stream.h"

static const struct output output_closed = OUTPUT_CLOSED;

static int32_t output_failure(struct failure *failure, const char *action, int system_error)
{
    return failure_set_system(failure, FAILURE_OF_OUTPUT, action, system_error);
}

/* --- Opening ---------------------------------------------------------------------------- */

/*
 * What must not be both read and written: a regular file would be destroyed while it is read, a
 * FIFO would feed the job its own output for ever. A terminal, /dev/null or a connected socket
 * is well used in both directions.
 */
static int32_t check_not_input(const struct stat *status, const struct input *input,
                               struct failure *failure)
{
    if (input != NULL && (S_ISREG(status->st_mode) || S_ISFIFO(status->st_mode)) &&
        status->st_dev == input->status.st_dev && status->st_ino == input->status.st_ino) {
        return failure_set(failure, CINCH_E_SAME_FILE, FAILURE_OF_OUTPUT, "cannot write", 0);
    }
    return CINCH_OK;
}

/* Whether what stands at the path, whatever is done with it, can be the output. */
static int32_t check_existing(const struct stat *status, bool replace, const struct input *input,
                              struct failure *failure)
{
    if (S_ISDIR(status->st_mode)) {
        return output_failure(failure, "cannot write", EISDIR);
    }
    if (S_ISBLK(status->st_mode)) {
        return failure_set(failure, CINCH_E_FILE_TYPE, FAILURE_OF_OUTPUT, "cannot write", 0);
    }
    int32_t code = check_not_input(status, input, failure);
    if (code == CINCH_OK && !replace) {
        code = output_failure(failure, "cannot create", EEXIST);
    }
    return code;
}

enum output_result output_open_path(struct output *output, const char *path, bool replace,
                                    const struct input *input, struct failure *failure)
{
    *output = output_closed;
    struct stat status;
    if (stat(path, &status) == 0) {
        if (check_existing(&status, replace, input, failure) != CINCH_OK) {
            return OUTPUT_ERROR;
        }
        if (!S_ISREG(status.st_mode)) {
            return output_stream_open(output, path, &status, failure);
        }
    } else if (errno != ENOENT && errno != ENOTDIR) {
        (void)output_failure(failure, "cannot open", errno);
        return OUTPUT_ERROR;
    }

    output->kind = OUTPUT_NEW_FILE;
    output->replace = replace;
    if (place_find(&output->place, path, failure) != CINCH_OK) {
        goto no_place;
    }
    if (temporary_create(&output->temporary, &output->place, failure) != CINCH_OK) {
        goto no_temporary;
    }
    output->fd = output->temporary.fd;
    output->owned = true;
    return OUTPUT_DONE;

no_temporary:
    place_release(&output->place);
no_place:
    *output = output_closed;
    return OUTPUT_ERROR;
}

int32_t output_open_fd(struct output *output, int fd, const struct input *input,
                       struct failure *failure)
{
    *output = output_closed;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY || (flags & O_PATH) != 0) {
        return output_failure(failure, "cannot write", EBADF);
    }
    struct stat status;
    if (fstat(fd, &status) != 0) {
        return output_failure(failure, "cannot examine", errno);
    }
    int32_t code = check_existing(&status, true, input, failure);
    if (code != CINCH_OK) {
        return code;
    }
    if (S_ISREG(status.st_mode)) {
        output->kind = OUTPUT_APPENDED_FILE;
        output->fd = fd;
    } else {
        output_stream_adopt(output, fd, &status);
    }
    return CINCH_OK;
}

/* --- Writing ---------------------------------------------------------------------------- */

enum output_result output_write(struct output *output, const void *buffer, size_t size,
                                size_t *written, struct failure *failure)
{
    if (output->kind == OUTPUT_STREAM) {
        return output_stream_write(output, buffer, size, written, failure);
    }
    const char *next = buffer;
    while (size > 0) {
        ssize_t count = write(output->fd, next, size);
        if (count > 0) {
            next += count;
            size -= (size_t)count;
            *written += (size_t)count;
        } else if (count == 0 || errno != EINTR) {
            (void)output_failure(failure, "cannot write", count == 0 ? EIO : errno);
            return OUTPUT_ERROR;
        }
    }
    return OUTPUT_DONE;
}

int32_t output_write_at(const struct output *output, uint64_t offset, const void *buffer,
                        size_t size, struct failure *failure)
{
    const char *next = buffer;
    while (size > 0) {
        ssize_t count = pwrite(output->fd, next, size, (off_t)offset);
        if (count > 0) {
            next += count;
            size -= (size_t)count;
            offset += (uint64_t)count;
        } else if (count == 0 || errno != EINTR) {
            return output_failure(failure, "cannot write", count == 0 ? EIO : errno);
        }
    }
    return CINCH_OK;
}

int32_t output_set_size(const struct output *output, uint64_t size, struct failure *failure)
{
    int result;
    do {
        result = ftruncate(output->fd, (off_t)size);
    } while (result != 0 && errno == EINTR);
    return result == 0 ? CINCH_OK : output_failure(failure, "cannot write", errno);
}

/* --- Finishing -------------------------------------------------------------------------- */

/* Never tried again: after a failure the kernel may have dropped the pages, and would report
 * success the second time. */
static int32_t sync_file(int fd, struct failure *failure)
{
    return fsync(fd) == 0 ? CINCH_OK : output_failure(failure, "cannot sync", errno);
}

/* Closing is where a network file system tells that the server did not take what was written.
 * Closing a duplicate asks for it while the file is still ours. */
static int32_t flush_file(int fd, struct failure *failure)
{
    int duplicate = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (duplicate < 0 || (close(duplicate) != 0 && errno != EINTR)) {
        return output_failure(failure, "cannot write", errno);
    }
    return CINCH_OK;
}

int32_t output_seal(struct output *output, const struct output_finish *finish,
                    struct failure *failure)
{
    if (output->kind == OUTPUT_STREAM) {
        return CINCH_OK;
    }
    if (output->kind == OUTPUT_NEW_FILE) {
        int32_t code = finish->metadata != NULL
                           ? metadata_copy(output->fd, finish->metadata, failure)
                           : metadata_set_default(output->fd, failure);
        if (code == CINCH_OK) {
            code = flush_file(output->fd, failure);
        }
        if (code != CINCH_OK) {
            return code;
        }
    }
    return finish->durable ? sync_file(output->fd, failure) : CINCH_OK;
}

/* A file system that cannot sync folders (EINVAL) leaves nothing more to be done. */
static int32_t sync_folder(int folder, struct failure *failure)
{
    if (fsync(folder) != 0 && errno != EINVAL) {
        return output_failure(failure, "cannot sync the folder of", errno);
    }
    return CINCH_OK;
}

int32_t output_publish(struct output *output, const struct output_finish *finish,
                       struct failure *failure)
{
    if (output->kind != OUTPUT_NEW_FILE) {
        return CINCH_OK;
    }
    /* The descriptor that we hold of the folder cannot be synced. One that can is opened first,
     * so that a folder which may be written but not read is told before it is too late. */
    int folder = -1;
    if (finish->durable) {
        folder = descriptor_open(output->place.directory, ".", O_RDONLY | O_DIRECTORY, 0);
        if (folder < 0) {
            return output_failure(failure, "cannot open the folder of", errno);
        }
    }
    int32_t code =
        temporary_take_place(&output->temporary, &output->place, output->replace, failure);
    if (code == CINCH_OK && finish->durable) {
        code = sync_folder(folder, failure);
    }
    if (folder >= 0) {
        (void)close(folder);
    }
    return code;
}

void output_close(struct output *output)
{
    if (output->kind == OUTPUT_NEW_FILE) {
        temporary_discard(&output->temporary);
        place_release(&output->place);
    } else if (output->owned && output->fd >= 0) {
        (void)close(output->fd);
    }
    *output = output_closed;
}
