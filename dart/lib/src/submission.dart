/// Handing a file to the library.
library;

import 'dart:ffi';

import 'bindings.dart';
import 'errors.dart';
import 'library.dart';
import 'memory.dart';
import 'options.dart';
import 'stats.dart';

/// What is done to a file, in the order of C's `CINCH_DART_` constants.
enum Operation {
  /// `cinch_compress`.
  compress(cinchCompress),

  /// `cinch_decompress`.
  decompress(cinchDecompress);

  const Operation(this.submit);

  /// The C function that begins it.
  final SubmitFunction submit;
}

/// Submits a file to the default pool and returns the job's handle, which the caller must drop.
/// Nobody hears of the job. Opens no file and does not block.
///
/// Throws a [CompressException] if the job is refused.
Pointer<NativeJob> submit(
  Operation operation,
  String input,
  String output,
  CompressOptions options,
) => _submit(
  input,
  output,
  options,
  (inputPath, outputPath, nativeOptions, job) =>
      operation.submit(nullptr, inputPath, outputPath, nativeOptions, job),
);

/// As [submit]; the job's news are posted to [port] under the number [id], of its progress only if
/// [reportProgress] is true. If the job is refused, nothing is posted.
Pointer<NativeJob> submitForIsolate(
  Operation operation,
  String input,
  String output,
  CompressOptions options, {
  required int port,
  required int id,
  required bool reportProgress,
}) => _submit(
  input,
  output,
  options,
  (inputPath, outputPath, nativeOptions, job) => cinchDartStart(
    operation.index,
    inputPath,
    outputPath,
    nativeOptions,
    NativeApi.postCObject,
    port,
    id,
    reportProgress ? 1 : 0,
    job,
  ),
);

Pointer<NativeJob> _submit(
  String input,
  String output,
  CompressOptions options,
  int Function(
    Pointer<Char> input,
    Pointer<Char> output,
    Pointer<NativeOptions> options,
    Pointer<Pointer<NativeJob>> job,
  )
  call,
) {
  ensureLibraryIsLoaded();
  _checkPath(input);
  _checkPath(output);
  return withArena((arena) {
    final nativeOptions = arena<NativeOptions>();
    fillOptions(nativeOptions.ref, sizeOf<NativeOptions>(), options);
    final job = arena<Pointer<NativeJob>>();
    final code = call(arena.utf8(input), arena.utf8(output), nativeOptions, job);
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
