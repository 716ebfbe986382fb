/// Doing a job while the isolate waits.
library;

import 'dart:ffi';
import 'dart:io' show sleep;
import 'dart:math';

import 'bindings.dart';
import 'errors.dart';
import 'options.dart';
import 'percent.dart';
import 'stats.dart';
import 'submission.dart';

/// Does a job and returns when it has ended. Throws a [CompressException], or what [onProgress]
/// threw, in which case the job was cancelled.
void runJob(
  Operation operation,
  String input,
  String output,
  CompressOptions options,
  void Function(int percent)? onProgress,
) => _WaitingJob(submit(operation, input, output, options), input, output)
    .run(onProgress);

/// A job whose isolate waits for it, so that no message could reach it: its figures are read
/// instead, by the thread that waits. So [run]'s `onProgress` can throw through it, and no C code
/// ever calls into the isolate.
final class _WaitingJob implements Finalizable {
  _WaitingJob(this._handle, this._input, this._output) {
    _finalizer.attach(this, _handle.cast(), detach: this);
  }

  /// Only for an isolate that is killed while it waits.
  static final NativeFinalizer _finalizer = NativeFinalizer(dropFinalizer);

  final Pointer<NativeJob> _handle;
  final String _input;
  final String _output;

  void run(void Function(int percent)? onProgress) {
    try {
      final meter = PercentMeter();
      if (onProgress != null) _follow(meter, onProgress);
      final code = cinchJobWait(_handle);
      if (code != 0) throw exceptionFor(code, messageOf(_handle), _input, _output);
      if (onProgress != null) {
        for (int? percent; (percent = meter.finish()) != null;) {
          onProgress(percent!);
        }
      }
    } finally {
      _finalizer.detach(this);
      // Harmless when the job has ended; if `onProgress` threw, it has not.
      cinchDartDrop(_handle);
    }
  }

  /// Reports percent until the job has ended, as its clock tells: it stops then.
  void _follow(PercentMeter meter, void Function(int percent) onProgress) {
    Duration? before;
    for (var now = statsOf(_handle); now.elapsed != before; now = statsOf(_handle)) {
      if (now.bytesTotal > 0 || now.bytesIn > 0) {
        final percent = meter.advance(now.bytesIn, now.bytesTotal);
        if (percent != null) onProgress(percent);
      }
      before = now.elapsed;
      sleep(_pause(now));
    }
  }

  /// An eighth of the time that has passed, so that waiting adds little to a small file, and at
  /// most 20 ms; at least 50 µs, within which a clock of microseconds moves on.
  Duration _pause(CompressStats now) =>
      Duration(microseconds: min(20000, max(50, now.elapsed.inMicroseconds ~/ 8)));
}
