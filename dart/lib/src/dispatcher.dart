/// Where the library's callbacks enter an isolate.
///
/// C's worker threads cannot run Dart code. A `NativeCallable.listener` gives them a function that
/// posts its arguments to the isolate that made it, where they are taken up on the event loop. It
/// must not be called once it was closed: a closed one's memory is used again, so that a late
/// call can reach a function that has nothing to do with it, and newer VMs abort. So each isolate
/// has one pair of listeners for all its jobs, made with the first job and never closed. The jobs
/// are told apart by a number that C hands back as `user`.
///
/// The messages of one isolate arrive in the order they were posted, and C posts a job's
/// completion after its last progress: no progress can overtake it.
library;

import 'dart:async';
import 'dart:ffi';
import 'dart:math';

import 'bindings.dart';

/// Those who want to hear of a job: `progressed`, that so many bytes of so many are dealt with
/// (in all 0 is unknown); and `ended`, once and last, with the error code, 0 being success.
typedef JobObserver = ({void Function(int done, int total) progressed, void Function(int) ended});

/// The one dispatcher of this isolate.
final class Dispatcher {
  Dispatcher._()
    : _progress = NativeCallable.listener(_onProgress),
      _completion = NativeCallable.listener(_onCompletion) {
    _keepIsolateAlive(false);
  }

  /// Made on first use, in the root zone: a listener's function runs in the zone that the listener
  /// was made in, and that must not be the zone of whoever happened to start the first job.
  static final Dispatcher instance = Zone.root.run(Dispatcher._);

  final NativeCallable<NativeProgressFunction> _progress;
  final NativeCallable<NativeCompletionFunction> _completion;
  final Map<int, JobObserver> _observers = {};

  /// Begins at a random number, so that a callback that was under way when another isolate died
  /// and now arrives here is not taken for one of this isolate's jobs.
  int _lastNumber = Random().nextInt(_numbers);
  static const int _numbers = 1 << 30;

  /// C's `on_progress` for every job of this isolate.
  Pointer<NativeFunction<NativeProgressFunction>> get onProgress => _progress.nativeFunction;

  /// C's `on_complete` for every job of this isolate.
  Pointer<NativeFunction<NativeCompletionFunction>> get onComplete => _completion.nativeFunction;

  /// Jobs that have not ended.
  int get pending => _observers.length;

  /// Adds a job and returns C's `user` for it. From now on the isolate stays alive until the job
  /// has ended or [remove] is called.
  Pointer<Void> add(JobObserver observer) {
    do {
      _lastNumber = (_lastNumber + 1) % _numbers;
    } while (_lastNumber == 0 || _observers.containsKey(_lastNumber));
    _observers[_lastNumber] = observer;
    if (_observers.length == 1) _keepIsolateAlive(true);
    return Pointer.fromAddress(_lastNumber);
  }

  /// Forgets a job, which then hears nothing more. Returns who wanted to hear of it, or null if it
  /// is not known.
  JobObserver? remove(Pointer<Void> user) {
    final observer = _observers.remove(user.address);
    if (observer != null && _observers.isEmpty) _keepIsolateAlive(false);
    return observer;
  }

  void _keepIsolateAlive(bool keep) {
    _progress.keepIsolateAlive = keep;
    _completion.keepIsolateAlive = keep;
  }

  static void _onProgress(Pointer<Void> user, int done, int total) =>
      instance._observers[user.address]?.progressed(done, total);

  static void _onCompletion(Pointer<Void> user, int code) => instance.remove(user)?.ended(code);
}
