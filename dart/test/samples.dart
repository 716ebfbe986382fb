/// Files to work on, and the stock tools that check what became of them.
library;

import 'dart:async';
import 'dart:io';
import 'dart:math';
import 'dart:typed_data';

import 'harness.dart';

/// libcinch itself, without what this package needs besides: it is installed beside the file that
/// `CINCH_LIBRARY` names.
String get plainLibrary =>
    File(Platform.environment['CINCH_LIBRARY']!).absolute.parent.uri
        .resolve('libcinch.so.0')
        .toFilePath();

/// Calls [body] with the path of a new, empty folder and removes it afterwards.
Future<void> withFolder(FutureOr<void> Function(String folder) body) async {
  final folder = Directory.systemTemp.createTempSync('cinch-dart-');
  try {
    await body(folder.path);
  } finally {
    folder.deleteSync(recursive: true);
  }
}

/// The names of what is in a folder, hidden ones included, sorted.
List<String> namesIn(String folder) =>
    [
      for (final entry in Directory(folder).listSync())
        entry.uri.pathSegments.lastWhere((segment) => segment != ''),
    ]..sort();

/// Text-like bytes: words of a small vocabulary.
Uint8List textBytes(int size, {int seed = 1}) {
  final random = Random(seed);
  final words = [
    for (var i = 0; i < 512; i++)
      [for (var j = 1 + random.nextInt(9); j > 0; j--) 0x61 + random.nextInt(26), 0x20],
  ];
  final bytes = Uint8List(size);
  for (var at = 0; at < size;) {
    final word = words[random.nextInt(words.length)];
    final end = min(at + word.length, size);
    bytes.setRange(at, end, word);
    at = end;
  }
  return bytes;
}

/// Writes text-like bytes to a new file and returns its path.
String writeText(String path, int size, {int seed = 1}) {
  File(path).writeAsBytesSync(textBytes(size, seed: seed));
  return path;
}

/// Writes bytes that no format makes smaller to a new file, and returns its path.
Future<String> writeRandom(String path, int size) async {
  await run('head', ['-c', '$size', '/dev/urandom'], into: path);
  return path;
}

/// Makes a FIFO and returns its path.
Future<String> makeFifo(String path) async {
  await run('mkfifo', [path]);
  return path;
}

/// Runs a program and fails unless it succeeds; its output goes to the file [into] if given.
/// Returns what it wrote otherwise.
Future<String> run(String program, List<String> arguments, {String? into}) async {
  final process = await Process.start(program, arguments);
  await process.stdin.close();
  final complaints = process.stderr.transform(systemEncoding.decoder).join();
  final String output;
  if (into != null) {
    await process.stdout.pipe(File(into).openWrite());
    output = '';
  } else {
    output = await process.stdout.transform(systemEncoding.decoder).join();
  }
  final status = await process.exitCode;
  if (status != 0) {
    throw TestFailure('$program ${arguments.join(' ')}: status $status: ${await complaints}');
  }
  return output;
}

/// A Dart program of the folder `programs`, started with the package and its library.
Future<Process> startProgram(
  String name,
  List<String> arguments, {
  Map<String, String> environment = const {},
}) async => Process.start(Platform.resolvedExecutable, [
  await _compiled(name),
  ...arguments,
], environment: environment);

/// A program compiled to the VM's own form, which starts in a tenth of the time that its source
/// takes: once for all tests of a run where `run.dart` gave a folder for it, else once a process.
Future<String> _compiled(String name) async {
  final folder =
      Platform.environment['CINCH_TEST_PROGRAMS'] ??
      (_ownPrograms ??= Directory.systemTemp.createTempSync('cinch-dart-')).path;
  final program = '$folder/${name.split('/').last}.dill';
  if (!File(program).existsSync()) {
    await run(Platform.resolvedExecutable, [
      if (Platform.packageConfig case final packages?) '--packages=$packages',
      '--snapshot=$program',
      '--snapshot-kind=kernel',
      Platform.script.resolve('programs/$name.dart').toFilePath(),
    ]);
  }
  return program;
}

Directory? _ownPrograms;

/// Removes what [startProgram] made for this process alone.
void removeOwnPrograms() => _ownPrograms?.deleteSync(recursive: true);

/// How a program ended and what it said.
typedef Ending = ({int status, String output, String complaints});

/// Waits for a program to end.
Future<Ending> endingOf(Process process) async {
  final output = process.stdout.transform(systemEncoding.decoder).join();
  final complaints = process.stderr.transform(systemEncoding.decoder).join();
  return (status: await process.exitCode, output: await output, complaints: await complaints);
}

/// Fails unless the stock tool of [format] (`zstd`, `gzip` or `zlib`) accepts [compressed] and
/// decodes it to exactly the content of [original].
Future<void> expectDecodes(String compressed, String original, {required String format}) async {
  final decoded = '$compressed.decoded';
  switch (format) {
    case 'zstd':
      await run('zstd', ['-q', '-t', '--', compressed]);
      await run('zstd', ['-q', '-d', '-c', '--', compressed], into: decoded);
    case 'gzip':
      // Through standard input, whose name cannot be of a kind that gzip refuses.
      await run('sh', ['-c', r'gzip -t <"$0"', compressed]);
      await run('sh', ['-c', r'gzip -d -c <"$0"', compressed], into: decoded);
    case 'zlib':
      await run('sh', ['-c', r'pigz -d -c <"$0"', compressed], into: decoded);
    default:
      throw ArgumentError.value(format, 'format');
  }
  await run('cmp', ['--', decoded, original]);
  File(decoded).deleteSync();
}

/// Fails unless [percents] is 0 first, strictly increasing, and 100 last.
void expectWholePercents(List<int> percents, [String what = 'percents']) {
  expectTrue(percents.isNotEmpty, '$what: none was reported');
  expectEqual(percents.first, 0, '$what, the first');
  expectEqual(percents.last, 100, '$what, the last');
  expectIncreasing(percents, what);
}

/// Fails unless every one of [percents] is in 0…100 and larger than the one before.
void expectIncreasing(List<int> percents, [String what = 'percents']) {
  for (var i = 0; i < percents.length; i++) {
    expectTrue(
      percents[i] >= 0 && percents[i] <= 100 && (i == 0 || percents[i] > percents[i - 1]),
      '$what: not strictly increasing within 0…100: $percents',
    );
  }
}
