/// Every error code that a path can cause arrives as the right exception.
///
/// Those that only damaged or hostile input can cause are in `decompress_test.dart`.
library;

import 'dart:async';
import 'dart:convert';
import 'dart:io';

import 'package:cinch/cinch.dart';

import 'harness.dart';
import 'samples.dart';

/// Fails unless compressing ends with an exception of [code] about [path], and leaves everything
/// in [folder] as it was.
Future<CompressException> _expectError(
  String folder,
  String input,
  String output, {
  required int code,
  required String path,
  CompressOptions? options,
}) async {
  final before = namesIn(folder);
  final error = await expectThrows<CompressException>(
    () => Compressor.compress(input, output, options: options),
    'compress $input to $output',
  );
  expectEqual(error.code, code, 'the code of "$error"');
  expectEqual(error.path, path, 'the path of "$error"');
  expectTrue(error.message.isNotEmpty, 'a message');
  expectTrue('$error'.contains(error.message), 'the message in the text: $error');
  expectEqual(namesIn(folder), before, 'the folder after "$error"');
  return error;
}

void main() {
  test('an empty path is invalid', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 10);
      await _expectError(folder, '', '$folder/o', code: CompressErrorCode.invalid, path: '');
      await _expectError(folder, input, '', code: CompressErrorCode.invalid, path: '');
    });
  });

  test('a path with a NUL in it is invalid, and nothing is made of its beginning', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 10);
      for (final (from, to, path) in [
        (input, '$folder/output\x00.zst', '$folder/output\x00.zst'),
        ('$input\x00more', '$folder/output.zst', '$input\x00more'),
      ]) {
        await _expectError(folder, from, to, code: CompressErrorCode.invalid, path: path);
        await expectThrows<CompressException>(() => Compressor.start(from, to), 'start');
        await expectThrows<CompressException>(() => Compressor.compressSync(from, to), 'sync');
      }
    });
  });

  test('a level out of range is invalid', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 10);
      for (final (output, level) in [
        ('$folder/o.zst', 23),
        ('$folder/o.zst', -131073),
        ('$folder/o.gz', 10),
        ('$folder/o.gz', -1),
        ('$folder/o.zz', 10),
        ('$folder/o.zst', (1 << 32) + 3),
        ('$folder/o.zst', -(1 << 32) + 3),
      ]) {
        await _expectError(
          folder,
          input,
          output,
          options: CompressOptions(level: level),
          code: CompressErrorCode.invalid,
          path: input,
        );
      }
    });
  });

  test('a missing input, and a missing directory of the output, are not found', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 10);
      const code = CompressErrorCode.notFound;
      final missing = '$folder/missing';
      final error = await _expectError(folder, missing, '$folder/o', code: code, path: missing);
      expectTrue(error.message.contains("'$missing'"), 'the path in "${error.message}"');
      await _expectError(folder, input, '$missing/o', code: code, path: '$missing/o');
    });
  });

  test('an unreadable file, and a directory that may not be written: permission', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 10);
      final secret = writeText('$folder/secret', 10);
      Directory('$folder/closed').createSync();
      await run('chmod', ['a+rx', folder]);
      await run('chmod', ['0000', secret]);
      await run('chmod', ['0555', '$folder/closed']);
      for (final (from, to, path) in [
        (secret, '$folder/closed/o', secret),
        (input, '$folder/closed/o', '$folder/closed/o'),
      ]) {
        // Permissions do not bind root.
        final isRoot = (await run('id', ['-u'])).trim() == '0';
        final program = await startProgram('report_error', [
          from,
          to,
          if (isRoot) 'unprivileged',
        ]);
        final ending = await endingOf(program);
        expectEqual(ending.complaints, '', 'complaints');
        final report = jsonDecode(ending.output) as Map<String, Object?>;
        expectEqual(report['code'], CompressErrorCode.permission, 'the code of $report');
        expectEqual(report['path'], path, 'the path of $report');
      }
      expectEqual(namesIn('$folder/closed'), <String>[], 'the closed folder');
    });
  });

  test('a directory cannot be input or output', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 10);
      final directory = '$folder/directory';
      Directory(directory).createSync();
      const code = CompressErrorCode.fileType;
      await _expectError(folder, directory, '$folder/o', code: code, path: directory);
      await _expectError(folder, input, directory, code: code, path: directory);
    });
  });

  test('an existing output is an error where it may not be replaced', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 10);
      final output = '$folder/output';
      const options = CompressOptions(replace: false);
      await Compressor.compress(input, output, options: options);
      final before = File(output).readAsBytesSync();
      const code = CompressErrorCode.exists;
      await _expectError(folder, input, output, options: options, code: code, path: output);
      expectEqual(File(output).readAsBytesSync(), before, 'the output');
    });
  });

  test('input and output are one file, by path, hard link or symbolic link', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 1000);
      final before = File(input).readAsBytesSync();
      await run('ln', [input, '$folder/hard']);
      await run('ln', ['-s', input, '$folder/symbolic']);
      for (final output in [input, '$folder/./input', '$folder/hard', '$folder/symbolic']) {
        final error = await expectThrows<CompressException>(
          () => Compressor.compress(input, output),
          output,
        );
        expectEqual(error.code, CompressErrorCode.sameFile, 'the code of "$error"');
        expectTrue(error.path == input || error.path == output, 'the path of "$error"');
        expectEqual(File(input).readAsBytesSync(), before, 'the file');
      }
    });
  });

  test('a full device is no space', () async {
    await withFolder((folder) async {
      final input = await writeRandom('$folder/input', 1 << 20);
      const full = '/dev/full';
      await _expectError(folder, input, full, code: CompressErrorCode.noSpace, path: full);
    });
  });

  test('names and links that the system refuses are an I/O error with its reason', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 10);
      const code = CompressErrorCode.io;
      final long = '$folder/${'n' * 256}';
      await _expectError(folder, input, long, code: code, path: long);
      final error = await _expectError(folder, long, '$folder/o', code: code, path: long);
      expectTrue(error.message.endsWith('File name too long'), error.message);
      await run('ln', ['-s', '$folder/loop', '$folder/loop']);
      await _expectError(folder, '$folder/loop', '$folder/o', code: code, path: '$folder/loop');
    });
  });

  test('a path longer than the system takes is an I/O error', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 10);
      final long = '$folder${'/directory' * 500}';
      await _expectError(folder, input, long, code: CompressErrorCode.io, path: long);
    });
  });

  test('a reader of the output that goes away is a broken pipe', () async {
    await withFolder((folder) async {
      final input = await writeRandom('$folder/input', 8 << 20);
      final output = await makeFifo('$folder/output');
      final job = Compressor.start(input, output);
      // Listened to before the job can fail: an error that nobody hears counts as not caught.
      final failed = expectThrows<CompressException>(() => job.done, 'a pipe without reader');
      // Reads the first part and closes.
      await File(output).openRead().first;
      final error = await failed;
      expectEqual(error.code, CompressErrorCode.brokenPipe, 'the code of "$error"');
      expectEqual(error.path, output, 'the path of "$error"');
    });
  });

  test('input that shrinks while it is read is told', () async {
    await withFolder((folder) async {
      // Nobody reads the pipe before the file was cut, so the job cannot have got far.
      final input = await writeRandom('$folder/input', 40 << 20);
      final output = await makeFifo('$folder/output');
      final opened = Completer<void>();
      final job = Compressor.start(input, output, onProgress: (percent) {
        if (percent == 0) opened.complete();
      });
      final drained = Completer<void>();
      final reader = File(output).openRead().listen((_) {}, onDone: drained.complete);
      reader.pause();
      await opened.future;
      File(input).openSync(mode: FileMode.writeOnlyAppend)
        ..truncateSync(1 << 20)
        ..closeSync();
      reader.resume();
      final error = await expectThrows<CompressException>(() => job.done, 'a file that shrank');
      expectEqual(error.code, CompressErrorCode.inputChanged, 'the code of "$error"');
      expectEqual(error.path, input, 'the path of "$error"');
      await drained.future;
    });
  });

  test('a memory limit that nothing fits into is told', () async {
    await withFolder((folder) async {
      final input = writeText('$folder/input', 4 << 20);
      await _expectError(
        folder,
        input,
        '$folder/o.zst',
        options: const CompressOptions(memoryLimit: 4096),
        code: CompressErrorCode.memoryLimit,
        path: input,
      );
    });
  });

  unawaited(runTests());
}
