/*
 * cinch/compress_async.h - compress a file asynchronously: the four-argument form
 *
 * These four functions are all that a caller over a foreign function interface needs: paths
 * in, percent and one error code out, scalars only. Programs in C and C++ that want levels,
 * pools, cancel or descriptors include <cinch/cinch.h>, which includes this header.
 *
 * The functions may be called from any thread, from several threads at once, and from inside
 * callbacks, with one exception noted at compress_file().
 *
 * Error codes are the CINCH_* values that <cinch/cinch.h> lists; 0 is success.
 */
#ifndef CINCH_COMPRESS_ASYNC_H
#define CINCH_COMPRESS_ASYNC_H

#include <stdint.h>

#ifndef CINCH_API
#if defined(__GNUC__)
#define CINCH_API __attribute__((visibility("default")))
#else
#define CINCH_API
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Hears how far a file has come.
 *
 * percent   Whole percent of the input's bytes, 0 to 100. The first call has 0; every further
 *           one has a larger value, so there are at most 101. 100 comes exactly once, only on
 *           success, and only when the output is complete and in its place. Where the input's
 *           length is unknown (a pipe) only 0 and 100 come. A file that fails before it was
 *           opened reports nothing.
 *
 * Runs on a worker thread of the library, with no library lock held; the calls for one file
 * never overlap, but those for different files may. While it runs one worker waits for it, so
 * it should be short.
 */
typedef void (*ProgressFn)(int32_t percent);

/*
 * Hears how a file ended: exactly once per call, after the last ProgressFn call has returned.
 *
 * error_code  CINCH_OK (0) or one CINCH_E_* code.
 *
 * Runs on a worker thread. Only where no worker thread and no memory can be had at all does it
 * run on the calling thread, before compress_async() returns.
 */
typedef void (*CompletionFn)(int32_t error_code);

/*
 * Compresses the file `input` to the file `output` on the library's default pool.
 *
 * Returns at once: it opens no file and waits for nothing. Both paths are copied, so the
 * caller may free or change them as soon as it has returned. They are bytes, UTF-8 by
 * convention; a relative path is resolved when a worker opens it.
 *
 * The format follows the output's name: ".gz" gzip, ".zz" or ".zlib" zlib, anything else zstd,
 * each at its default level. The output appears under its name only when it is complete, and
 * replaces a file that was there before; on any error that file is untouched.
 *
 * Either callback may be NULL. Every failure, a NULL path among them, arrives through
 * `on_complete`: CINCH_E_INVALID for a NULL or empty path, and for the rest see the table in
 * <cinch/cinch.h>. The function pointers must stay callable until `on_complete` has begun.
 */
CINCH_API void compress_async(const char *input, const char *output, ProgressFn on_progress,
                              CompletionFn on_complete);

/*
 * Decompresses the file `input` to the file `output`; otherwise as compress_async(). The
 * format is recognised by the input's first bytes, not by its name.
 */
CINCH_API void decompress_async(const char *input, const char *output, ProgressFn on_progress,
                                CompletionFn on_complete);

/*
 * As compress_async(), but waits for the end and returns its error code.
 *
 * The work is done on the pool; `on_progress` runs on the calling thread only, and never after
 * the function has returned. Percent follows the same rules as above, but values that pass
 * while the callback runs are skipped. Inside a callback of this library it would wait for the
 * worker it stands on, and returns CINCH_E_DEADLOCK at once instead.
 */
CINCH_API int32_t compress_file(const char *input, const char *output, ProgressFn on_progress);

/* As compress_file(), decompressing; see decompress_async(). */
CINCH_API int32_t decompress_file(const char *input, const char *output, ProgressFn on_progress);

#ifdef __cplusplus
}
#endif

#endif
