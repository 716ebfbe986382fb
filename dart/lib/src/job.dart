/// One file on its way.
library;

import 'dart:async';
import 'dart:ffi';

import 'bindings.dart';
import 'dispatcher.dart';
import 'errors.dart';
import 'options.dart';
import 'percent.dart';
import 'stats.dart';
import 'submission.dart';

/// A file that is being compressed or decompressed by the library's worker threads.
///
/// Comes from `Compressor.start` and `Compressor.startDecompress`. While the job runs its isolate
/// stays alive, whether or not anybody holds this object. If the isolate is killed, ends by
/// `Isolate.exit`, or is thrown away by a hot restart, the job is cancelled and writes no output.
final class CompressJob implements Finalizable {
  CompressJob._(this._input, this._output, void Function(int)? onProgress)
    : _onProgress = onProgress == null ? null : Zone.current.bindUnaryCallback(onProgress);

  /// Only for an isolate that ends before the job. It never blocks, which a finalizer must not.
  static final NativeFinalizer _finalizer = NativeFinalizer(dropFinalizer);

  final String _input;
  final String _output;
  final void Function(int)? _onProgress;

  final PercentMeter _meter = PercentMeter();
  final Completer<void> _done = Completer();
  final Set<MultiStreamController<int>> _listeners = {};

  /// Where errors are said to come from: the call that started the job.
  final StackTrace _started = StackTrace.current;

  /// C's handle; the null pointer once the job has ended.
  Pointer<NativeJob> _handle = nullptr;

  /// What `onProgress` threw.
  ({Object error, StackTrace stackTrace})? _thrown;

  late final int _result;
  late final CompressStats _lastStats;

  bool get _hasEnded => _handle == nullptr;

  /// Completes when the job has ended: with no value when the output is complete and in its place,
  /// otherwise with a [CompressException], which is a [CompressCancelled] after [cancel]; or with
  /// what `onProgress` threw.
  ///
  /// After [cancel] the error need not be listened to.
  Future<void> get done => _done.future;

  /// Whole percent of the input's bytes: 0 first, each further one larger, 100 once, only on
  /// success and before [done] completes. Where the input's length is unknown (a pipe) only 0 and
  /// 100 come.
  ///
  /// Any number of listeners may come at any time: each hears the percent reported last, then the
  /// further ones. The stream closes when the job has ended, and carries no errors: those go to
  /// [done].
  late final Stream<int> progress = Stream.multi((listener) {
    if (_meter.last >= 0) listener.add(_meter.last);
    if (_hasEnded) {
      unawaited(listener.close());
    } else {
      _listeners.add(listener);
      listener.onCancel = () => _listeners.remove(listener);
    }
  }, isBroadcast: true);

  /// How far the job has come. Never blocks; may be read at any time.
  CompressStats get stats => _hasEnded ? _lastStats : statsOf(_handle);

  /// Asks the job to end early, and returns at once. May be called at any time and repeatedly.
  ///
  /// Returns true if the output will not be written, or was not, in which case [done] completes
  /// with a [CompressCancelled] or with an error that came first; false if it is too late: the
  /// output is being or was put in its place.
  bool cancel() {
    _done.future.ignore();
    return _hasEnded ? _result != 0 : cinchJobCancel(_handle) == 0;
  }

  void _submit(Operation operation, CompressOptions options, {required bool reportProgress}) {
    final dispatcher = Dispatcher.instance;
    final id = dispatcher.add((progressed: _progressed, ended: _ended));
    try {
      _handle = submitForIsolate(
        operation,
        _input,
        _output,
        options,
        port: dispatcher.port,
        id: id,
        reportProgress: reportProgress,
      );
      _finalizer.attach(this, _handle.cast(), detach: this);
    } on Object {
      dispatcher.remove(id);
      rethrow;
    }
  }

  void _progressed(int reported) {
    final percent = _meter.advance(reported, 100);
    if (percent != null) _report(percent);
  }

  void _ended(int code) {
    if (code == 0) {
      for (int? percent; (percent = _meter.finish()) != null;) {
        _report(percent!);
      }
    }
    final message = code == 0 ? '' : messageOf(_handle);
    _result = code;
    _lastStats = statsOf(_handle);
    _drop();

    for (final listener in _listeners.toList()) {
      unawaited(listener.close());
    }
    _listeners.clear();
    if (_thrown case (:final error, :final stackTrace)) {
      _done.completeError(error, stackTrace);
    } else if (code != 0) {
      _done.completeError(exceptionFor(code, message, _input, _output), _started);
    } else {
      _done.complete();
    }
  }

  void _drop() {
    _finalizer.detach(this);
    cinchJobRelease(_handle);
    _handle = nullptr;
  }

  void _report(int percent) {
    for (final listener in _listeners.toList()) {
      listener.addSync(percent);
    }
    if (_onProgress == null || _thrown != null) return;
    try {
      _onProgress(percent);
    } on Object catch (error, stackTrace) {
      _thrown = (error: error, stackTrace: stackTrace);
      cinchJobCancel(_handle);
    }
  }
}

/// Starts a job. Throws a [CompressException] if it is refused. [reportProgress] tells whether
/// anybody can want to hear of its progress.
CompressJob startJob(
  Operation operation,
  String input,
  String output,
  CompressOptions options, {
  void Function(int percent)? onProgress,
  bool reportProgress = true,
}) =>
    CompressJob._(input, output, onProgress)
      .._submit(operation, options, reportProgress: reportProgress);
