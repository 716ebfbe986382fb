/// Compresses and decompresses files without blocking the event loop.
///
/// ```dart
/// await Compressor.compress('input.mp4', 'output.mp4.zst',
///     onProgress: (percent) => print('$percent %'));
/// ```
///
/// The work is done by the worker threads of the C library `libcinch`; this isolate only hears of
/// it. See [Compressor] to begin with.
library;

export 'src/compressor.dart' show Compressor;
export 'src/errors.dart' show CompressCancelled, CompressErrorCode, CompressException;
export 'src/job.dart' show CompressJob;
export 'src/options.dart' show CompressFormat, CompressOptions;
export 'src/stats.dart' show CompressStats;
