/// File names beyond the ordinary.
library;

import 'dart:async';
import 'dart:convert';
import 'dart:io';

import 'package:cinch/cinch.dart';

import 'harness.dart';
import 'samples.dart';

/// Compresses a file of this name and one to this name, and finds the name byte for byte.
Future<void> _expectWorks(String name) => withFolder((folder) async {
  final input = writeText('$folder/$name', 5000);
  await Compressor.compress(input, '$folder/plain.gz');
  await expectDecodes('$folder/plain.gz', input, format: 'gzip');

  final output = '$folder/out/$name';
  Directory('$folder/out').createSync();
  final percents = <int>[];
  await Compressor.compress(
    input,
    output,
    onProgress: percents.add,
    options: const CompressOptions(format: CompressFormat.gzip),
  );
  expectWholePercents(percents);
  await run('sh', ['-c', r'gzip -d -c <"$0" | cmp - "$1"', output, input]);
  // The tool sees the bytes; the name is the only one in the folder.
  final listed = await run('sh', ['-c', r'cd "$0" && printf %s *', '$folder/out']);
  expectEqual(listed, name, 'the name that the system shows');
});

void main() {
  for (final name in [
    'Käse und Öl',
    'файл.данные',
    '日本語のファイル',
    'family 👩‍👩‍👧‍👦 🏳️‍🌈',
    'e\u0301 is not \u00e9',
    'new\nline and tab\t',
    '-rf',
    "quo'te and \"quotes\" and \\",
    r'$(touch x) `y` *?[z]',
  ]) {
    test('the name ${jsonEncode(name)}', () => _expectWorks(name));
  }

  test('a name of 255 bytes', () => _expectWorks('n' * 255));

  test('a name of 255 bytes of UTF-8', () {
    final name = '${'語' * 84}abc';
    expectEqual(utf8.encode(name).length, 255, 'bytes of the name');
    return _expectWorks(name);
  });

  test('a path of more than 1024 bytes', () async {
    await withFolder((folder) async {
      final deep = '$folder${'/${'d' * 200}' * 6}';
      Directory(deep).createSync(recursive: true);
      final input = writeText('$deep/input', 5000);
      await Compressor.compress(input, '$deep/output.zst');
      await expectDecodes('$deep/output.zst', input, format: 'zstd');
    });
  });

  test('a message keeps the name as it was given', () async {
    await withFolder((folder) async {
      final missing = '$folder/файл 👩‍👩‍👧‍👦';
      final error = await expectThrows<CompressException>(
        () => Compressor.compress(missing, '$folder/output'),
        'a missing input',
      );
      expectTrue(error.message.contains("'$missing'"), error.message);
      expectEqual(error.path, missing, 'the path');
    });
  });

  unawaited(runTests());
}
