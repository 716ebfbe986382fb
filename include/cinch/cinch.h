/*
 * cinch/cinch.h - compress and decompress files asynchronously, on every core
 *
 * A *pool* owns worker threads. A *job* is one file, or one pair of descriptors, on its way
 * through a pool. A job's *callbacks* run on the pool's workers: progress any number of times,
 * then completion once.
 *
 * Threads. Every function may be called from any thread, and several at once on one handle,
 * unless its own comment says otherwise. A handle must not be used after the call that drops
 * it (cinch_job_release, _detach, _close, cinch_pool_destroy, cinch_reader_close) was made.
 *
 * Callbacks. Each is entered with no lock of the library held, and a job's callbacks never
 * overlap. Inside one, these are allowed: submit, cancel, stats, message, release, detach.
 * Waiting is not: there cinch_job_wait(), compress_file() and decompress_file() return
 * CINCH_E_DEADLOCK, and cinch_job_close() and cinch_pool_destroy(), which return nothing, do
 * nothing but record CINCH_E_DEADLOCK as the error of the job whose callback made the call.
 *
 * Memory. Everything that the caller wrote before a submit is visible to the callbacks;
 * everything that they wrote is visible after cinch_job_wait() or cinch_job_close().
 *
 * The process. The library changes nothing that the process owns: no umask, signal
 * disposition, working directory, locale; it never prints, exits or aborts. Its threads block
 * all signals and are named "cinch". Its descriptors are close-on-exec. After fork() the child
 * has no pool threads: the default pool starts anew there, calls on handles of the parent
 * return CINCH_E_SHUTDOWN, and dropping one does nothing.
 *
 * Structures begin with `struct_size`, which the caller sets to the structure's size in the
 * header it was compiled with: a library that is newer or older than the header then reads and
 * writes what both know. Use the CINCH_*_INIT macros.
 *
 * Not promised: the output's bytes depend on the input, its length, the options and the
 * engines of the build, never on the number of threads or on timing; but another version of
 * this library, of libzstd or of zlib may write other bytes of the same meaning.
 */
#ifndef CINCH_CINCH_H
#define CINCH_CINCH_H

#include <stddef.h>
#include <stdint.h>

#include <cinch/compress_async.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- Error codes ------------------------------------------------------------------------ */

/* The numbers are fixed for good. cinch_strerror() gives each a sentence. */
enum {
    CINCH_OK = 0,               /* done */
    CINCH_E_CANCELLED = 1,      /* cancelled before publishing */
    CINCH_E_INVALID = 2,        /* a bad argument: NULL or empty path, level or flag out of range */
    CINCH_E_NO_MEMORY = 3,      /* an allocation failed */
    CINCH_E_NO_THREAD = 4,      /* no worker thread could be started */
    CINCH_E_SHUTDOWN = 5,       /* the pool is closing, or belongs to the parent process */
    CINCH_E_TOO_LATE = 6,       /* cancel came after publishing began */
    CINCH_E_DEADLOCK = 7,       /* a blocking call was made inside a callback */
    CINCH_E_NOT_FOUND = 10,     /* input, or the output's directory, does not exist */
    CINCH_E_PERMISSION = 11,    /* permission denied, or a read-only file system */
    CINCH_E_FILE_TYPE = 12,     /* a directory, or a kind of file that cannot be used */
    CINCH_E_EXISTS = 13,        /* the output exists and CINCH_FLAG_NO_REPLACE was set */
    CINCH_E_SAME_FILE = 14,     /* input and output are one file, by any path or link */
    CINCH_E_NO_SPACE = 15,      /* disk, quota or file-size limit reached */
    CINCH_E_IO = 16,            /* any other read or write error; see cinch_job_message() */
    CINCH_E_INPUT_CHANGED = 17, /* the input shrank or was truncated while being read */
    CINCH_E_BROKEN_PIPE = 18,   /* the reader of the output went away */
    CINCH_E_FORMAT = 20,        /* the input is in no format that the library reads */
    CINCH_E_CORRUPT = 21,       /* the data contradicts its format */
    CINCH_E_TRUNCATED = 22,     /* the input ends too early */
    CINCH_E_CHECKSUM = 23,      /* decoded data does not match its checksum or length */
    CINCH_E_MEMORY_LIMIT = 24,  /* more memory is needed than `memory_limit` allows */
    CINCH_E_OUTPUT_LIMIT = 25,  /* decoding would pass `output_limit` */
    CINCH_E_TRAILING = 26,      /* valid data is followed by bytes that are not padding */
    CINCH_E_UNSUPPORTED = 27,   /* a valid feature that this build cannot decode */
    CINCH_E_INTERNAL = 30       /* a bug in the library */
};

/*
 * A sentence in English for an error code, without a full stop: "no space left on the device".
 * Static storage, never NULL; for a number that is no code, a sentence that says so. Never
 * fails, never blocks.
 */
CINCH_API const char *cinch_strerror(int32_t error_code);

/* --- Options ---------------------------------------------------------------------------- */

/* `cinch_options.format`: what compression writes. Decompression looks at the data instead. */
enum {
    CINCH_FORMAT_AUTO = 0, /* by the output path's suffix: .gz, .zz, .zlib; else zstd */
    CINCH_FORMAT_ZSTD = 1, /* RFC 8878 frames */
    CINCH_FORMAT_GZIP = 2, /* one RFC 1952 member */
    CINCH_FORMAT_ZLIB = 3  /* one RFC 1950 stream */
};

/* `cinch_options.level`, beside the numbers that each format has. */
enum {
    CINCH_LEVEL_DEFAULT = 0,   /* the format's own: 3 for zstd, 6 for gzip and zlib */
    CINCH_LEVEL_STORED = -1000 /* gzip and zlib: wrapped, but not compressed */
};

/* `cinch_options.flags`, any of them or-ed together. Bits 7 to 9 and from 16 on are kept free. */
enum {
    /* An existing output is CINCH_E_EXISTS, decided again at the instant of publishing. */
    CINCH_FLAG_NO_REPLACE = 1 << 0,
    /* fsync the file, and after publishing its directory, before success is reported. */
    CINCH_FLAG_DURABLE = 1 << 1,
    /* Decode what was encoded and compare it with what was read before publishing. */
    CINCH_FLAG_VERIFY = 1 << 2,
    /* zstd: one frame, written by libzstd's own threads. The best ratio for readers that need
     * one frame; such a file cannot be decompressed in parallel. Other formats always write
     * one member or stream, and ignore it. */
    CINCH_FLAG_SINGLE_STREAM = 1 << 3,
    /* Do not copy mode, times and owner; the output's mode is then 0666 less the umask. */
    CINCH_FLAG_NO_METADATA = 1 << 4,
    /* zstd: write no content checksum (4 bytes a frame). Other formats always have theirs. */
    CINCH_FLAG_NO_CHECKSUM = 1 << 5,
    /* Decompression to a regular file: blocks of zeros become holes. */
    CINCH_FLAG_SPARSE = 1 << 6,
    /* Only `input_length` bytes from `input_offset` on are the input, which must be a regular
     * file (else CINCH_E_FILE_TYPE) and have them (else CINCH_E_INPUT_CHANGED). Ranges of one
     * file that are compressed apart, each with CINCH_FLAG_NO_INDEX, and put together in order
     * are one valid file. */
    CINCH_FLAG_RANGE = 1 << 10,
    /* Compression: no seek table (zstd), no index (gzip). A zstd file is decompressed in parallel
     * all the same; a gzip file is not, and cinch_reader_open() refuses it. */
    CINCH_FLAG_NO_INDEX = 1 << 11,
    /* `input_fd` is read, as by cinch_compress_fd(); the path `input` is but its name in
     * messages. No metadata is copied. */
    CINCH_FLAG_INPUT_FD = 1 << 12,
    /* Compression to gzip by path: the last part of `input` and its modification time go into
     * the header. Decompression of gzip: the output gets the header's modification time, if it
     * tells one. (A name in a header is never used by the library.) */
    CINCH_FLAG_NAME = 1 << 13,
    /* Decompression: nothing is written, `output` is not looked at, and only what tells no size is
     * decoded; cinch_job_stats() then says what the file is and how much is in it. What is not
     * decoded is not checked either. */
    CINCH_FLAG_INSPECT = 1 << 14,
    /* Decompression: bytes behind the last frame or member that are no padding are passed over
     * instead of being CINCH_E_TRAILING; cinch_stats.trailing tells. */
    CINCH_FLAG_IGNORE_TRAILING = 1 << 15
};

/*
 * Hears how far a job has come.
 *
 * user         `cinch_options.user`.
 * bytes_done   Bytes of input dealt with so far. Never decreases. 0 in the first call.
 * bytes_total  Bytes of input in all, as found when the input was opened; 0 while unknown (a
 *              pipe). In the last call of a job that succeeds it equals `bytes_done`.
 *
 * Called when the input was opened, then at most every 50 milliseconds, and, on success, a
 * last time when the output is published. A job that fails before its input was opened makes
 * no call. Runs on a worker thread; while it runs one worker waits for it.
 */
typedef void (*cinch_progress_fn)(void *user, uint64_t bytes_done, uint64_t bytes_total);

/*
 * Hears how a job ended: exactly once for every submit that returned CINCH_OK, unless
 * cinch_job_detach() silenced the job; after the last progress call has returned.
 *
 * user         `cinch_options.user`. The library does not touch it again.
 * error_code   CINCH_OK, or the job's first error in the order of the input.
 *
 * Runs on a worker thread. It may run before the submit has returned.
 */
typedef void (*cinch_completion_fn)(void *user, int32_t error_code);

/*
 * What a job does and how. Read during the submit only; 0 in every field but the first means
 * the defaults.
 *
 * struct_size   sizeof(cinch_options) in the caller's header. Required.
 * format        CINCH_FORMAT_*. 0 = AUTO. Ignored when decompressing.
 * level         CINCH_LEVEL_DEFAULT; zstd -131072 to 22; gzip and zlib CINCH_LEVEL_STORED, 1 to 9,
 *               and 10 to 12 where cinch_engines() names libdeflate. Outside: CINCH_E_INVALID.
 *               Ignored when decompressing.
 * flags         CINCH_FLAG_*. An unknown bit is CINCH_E_INVALID.
 * chunk_size    Bytes of input that are compressed independently of the rest, 4 KiB to
 *               1 GiB; outside: CINCH_E_INVALID. 0 = chosen from the input's length and the
 *               level. gzip raises it where its index would not fit. Ignored when
 *               decompressing.
 * memory_limit  Bytes a job may hold, decoder windows included. 0 = no limit when compressing,
 *               windows of at most 128 MiB when decompressing. A smaller limit gives the job
 *               fewer workers; where not even one fits: CINCH_E_MEMORY_LIMIT. Not counted are
 *               the workers' stacks, and what they keep from one job for the next.
 * output_limit  Bytes of output allowed when decompressing; one more is
 *               CINCH_E_OUTPUT_LIMIT. 0 = no limit. Ignored when compressing.
 * on_progress, on_complete  See their types. NULL allowed.
 * user          Handed to both callbacks; the library never follows it.
 * input_offset, input_length  With CINCH_FLAG_RANGE, else ignored: the input's bytes, counted from
 *               its beginning, or of a descriptor from its current offset. A length of 0 is an
 *               empty input.
 * input_fd      With CINCH_FLAG_INPUT_FD, else ignored.
 * window_log    zstd: 0 = the level's own window; 10 to 31 (30 on 32-bit systems): one frame with
 *               a window of 2^window_log bytes and long-distance matching, otherwise as
 *               CINCH_FLAG_SINGLE_STREAM. Decompressing such a file takes as much memory: beyond
 *               27 its reader must raise a limit. Other formats: CINCH_E_INVALID unless 0.
 */
typedef struct cinch_options {
    size_t struct_size;
    int32_t format;
    int32_t level;
    uint32_t flags;
    uint32_t chunk_size;
    uint64_t memory_limit;
    uint64_t output_limit;
    cinch_progress_fn on_progress;
    cinch_completion_fn on_complete;
    void *user;
    uint64_t input_offset;
    uint64_t input_length;
    int32_t input_fd;
    uint32_t window_log;
} cinch_options;

/* Options with struct_size filled in and everything else the default. */
#define CINCH_OPTIONS_INIT                                                                         \
    {                                                                                              \
        sizeof(cinch_options), 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, 0, 0, 0, 0                      \
    }

/* --- Pools ------------------------------------------------------------------------------ */

typedef struct cinch_pool cinch_pool; /* worker threads shared by jobs */
typedef struct cinch_job cinch_job;   /* one file on its way */

typedef struct cinch_pool_options {
    size_t struct_size; /* sizeof(cinch_pool_options) in the caller's header; required */
    uint32_t threads;   /* worker threads at most, 1 to 1024; 0 = one per processor that this
                         * process may run on, counting affinity and cgroup quota */
} cinch_pool_options;

#define CINCH_POOL_OPTIONS_INIT                                                                    \
    {                                                                                              \
        sizeof(cinch_pool_options), 0                                                              \
    }

/* cinch_pool_destroy()'s `mode`. */
enum {
    CINCH_DRAIN = 0, /* jobs already submitted run to their ends */
    CINCH_CANCEL = 1 /* they are cancelled first */
};

/*
 * Makes a pool and starts its first worker; further ones start when there is work for them.
 *
 * options  NULL = all defaults.
 * pool     Receives the pool, which the caller owns and gives back with cinch_pool_destroy();
 *          on failure it receives NULL. Must not be NULL.
 *
 * Returns CINCH_OK; CINCH_E_INVALID (`pool` NULL, threads out of range, struct_size too
 * small), CINCH_E_NO_MEMORY, CINCH_E_NO_THREAD.
 */
CINCH_API int32_t cinch_pool_create(const cinch_pool_options *options, cinch_pool **pool);

/*
 * Ends a pool: refuses new jobs with CINCH_E_SHUTDOWN, waits until every job's completion
 * callback has returned, joins the threads, frees the pool.
 *
 * mode  CINCH_DRAIN or CINCH_CANCEL; any other value is taken as CINCH_CANCEL.
 *
 * After it has returned no callback of the pool runs. Job handles stay valid and are dropped
 * as usual. NULL is allowed and does nothing: the default pool lives as long as the process.
 * Blocks; inside a callback see "Callbacks" above. In a forked child it does nothing.
 */
CINCH_API void cinch_pool_destroy(cinch_pool *pool, int32_t mode);

/* --- Jobs ------------------------------------------------------------------------------- */

/*
 * Submits a file to be compressed.
 *
 * pool     NULL = the default pool, made on first use with one thread per processor that this
 *          process may run on. A pool must outlive its submits' calls, not its jobs' handles.
 * input    Path of what is read: a regular file, or a FIFO or character device, which is read
 *          to its end. Copied.
 * output   Path of what is written. Copied. A regular file is written as a temporary without
 *          a name (or hidden beside it, mode 0600) and takes its name, in the place of an
 *          existing file, only when complete; a symbolic link is followed to the place of its
 *          target; a FIFO, socket or character device is written in place.
 * options  NULL = all defaults. Copied.
 * job      Receives a handle that the caller drops with cinch_job_release(), _detach() or
 *          _close(); written before any callback can run, and set to NULL on failure. NULL =
 *          no handle is wanted.
 *
 * Opens no file and does not block. Returns CINCH_OK, and the job completes exactly once; or
 * CINCH_E_INVALID (a NULL or empty path, an option out of range), CINCH_E_NO_MEMORY,
 * CINCH_E_NO_THREAD, CINCH_E_SHUTDOWN, and no callback ever runs for it.
 *
 * The job ends with one of: CINCH_OK, CINCH_E_CANCELLED, _NO_MEMORY, _DEADLOCK, _NOT_FOUND,
 * _PERMISSION, _FILE_TYPE, _EXISTS, _SAME_FILE, _NO_SPACE, _IO, _INPUT_CHANGED, _BROKEN_PIPE,
 * _MEMORY_LIMIT, _CHECKSUM (CINCH_FLAG_VERIFY found a difference), _INTERNAL.
 */
CINCH_API int32_t cinch_compress(cinch_pool *pool, const char *input, const char *output,
                                 const cinch_options *options, cinch_job **job);

/*
 * Submits a file to be decompressed; otherwise as cinch_compress(). Jobs may end also with
 * CINCH_E_FORMAT, _CORRUPT, _TRUNCATED, _CHECKSUM, _OUTPUT_LIMIT, _TRAILING, _UNSUPPORTED.
 */
CINCH_API int32_t cinch_decompress(cinch_pool *pool, const char *input, const char *output,
                                   const cinch_options *options, cinch_job **job);

/*
 * Submits a pair of descriptors; otherwise as cinch_compress(), with CINCH_FORMAT_AUTO being
 * zstd. -1 or a descriptor that is not open for the purpose ends the job with CINCH_E_IO.
 *
 * Both stay the caller's, must stay open until completion, and may be blocking or not. A
 * regular input is read from its current offset and left at its end; a regular output is
 * appended to at its current offset, or at its end in append mode. What was written before
 * an error stays written. Nothing is renamed and no metadata is copied. "Published" means
 * here that the last byte was written.
 */
CINCH_API int32_t cinch_compress_fd(cinch_pool *pool, int input_fd, int output_fd,
                                    const cinch_options *options, cinch_job **job);

/* Submits a pair of descriptors to be decompressed: see the two functions above. */
CINCH_API int32_t cinch_decompress_fd(cinch_pool *pool, int input_fd, int output_fd,
                                      const cinch_options *options, cinch_job **job);

/*
 * Asks a job to end early. Never blocks; allowed in any callback; harmless when repeated.
 *
 * Returns CINCH_OK: the output is never published, and the job ends, or has ended, with
 * CINCH_E_CANCELLED or an error that came first. CINCH_E_TOO_LATE: the output is being or was
 * published, and the result stands. CINCH_E_INVALID: `job` is NULL. CINCH_E_SHUTDOWN: the job
 * is the parent process's.
 */
CINCH_API int32_t cinch_job_cancel(cinch_job *job);

/*
 * Waits until the job's completion callback has returned (or would have) and returns the
 * job's result. May be called any number of times. CINCH_E_DEADLOCK inside a callback,
 * CINCH_E_INVALID for NULL, CINCH_E_SHUTDOWN for a job of the parent process.
 */
CINCH_API int32_t cinch_job_wait(cinch_job *job);

/* `cinch_stats.check`: how the content is protected. */
enum {
    CINCH_CHECK_CRC32 = 1,   /* gzip */
    CINCH_CHECK_ADLER32 = 2, /* zlib */
    CINCH_CHECK_XXH64 = 4,   /* zstd */
    CINCH_CHECK_NONE = 8     /* a zstd frame without one */
};

typedef struct cinch_stats {
    size_t struct_size;   /* sizeof(cinch_stats) in the caller's header; set by the caller */
    uint64_t bytes_in;    /* bytes of input dealt with */
    uint64_t bytes_out;   /* bytes of output written */
    uint64_t bytes_total; /* bytes of input in all; 0 while unknown */
    uint64_t elapsed_ns;  /* nanoseconds from submit until now, or until the job's end */
    int32_t format;       /* CINCH_FORMAT_*; decompression: 0 until it is recognised */
    uint32_t check;       /* decompression: CINCH_CHECK_*, or-ed together for all found so far */
    uint64_t frames;      /* decompression: frames with content, members or streams so far */
    uint64_t chunks;      /* decompression: parts decoded independently of each other so far */
    uint64_t trailing;    /* bytes passed over under CINCH_FLAG_IGNORE_TRAILING; of a pipe, those
                           * that were read */
} cinch_stats;

#define CINCH_STATS_INIT                                                                           \
    {                                                                                              \
        sizeof(cinch_stats), 0, 0, 0, 0, 0, 0, 0, 0, 0                                             \
    }

/*
 * Reads how far a job has come, without a lock; at any time in a job's life. The figures are
 * each exact but not one snapshot. Returns CINCH_OK; CINCH_E_INVALID (NULL, or struct_size
 * smaller than itself); CINCH_E_SHUTDOWN for a job of the parent process.
 */
CINCH_API int32_t cinch_job_stats(const cinch_job *job, cinch_stats *stats);

/*
 * Writes what went wrong into `buffer`: the action, the path, the system's reason, as in
 * "cannot open input '/a/b': No such file or directory". The empty text while the job has no
 * error. At most `size` bytes, NUL included; a longer text is cut off. Paths appear byte for
 * byte as they were given.
 *
 * Returns CINCH_OK; CINCH_E_INVALID (NULL, or a size of 0); CINCH_E_SHUTDOWN for a job of the
 * parent process.
 */
CINCH_API int32_t cinch_job_message(const cinch_job *job, char *buffer, size_t size);

/*
 * Drops the handle; the job and its callbacks go on. Never blocks. NULL does nothing.
 */
CINCH_API void cinch_job_release(cinch_job *job);

/*
 * Cancels the job, silences it, drops the handle: no callback that has not begun by now will
 * begin, not even completion. Never blocks, so it suits finalizers; a callback that is running
 * on another thread runs to its end. An output that is being published is published. NULL
 * does nothing.
 */
CINCH_API void cinch_job_detach(cinch_job *job);

/*
 * Cancels the job, waits for its completion callback to return, drops the handle: when it has
 * returned, no callback of the job runs or will run. NULL does nothing. Inside a callback it
 * keeps the handle valid and only records CINCH_E_DEADLOCK: see "Callbacks" above.
 */
CINCH_API void cinch_job_close(cinch_job *job);

/* --- Random access ---------------------------------------------------------------------- */

/*
 * A reader gives any part of a compressed file's content without decoding what lies before it.
 * The content is decoded in *chunks*, each as a whole: the pieces into which the file was cut
 * when it was compressed. Small chunks make short reads fast, large ones the file small.
 *
 * These files can be read so:
 *
 *   zstd   Frames that tell the size of their content, and the seekable format. All .zst files
 *          that this library writes are such, but for CINCH_FLAG_SINGLE_STREAM from a pipe; those
 *          that zstd writes from a file are, as one chunk.
 *   gzip   Members with this library's index, which has every .gz that cinch_compress() makes a
 *          regular file of, from a regular file, in two chunks or more; BGZF, Mgzip, MiGz. Other
 *          members up to some megabytes, which are decoded once while the file is opened.
 *
 * Several such files one after the other are one such file. Chunks have at most 128 MiB.
 *
 * What is checked. A chunk's length, and the checksum of a frame or member, every time that it
 * is decoded. The gzip index has no checksums: the CRC-32 of a member that is read by it is not
 * checked, and damage inside a chunk may go unseen; cinch_decompress() sees it. Where a chunk's
 * content begins is the sum of the sizes that the file tells of the chunks before it: one that is
 * wrong is an error when its own chunk is read.
 *
 * Memory: 24 bytes a chunk; decoded chunks that are kept for further reads, twice the largest or
 * 16 MiB if that is more; and while a call decodes, that chunk with its compressed bytes.
 */
typedef struct cinch_reader cinch_reader; /* random access to a compressed file */

/*
 * Opens a compressed file for reading at any place of its content.
 *
 * path    A regular file. It should not change while it is open: see cinch_reader_pread().
 * reader  Receives the reader, which the caller owns and gives back with cinch_reader_close();
 *         NULL on failure. Must not be NULL.
 *
 * Blocks while it finds the chunks: it reads the file's index or, where there is none, looks at
 * each chunk's header. Uses no pool, and starts no thread.
 *
 * Returns CINCH_OK; CINCH_E_UNSUPPORTED for a compressed file that cannot be read so (zlib; a
 * plain gzip file that is not small; a zstd frame that does not tell its size or needs a
 * dictionary; a larger chunk than 128 MiB); CINCH_E_INVALID (`reader` NULL, `path` NULL or empty),
 * _NO_MEMORY, _NOT_FOUND, _PERMISSION, _FILE_TYPE, _IO, _INPUT_CHANGED, _FORMAT, _CORRUPT,
 * _TRUNCATED (an empty file, too), _CHECKSUM, _TRAILING.
 */
CINCH_API int32_t cinch_reader_open(const char *path, cinch_reader **reader);

/* The content's length in bytes. Never blocks. -CINCH_E_INVALID for NULL, -CINCH_E_SHUTDOWN for a
 * reader of the parent process. */
CINCH_API int64_t cinch_reader_size(const cinch_reader *reader);

/*
 * Reads bytes `offset` to `offset + size` of the content, decoding only the chunks they lie in.
 * Thread-safe: calls on one reader from several threads run at the same time. A chunk of which
 * several of them want a part is decoded once; the others wait for that.
 *
 * buffer  Room for `size` bytes; NULL allowed if `size` is 0. A chunk that is wanted from its
 *         first byte to its last is decoded straight into it, so long reads cost no copy.
 *
 * Returns the number of bytes written to `buffer`: `size`, or fewer where the content ends, 0
 * at and past its end; or the negative of an error code, when the buffer's content is undefined:
 * CINCH_E_INVALID (NULL), _CORRUPT, _CHECKSUM, _UNSUPPORTED, _NO_MEMORY, _IO, _INPUT_CHANGED (the
 * file has become shorter), _SHUTDOWN (the reader is the parent process's). The reader stays
 * usable after an error. Blocks on the file, and on other calls that decode the same chunk.
 */
CINCH_API int64_t cinch_reader_pread(cinch_reader *reader, void *buffer, size_t size,
                                     uint64_t offset);

/*
 * Closes the file and frees the reader. No other call on it may be under way. NULL does
 * nothing, nor does a reader of the parent process.
 */
CINCH_API void cinch_reader_close(cinch_reader *reader);

/* --- The library ------------------------------------------------------------------------ */

/* The library's own version, "1.2.3". Static storage. */
CINCH_API const char *cinch_version(void);

/*
 * The engines of this build, separated by ", ": "libzstd 1.5.4, zlib 1.2.13, ISA-L 2.30.0,
 * libdeflate 1.14". libzstd and zlib are always there, and their versions are those found at run
 * time; the others' are those of their headers. Static storage; the same pointer at every call.
 */
CINCH_API const char *cinch_engines(void);

#ifdef __cplusplus
}
#endif

#endif
