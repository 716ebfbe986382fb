/*
 * cinch_dart.h - the library for Dart: news of a job are posted to a port
 *
 * libcinch_dart is libcinch and these two functions. It exports all of cinch/cinch.h besides, so
 * that the Dart package needs this one file.
 *
 * Dart's own way to be called from other threads, `NativeCallable.listener`, is not used, because
 * the callback is code of the isolate that made it:
 *
 * - Calling it makes the thread enter the isolate's group, holding a lock of the VM. Until
 *   dart-lang/sdk#61272 was mended this deadlocked with an isolate of the group that ended
 *   meanwhile, or made or closed a callable, when a third thread wanted to collect garbage: the
 *   whole program hung. Dart 3.7.3 is such a VM.
 * - It may not be called once its isolate has ended, which the caller cannot know in time: since
 *   Dart 3.10 that aborts the process. A hot restart ends isolates.
 *
 * A message to a port enters nothing, waits for no garbage collector, and is dropped if the port or
 * its isolate is gone.
 */
#ifndef CINCH_DART_H
#define CINCH_DART_H

#include <stdint.h>

#include <cinch/cinch.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What Dart's `Dart_CObject` looks like for a 64-bit number. The VM's larger values fix the size
 * of its union; it never writes into what is posted. */
struct cinch_dart_value {
    int32_t type;
    union {
        int64_t number;
        void *others[5];
    } as;
};

/* Dart's `Dart_PostCObject`, which `NativeApi.postCObject` gives: posts a copy of a value to a
 * port; 0 if the port is gone. Any thread; takes no lock that is held for long. */
typedef int8_t (*cinch_dart_post_fn)(int64_t port, struct cinch_dart_value *value);

/* cinch_dart_start()'s `operation`. */
enum {
    CINCH_DART_COMPRESS = 0,
    CINCH_DART_DECOMPRESS = 1
};

/*
 * Submits a file to the default pool and has its news posted to a port.
 *
 * operation  CINCH_DART_*.
 * input, output, job
 *            As for cinch_compress().
 * options    As for cinch_compress(), not NULL; both callbacks and `user` are overwritten.
 * post       Must stay callable as long as the process lives.
 * port       Where numbers are posted to, each id * 2^32 + news. Progress is 0 to 99, whole percent
 *            of the input: 0 first, each further one larger, from the worker's thread; only 0
 *            where the input's length is unknown. Completion, once and last, is -1 - error code.
 * id         0 to 2^31 - 1.
 * progress   0: completion only.
 *
 * Opens no file and does not block. Returns what cinch_compress() returns; unless it is CINCH_OK
 * nothing is posted.
 */
CINCH_API int32_t cinch_dart_start(int32_t operation, const char *input, const char *output,
                                   cinch_options *options, cinch_dart_post_fn post, int64_t port,
                                   int32_t id, int32_t progress, cinch_job **job);

/*
 * Cancels a job and drops its handle: the finalizer of the Dart object that holds it. Never blocks,
 * never posts. What the job still posts goes to a port that is gone or does not know its id.
 */
CINCH_API void cinch_dart_drop(cinch_job *job);

#ifdef __cplusplus
}
#endif

#endif
