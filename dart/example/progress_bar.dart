/// Compresses one file and shows a progress bar in the terminal; Ctrl-C cancels.
///
///     dart progress_bar.dart INPUT OUTPUT
library;

import 'dart:async';
import 'dart:io';

import 'package:cinch/cinch.dart';

Future<void> main(List<String> arguments) async {
  if (arguments.length != 2) {
    stderr.writeln('usage: progress_bar.dart INPUT OUTPUT');
    exitCode = 2;
    return;
  }
  final [input, output] = arguments;

  StreamSubscription<ProcessSignal>? interrupt;
  try {
    final job = Compressor.start(input, output, onProgress: showBar);
    interrupt = ProcessSignal.sigint.watch().listen((_) => job.cancel());
    await job.done;
    final stats = job.stats;
    final seconds = stats.elapsed.inMicroseconds / Duration.microsecondsPerSecond;
    stdout.writeln(
      '\n${stats.bytesIn} → ${stats.bytesOut} bytes in ${seconds.toStringAsFixed(2)} s',
    );
  } on CompressCancelled {
    stdout.writeln('\ncancelled: $output was not written');
    exitCode = 1;
  } on CompressException catch (error) {
    stderr.writeln('\n${error.message}');
    exitCode = 1;
  } finally {
    await interrupt?.cancel();
  }
}

void showBar(int percent) {
  const width = 50;
  final full = width * percent ~/ 100;
  stdout.write('\r[${'#' * full}${'.' * (width - full)}] ${percent.toString().padLeft(3)} %');
}
