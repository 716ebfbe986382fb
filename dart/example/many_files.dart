/// Compresses twenty files at once, and measures with a timer of one millisecond how long this
/// isolate's event loop was ever blocked meanwhile.
///
///     dart many_files.dart [MEGABYTES [DIRECTORY]]
///
/// Makes twenty files of 64 MB, or as many as are asked for, in a new folder of the system's
/// temporary directory or of DIRECTORY, and removes it at the end. A frame of a user interface at
/// 60 Hz lasts 16.7 ms: a longer pause is one that a user could see.
library;

import 'dart:async';
import 'dart:io';
import 'dart:math';
import 'dart:typed_data';

import 'package:cinch/cinch.dart';

const fileCount = 20;

Future<void> main(List<String> arguments) async {
  final megabytes = int.parse(arguments.elementAtOrNull(0) ?? '64');
  final parent = Directory(arguments.elementAtOrNull(1) ?? Directory.systemTemp.path);
  final directory = parent.createTempSync('cinch-many-files-');
  try {
    final inputs = [for (var i = 0; i < fileCount; i++) '${directory.path}/$i'];
    for (final input in inputs) {
      makeFile(input, megabytes);
    }
    // Compiles the code and starts the library's threads before anything is measured.
    await Compressor.compress(inputs.first, '${inputs.first}.zst', onProgress: (_) {});

    final idle = await pausesDuring(() => Future.delayed(const Duration(seconds: 2)));
    print('idle:               $idle');

    var reports = 0;
    final clock = Stopwatch()..start();
    final busy = await pausesDuring(
      () => Future.wait([
        for (final input in inputs)
          Compressor.compress(input, '$input.zst', onProgress: (_) => reports++),
      ]),
    );
    print('$fileCount files at once:   $busy');
    final milliseconds = clock.elapsedMilliseconds;
    print('$fileCount × $megabytes MB in $milliseconds ms, $reports progress reports');
  } finally {
    directory.deleteSync(recursive: true);
  }
}

/// How late a timer's ticks came, in microseconds.
final class Pauses {
  final List<int> _gaps = [];

  void add(int microseconds) => _gaps.add(microseconds);

  @override
  String toString() {
    _gaps.sort();
    String milliseconds(int index) => '${(_gaps[index] / 1000).toStringAsFixed(1)} ms';
    return 'longest pause ${milliseconds(_gaps.length - 1)}, '
        '99th percentile ${milliseconds(_gaps.length * 99 ~/ 100)}, '
        'median ${milliseconds(_gaps.length ~/ 2)} of ${_gaps.length}';
  }
}

/// The times between the ticks of a timer of one millisecond while [work] is under way.
Future<Pauses> pausesDuring(Future<void> Function() work) async {
  final pauses = Pauses();
  final clock = Stopwatch()..start();
  var last = 0;
  void tick() {
    final now = clock.elapsedMicroseconds;
    pauses.add(now - last);
    last = now;
  }

  final timer = Timer.periodic(const Duration(milliseconds: 1), (_) => tick());
  await work();
  timer.cancel();
  tick();
  return pauses;
}

/// Writes a file of text-like data: words of a small vocabulary in random order.
void makeFile(String path, int megabytes) {
  final random = Random(path.hashCode);
  final words = [for (var i = 0; i < 4096; i++) _word(random)];
  final megabyte = Uint8List(1 << 20);
  for (var at = 0; at < megabyte.length;) {
    final word = words[random.nextInt(words.length)];
    final end = min(at + word.length, megabyte.length);
    megabyte.setRange(at, end, word);
    at = end;
  }
  final file = File(path).openSync(mode: FileMode.writeOnly);
  for (var i = 0; i < megabytes; i++) {
    // Different in every megabyte, and cheaper to make than new words.
    for (var at = i; at < megabyte.length; at += 61) {
      megabyte[at] = (megabyte[at] + i) & 0x7f;
    }
    file.writeFromSync(megabyte);
  }
  file.closeSync();
}

List<int> _word(Random random) => [
  for (var i = 2 + random.nextInt(9); i > 0; i--) 0x61 + random.nextInt(26),
  0x20,
];
