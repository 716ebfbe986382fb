/// Where callbacks run, and what happens when they throw.
library;

import 'dart:async';
import 'dart:io';

import 'package:cinch/cinch.dart';

import 'harness.dart';
import 'samples.dart';

void main() {
  // First, so that it makes the dispatcher: its zone must not become everybody's.
  test('the first job may be started in a zone of its own', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 1000);
      final ofFirst = <Object?>[], ofSecond = <Object?>[];
      await runZoned(
        () => Compressor.compress(
          input,
          '$folder/1.zst',
          onProgress: (_) => ofFirst.add(Zone.current[#name]),
        ),
        zoneValues: {#name: 'first'},
      );
      await Compressor.compress(
        input,
        '$folder/2.zst',
        onProgress: (_) => ofSecond.add(Zone.current[#name]),
      );
      // One for each percent.
      expectEqual(ofFirst, List.filled(ofFirst.length, 'first'), 'zones of the first job');
      expectEqual(ofSecond, List.filled(ofSecond.length, null), 'zones of the second job');
      expectTrue(ofFirst.length >= 2 && ofSecond.length >= 2, 'reports: $ofFirst, $ofSecond');
    });
  });

  test('each callback runs in the zone of its call, even when jobs mix', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 500000);
      final wrong = <Object?>[];
      final zones = <Zone>{};
      await Future.wait([
        for (var i = 0; i < 20; i++)
          runZoned(() async {
            await Compressor.compress(
              input,
              '$folder/$i.zst',
              onProgress: (_) {
                zones.add(Zone.current);
                if (Zone.current[#number] != i) wrong.add(Zone.current[#number]);
              },
            );
            if (Zone.current[#number] != i) wrong.add(Zone.current[#number]);
          }, zoneValues: {#number: i}),
      ]);
      expectEqual(wrong, <Object?>[], 'zones that were not those of the call');
      expectEqual(zones.length, 20, 'zones');
    });
  });

  test('onProgress that throws cancels the job, and the future ends with its error', () async {
    await withFolder((folder) async {
      // A pipe: the job cannot end before the callback has run.
      final input = await makeFifo('$folder/input');
      final percents = <int>[];
      final thrown = StateError('thrown on purpose');
      final done = Compressor.compress(
        input,
        '$folder/output.zst',
        onProgress: (percent) {
          percents.add(percent);
          _throwIt(thrown);
        },
      );
      final file = File(input).openSync(mode: FileMode.writeOnly);
      try {
        await done;
        throw TestFailure('the future completed without an error');
      } on StateError catch (error, stackTrace) {
        expectTrue(identical(error, thrown), 'the same error object');
        expectTrue('$stackTrace'.contains('_throwIt'), 'a stack of the throw: $stackTrace');
      }
      expectEqual(percents, [0], 'percents');
      expectEqual(namesIn(folder), ['input'], 'the folder');
      file.closeSync();
    });
  });

  test('onProgress that throws does not disturb other jobs', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 300000);
      final percents = <int>[];
      final others = [
        for (var i = 0; i < 5; i++)
          Compressor.compress(input, '$folder/$i.zst', onProgress: i == 0 ? percents.add : null),
      ];
      await expectThrows<FormatException>(
        () => Compressor.compress(
          input,
          '$folder/failing.zst',
          onProgress: (_) => throw const FormatException('on purpose'),
        ),
        'a callback that throws',
      );
      await Future.wait(others);
      expectWholePercents(percents);
      // And the isolate goes on.
      await Compressor.compress(input, '$folder/again.zst');
    });
  });

  test('onProgress that throws at 100 percent: the error is told, the output stands', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 300000);
      await expectThrows<StateError>(
        () => Compressor.compress(
          input,
          '$folder/output.zst',
          onProgress: (percent) => percent == 100 ? throw StateError('on purpose') : null,
        ),
        'a callback that throws at the end',
      );
      await expectDecodes('$folder/output.zst', input, format: 'zstd');
    });
  });

  test('the error zone of the caller hears nothing of what the future tells', () async {
    await withFolder((folder) async {
      final stray = <Object>[];
      Object? caught;
      await runZonedGuarded(() async {
        try {
          await Compressor.compress('$folder/missing', '$folder/output');
        } on CompressException catch (error) {
          caught = error;
        }
      }, (error, _) => stray.add(error));
      expectTrue(caught is CompressException, 'caught: $caught');
      expectEqual(stray, <Object>[], 'stray errors');
    });
  });

  test('a job may be started and cancelled inside onProgress', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 1000);
      final inner = Completer<void>();
      await Compressor.compress(
        input,
        '$folder/outer.zst',
        onProgress: (percent) {
          if (percent != 0) return;
          final cancelled = Compressor.start(input, '$folder/cancelled.zst')..cancel();
          cancelled.done.ignore();
          inner.complete(Compressor.compress(input, '$folder/inner.zst'));
        },
      );
      await inner.future;
      await expectDecodes('$folder/inner.zst', input, format: 'zstd');
    });
  });

  test('the event loop turns while a job runs', () async {
    await withFolder((folder) async {
      final input = await makeFifo('$folder/input');
      final done = Compressor.compress(input, '$folder/output.zst');
      // The job stands still; timers must not.
      for (var i = 0; i < 20; i++) {
        await Future<void>.delayed(const Duration(milliseconds: 1));
      }
      File(input).openSync(mode: FileMode.writeOnly)
        ..writeFromSync(textBytes(1000))
        ..closeSync();
      await done;
    });
  });

  unawaited(runTests());
}

Never _throwIt(Object error) => throw error;
