/// What a job does and how.
library;

import 'bindings.dart';

/// What compression writes. Decompression looks at the data instead.
enum CompressFormat {
  /// By the output's name: `.gz` gzip, `.zz` and `.zlib` zlib, anything else zstd.
  auto,

  /// Zstandard frames (RFC 8878) with a seek table: any zstd reads them.
  zstd,

  /// One gzip member (RFC 1952).
  gzip,

  /// One zlib stream (RFC 1950).
  zlib,
}

/// How a file is compressed or decompressed.
///
/// The default of every field is what `Compressor.compress(input, output)` does. An instance may
/// be used for any number of jobs, and sent to other isolates.
final class CompressOptions {
  /// Options for a job; see the fields.
  const CompressOptions({
    this.format = CompressFormat.auto,
    this.level = 0,
    this.verify = false,
    this.durable = false,
    this.replace = true,
    this.memoryLimit = 0,
    this.outputLimit = 0,
  });

  /// The format to write. Ignored when decompressing.
  final CompressFormat format;

  /// How hard to try: 0 is the format's default, zstd takes -131072 to 22 (default 3), gzip and
  /// zlib take 1 to 9 (default 6). Higher is smaller and slower. Outside of it the job is refused
  /// with `CompressErrorCode.invalid`. Ignored when decompressing.
  final int level;

  /// Whether what was compressed is decoded again and compared with what was read before the
  /// output appears. A difference is `CompressErrorCode.checksum`. Ignored when decompressing,
  /// which always checks the checksums that the format carries.
  final bool verify;

  /// Whether the output, and its name in its directory, is on the disk before success is reported,
  /// and so survives a loss of power. Costs the time that the disk takes.
  final bool durable;

  /// Whether an output that exists is replaced, at the instant the new one is complete. If false
  /// such a job fails with `CompressErrorCode.exists`.
  final bool replace;

  /// Bytes of memory that the job may hold. 0 is no limit when compressing, and when decompressing
  /// windows of at most 128 MiB. A job that cannot work within it fails with
  /// `CompressErrorCode.memoryLimit`.
  final int memoryLimit;

  /// Bytes of output allowed when decompressing; one more is `CompressErrorCode.outputLimit`. 0 is
  /// no limit. Set it for files from strangers: a few kilobytes can decompress to gigabytes.
  /// Ignored when compressing.
  final int outputLimit;
}

/// Writes [options] into C's structure, whose other fields are zero.
void fillOptions(NativeOptions native, int structSize, CompressOptions options) {
  native
    ..structSize = structSize
    ..format = options.format.index
    // A number too large for C's field would be cut to another one; so it stays out of range.
    ..level = options.level.clamp(-0x80000000, 0x7fffffff)
    ..flags =
        (options.replace ? 0 : flagNoReplace) |
        (options.durable ? flagDurable : 0) |
        (options.verify ? flagVerify : 0)
    ..memoryLimit = options.memoryLimit
    ..outputLimit = options.outputLimit;
}
