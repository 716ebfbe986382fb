#include "call.h"

#include <errno.h>
#include <stddef.h>

#include <cinch/cinch.h>

enum {
    REFUSALS_MOST = 10
};

#define AGAIN(error)                                                                               \
    {                                                                                              \
        (error), true, 0, 0, true                                                                  \
    }
#define FAILS(error)                                                                               \
    {                                                                                              \
        (error), false, 0, 0, false                                                                \
    }
#define MAY_PASS(error)                                                                            \
    {                                                                                              \
        (error), true, 0, 0, false                                                                 \
    }

static const struct {
    const char *name;
    bool can_be_short;
    struct refusal refusals[REFUSALS_MOST + 1];
} calls[CALL_COUNT] = {
    /* Some memory is for what can be done without, such as counting the processors. */
    [CALL_MALLOC] = {"malloc", false, {MAY_PASS(ENOMEM)}},
    [CALL_CALLOC] = {"calloc", false, {MAY_PASS(ENOMEM)}},
    [CALL_REALLOC] = {"realloc", false, {MAY_PASS(ENOMEM)}},
    [CALL_MEMALIGN] = {"posix_memalign", false, {MAY_PASS(ENOMEM)}},
    /* A job goes on with the workers there are. */
    [CALL_THREAD] = {"pthread_create", false, {{EAGAIN, true, CINCH_E_NO_THREAD, 0, false}}},
    [CALL_MUTEX] = {"pthread_mutex_init",
                    false,
                    {{ENOMEM, false, CINCH_E_NO_MEMORY, 0, false},
                     {EAGAIN, false, CINCH_E_NO_MEMORY, 0, false}}},
    /* A worker that gets no condition does not start. */
    [CALL_CONDITION] = {"pthread_cond_init",
                        false,
                        {{ENOMEM, true, CINCH_E_NO_MEMORY, CINCH_E_NO_THREAD, false},
                         {EAGAIN, true, CINCH_E_NO_MEMORY, CINCH_E_NO_THREAD, false}}},
    /* ENOENT is also the answer to "is there a link?". */
    [CALL_OPEN] = {"openat",
                   false,
                   {FAILS(EMFILE), FAILS(EACCES), FAILS(ENFILE), FAILS(ENOMEM), FAILS(EIO),
                    FAILS(ELOOP), FAILS(EPERM), MAY_PASS(ENOENT), AGAIN(EINTR)}},
    [CALL_OPEN_SYSTEM] = {"openat in /proc", false, {MAY_PASS(ENOENT), MAY_PASS(EMFILE)}},
    /* A file system without O_TMPFILE says so in several ways; a name that is taken is one of
     * those that are made up. */
    [CALL_CREATE] = {"openat with O_CREAT or O_TMPFILE",
                     false,
                     {FAILS(ENOSPC),
                      FAILS(EACCES),
                      FAILS(EROFS),
                      FAILS(EDQUOT),
                      FAILS(EMFILE),
                      FAILS(EIO),
                      MAY_PASS(EOPNOTSUPP),
                      MAY_PASS(EISDIR),
                      AGAIN(EINTR),
                      {EEXIST, true, 0, CINCH_E_IO, false}}},
    [CALL_READ] = {"read or pread", true, {FAILS(EIO), FAILS(ENOMEM), FAILS(ESTALE), AGAIN(EINTR)}},
    [CALL_READ_STREAM] = {"read from a stream",
                          true,
                          {FAILS(EIO), FAILS(ECONNRESET), AGAIN(EAGAIN), AGAIN(EINTR)}},
    [CALL_READ_SYSTEM] = {"read in /proc", false, {MAY_PASS(EIO), AGAIN(EINTR)}},
    [CALL_READ_WAKE] = {"read from an eventfd", false, {AGAIN(EAGAIN), AGAIN(EINTR)}},
    [CALL_WRITE] = {"write or pwrite",
                    true,
                    {FAILS(ENOSPC), FAILS(EIO), FAILS(EDQUOT), FAILS(EFBIG), FAILS(EPERM),
                     FAILS(ENOMEM), AGAIN(EINTR)}},
    [CALL_WRITE_STREAM] = {"write to a stream",
                           true,
                           {FAILS(EPIPE),
                            FAILS(EIO),
                            {ECONNRESET, false, CINCH_E_BROKEN_PIPE, 0, false},
                            AGAIN(EAGAIN),
                            AGAIN(EINTR)}},
    [CALL_WRITE_WAKE] = {"write to an eventfd", false, {AGAIN(EAGAIN), AGAIN(EINTR)}},
    /* Whether a new file needs its mode mended is asked without insisting on an answer. */
    [CALL_FSTAT] = {"fstat", false, {MAY_PASS(EIO), MAY_PASS(ENOMEM), MAY_PASS(EACCES)}},
    [CALL_STAT] = {"stat or fstatat", false, {MAY_PASS(EIO), MAY_PASS(EACCES), MAY_PASS(ENOMEM)}},
    [CALL_STATFS] = {"fstatfs", false, {MAY_PASS(EIO)}},
    [CALL_ACCESS] = {"faccessat", false, {MAY_PASS(ENOENT), MAY_PASS(EACCES)}},
    [CALL_READLINK] = {"readlinkat", false, {FAILS(EIO), FAILS(EACCES)}},
    [CALL_FCNTL] = {"fcntl",
                    false,
                    {{EMFILE, false, CINCH_E_IO, 0, false}, {EBADF, false, CINCH_E_IO, 0, false}}},
    /* Where the caller's descriptor of a file stands after the job is told to nobody. */
    [CALL_LSEEK] = {"lseek", false, {MAY_PASS(EINVAL), MAY_PASS(EIO)}},
    /* What may not be set is left out; what goes wrong is told. */
    [CALL_FCHMOD] = {"fchmod",
                     false,
                     {FAILS(EIO), FAILS(EROFS), FAILS(ENOSPC), MAY_PASS(EPERM),
                      MAY_PASS(EOPNOTSUPP)}},
    [CALL_FCHMOD_PRIVATE] = {"fchmod to 0600", false, {MAY_PASS(EIO), MAY_PASS(EPERM)}},
    [CALL_FCHOWN] = {"fchown",
                     false,
                     {MAY_PASS(EPERM), FAILS(EIO), FAILS(EROFS), FAILS(EDQUOT), MAY_PASS(EINVAL)}},
    [CALL_FUTIMENS] = {"futimens",
                       false,
                       {FAILS(EIO), FAILS(EROFS), FAILS(ENOSPC), MAY_PASS(EPERM),
                        MAY_PASS(EINVAL)}},
    /* Never tried again: the second time it would tell of success. */
    [CALL_FSYNC] = {"fsync",
                    false,
                    {FAILS(EIO), FAILS(ENOSPC), FAILS(EDQUOT), FAILS(EINTR), FAILS(EINVAL)}},
    [CALL_FSYNC_FOLDER] = {"fsync of a folder",
                           false,
                           {FAILS(EIO), FAILS(ENOSPC), FAILS(EINTR), MAY_PASS(EINVAL)}},
    [CALL_FTRUNCATE] = {"ftruncate",
                        false,
                        {FAILS(EIO), FAILS(ENOSPC), FAILS(EFBIG), FAILS(EPERM), AGAIN(EINTR)}},
    [CALL_CLOSE] = {"close", false, {MAY_PASS(EIO), MAY_PASS(EINTR), MAY_PASS(ENOSPC)}},
    [CALL_CLOSE_OUTPUT] = {"close of the output",
                           false,
                           {FAILS(EIO), FAILS(ENOSPC), FAILS(EDQUOT), AGAIN(EINTR)}},
    /* A name that was made up and is taken, again and again, is no news to the caller. */
    [CALL_LINK] = {"linkat",
                   false,
                   {FAILS(EIO),
                    FAILS(ENOSPC),
                    FAILS(EPERM),
                    FAILS(ENOENT),
                    FAILS(EMLINK),
                    FAILS(EROFS),
                    {EEXIST, true, 0, CINCH_E_IO, false},
                    AGAIN(EINTR)}},
    /* EINVAL is a file system that cannot rename without replacing. */
    [CALL_RENAME] = {"renameat",
                     false,
                     {FAILS(EIO), FAILS(ENOSPC), FAILS(EACCES), FAILS(EBUSY), FAILS(EISDIR),
                      FAILS(EXDEV), FAILS(EROFS), MAY_PASS(EINVAL)}},
    [CALL_UNLINK] = {"unlinkat", false, {MAY_PASS(EIO), MAY_PASS(EBUSY), MAY_PASS(EROFS)}},
    [CALL_EVENTFD] = {"eventfd",
                      false,
                      {{EMFILE, false, CINCH_E_IO, 0, false},
                       {ENFILE, false, CINCH_E_IO, 0, false},
                       FAILS(ENOMEM)}},
    [CALL_POLL] = {"poll", false, {MAY_PASS(ENOMEM), AGAIN(EINTR), MAY_PASS(EINVAL)}},
    [CALL_SOCKET] = {"socket", false, {FAILS(EMFILE), FAILS(EACCES), FAILS(ENOMEM), FAILS(ENFILE)}},
    [CALL_CONNECT] = {"connect",
                      false,
                      {{ECONNREFUSED, false, CINCH_E_BROKEN_PIPE, 0, false},
                       FAILS(EACCES),
                       FAILS(ENOENT),
                       AGAIN(EAGAIN),
                       {EPROTOTYPE, false, CINCH_E_FILE_TYPE, 0, false}}},
    [CALL_RANDOM] = {"getrandom", false, {AGAIN(EAGAIN), MAY_PASS(ENOSYS)}},
};

const char *call_name(enum call call)
{
    return calls[call].name;
}

const struct refusal *call_refusal(enum call call, uint32_t index)
{
    return &calls[call].refusals[index];
}

uint32_t call_refusals_count(enum call call)
{
    uint32_t count = 0;
    while (calls[call].refusals[count].error != 0)
        count++;
    return count;
}

uint32_t call_refusals_most(void)
{
    uint32_t most = 0;
    for (unsigned call = 0; call < CALL_COUNT; call++) {
        uint32_t count = call_refusals_count((enum call)call);
        if (count > most)
            most = count;
    }
    return most;
}

bool call_can_be_short(enum call call)
{
    return calls[call].can_be_short;
}

int32_t call_code(int error)
{
    static const struct {
        int error;
        int32_t code;
    } codes[] = {
        {ENOENT, CINCH_E_NOT_FOUND}, {ENOTDIR, CINCH_E_NOT_FOUND}, {EACCES, CINCH_E_PERMISSION},
        {EPERM, CINCH_E_PERMISSION}, {EROFS, CINCH_E_PERMISSION},  {EISDIR, CINCH_E_FILE_TYPE},
        {EEXIST, CINCH_E_EXISTS},    {ENOSPC, CINCH_E_NO_SPACE},   {EDQUOT, CINCH_E_NO_SPACE},
        {EFBIG, CINCH_E_NO_SPACE},   {EPIPE, CINCH_E_BROKEN_PIPE}, {ENOMEM, CINCH_E_NO_MEMORY},
    };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (codes[i].error == error)
            return codes[i].code;
    }
    return CINCH_E_IO;
}
