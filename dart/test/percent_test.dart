/// What `onProgress` hears, and when the future completes.
library;

import 'dart:async';
import 'dart:io';

import 'package:cinch/cinch.dart';
import 'package:cinch/src/percent.dart';

import 'harness.dart';
import 'samples.dart';

void main() {
  test('the meter: 0 first, then only larger values, at most 99 before success', () {
    final meter = PercentMeter();
    expectEqual(meter.last, -1);
    expectEqual(meter.advance(0, 1000), 0);
    expectEqual(meter.advance(9, 1000), null);
    expectEqual(meter.advance(10, 1000), 1);
    expectEqual(meter.advance(500, 1000), 50);
    expectEqual(meter.advance(500, 1000), null);
    expectEqual(meter.advance(1000, 1000), null);
    expectEqual(meter.last, 50);
    expectEqual(meter.finish(), 100);
    expectEqual(meter.finish(), null);
    expectEqual(meter.last, 100);
  });

  test('the meter: an unknown total gives 0 and 100 only', () {
    final meter = PercentMeter();
    expectEqual(meter.advance(0, 0), 0);
    expectEqual(meter.advance(1 << 40, 0), null);
    expectEqual(meter.advance(1 << 41, 1 << 41), null);
    expectEqual(meter.finish(), 100);
  });

  test('the meter: 0 comes first even if the first report is of more', () {
    final meter = PercentMeter();
    expectEqual(meter.advance(700, 1000), 0);
    expectEqual(meter.advance(700, 1000), 70);
  });

  test('the meter: success without any report is 0 and 100', () {
    final meter = PercentMeter();
    expectEqual(meter.finish(), 0);
    expectEqual(meter.finish(), 100);
    expectEqual(meter.finish(), null);
  });

  test('the meter: lengths near 2^56 bytes do not overflow', () {
    final meter = PercentMeter();
    expectEqual(meter.advance(0, 1 << 56), 0);
    expectEqual(meter.advance(1 << 55, 1 << 56), 50);
  });

  for (final (name, size) in [
    ('empty', 0),
    ('one byte', 1),
    ('small', 20000),
    ('large', 24 << 20),
  ]) {
    test('$name file: 0, increasing, 100 before the future completes', () async {
      await withFolder((folder) async {
        final input = writeText('$folder/input', size);
        final events = <Object>[];
        await Compressor.compress(
          input,
          '$folder/output.zst',
          onProgress: events.add,
        ).then((_) => events.add('done'));
        expectEqual(events.last, 'done', 'the last event');
        expectWholePercents([...events.take(events.length - 1).cast<int>()]);
        // Nothing comes late.
        await Future<void>.delayed(const Duration(milliseconds: 100));
        expectEqual(events.last, 'done', 'the last event, later');
        expectEqual(namesIn(folder), ['input', 'output.zst'], 'the folder');
      });
    });
  }

  test('a file that is written slowly reports percents between 0 and 100', () async {
    await withFolder((folder) async {
      // The output is a FIFO that is read in small portions: the job cannot be faster.
      final input = await writeRandom('$folder/input', 24 << 20);
      final output = await makeFifo('$folder/output');
      final percents = <int>[];
      final job = Compressor.start(input, output, onProgress: percents.add);
      final streamed = job.progress.toList();
      final sink = File('$folder/copy').openWrite();
      await for (final part in File(output).openRead()) {
        sink.add(part);
        await Future<void>.delayed(const Duration(milliseconds: 1));
      }
      await sink.close();
      await job.done;
      expectWholePercents(percents);
      expectTrue(percents.length > 2, 'expected something between, got $percents');
      expectEqual(await streamed, percents, 'the stream');
      await expectDecodes('$folder/copy', input, format: 'zstd');
    });
  });

  test('input of unknown length reports 0 and 100 only', () async {
    await withFolder((folder) async {
      final input = await makeFifo('$folder/input');
      final content = textBytes(5 << 20);
      final percents = <int>[];
      final job = Compressor.start(input, '$folder/output.zst', onProgress: percents.add);
      final sink = File(input).openWrite()..add(content);
      await sink.close();
      await job.done;
      expectEqual(percents, [0, 100]);
      File('$folder/original').writeAsBytesSync(content);
      await expectDecodes('$folder/output.zst', '$folder/original', format: 'zstd');
    });
  });

  test('a file that cannot be opened reports nothing', () async {
    await withFolder((folder) async {
      final percents = <int>[];
      await expectThrows<CompressException>(
        () => Compressor.compress('$folder/missing', '$folder/output', onProgress: percents.add),
        'a missing input',
      );
      expectEqual(percents, <int>[]);
    });
  });

  test('the stream: each listener hears the last percent and those that follow', () async {
    await withFolder((folder) async {
      final input = await makeFifo('$folder/input');
      final opened = Completer<void>();
      final job = Compressor.start(
        input,
        '$folder/output.zst',
        onProgress: (percent) => percent == 0 ? opened.complete() : null,
      );
      final early = job.progress.toList();
      final file = File(input).openSync(mode: FileMode.writeOnly);
      await opened.future;
      final late = job.progress.toList();
      final left = <int>[];
      await job.progress.listen(left.add).cancel();
      file
        ..writeFromSync(textBytes(100000))
        ..closeSync();
      await job.done;
      expectEqual(await early, [0, 100], 'a listener from the start');
      expectEqual(await late, [0, 100], 'a listener that came later');
      expectEqual(left, <int>[], 'a listener that left at once');
      expectEqual(await job.progress.toList(), [100], 'a listener after the end');
    });
  });

  test('the stream of a job that fails closes without an error', () async {
    await withFolder((folder) async {
      final job = Compressor.start('$folder/missing', '$folder/output');
      final percents = job.progress.toList();
      await expectThrows<CompressException>(() => job.done, 'a missing input');
      expectEqual(await percents, <int>[]);
    });
  });

  test('stats: known at every moment of a job', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 3 << 20);
      final job = Compressor.start(input, '$folder/output.zst');
      expectTrue(job.stats.bytesIn <= 3 << 20, 'bytes in before the end: ${job.stats}');
      await job.done;
      final stats = job.stats;
      expectEqual(stats.bytesIn, 3 << 20, 'bytes in');
      expectEqual(stats.bytesTotal, 3 << 20, 'bytes in all');
      expectEqual(stats.bytesOut, File('$folder/output.zst').lengthSync(), 'bytes out');
      expectTrue(stats.elapsed > Duration.zero, 'elapsed: ${stats.elapsed}');
      expectEqual(job.stats.elapsed, stats.elapsed, 'elapsed, read again');
    });
  });

  unawaited(runTests());
}
