/// Where the library's news enter an isolate.
///
/// C's worker threads cannot run Dart code. What they have to tell they post to a port of the
/// isolate, where it is taken up on the event loop; `native/cinch_dart.h` says why this is a port
/// and not a `NativeCallable.listener`. Each isolate has one port for all its jobs, made with the
/// first job and never closed. The jobs are told apart by a number that C hands back.
///
/// The messages of one isolate arrive in the order they were posted, and C posts a job's
/// completion after its last progress: no progress can overtake it. What a job still posts when its
/// isolate has ended is dropped: the numbers of ports are not used again.
library;

import 'dart:async';
import 'dart:ffi';
import 'dart:isolate';

/// Those who want to hear of a job: `progressed`, with whole percent below 100; and `ended`, once
/// and last, with the error code, 0 being success.
typedef JobObserver = ({void Function(int percent) progressed, void Function(int code) ended});

/// The one dispatcher of this isolate.
final class Dispatcher {
  Dispatcher._() {
    _receivePort
      ..handler = _take
      ..keepIsolateAlive = false;
  }

  /// Made on first use, in the root zone: its port must not belong to the zone of whoever happened
  /// to start the first job.
  static final Dispatcher instance = Zone.root.run(Dispatcher._);

  final RawReceivePort _receivePort = RawReceivePort(null, 'cinch');
  final Map<int, JobObserver> _observers = {};

  int _lastId = 0;
  static const int _ids = 1 << 31;

  /// The port that C posts to.
  late final int port = _receivePort.sendPort.nativePort;

  /// Jobs that have not ended.
  int get pending => _observers.length;

  /// Adds a job and returns its number for C. From now on the isolate stays alive until the job
  /// has ended or [remove] is called.
  int add(JobObserver observer) {
    do {
      _lastId = (_lastId + 1) % _ids;
    } while (_observers.containsKey(_lastId));
    _observers[_lastId] = observer;
    if (_observers.length == 1) _receivePort.keepIsolateAlive = true;
    return _lastId;
  }

  /// Forgets a job, which then hears nothing more. Returns who wanted to hear of it, or null if it
  /// is not known.
  JobObserver? remove(int id) {
    final observer = _observers.remove(id);
    if (observer != null && _observers.isEmpty) _receivePort.keepIsolateAlive = false;
    return observer;
  }

  /// Takes up one message: the job's number times 2³², plus a percent or -1 - error code.
  void _take(int message) {
    final id = (message + 0x80000000) >> 32;
    final news = message.toSigned(32);
    if (news >= 0) {
      _observers[id]?.progressed(news);
    } else {
      remove(id)?.ended(-1 - news);
    }
  }
}
