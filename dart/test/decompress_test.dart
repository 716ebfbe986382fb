/// Decompression: what comes out, and what is said of damaged input.
library;

import 'dart:async';
import 'dart:ffi';
import 'dart:io';
import 'dart:isolate';

import 'package:cinch/cinch.dart';

import '../example/classic_binding.dart';
import 'harness.dart';
import 'samples.dart';

/// Writes what the stock tool of [format] makes of [input], and returns its path.
Future<String> _compressedByTool(String input, String format) async {
  final output = '$input.$format';
  final command = switch (format) {
    'zstd' => r'exec zstd -q -c <"$0"',
    'gzip' => r'exec gzip -c <"$0"',
    'zlib' => r'exec pigz -z -c <"$0"',
    _ => throw ArgumentError.value(format, 'format'),
  };
  await run('sh', ['-c', command, input], into: output);
  return output;
}

/// Changes a file's bytes.
void _damage(String path, List<int> Function(List<int> bytes) change) =>
    File(path).writeAsBytesSync(change(File(path).readAsBytesSync().toList()));

/// Fails unless decompressing [input] ends with [code] and leaves no output.
Future<void> _expectError(String input, int code, {CompressOptions? options}) async {
  final output = '$input.out';
  final percents = <int>[];
  final error = await expectThrows<CompressException>(
    () => Compressor.decompress(input, output, onProgress: percents.add, options: options),
    'decompress $input',
  );
  expectEqual(error.code, code, 'the code of "$error"');
  expectTrue(error.message.isNotEmpty, 'a message');
  expectIncreasing(percents);
  expectTrue(!percents.contains(100), 'percents: $percents');
  expectTrue(!File(output).existsSync(), 'there is no output');
}

void main() {
  for (final format in ['zstd', 'gzip', 'zlib']) {
    test('what the stock tool wrote: $format', () async {
      await withFolder((folder) async {
        for (final size in [0, 1, 100000, 9 << 20]) {
          final input = writeText('$folder/$size', size);
          final percents = <int>[];
          // The name says nothing: the content decides.
          final compressed = await _compressedByTool(input, format);
          final output = '$folder/output.gz';
          await Compressor.decompress(compressed, output, onProgress: percents.add);
          expectWholePercents(percents);
          await run('cmp', [output, input]);
        }
      });
    });
  }

  for (final suffix in ['zst', 'gz', 'zz']) {
    test('what was compressed here: .$suffix', () async {
      await withFolder((folder) async {
        for (final size in [0, 1, 70000, 24 << 20]) {
          final input = writeText('$folder/$size', size);
          final compressed = '$folder/compressed.$suffix';
          await Compressor.compress(input, compressed);
          final percents = <int>[];
          final job = Compressor.startDecompress(
            compressed,
            '$folder/output',
            onProgress: percents.add,
          );
          await job.done;
          expectWholePercents(percents);
          expectEqual(job.stats.bytesOut, size, 'bytes out');
          await run('cmp', ['$folder/output', input]);
        }
      });
    });
  }

  test('waiting, on the main isolate and inside Isolate.run', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 3 << 20);
      final compressed = await _compressedByTool(input, 'gzip');
      final percents = <int>[];
      Compressor.decompressSync(compressed, '$folder/1', onProgress: percents.add);
      expectWholePercents(percents);
      await Isolate.run(() => Compressor.decompressSync(compressed, '$folder/2'));
      await run('cmp', ['$folder/1', input]);
      await run('cmp', ['$folder/2', input]);
    });
  });

  test('the classic binding', () async {
    await withFolder((folder) async {
      final compressor = ClassicCompressor(DynamicLibrary.open(plainLibrary));
      final input = writeText('$folder/input', 3 << 20);
      final compressed = await _compressedByTool(input, 'zstd');
      final percents = <int>[];
      await compressor.decompress(compressed, '$folder/1', onProgress: percents.add);
      expectWholePercents(percents);
      await run('cmp', ['$folder/1', input]);
      final waited = <int>[];
      expectEqual(
        compressor.decompressFile(compressed, '$folder/2', onProgress: waited.add),
        0,
      );
      expectWholePercents(waited);
      await run('cmp', ['$folder/2', input]);
      final error = await expectThrows<ClassicException>(
        () => compressor.decompress(input, '$folder/3'),
        'text',
      );
      expectEqual(error.errorCode, CompressErrorCode.format, 'the code');
    });
  });

  test('text is in no format', () async {
    await withFolder((folder) => _expectError(
      writeText('$folder/input.zst', 1000),
      CompressErrorCode.format,
    ));
  });

  test('a deflate block of no type is corrupt', () async {
    await withFolder((folder) async {
      final compressed = await _compressedByTool(writeText('$folder/input', 1000), 'gzip');
      // The first block begins after the ten bytes of the header.
      _damage(compressed, (bytes) => bytes..[10] |= 0x07);
      await _expectError(compressed, CompressErrorCode.corrupt);
    });
  });

  for (final format in ['zstd', 'gzip', 'zlib']) {
    test('a file that was cut off is truncated: $format', () async {
      await withFolder((folder) async {
        final compressed = await _compressedByTool(writeText('$folder/input', 300000), format);
        final whole = File(compressed).readAsBytesSync();
        // In the middle, and within the trailer.
        for (final length in [whole.length ~/ 2, whole.length - 1, whole.length - 3]) {
          _damage(compressed, (_) => whole.sublist(0, length));
          await _expectError(compressed, CompressErrorCode.truncated);
        }
      });
    });
  }

  test('a wrong checksum is told', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 3000);
      for (final (format, fromEnd) in [('gzip', 8), ('zlib', 4), ('zstd', 4)]) {
        final compressed = await _compressedByTool(input, format);
        _damage(compressed, (bytes) => bytes..[bytes.length - fromEnd] ^= 0x55);
        await _expectError(compressed, CompressErrorCode.checksum);
      }
    });
  });

  test('bytes that follow are trailing, but zeros after gzip are padding', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 3000);
      final compressed = await _compressedByTool(input, 'gzip');
      final whole = File(compressed).readAsBytesSync();
      _damage(compressed, (_) => [...whole, ...'trailing'.codeUnits]);
      await _expectError(compressed, CompressErrorCode.trailing);
      _damage(compressed, (_) => [...whole, ...List.filled(512, 0)]);
      await Compressor.decompress(compressed, '$folder/output');
      await run('cmp', ['$folder/output', input]);
    });
  });

  test('outputLimit stops a bomb', () async {
    await withFolder((folder) async {
      File('$folder/zeros').writeAsBytesSync(List.filled(20 << 20, 0));
      for (final format in ['zstd', 'gzip', 'zlib']) {
        final compressed = await _compressedByTool('$folder/zeros', format);
        const code = CompressErrorCode.outputLimit;
        await _expectError(
          compressed,
          code,
          options: const CompressOptions(outputLimit: (20 << 20) - 1),
        );
        await Compressor.decompress(
          compressed,
          '$folder/output',
          options: const CompressOptions(outputLimit: 20 << 20),
        );
      }
    });
  });

  test('memoryLimit refuses a window', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 1 << 20);
      final compressed = '$folder/long.zst';
      // From a pipe, so that zstd does not know how little there is.
      await run('sh', ['-c', r'cat "$0" | zstd -q --long=27 -c', input], into: compressed);
      await _expectError(
        compressed,
        CompressErrorCode.memoryLimit,
        options: const CompressOptions(memoryLimit: 16 << 20),
      );
      await Compressor.decompress(compressed, '$folder/output');
      await run('cmp', ['$folder/output', input]);
    });
  });

  test('a frame that needs a dictionary is unsupported', () async {
    await withFolder((folder) async {
      final samples = [for (var i = 0; i < 300; i++) writeText('$folder/$i', 600 + i, seed: i)];
      final dictionary = '$folder/dictionary';
      await run('zstd', ['-q', '--train', '--maxdict=4096', ...samples, '-o', dictionary]);
      await run('zstd', ['-q', '-D', dictionary, samples.first, '-o', '$folder/input.zst']);
      await _expectError('$folder/input.zst', CompressErrorCode.unsupported);
    });
  });

  test('an existing output is kept where it may not be replaced', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 3000);
      final compressed = await _compressedByTool(input, 'gzip');
      final error = await expectThrows<CompressException>(
        () => Compressor.decompress(
          compressed,
          input,
          options: const CompressOptions(replace: false),
        ),
        'an existing output',
      );
      expectEqual(error.code, CompressErrorCode.exists, 'the code');
    });
  });

  test('cancel midway: no output', () async {
    await withFolder((folder) async {
      final input = await makeFifo('$folder/input');
      final compressed = await _compressedByTool(writeText('$folder/text', 1 << 20), 'zstd');
      final opened = Completer<void>();
      final job = Compressor.startDecompress(
        input,
        '$folder/output',
        onProgress: (percent) => opened.complete(),
      );
      final file = File(input).openSync(mode: FileMode.write);
      file.writeFromSync(File(compressed).readAsBytesSync().sublist(0, 1000));
      await opened.future;
      expectEqual(job.cancel(), true, 'cancel');
      await expectThrows<CompressCancelled>(() => job.done, 'a cancelled job');
      expectTrue(!File('$folder/output').existsSync(), 'there is no output');
      file.closeSync();
    });
  });

  unawaited(runTests());
}
