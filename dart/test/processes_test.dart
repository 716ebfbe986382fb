/// Programs that end while a job is in flight.
library;

import 'dart:async';
import 'dart:convert';
import 'dart:io';

import 'harness.dart';
import 'samples.dart';

void main() {
  test('main returns: the program stays until the job is done, and then ends', () async {
    await withFolder((folder) async {
      final fifo = await makeFifo('$folder/fifo');
      final program = await startProgram('return_midway', [fifo, '$folder/output.zst']);
      final lines = program.stdout.transform(utf8.decoder).transform(const LineSplitter());
      final said = <String>[];
      final started = Completer<void>();
      final ended = lines.forEach((line) {
        said.add(line);
        if (line == 'main returned') started.complete();
      });
      final complaints = program.stderr.transform(utf8.decoder).join();
      await started.future;
      final content = textBytes(200000);
      File(fifo).openSync(mode: FileMode.writeOnly)
        ..writeFromSync(content)
        ..closeSync();
      expectEqual(await program.exitCode, 0, 'the status');
      await ended;
      expectEqual(said, ['main returned', '0', '100', 'done'], 'what the program said');
      expectEqual(await complaints, '', 'complaints');
      File('$folder/original').writeAsBytesSync(content);
      await expectDecodes('$folder/output.zst', '$folder/original', format: 'zstd');
    });
  });

  test('a program whose jobs are all done ends by itself', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 1000);
      final ending = await endingOf(await startProgram('report_error', [input, '$folder/o.zst']));
      expectEqual((ending.status, ending.output.trim(), ending.complaints), (0, 'null', ''));
    });
  });

  test('exit(0) while a job stands still leaves no temporary', () async {
    await withFolder((folder) async {
      final fifo = await makeFifo('$folder/fifo');
      final writer = File(fifo).openSync(mode: FileMode.write);
      writer.writeFromSync(textBytes(30000));
      Directory('$folder/out').createSync();
      for (var i = 0; i < 5; i++) {
        final ending = await endingOf(
          await startProgram('exit_midway', [fifo, '$folder/out/output.zst', '0']),
        );
        expectEqual((ending.status, ending.output, ending.complaints), (0, '', ''), 'the ending');
        expectEqual(namesIn('$folder/out'), <String>[], 'the outputs');
      }
      writer.closeSync();
    });
  });

  test('exit(0) amid a large job leaves no temporary', () async {
    await withFolder((folder) async {
      final input = await writeRandom('$folder/input', 48 << 20);
      Directory('$folder/out').createSync();
      for (var i = 0; i < 10; i++) {
        final ending = await endingOf(
          await startProgram('exit_midway', [input, '$folder/out/output.gz', '${i % 4}']),
        );
        expectEqual((ending.status, ending.output, ending.complaints), (0, '', ''), 'the ending');
        expectTrue(
          namesIn('$folder/out').every((name) => name == 'output.gz'),
          'the outputs: ${namesIn('$folder/out')}',
        );
      }
    });
  });

  test('an old output survives exit(0)', () async {
    await withFolder((folder) async {
      final fifo = await makeFifo('$folder/fifo');
      final writer = File(fifo).openSync(mode: FileMode.write);
      File('$folder/output.zst').writeAsStringSync('old');
      final ending = await endingOf(
        await startProgram('exit_midway', [fifo, '$folder/output.zst', '0']),
      );
      expectEqual(ending.status, 0, 'the status');
      expectEqual(File('$folder/output.zst').readAsStringSync(), 'old', 'the output');
      expectEqual(namesIn(folder), ['fifo', 'output.zst'], 'the folder');
      writer.closeSync();
    });
  });

  unawaited(runTests());
}
