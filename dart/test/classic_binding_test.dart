/// The four-argument form through a binding written by hand, `example/classic_binding.dart`:
/// nothing of this package's lib/ is used here.
library;

import 'dart:async';
import 'dart:ffi';
import 'dart:isolate';

import '../example/classic_binding.dart';
import 'harness.dart';
import 'samples.dart';

ClassicCompressor _bind() => ClassicCompressor(DynamicLibrary.open(plainLibrary));

void main() {
  final compressor = _bind();

  for (final (name, size) in [('empty', 0), ('small', 20000), ('large', 24 << 20)]) {
    test('$name file: percents, then completion', () async {
      await withFolder((folder) async {
        final input = writeText('$folder/input', size);
        final events = <Object>[];
        await compressor
            .compress(input, '$folder/output.zst', onProgress: events.add)
            .then((_) => events.add('done'));
        expectEqual(events.removeLast(), 'done', 'the last event');
        expectWholePercents([...events.cast<int>()]);
        await expectDecodes('$folder/output.zst', input, format: 'zstd');
      });
    });
  }

  test('a null onProgress', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 3 << 20);
      await compressor.compress(input, '$folder/output.gz');
      await expectDecodes('$folder/output.gz', input, format: 'gzip');
    });
  });

  test('errors arrive as codes: a missing input, an empty path', () async {
    await withFolder((folder) async {
      final percents = <int>[];
      for (final (input, output, code) in [
        ('$folder/missing', '$folder/output', 10),
        ('', '$folder/output', 2),
        (writeText('$folder/input', 10), '', 2),
      ]) {
        final error = await expectThrows<ClassicException>(
          () => compressor.compress(input, output, onProgress: percents.add),
          'compress "$input" to "$output"',
        );
        expectEqual(error.errorCode, code, 'the code');
      }
      expectEqual(percents, <int>[], 'percents');
      expectEqual(namesIn(folder), ['input'], 'the folder');
    });
  });

  test('20 calls at once, 40 callables closed inside callbacks', () async {
    await withFolder((folder) async {
      final inputs = [for (var i = 0; i < 20; i++) writeText('$folder/$i', i * 10000, seed: i)];
      final percents = [for (final _ in inputs) <int>[]];
      await Future.wait([
        for (final (i, input) in inputs.indexed)
          compressor.compress(input, '$input.zst', onProgress: percents[i].add),
      ]);
      percents.forEach(expectWholePercents);
      await run('sh', ['-c', r'cd "$0" && exec zstd -q -t -- *.zst', folder]);
    });
  });

  test('500 calls one after another', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 30000);
      for (var i = 0; i < 500; i++) {
        final percents = <int>[];
        await compressor.compress(input, '$folder/output.zst', onProgress: percents.add);
        expectWholePercents(percents, 'percents of call $i');
      }
      await expectDecodes('$folder/output.zst', input, format: 'zstd');
    });
  });

  test('UTF-8 in paths, which are freed as soon as the call returned', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/файл 👩‍👩‍👧‍👦', 100000);
      await compressor.compress(input, '$folder/語.zst');
      await expectDecodes('$folder/語.zst', input, format: 'zstd');
    });
  });

  test('compress_file on the main isolate, with NativeCallable.isolateLocal', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 8 << 20);
      final percents = <int>[];
      expectEqual(compressor.compressFile(input, '$folder/o.gz', onProgress: percents.add), 0);
      expectWholePercents(percents);
      await expectDecodes('$folder/o.gz', input, format: 'gzip');
      expectEqual(compressor.compressFile(input, '$folder/o.zst'), 0, 'without onProgress');
      await expectDecodes('$folder/o.zst', input, format: 'zstd');
      expectEqual(compressor.compressFile('$folder/missing', '$folder/o'), 10, 'a missing input');
    });
  });

  test('compress_file inside Isolate.run', () async {
    await withFolder((folder) async {
      final inputs = [for (var i = 0; i < 4; i++) writeText('$folder/$i', 4 << 20, seed: i)];
      final results = await Future.wait([
        for (final input in inputs)
          Isolate.run(() {
            final percents = <int>[];
            final code = _bind().compressFile(input, '$input.zst', onProgress: percents.add);
            return (code, percents);
          }),
      ]);
      for (final (i, (code, percents)) in results.indexed) {
        expectEqual(code, 0, 'the code of job $i');
        expectWholePercents(percents);
        await expectDecodes('${inputs[i]}.zst', inputs[i], format: 'zstd');
      }
    });
  });

  test('the example program', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 100000);
      final ending = await endingOf(
        await startProgram('../../example/classic_binding', [
          input,
          '$folder/output.zst',
          plainLibrary,
        ]),
      );
      expectEqual((ending.status, ending.complaints), (0, ''), 'the ending');
      expectTrue(ending.output.endsWith('100 %\n'), 'the output: ${ending.output}');
      await expectDecodes('$folder/output.zst', input, format: 'zstd');
    });
  });

  unawaited(runTests());
}
