/// Waiting for a job: on the main isolate, and inside `Isolate.run`.
library;

import 'dart:async';
import 'dart:io';
import 'dart:isolate';

import 'package:cinch/cinch.dart';

import 'harness.dart';
import 'samples.dart';

void main() {
  for (final (name, size) in [('empty', 0), ('small', 1000), ('large', 24 << 20)]) {
    test('$name file: percents come from within the call', () async {
      await withFolder((folder) async {
        final input = writeText('$folder/input', size);
        final percents = <int>[];
        Compressor.compressSync(input, '$folder/output.zst', onProgress: percents.add);
        expectWholePercents(percents);
        await expectDecodes('$folder/output.zst', input, format: 'zstd');
        Compressor.compressSync(input, '$folder/output.gz');
        await expectDecodes('$folder/output.gz', input, format: 'gzip');
      });
    });
  }

  test('a slow job reports percents on the way', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 12 << 20);
      final percents = <int>[];
      Compressor.compressSync(
        input,
        '$folder/output.zst',
        onProgress: percents.add,
        options: const CompressOptions(level: 12),
      );
      expectWholePercents(percents);
      expectTrue(percents.length > 3, 'percents: $percents');
    });
  });

  test('inside Isolate.run, several at once', () async {
    await withFolder((folder) async {
      final inputs = [for (var i = 0; i < 4; i++) writeText('$folder/$i', 3 << 20, seed: i)];
      final reported = await Future.wait([
        for (final input in inputs)
          Isolate.run(() {
            final percents = <int>[];
            Compressor.compressSync(input, '$input.zst', onProgress: percents.add);
            return percents;
          }),
      ]);
      for (final (i, percents) in reported.indexed) {
        expectWholePercents(percents);
        await expectDecodes('${inputs[i]}.zst', inputs[i], format: 'zstd');
      }
    });
  });

  test('errors are thrown, and cross isolates', () async {
    await withFolder((folder) async {
      final missing = '$folder/missing';
      for (final attempt in <FutureOr<void> Function()>[
        () => Compressor.compressSync(missing, '$folder/o'),
        () => Compressor.compressSync(missing, '$folder/o', onProgress: (_) {}),
        () => Isolate.run(() => Compressor.compressSync(missing, '$folder/o')),
      ]) {
        final error = await expectThrows<CompressException>(attempt, 'a missing input');
        expectEqual(error.code, CompressErrorCode.notFound, 'the code');
        expectEqual(error.path, missing, 'the path');
        expectTrue(error.message.contains("'$missing'"), error.message);
      }
    });
  });

  test('onProgress that throws ends the call and the job', () async {
    await withFolder((folder) async {
      // The job is slow enough that it cannot have been published when 0 percent was reported.
      final input = writeText('$folder/input', 6 << 20);
      await expectThrows<StateError>(
        () => Compressor.compressSync(
          input,
          '$folder/output.zst',
          onProgress: (_) => throw StateError('on purpose'),
          options: const CompressOptions(level: 19),
        ),
        'a callback that throws',
      );
      // Its end takes a moment; a job after it takes longer to tell.
      await Compressor.compress(input, '$folder/other.zst');
      expectEqual(namesIn(folder), ['input', 'other.zst'], 'the folder');
    });
  });

  test('the event loop is blocked meanwhile, and goes on afterwards', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 2 << 20);
      var ticks = 0;
      final timer = Timer.periodic(const Duration(milliseconds: 1), (_) => ticks++);
      Compressor.compressSync(input, '$folder/output.zst');
      expectEqual(ticks, 0, 'ticks while waiting');
      await Future<void>.delayed(const Duration(milliseconds: 20));
      timer.cancel();
      expectTrue(ticks > 0, 'no ticks after waiting');
    });
  });

  test('asynchronous jobs go on while another is waited for', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 2 << 20);
      final percents = <int>[];
      final other = Compressor.compress(input, '$folder/1.zst', onProgress: percents.add);
      Compressor.compressSync(input, '$folder/2.zst');
      expectEqual(percents, <int>[], 'percents while waiting');
      await other;
      expectWholePercents(percents);
    });
  });

  test('a FIFO: 0 and 100 only', () async {
    await withFolder((folder) async {
      final input = await makeFifo('$folder/input');
      final writer = await Process.start('sh', ['-c', r'exec seq 1 100000 >"$0"', input]);
      final percents = <int>[];
      Compressor.compressSync(input, '$folder/output.zst', onProgress: percents.add);
      expectEqual(percents, [0, 100]);
      expectEqual(await writer.exitCode, 0, 'the status of the writer');
    });
  });

  unawaited(runTests());
}
