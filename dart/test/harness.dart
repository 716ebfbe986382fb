/// A small test runner: the package has no dependencies, and neither have its tests.
///
/// A test file calls [test] for each of its tests and then returns [runTests] from `main`. It runs
/// alone with `dart FILE`; `run.dart` runs them all.
library;

import 'dart:async';
import 'dart:io';

import 'samples.dart' show removeOwnPrograms;

typedef _Test = ({String name, FutureOr<void> Function() body, Duration timeout});

final List<_Test> _tests = [];

/// Adds a test. It fails if [body] throws, completes with an error or does not complete within
/// [timeout], which is for hangs only and generous.
void test(
  String name,
  FutureOr<void> Function() body, {
  Duration timeout = const Duration(minutes: 5),
}) => _tests.add((name: name, body: body, timeout: timeout));

/// Runs the tests one after another, in the order they were added, and prints how they ended; the
/// last line is `N passed, N failed`.
Future<void> runTests() async {
  var passed = 0, failed = 0;
  for (final (:name, :body, :timeout) in _tests) {
    final stray = <String>[];
    final clock = Stopwatch()..start();
    String seconds() => '${(clock.elapsedMilliseconds / 1000).toStringAsFixed(1).padLeft(5)} s';
    try {
      await _guarded(body, stray).timeout(timeout);
      // Lets errors that nobody listens to come up.
      await Future<void>.delayed(Duration.zero);
      if (stray.isNotEmpty) throw TestFailure('an error that nobody caught: ${stray.join('\n')}');
      print('  ok     ${seconds()}  $name');
      passed++;
    } on Object catch (error, stackTrace) {
      print('  FAILED ${seconds()}  $name\n$error\n$stackTrace');
      failed++;
    }
  }
  removeOwnPrograms();
  print('$passed passed, $failed failed');
  // What a failed test left behind may keep the isolate alive; after success nothing may.
  if (failed > 0) {
    await stdout.flush();
    exit(1);
  }
}

/// [body]'s own outcome; errors that it let go unheard are added to [stray].
Future<void> _guarded(FutureOr<void> Function() body, List<String> stray) {
  final done = Completer<void>();
  runZonedGuarded(() async {
    try {
      await body();
      done.complete();
    } on Object catch (error, stackTrace) {
      done.completeError(error, stackTrace);
    }
  }, (error, stackTrace) => stray.add('$error\n$stackTrace'));
  return done.future;
}

/// Why a test failed.
final class TestFailure implements Exception {
  TestFailure(this.message);

  final String message;

  @override
  String toString() => message;
}

/// Fails unless [actual] and [expected] are the same, lists being compared by their elements.
void expectEqual(Object? actual, Object? expected, [String what = 'value']) {
  final same =
      actual is List && expected is List
          ? actual.length == expected.length &&
              Iterable<int>.generate(actual.length).every((i) => actual[i] == expected[i])
          : actual == expected;
  if (!same) throw TestFailure('$what: expected ${_shown(expected)}, got ${_shown(actual)}');
}

/// Fails unless [condition] holds.
void expectTrue(bool condition, String what) {
  if (!condition) throw TestFailure(what);
}

/// Fails unless [action] throws, or completes with, a [T]; returns it.
Future<T> expectThrows<T extends Object>(FutureOr<void> Function() action, String what) async {
  try {
    await action();
  } on T catch (error) {
    return error;
  } on Object catch (error) {
    throw TestFailure('$what: expected a $T, got ${error.runtimeType}: $error');
  }
  throw TestFailure('$what: expected a $T, but nothing was thrown');
}

String _shown(Object? value) {
  final text = value is String ? "'$value'" : '$value';
  return text.length <= 400 ? text : '${text.substring(0, 400)}… (${text.length} characters)';
}
