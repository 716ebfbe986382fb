/// Cancel: before the start, midway, at the end, twice.
library;

import 'dart:async';
import 'dart:io';

import 'package:cinch/cinch.dart';

import 'harness.dart';
import 'samples.dart';

/// A job that stands still, because its input is a pipe that nobody has written to yet.
Future<(CompressJob, Future<void> opened)> _stalled(String folder, List<int> percents) async {
  final input = '$folder/input';
  if (!FileSystemEntity.isFileSync(input)) {
    await makeFifo(input);
  }
  final opened = Completer<void>();
  final job = Compressor.start(
    input,
    '$folder/output.zst',
    onProgress: (percent) {
      percents.add(percent);
      if (percent == 0) opened.complete();
    },
  );
  return (job, opened.future);
}

void main() {
  test('at once after the start: cancelled, without output', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 8 << 20);
      final percents = <int>[];
      final job = Compressor.start(input, '$folder/output.zst', onProgress: percents.add);
      final willNotBeWritten = job.cancel();
      if (willNotBeWritten) {
        final error = await expectThrows<CompressCancelled>(() => job.done, 'a cancelled job');
        expectEqual(error.code, CompressErrorCode.cancelled, 'the code');
        expectTrue(!percents.contains(100), 'percents: $percents');
        expectEqual(namesIn(folder), ['input'], 'the folder');
      } else {
        await job.done;
        expectEqual(namesIn(folder), ['input', 'output.zst'], 'the folder');
      }
    });
  });

  test('before any worker took it up: cancelled without a report', () async {
    await withFolder((folder) async {
      // More jobs that stand still than any pool has workers; the last one waits its turn, or
      // stands still as they do.
      final jobs = <CompressJob>[];
      for (var i = 0; i < 100; i++) {
        jobs.add(Compressor.start(await makeFifo('$folder/fifo$i'), '$folder/$i.zst'));
      }
      for (final job in jobs.reversed) {
        expectEqual(job.cancel(), true, 'cancel');
      }
      for (final job in jobs) {
        await expectThrows<CompressCancelled>(() => job.done, 'a cancelled job');
      }
      expectEqual(namesIn(folder).where((name) => name.contains('zst')).toList(), <String>[]);
    });
  });

  test('midway, while the input stands still', () async {
    await withFolder((folder) async {
      final percents = <int>[];
      final (job, opened) = await _stalled(folder, percents);
      final file = File('$folder/input').openSync(mode: FileMode.writeOnly);
      await opened;
      file.writeFromSync(textBytes(60000));
      expectEqual(job.cancel(), true, 'cancel');
      await expectThrows<CompressCancelled>(() => job.done, 'a cancelled job');
      expectEqual(percents, [0], 'percents');
      expectEqual(namesIn(folder), ['input'], 'the folder');
      file.closeSync();
    });
  });

  test('midway, from within onProgress', () async {
    await withFolder((folder) async {
      // The output is a pipe that nobody reads: the job cannot end before the callback runs.
      final input = await writeRandom('$folder/input', 24 << 20);
      final output = await makeFifo('$folder/output');
      final percents = <int>[];
      late final CompressJob job;
      job = Compressor.start(
        input,
        output,
        onProgress: (percent) {
          percents.add(percent);
          expectEqual(job.cancel(), true, 'cancel');
        },
      );
      final reader = File(output).openRead().listen((_) {})..pause();
      await expectThrows<CompressCancelled>(() => job.done, 'a cancelled job');
      expectEqual(percents, [0], 'percents');
      await reader.cancel();
    });
  });

  test('twice, and again after the end: the same answer', () async {
    await withFolder((folder) async {
      final (job, _) = await _stalled(folder, []);
      expectEqual(job.cancel(), true, 'the first cancel');
      expectEqual(job.cancel(), true, 'the second cancel');
      await expectThrows<CompressCancelled>(() => job.done, 'a cancelled job');
      expectEqual(job.cancel(), true, 'cancel after the end');
    });
  });

  test('at the end: too late, the output stands', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 100000);
      final answers = <bool>[];
      late final CompressJob job;
      job = Compressor.start(
        input,
        '$folder/output.zst',
        onProgress: (percent) => percent == 100 ? answers.add(job.cancel()) : null,
      );
      await job.done;
      answers.add(job.cancel());
      expectEqual(answers, [false, false], 'cancel at 100 percent, and after the end');
      await expectDecodes('$folder/output.zst', input, format: 'zstd');
    });
  });

  test('at any moment: either cancelled without output, or done with it', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 400000);
      var cancelled = 0, done = 0;
      for (var i = 0; i < 200; i++) {
        final output = '$folder/$i.zst';
        final job = Compressor.start(input, output);
        final clock = Stopwatch()..start();
        while (clock.elapsedMicroseconds < i * 50) {}
        final willNotBeWritten = job.cancel();
        try {
          await job.done;
          done++;
          expectEqual(willNotBeWritten, false, 'what cancel said of a job that was done');
          expectTrue(File(output).existsSync(), '$output exists');
        } on CompressCancelled {
          cancelled++;
          expectEqual(willNotBeWritten, true, 'what cancel said of a job that was cancelled');
          expectTrue(!File(output).existsSync(), '$output does not exist');
        }
      }
      expectEqual(cancelled + done, 200, 'jobs');
      expectEqual(namesIn(folder).length, done + 1, 'files');
      await run('sh', [
        '-c',
        r'cd "$0" && set -- *.zst && { [ ! -e "$1" ] || zstd -q -t -- "$@"; }',
        folder,
      ]);
    });
  });

  test('an old output stays when the job is cancelled', () async {
    await withFolder((folder) async {
      File('$folder/output.zst').writeAsStringSync('old');
      final (job, _) = await _stalled(folder, []);
      job.cancel();
      await expectThrows<CompressCancelled>(() => job.done, 'a cancelled job');
      expectEqual(File('$folder/output.zst').readAsStringSync(), 'old', 'the output');
      expectEqual(namesIn(folder), ['input', 'output.zst'], 'the folder');
    });
  });

  test('after cancel nobody need listen to the error; without it somebody must', () async {
    await withFolder((folder) async {
      Future<List<Object>> strayErrors(void Function() body) async {
        final errors = <Object>[];
        final ended = Completer<void>();
        runZonedGuarded(body, (error, _) {
          errors.add(error);
        });
        // Another job that begins later and ends: by then the first has, too.
        Timer.periodic(const Duration(milliseconds: 10), (timer) {
          if (timer.tick >= 50 || errors.isNotEmpty) {
            timer.cancel();
            ended.complete();
          }
        });
        await ended.future;
        return errors;
      }

      final input = await makeFifo('$folder/input');
      expectEqual(
        await strayErrors(() => Compressor.start(input, '$folder/output').cancel()),
        <Object>[],
        'errors after cancel',
      );
      final errors = await strayErrors(() => Compressor.start('$folder/missing', '$folder/output'));
      expectTrue(
        errors.length == 1 && errors.single is CompressException,
        'errors without cancel: $errors',
      );
    });
  });

  unawaited(runTests());
}
