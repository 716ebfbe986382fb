/// Finding the library, and the programs that show how it is used.
library;

import 'dart:async';
import 'dart:io';

import 'package:cinch/cinch.dart';

import 'harness.dart';
import 'samples.dart';

void main() {
  test('the version and the engines are told', () {
    expectTrue(RegExp(r'^\d+\.\d+\.\d+$').hasMatch(Compressor.version), Compressor.version);
    for (final engine in ['zstd ', 'zlib ']) {
      expectTrue(Compressor.engines.contains(engine), Compressor.engines);
    }
  });

  test('a library that is not there is told with what was tried', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 10);
      final missing = '$folder/libmissing.so';
      // A library without the names: the C library's own.
      for (final (file, words) in [
        (missing, 'No such file'),
        ('libm.so.6', 'is not libcinch_dart'),
      ]) {
        final ending = await endingOf(
          await startProgram(
            'report_error',
            [input, '$folder/output'],
            environment: {'CINCH_LIBRARY': file},
          ),
        );
        expectEqual(ending.status, 255, 'the status');
        for (final part in ['libcinch_dart cannot be loaded', file, words]) {
          expectTrue(ending.complaints.contains(part), '"$part" in ${ending.complaints}');
        }
      }
      expectEqual(namesIn(folder), ['input'], 'the folder');
    });
  });

  test('an installed library is found without CINCH_LIBRARY', () async {
    await withFolder((folder) async {
      final library = File(Platform.environment['CINCH_LIBRARY']!).absolute;
      final input = writeText('$folder/input', 10);
      final ending = await endingOf(
        await startProgram(
          'report_error',
          [input, '$folder/output'],
          environment: {'CINCH_LIBRARY': '', 'LD_LIBRARY_PATH': library.parent.path},
        ),
      );
      expectEqual((ending.status, ending.output.trim(), ending.complaints), (0, 'null', ''));
    });
  });

  test('a library that the program has loaded already is used', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 10);
      final ending = await endingOf(
        await startProgram(
          'report_error',
          [input, '$folder/output'],
          environment: {
            'CINCH_LIBRARY': '$folder/libmissing.so',
            'LD_PRELOAD': Platform.environment['CINCH_LIBRARY']!,
          },
        ),
      );
      expectEqual((ending.status, ending.output.trim(), ending.complaints), (0, 'null', ''));
    });
  });

  test('the example with a progress bar', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 3 << 20);
      const example = '../../example/progress_bar';
      final done = await endingOf(await startProgram(example, [input, '$folder/output.zst']));
      expectEqual((done.status, done.complaints), (0, ''), 'the ending');
      expectTrue(done.output.contains('[${'#' * 50}] 100 %'), done.output);
      await expectDecodes('$folder/output.zst', input, format: 'zstd');

      final failed = await endingOf(await startProgram(example, ['$folder/missing', '$folder/o']));
      expectEqual(failed.status, 1, 'the status');
      expectTrue(failed.complaints.contains('No such file or directory'), failed.complaints);
    });
  });

  test('the example with a progress bar is cancelled by Ctrl-C', () async {
    await withFolder((folder) async {
      final fifo = await makeFifo('$folder/fifo');
      final program = await startProgram('../../example/progress_bar', [
        fifo,
        '$folder/output.zst',
      ]);
      final writer = File(fifo).openSync(mode: FileMode.write);
      final output = StringBuffer();
      final shown = Completer<void>();
      final listening = program.stdout.transform(systemEncoding.decoder).forEach((part) {
        output.write(part);
        if (!shown.isCompleted && '$output'.contains('0 %')) shown.complete();
      });
      await shown.future;
      program.kill(ProcessSignal.sigint);
      expectEqual(await program.exitCode, 1, 'the status');
      await listening;
      expectTrue('$output'.contains('cancelled'), '$output');
      expectEqual(namesIn(folder), ['fifo'], 'the folder');
      writer.closeSync();
    });
  });

  test('the example with many files', () async {
    await withFolder((folder) async {
      final ending = await endingOf(
        await startProgram('../../example/many_files', ['1', folder]),
      );
      expectEqual((ending.status, ending.complaints), (0, ''), 'the ending');
      expectTrue(ending.output.contains('20 files at once:   longest pause'), ending.output);
      expectEqual(namesIn(folder), <String>[], 'the folder');
    });
  });

  unawaited(runTests());
}
