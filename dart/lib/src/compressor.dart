/// The functions that a program calls.
library;

import 'bindings.dart';
import 'errors.dart';
import 'job.dart';
import 'library.dart';
import 'memory.dart';
import 'options.dart';
import 'submission.dart';
import 'synchronous.dart';

/// Compresses and decompresses files on every core.
///
/// The work is done by the worker threads of the C library, which every isolate of the process
/// shares: any number of jobs may run at once. [compress], [decompress], [start] and
/// [startDecompress] return at once, and everything that is reported arrives on the event loop of
/// the isolate that called, in the zone of the call. [compressSync] and [decompressSync] wait.
///
/// Paths are encoded as UTF-8; a relative one is resolved when a worker opens the file, against
/// the working directory of the process. The output appears under its name only when it is
/// complete, in the place of a file that was there before; on any error that file is untouched.
///
/// The first call loads the library and throws an [UnsupportedError] if it is not to be had.
abstract final class Compressor {
  /// Compresses the file [input] to the file [output].
  ///
  /// The format is [CompressOptions.format], by default what the output's name asks for: `.gz` is
  /// gzip, `.zz` and `.zlib` are zlib, anything else is zstd.
  ///
  /// [onProgress] receives whole percent of the input's bytes: 0 first, each further one larger,
  /// 100 once, only on success and before the future completes. Where the input's length is
  /// unknown (a pipe) only 0 and 100 come; a file that fails before it was opened reports nothing.
  /// If [onProgress] throws, the job is cancelled, [onProgress] is not called again and the future
  /// completes with what it threw (at 100 percent the output is in its place nevertheless).
  ///
  /// The future completes with a [CompressException] if there is no output. Its code is
  /// [CompressErrorCode.notFound] for a missing input or output directory,
  /// [CompressErrorCode.noSpace] for a full disk and so on: see [CompressErrorCode].
  static Future<void> compress(
    String input,
    String output, {
    void Function(int percent)? onProgress,
    CompressOptions? options,
  }) async => startJob(
    Operation.compress,
    input,
    output,
    options ?? const CompressOptions(),
    onProgress: onProgress,
    reportProgress: onProgress != null,
  ).done;

  /// Decompresses the file [input] to the file [output]; otherwise as [compress].
  ///
  /// The format is recognised by the input's first bytes, not by its name. Input that is damaged
  /// is one of [CompressErrorCode.format], [CompressErrorCode.corrupt],
  /// [CompressErrorCode.truncated], [CompressErrorCode.checksum], [CompressErrorCode.trailing].
  static Future<void> decompress(
    String input,
    String output, {
    void Function(int percent)? onProgress,
    CompressOptions? options,
  }) async => startJob(
    Operation.decompress,
    input,
    output,
    options ?? const CompressOptions(),
    onProgress: onProgress,
    reportProgress: onProgress != null,
  ).done;

  /// Begins to compress the file [input] to the file [output], and returns the job, which can be
  /// cancelled and watched; otherwise as [compress].
  ///
  /// Throws a [CompressException] if the job is refused: [CompressErrorCode.invalid] for an empty
  /// path, one with a NUL in it or an option out of range, [CompressErrorCode.noMemory],
  /// [CompressErrorCode.noThread]. Everything else arrives through [CompressJob.done].
  static CompressJob start(
    String input,
    String output, {
    void Function(int percent)? onProgress,
    CompressOptions? options,
  }) => startJob(
    Operation.compress,
    input,
    output,
    options ?? const CompressOptions(),
    onProgress: onProgress,
  );

  /// Begins to decompress the file [input] to the file [output]; otherwise as [start].
  static CompressJob startDecompress(
    String input,
    String output, {
    void Function(int percent)? onProgress,
    CompressOptions? options,
  }) => startJob(
    Operation.decompress,
    input,
    output,
    options ?? const CompressOptions(),
    onProgress: onProgress,
  );

  /// Compresses the file [input] to the file [output] and returns when it is done; otherwise as
  /// [compress], errors being thrown.
  ///
  /// The isolate is blocked meanwhile, though [onProgress] is called from within, about every
  /// 20 ms. For `Isolate.run`, which ends its isolate without waiting for jobs, and for programs
  /// with nothing else to do.
  static void compressSync(
    String input,
    String output, {
    void Function(int percent)? onProgress,
    CompressOptions? options,
  }) => runJob(
    Operation.compress,
    input,
    output,
    options ?? const CompressOptions(),
    onProgress,
  );

  /// Decompresses the file [input] to the file [output] and returns when it is done; otherwise as
  /// [compressSync].
  static void decompressSync(
    String input,
    String output, {
    void Function(int percent)? onProgress,
    CompressOptions? options,
  }) => runJob(
    Operation.decompress,
    input,
    output,
    options ?? const CompressOptions(),
    onProgress,
  );

  /// The version of the C library, as in "1.2.3".
  static String get version {
    ensureLibraryIsLoaded();
    return textAt(cinchVersion());
  }

  /// The engines of the C library with their versions, as in "libzstd 1.5.4, zlib 1.2.13".
  static String get engines {
    ensureLibraryIsLoaded();
    return textAt(cinchEngines());
  }
}
