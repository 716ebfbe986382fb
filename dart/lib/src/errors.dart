/// What can go wrong, and how it is told.
library;

import 'bindings.dart';
import 'memory.dart';

/// The numbers that [CompressException.code] can have. They are fixed for good and the same in C.
abstract final class CompressErrorCode {
  /// Cancelled before the output appeared.
  static const int cancelled = 1;

  /// A bad argument: an empty path, one with a NUL in it, a level out of range.
  static const int invalid = 2;

  /// An allocation failed.
  static const int noMemory = 3;

  /// No worker thread could be started.
  static const int noThread = 4;

  /// The library is shutting down.
  static const int shutdown = 5;

  /// Cancel came after the output had begun to appear. `CompressJob.cancel` returns false for it;
  /// no exception carries it.
  static const int tooLate = 6;

  /// A blocking call was made inside a callback of the library.
  static const int deadlock = 7;

  /// The input, or the output's directory, does not exist.
  static const int notFound = 10;

  /// Permission denied, or a read-only file system.
  static const int permission = 11;

  /// A directory, or a kind of file that cannot be used.
  static const int fileType = 12;

  /// The output exists and `CompressOptions.replace` was false.
  static const int exists = 13;

  /// Input and output are one file, by any path or link.
  static const int sameFile = 14;

  /// The disk is full, or a quota or file-size limit was reached.
  static const int noSpace = 15;

  /// Any other read or write error; see [CompressException.message].
  static const int io = 16;

  /// The input shrank while it was being read.
  static const int inputChanged = 17;

  /// The reader of the output, a pipe, went away.
  static const int brokenPipe = 18;

  /// The input is in no format that the library reads.
  static const int format = 20;

  /// The data contradicts its format.
  static const int corrupt = 21;

  /// The input ends too early.
  static const int truncated = 22;

  /// The decoded data does not match its checksum or length.
  static const int checksum = 23;

  /// More memory is needed than `CompressOptions.memoryLimit` allows.
  static const int memoryLimit = 24;

  /// Decoding would pass `CompressOptions.outputLimit`.
  static const int outputLimit = 25;

  /// Valid data is followed by bytes that are not padding.
  static const int trailing = 26;

  /// A valid feature that this build of the library cannot decode.
  static const int unsupported = 27;

  /// A bug in the library.
  static const int internal = 30;
}

/// Why a file was not compressed or decompressed. The output's old content, if any, is untouched.
class CompressException implements Exception {
  /// An exception with its three parts.
  const CompressException(this.code, this.message, this.path);

  /// One of [CompressErrorCode].
  final int code;

  /// A sentence in English: what failed, for which file, and the system's reason, as in "cannot
  /// open input '/a/b': No such file or directory".
  final String message;

  /// The path that the failure is about, as it was given: the output's where [message] is about
  /// the output, otherwise the input's.
  final String path;

  @override
  String toString() =>
      'CompressException: $message (code $code${message.contains(path) ? '' : ", '$path'"})';
}

/// A job ended because it was cancelled. Its output was not written.
class CompressCancelled extends CompressException {
  /// An exception with its three parts; the code is [CompressErrorCode.cancelled].
  const CompressCancelled(super.code, super.message, super.path);

  @override
  String toString() => "CompressCancelled: '$path'";
}

/// The exception for a job that ended with [code], which is not 0. [message] is the job's own text
/// and may be empty.
CompressException exceptionFor(int code, String message, String input, String output) {
  final text = message.isNotEmpty ? message : textAt(cinchStrerror(code));
  if (code == CompressErrorCode.cancelled) return CompressCancelled(code, text, input);
  final isAboutOutput =
      text.contains("output '$output'") || (message.isEmpty && input.isNotEmpty && output.isEmpty);
  return CompressException(code, text, isAboutOutput ? output : input);
}
