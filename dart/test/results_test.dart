/// What is in the output: byte for byte what was in the input, in the format that was asked for.
library;

import 'dart:async';
import 'dart:io';

import 'package:cinch/cinch.dart';

import 'harness.dart';
import 'samples.dart';

/// Suffix of the output's name, and what it stands for.
const formats = {'.zst': 'zstd', '.gz': 'gzip', '.zz': 'zlib', '.zlib': 'zlib', '.mp4': 'zstd'};

void main() {
  formats.forEach((suffix, format) {
    test('an output named $suffix is $format that the stock tool reads', () async {
      await withFolder((folder) async {
        for (final size in [0, 1, 70000, 9 << 20]) {
          final input = writeText('$folder/input', size, seed: size);
          await Compressor.compress(input, '$folder/output$suffix');
          await expectDecodes('$folder/output$suffix', input, format: format);
        }
      });
    });
  });

  for (final (format, name) in [
    (CompressFormat.zstd, 'zstd'),
    (CompressFormat.gzip, 'gzip'),
    (CompressFormat.zlib, 'zlib'),
  ]) {
    test('CompressFormat.$name is written whatever the name says', () async {
      await withFolder((folder) async {
        final input = writeText('$folder/input', 100000);
        for (final output in ['$folder/output.gz', '$folder/output.zst', '$folder/output.zz']) {
          await Compressor.compress(input, output, options: CompressOptions(format: format));
          await expectDecodes(output, input, format: name);
        }
      });
    });
  }

  test('what cannot be made smaller comes back as it was', () async {
    await withFolder((folder) async {
      final input = await writeRandom('$folder/input', 5 << 20);
      for (final suffix in ['.zst', '.gz', '.zz']) {
        await Compressor.compress(input, '$folder/output$suffix');
        await expectDecodes('$folder/output$suffix', input, format: formats[suffix]!);
      }
    });
  });

  test('a higher level is smaller', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 1 << 20);
      Future<int> sizeAt(int level) async {
        final output = '$folder/output-$level.zst';
        await Compressor.compress(input, output, options: CompressOptions(level: level));
        await expectDecodes(output, input, format: 'zstd');
        return File(output).lengthSync();
      }

      final fast = await sizeAt(-20), usual = await sizeAt(0), best = await sizeAt(19);
      expectTrue(best < usual && usual < fast, 'sizes at 19, 0, -20: $best, $usual, $fast');
    });
  });

  test('verify and durable give the same file', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 3 << 20);
      await Compressor.compress(input, '$folder/plain.zst');
      await Compressor.compress(
        input,
        '$folder/careful.zst',
        options: const CompressOptions(verify: true, durable: true),
      );
      await run('cmp', ['$folder/plain.zst', '$folder/careful.zst']);
    });
  });

  test('an existing output is replaced, and the input is left as it was', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 100000);
      final before = File(input).readAsBytesSync();
      File('$folder/output.gz').writeAsStringSync('old');
      await Compressor.compress(input, '$folder/output.gz');
      await expectDecodes('$folder/output.gz', input, format: 'gzip');
      expectEqual(File(input).readAsBytesSync(), before, 'the input');
      expectEqual(namesIn(folder), ['input', 'output.gz'], 'the folder');
    });
  });

  test('a relative path is resolved against the working directory', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 1000);
      final old = Directory.current;
      Directory.current = folder;
      try {
        await Compressor.compress('input', 'output.gz');
      } finally {
        Directory.current = old;
      }
      await expectDecodes('$folder/output.gz', input, format: 'gzip');
    });
  });

  unawaited(runTests());
}
