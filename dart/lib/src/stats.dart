/// How far a job has come.
library;

/// Figures of a job at one moment; each is exact, but they are not read at one instant.
final class CompressStats {
  /// The figures as given.
  const CompressStats({
    required this.bytesIn,
    required this.bytesOut,
    required this.bytesTotal,
    required this.elapsed,
  });

  /// Bytes of input dealt with.
  final int bytesIn;

  /// Bytes of output written.
  final int bytesOut;

  /// Bytes of input in all; 0 while that is unknown.
  final int bytesTotal;

  /// From the job's start until now, or until its end.
  final Duration elapsed;

  @override
  String toString() =>
      'CompressStats($bytesIn of $bytesTotal bytes in, $bytesOut bytes out, $elapsed)';
}
