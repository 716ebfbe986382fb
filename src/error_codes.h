/*
 * The table of error codes: number, name, message. Everything that needs the whole list expands
 * this one. Numbers are fixed for good and leave gaps: arguments and threads below 10, files
 * from 10, data from 20, the library itself from 30.
 */
#ifndef CINCH_SRC_ERROR_CODES_H
#define CINCH_SRC_ERROR_CODES_H

/* clang-format off */
#define ERROR_CODES(X)                                                                             \
    X( 0, CINCH_OK,              "done")                                                           \
    X( 1, CINCH_E_CANCELLED,     "cancelled")                                                      \
    X( 2, CINCH_E_INVALID,       "invalid argument")                                               \
    X( 3, CINCH_E_NO_MEMORY,     "out of memory")                                                  \
    X( 4, CINCH_E_NO_THREAD,     "no worker thread could be started")                              \
    X( 5, CINCH_E_SHUTDOWN,      "the pool is closing, or belongs to the parent process")          \
    X( 6, CINCH_E_TOO_LATE,      "too late to cancel: publishing has begun")                       \
    X( 7, CINCH_E_DEADLOCK,      "a call that waits was made inside a callback")                   \
    X(10, CINCH_E_NOT_FOUND,     "the input, or the output's directory, does not exist")           \
    X(11, CINCH_E_PERMISSION,    "permission denied, or the file system is read-only")             \
    X(12, CINCH_E_FILE_TYPE,     "a directory, or a kind of file that cannot be used")             \
    X(13, CINCH_E_EXISTS,        "the output exists already")                                      \
    X(14, CINCH_E_SAME_FILE,     "input and output are the same file")                             \
    X(15, CINCH_E_NO_SPACE,      "no space left: disk, quota or file-size limit reached")          \
    X(16, CINCH_E_IO,            "read or write error")                                            \
    X(17, CINCH_E_INPUT_CHANGED, "the input shrank while it was being read")                       \
    X(18, CINCH_E_BROKEN_PIPE,   "the reader of the output went away")                             \
    X(20, CINCH_E_FORMAT,        "not in a format that can be read")                               \
    X(21, CINCH_E_CORRUPT,       "the data is corrupt")                                            \
    X(22, CINCH_E_TRUNCATED,     "the data ends too early")                                        \
    X(23, CINCH_E_CHECKSUM,      "the data does not match its checksum or length")                 \
    X(24, CINCH_E_MEMORY_LIMIT,  "more memory is needed than the limit allows")                    \
    X(25, CINCH_E_OUTPUT_LIMIT,  "the output would be larger than the limit allows")               \
    X(26, CINCH_E_TRAILING,      "valid data is followed by bytes that do not belong to it")       \
    X(27, CINCH_E_UNSUPPORTED,   "the data uses a feature that this build cannot decode")          \
    X(30, CINCH_E_INTERNAL,      "internal error: a bug in the library")
/* clang-format on */

#endif
