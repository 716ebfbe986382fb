/// From bytes to whole percent.
library;

/// Turns a job's byte counts into the percents that are reported for it: 0 first, each further one
/// larger, 100 only on success.
final class PercentMeter {
  /// The percent reported last; -1 before the first.
  int get last => _last;
  int _last = -1;

  /// Takes note of [done] of [total] bytes; a [total] of 0 is unknown. Returns the percent to
  /// report, or null if there is nothing new to tell.
  ///
  /// Never 100, which [finish] gives: that the last byte was dealt with does not mean that the
  /// output is in its place.
  int? advance(int done, int total) {
    final percent = _last < 0 || total <= 0 ? 0 : done * 100 ~/ total;
    if (percent <= _last || percent >= 100) return null;
    return _last = percent;
  }

  /// Takes note of success: returns the percent to report next, 0 if none was yet and then 100, or
  /// null when all was told.
  int? finish() => switch (_last) {
    < 0 => _last = 0,
    < 100 => _last = 100,
    _ => null,
  };
}
