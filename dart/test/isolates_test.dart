/// Isolates that come, go, and are killed.
library;

import 'dart:async';
import 'dart:io';
import 'dart:isolate';

import 'package:cinch/cinch.dart';

import 'harness.dart';
import 'samples.dart';

/// Compresses one small file after another, eight at a time, until it is killed: callbacks are
/// under way at almost every moment.
Future<void> _compressForever((SendPort, String) message) async {
  final (parent, folder) = message;
  var number = 0;
  Future<void> chain(int lane) async {
    for (;;) {
      await Compressor.compress(
        '$folder/small',
        '$folder/out/$lane-${number++}.zst',
        onProgress: (_) {},
      );
      parent.send(number);
    }
  }

  await Future.wait([for (var lane = 0; lane < 8; lane++) chain(lane)]);
}

/// Compresses one large file and tells of every percent.
Future<void> _compressLarge((SendPort, String) message) async {
  final (parent, folder) = message;
  await Compressor.compress('$folder/large', '$folder/out/large.gz', onProgress: parent.send);
}

/// Starts a job that stands still and ends.
void _startAndEnd((SendPort, String) message) {
  final (parent, folder) = message;
  Compressor.start('$folder/fifo', '$folder/out/stalled.zst');
  parent.send('started');
}

/// Spawns [entry], kills it when it has sent [messages] messages, and waits until it is gone.
Future<void> _spawnAndKill(
  void Function((SendPort, String)) entry,
  String folder, {
  required int messages,
}) async {
  final port = ReceivePort();
  final gone = ReceivePort();
  final enough = Completer<void>();
  var heard = 0;
  port.listen((_) {
    if (++heard == messages) enough.complete();
  });
  final isolate = await Isolate.spawn(entry, (port.sendPort, folder), onExit: gone.sendPort);
  await enough.future;
  isolate.kill(priority: Isolate.immediate);
  await gone.first;
  port.close();
}

/// Fails unless every output is complete and nothing else is in the folder. Jobs of a dead isolate
/// may still be ending: they are given the time a later job takes, and more if need be.
Future<void> _expectOnlyWholeOutputs(String folder, String original) async {
  await Compressor.compress(original, '$folder/last.zst');
  final names = namesIn('$folder/out');
  for (final name in names) {
    expectTrue(
      RegExp(r'^(\d+-\d+\.zst|large\.gz)$').hasMatch(name),
      'the folder holds a file that is no output: $name',
    );
  }
  if (names.any((name) => name.endsWith('.zst'))) {
    await run('sh', ['-c', r'cd "$0" && exec zstd -q -t -- *.zst', '$folder/out']);
  }
}

void main() {
  test('isolates killed amid small jobs, 50 times', () async {
    await withFolder((folder) async {
      final small = writeText('$folder/small', 3000);
      Directory('$folder/out').createSync();
      for (var i = 0; i < 50; i++) {
        await _spawnAndKill(_compressForever, folder, messages: 1 + i * 7 % 23);
      }
      await _expectOnlyWholeOutputs(folder, small);
    });
  });

  test('isolates killed amid a large job, 20 times', () async {
    await withFolder((folder) async {
      final large = writeText('$folder/large', 24 << 20);
      Directory('$folder/out').createSync();
      for (var i = 0; i < 20; i++) {
        await _spawnAndKill(_compressLarge, folder, messages: 1 + i % 2);
      }
      await _expectOnlyWholeOutputs(folder, large);
    });
  });

  test('a killed isolate takes its jobs with it', () async {
    await withFolder((folder) async {
      final fifo = await makeFifo('$folder/fifo');
      Directory('$folder/out').createSync();
      await _spawnAndKill(_startAndEnd, folder, messages: 1);
      // The job was cancelled and reads no more. A writer that opens the pipe without waiting is
      // refused as soon as nobody reads.
      for (;;) {
        final writer = await Process.run('python3', [
          '-c',
          'import errno, os, sys\n'
              'try:\n  os.open(sys.argv[1], os.O_WRONLY | os.O_NONBLOCK)\n'
              'except OSError as e:\n  sys.exit(3 if e.errno == errno.ENXIO else 1)\n',
          fifo,
        ]);
        expectTrue(writer.exitCode == 0 || writer.exitCode == 3, 'the writer: ${writer.stderr}');
        if (writer.exitCode == 3) break;
      }
      expectEqual(namesIn('$folder/out'), <String>[], 'the outputs');
    });
  });

  test('Isolate.run ends with a job in flight: no waiting, no output', () async {
    await withFolder((folder) async {
      await makeFifo('$folder/fifo');
      Directory('$folder/out').createSync();
      final result = await Isolate.run(() {
        Compressor.start('$folder/fifo', '$folder/out/stalled.zst');
        return 42;
      });
      expectEqual(result, 42, 'the result of Isolate.run');
      // Open for both: there may be no reader any more, or not yet.
      final file = File('$folder/fifo').openSync(mode: FileMode.write);
      final input = writeText('$folder/input', 1000);
      await Compressor.compress(input, '$folder/other.zst');
      file.closeSync();
      expectEqual(namesIn('$folder/out'), <String>[], 'the outputs');
    });
  });

  test('an isolate stays alive until its job is done, then ends', () async {
    await withFolder((folder) async {
      final fifo = await makeFifo('$folder/fifo');
      Directory('$folder/out').createSync();
      final port = ReceivePort();
      final gone = Completer<void>();
      final exits = ReceivePort();
      await Isolate.spawn(_startAndEnd, (port.sendPort, folder), onExit: exits.sendPort);
      exits.listen((_) => gone.complete());
      expectEqual(await port.first, 'started', 'the message');
      await Future<void>.delayed(const Duration(milliseconds: 100));
      expectTrue(!gone.isCompleted, 'the isolate ended while its job was in flight');
      File(fifo).openSync(mode: FileMode.writeOnly)
        ..writeFromSync(textBytes(1000))
        ..closeSync();
      await gone.future;
      exits.close();
      expectEqual(namesIn('$folder/out'), ['stalled.zst'], 'the outputs');
    });
  });

  test('jobs of several isolates mix', () async {
    await withFolder((folder) async {
      final inputs = [for (var i = 0; i < 24; i++) writeText('$folder/$i', 100000 + i, seed: i)];
      final reported = await Future.wait([
        for (var lane = 0; lane < 4; lane++)
          Isolate.run(() async {
            final percents = <List<int>>[];
            await Future.wait([
              for (var i = lane; i < inputs.length; i += 4)
                () {
                  final own = <int>[];
                  percents.add(own);
                  return Compressor.compress(inputs[i], '${inputs[i]}.zst', onProgress: own.add);
                }(),
            ]);
            return percents;
          }),
      ]);
      for (final lane in reported) {
        lane.forEach(expectWholePercents);
      }
      await expectDecodes('${inputs[23]}.zst', inputs[23], format: 'zstd');
    });
  });

  unawaited(runTests());
}
