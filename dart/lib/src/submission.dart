/// Handing a file to the library.
library;

import 'dart:ffi';

import 'bindings.dart';
import 'errors.dart';
import 'library.dart';
import 'memory.dart';
import 'options.dart';
import 'stats.dart';

/// What is done to a file.
enum Operation {
  /// `cinch_compress`.
  compress(cinchCompress),

  /// `cinch_decompress`.
  decompress(cinchDecompress);

  const Operation(this.submit);

  /// The C function that begins it.
  final SubmitFunction submit;
}

/// The C functions that hear of a job.
typedef NativeCallbacks =
    ({
      Pointer<NativeFunction<NativeProgressFunction>> onProgress,
      Pointer<NativeFunction<NativeCompletionFunction>> onComplete,
      Pointer<Void> user,
    });

/// A job that nobody hears of.
final NativeCallbacks noCallbacks = (
  onProgress: nullptr,
  onComplete: nullptr,
  user: nullptr,
);

/// Submits a file to the default pool and returns the job's handle, which the caller must drop.
/// Opens no file and does not block.
///
/// Throws a [CompressException] if the job is refused; then none of [callbacks] is ever called.
Pointer<NativeJob> submit(
  Operation operation,
  String input,
  String output,
  CompressOptions options,
  NativeCallbacks callbacks,
) {
  ensureLibraryIsLoaded();
  _checkPath(input);
  _checkPath(output);
  return withArena((arena) {
    final structSize = sizeOf<NativeOptions>();
    final nativeOptions = arena<NativeOptions>();
    fillOptions(nativeOptions.ref, structSize, options);
    nativeOptions.ref
      ..onProgress = callbacks.onProgress
      ..onComplete = callbacks.onComplete
      ..user = callbacks.user;
    final job = arena<Pointer<NativeJob>>();
    final code = operation.submit(
      nullptr,
      arena.utf8(input),
      arena.utf8(output),
      nativeOptions,
      job,
    );
    if (code != 0) throw exceptionFor(code, '', input, output);
    return job.value;
  });
}

/// C's strings end at the first NUL: such a path would name another file.
void _checkPath(String path) {
  if (path.contains('\x00')) {
    throw CompressException(CompressErrorCode.invalid, 'a path with a NUL in it', path);
  }
}

/// The job's text for what went wrong; empty if nothing did.
String messageOf(Pointer<NativeJob> job) => withArena((arena) {
  // Two paths of PATH_MAX bytes and the words around them.
  const size = 2 * 4096 + 512;
  final buffer = arena<Char>(size);
  return cinchJobMessage(job, buffer, size) == 0 ? textAt(buffer) : '';
});

/// The job's figures at this moment. Never blocks.
CompressStats statsOf(Pointer<NativeJob> job) => withArena((arena) {
  final stats = arena<NativeStats>();
  stats.ref.structSize = sizeOf<NativeStats>();
  cinchJobStats(job, stats);
  return CompressStats(
    bytesIn: stats.ref.bytesIn,
    bytesOut: stats.ref.bytesOut,
    bytesTotal: stats.ref.bytesTotal,
    elapsed: Duration(microseconds: stats.ref.elapsedNanoseconds ~/ 1000),
  );
});
